#!/usr/bin/env python3
"""Builds config/catalog.json from three public price tables. Rules and their reasons: docs/catalog.md.

usage: build_catalog.py FOLDER [OUTPUT]

FOLDER holds genai_prices_v2.json, litellm_model_prices_and_context_window.json and models_dev.json (SOURCES below says
which versions). The same input gives the same output, byte for byte.
"""
import json
import pathlib
import re
import sys

from pricing import choose_rows, genai_model
from priors import Priors
from sources import PROVIDERS, SOURCES, Tables, is_current


def capabilities(meta, lite, model_id):
    """What the model can do, if one of the tables says so."""
    inputs = meta.get("modalities", {}).get("input", [])
    embeds = lite.get("mode") == "embedding" or "embed" in model_id
    found = {
        "tools": meta.get("tool_call") or lite.get("supports_function_calling"),
        "images": "image" in inputs or lite.get("supports_vision"),
        "audio": "audio" in inputs or lite.get("supports_audio_input"),
        "json_schema": meta.get("structured_output") or lite.get("supports_response_schema"),
        "reasoning": meta.get("reasoning") or lite.get("supports_reasoning"),
        "embeddings": embeds,
        "streaming": not embeds and lite.get("supports_native_streaming", True),
        "web_search": lite.get("supports_web_search"),
    }
    if embeds:
        return ["embeddings"]
    return [name for name, yes in found.items() if yes]


def family_of(model_id):
    """As models.dev names families: claude-opus, gpt-mini, gemini-flash."""
    words = model_id.split("-")
    kinds = [w for w in words[1:] if w in ("opus", "sonnet", "haiku", "mini", "nano", "pro", "codex", "flash", "large", "medium", "small")]
    return "-".join([words[0], *kinds])


def positive(*values):
    return next((v for v in values if isinstance(v, int) and v > 0), None)


def dialects_of(provider, upstream, caps):
    """Azure has Claude in Anthropic's dialect; embeddings are only asked for in OpenAI's."""
    if provider["id"] == "azure" and "claude" in upstream:
        return ["anthropic"]
    if provider["id"] == "google" and caps == ["embeddings"]:
        return ["openai"]
    return provider["dialects"]


def build_model(tables, provider, upstream, model_id, snapshot_of):
    meta = tables.meta(provider, upstream)
    lite = tables.litellm(provider, upstream)
    genai = genai_model(tables, provider, upstream)
    caps = capabilities(meta, lite, model_id)
    limit = meta.get("limit", {})
    rows, note = choose_rows(provider, model_id, genai, lite, meta, tables)
    model = {
        "id": model_id,
        "provider": provider["id"],
        "upstream_id": upstream,
        "name": meta.get("name") or (genai or {}).get("name") or model_id,
        "family": meta.get("family") or family_of(model_id),
        "snapshot_of": snapshot_of,
        "dialects": dialects_of(provider, upstream, caps),
        "capabilities": caps,
        "context_length": positive(limit.get("context"), lite.get("max_input_tokens"), (genai or {}).get("context_window")),
        "max_output_tokens": None if caps == ["embeddings"] else positive(limit.get("output"), lite.get("max_output_tokens")),
        "released": meta.get("release_date"),
        "deprecated": lite.get("deprecation_date"),
        "disagreement": note,
        "prices": rows,
    }
    if model["released"] and len(model["released"]) == 7:
        model["released"] += "-01"
    if not model["released"]:
        dated = re.search(r"-(20\d\d)-?([01]\d)-?([0-3]\d)$", upstream)
        month = re.search(r"-(2[3-9])(0[1-9]|1[0-2])$", upstream)
        model["released"] = "-".join(dated.groups()) if dated else f"20{month[1]}-{month[2]}-01" if month else None
    return model


def build(folder):
    tables = Tables(folder)
    models = []
    for provider in PROVIDERS:
        for upstream, model_id, snapshot_of in tables.offers(provider):
            if is_current(tables, provider, upstream, model_id):
                models.append(build_model(tables, provider, upstream, model_id, snapshot_of))
    models.sort(key=lambda m: (m["provider"], m["id"]))
    priors = Priors(tables, models)
    for model in models:
        model["quality"] = priors.of(model)
    return models


def text_of(models):
    """One line for what a model is, one for its priors, one per price row: diffs and eyes can follow."""
    def dump(value):
        return json.dumps(value, ensure_ascii=False)

    lines = ["{", '"format": "kairosroute.catalog/1",', f'"price_date": {dump(max(s["date"] for s in SOURCES))},', '"sources": [']
    lines.append(",\n".join("  " + dump(s) for s in SOURCES))
    lines += ["],", '"providers": [']
    keys = ("id", "name", "dialects", "base_url", "api_key_env")
    lines.append(",\n".join("  " + dump({k: p[k] for k in keys if p[k]}) for p in PROVIDERS))
    lines += ["],", '"models": [']
    blocks = []
    for model in models:
        head = {k: v for k, v in model.items() if k not in ("quality", "prices") and v not in (None, "", [])}
        block = "  " + dump(head)[:-1]
        if model["quality"]:
            block += ',\n   "quality": ' + dump(model["quality"])
        rows = ",\n".join("     " + dump(row) for row in model["prices"])
        block += ',\n   "prices": [' + ("\n" + rows if rows else "") + "]}"
        blocks.append(block)
    lines.append(",\n".join(blocks))
    lines += ["]", "}"]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    output = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here.parent.parent / "config" / "catalog.json"
    models = build(pathlib.Path(sys.argv[1]))
    output.write_text(text_of(models))
    unpriced = sum(1 for m in models if not m["prices"])
    rows = sum(len(m["prices"]) for m in models)
    print(f"{output}: {len(models)} models ({unpriced} unpriced), {rows} price rows, {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
