"""The three public tables: where they come from, which of their entries are the same model, which are current."""
import json
import re

SOURCES = [
    {"name": "genai-prices", "url": "https://github.com/pydantic/genai-prices", "commit": "47df840a5ab10bbcffb8e5ac01b9899032245d1b",
     "date": "2026-08-21", "licence": "MIT, Pydantic Services Inc."},
    {"name": "litellm", "url": "https://github.com/BerriAI/litellm", "commit": "8442b939a6ead479f7995b5d74d8dce488bd0966",
     "date": "2026-07-24", "licence": "MIT, (c) 2023 Berri AI (mirror RoCry/llm-api-price)"},
    {"name": "models.dev", "url": "https://github.com/anomalyco/models.dev", "commit": "f3fc692299671838c7c65fd8126bf84d81a2e817",
     "date": "2026-07-02", "licence": "MIT, models.dev"},
]
DATES = {s["name"]: s["date"] for s in SOURCES}


def _provider(pid, name, dialects, base_url, env, dev, genai, litellm, prefix="", closed=True):
    return {"id": pid, "name": name, "dialects": dialects, "base_url": base_url, "api_key_env": env, "dev": dev,
            "genai": genai, "litellm": litellm, "prefix": prefix, "closed": closed}


# `base_url` speaks the first dialect. `closed`: models that only the newer tables know are taken as well.
PROVIDERS = [
    _provider("openai", "OpenAI", ["openai"], "https://api.openai.com/v1", "OPENAI_API_KEY", "openai", "openai", ["openai"]),
    _provider("anthropic", "Anthropic", ["anthropic"], "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", "anthropic", "anthropic",
              ["anthropic"]),
    _provider("google", "Google Gemini", ["gemini", "openai"], "https://generativelanguage.googleapis.com/v1beta",
              "GEMINI_API_KEY", "google", "google", ["gemini"], "gemini/"),
    _provider("mistral", "Mistral", ["openai"], "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "mistral", "mistral", ["mistral"],
              "mistral/"),
    _provider("deepseek", "DeepSeek", ["openai"], "https://api.deepseek.com", "DEEPSEEK_API_KEY", "deepseek", "deepseek",
              ["deepseek"], "deepseek/"),
    _provider("xai", "xAI", ["openai"], "https://api.x.ai/v1", "XAI_API_KEY", "xai", "x-ai", ["xai"], "xai/"),
    _provider("groq", "Groq", ["openai"], "https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq", "groq", ["groq"], "groq/", False),
    _provider("together", "Together AI", ["openai"], "https://api.together.xyz/v1", "TOGETHER_API_KEY", "togetherai", "together",
              ["together_ai"], "together_ai/", False),
    _provider("fireworks", "Fireworks AI", ["openai"], "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY", "fireworks-ai",
              "fireworks", ["fireworks_ai"], "fireworks_ai/", False),
    _provider("bedrock", "AWS Bedrock", ["bedrock"], "", "AWS_BEARER_TOKEN_BEDROCK", "amazon-bedrock", "aws",
              ["bedrock", "bedrock_converse"], "", False),
    _provider("azure", "Azure AI Foundry", ["openai"], "", "AZURE_API_KEY", "azure", "azure", ["azure", "azure_ai"], "azure/", False),
    _provider("self-hosted", "self-hosted, OpenAI-compatible", ["openai"], "", "", "", "", [], "", False),
]

NOT_CHAT = re.compile(
    r"image|tts|whisper|orpheus|guard|imagine|moderation|ocr|video|lyria|live|native-audio|robotics|computer-use|learnlm|-exp-|"
    r"search|deep-research|container|realtime|transcribe|instant-v1|nova-canvas|safeguard|voxtral|multi-agent|^ft:|latest$|"
    r"davinci|babbage|customtools|model-router|instruct$.*gpt-3|gpt-3.5-turbo-instruct|routers/|pearl-ai|omni-flash|together-ai-", re.I)
KEEP_LATEST = re.compile(r"^(mistral|ministral|codestral|devstral|magistral|pixtral|gemini-flash|gpt-5\.[0-9]-chat|gpt-5-chat)", re.I)
OLD = re.compile(
    r"gpt-4-0|gpt-4-1106|gpt-4-32k|gpt-4-turbo-vision|gpt-3\.5-turbo-(0|1)|gpt-3\.5-turbo-16k|claude-(1|2|instant|v1|v2|3-)|"
    r"gemini-(1|exp)|gemini-gemma|gemma-2|grok-(2|3|beta|vision)|mistral-(tiny|medium-2312|large-24|small-2402)|open-|codestral-(2405|mamba)|"
    r"claude-4-|^deepseek-(r1|v3|coder)|grok-4.20-beta|-preview-(09|12)-20|gpt-4-turbo-preview|gpt-5.3$|ada-002-v2|pixtral-12b|"
    r"titan|palmyra|j2-|jamba|command|phi-3|llama-3\.?2|llama-?3-(8|70)b|llama-2|cohere-embed-v3", re.I)


def last_part(upstream):
    return upstream.rsplit("/", 1)[-1]


def canonical_id(provider, upstream, base_model):
    """The id that clients use: the same for the same model everywhere."""
    name = last_part(base_model or upstream).lower()
    if provider["id"] == "fireworks":
        name = re.sub(r"(?<=\d)p(?=\d)", ".", name)
    if provider["id"] == "bedrock" and not base_model:
        name = re.sub(r"^(global|us|eu|au|jp|apac)\.", "", name)
        name = re.sub(r"^deepseek\.", "deepseek-", name)
        name = re.sub(r"^[a-z0-9]+\.(?=[a-z])", "", name)
        name = re.sub(r"(-\d{8})?(-v\d+)?(:\d+)?$", "", name)
    if provider["id"] == "together":
        name = re.sub(r"-(instruct-)?(turbo|lite|tput|fp8)$", "", re.sub(r"-fp8$", "", name))
    name = re.sub(r"^llama(\d)-(\d)-(?=\d+b)", r"llama-\1.\2-", re.sub(r"^llama(\d)-(?=[a-z])", r"llama-\1-", name))
    name = re.sub(r"^(llama-.*)-(versatile|instant|instruct)$", r"\1", name)
    return re.sub(r"^(claude-.*)-\d{8}$", r"\1", name)


class Tables:
    def __init__(self, folder):
        def load(name):
            return json.loads((folder / name).read_text())

        self.genai = {p["id"]: p for p in load("genai_prices_v2.json")}
        self.lite = {k: v for k, v in load("litellm_model_prices_and_context_window.json").items() if isinstance(v, dict)}
        dev = load("models_dev.json")
        self.dev = {k: v["models"] for k, v in dev["providers"].items()}
        self.base = {k[len("models/"):-len(".toml")]: v for k, v in dev["base_models"].items()}

    def meta(self, provider, upstream):
        """models.dev's entry with what it inherits; {} if there is none."""
        entry = self.dev.get(provider["dev"], {}).get(upstream, {})
        base = entry.get("base_model")
        if not base:
            return entry
        inherited = {k: v for k, v in self.base.get(base, {}).items() if k not in entry.get("base_model_omit", [])}
        return {**inherited, **entry}

    def litellm(self, provider, upstream):
        for key in (provider["prefix"] + upstream, upstream):
            entry = self.lite.get(key)
            if entry and entry.get("litellm_provider") in provider["litellm"]:
                return entry
        return {}

    def upstream_ids(self, provider):
        ids = list(self.dev.get(provider["dev"], {}))
        if not provider["closed"]:
            return ids
        for key, entry in self.lite.items():
            if entry.get("litellm_provider") in provider["litellm"] and entry.get("mode") in ("chat", "responses", "embedding"):
                ids.append(key[len(provider["prefix"]):] if key.startswith(provider["prefix"]) else key)
        known = set(ids)
        ids += [m["id"] for m in self.genai.get(provider["genai"], {}).get("models", [])
                if m["id"] not in known and re.match(r"(gpt-5\.|claude-(opus|sonnet|haiku|fable)|gemini-3|grok-4\.|deepseek-v4)", m["id"])
                and "claude" not in (m["id"] if provider["id"] == "google" else "")]
        return list(dict.fromkeys(ids))

    def offers(self, provider):
        """(upstream id, id for clients, id of the model whose dated version it is or "")."""
        ids = self.upstream_ids(provider)
        if provider["id"] == "bedrock":
            ids = self._one_profile_each(ids)
        taken, offers = set(), []
        for upstream in sorted(ids, key=lambda u: (len(u), u)):
            entry = self.dev.get(provider["dev"], {}).get(upstream, {})
            name = upstream if provider["closed"] else canonical_id(provider, upstream, entry.get("base_model"))
            if name in taken:
                name = upstream.lower()
            taken.add(name)
            offers.append((upstream, name))
        return [(upstream, name, self._dated_version_of(name, taken)) for upstream, name in offers]

    @staticmethod
    def _dated_version_of(name, taken):
        stem = re.sub(r"-(\d{8}|\d{4}-\d{2}-\d{2})$", "", name)
        return stem if stem != name and stem in taken else ""

    @staticmethod
    def _one_profile_each(ids):
        """Bedrock: of the regional profiles of a model the global one, else the plain id, else the American one."""
        best = {}
        for upstream in ids:
            region, _, rest = upstream.partition(".")
            rank = {"global": 0, "us": 2, "eu": 3, "jp": 3, "au": 3, "apac": 3}.get(region)
            stem = upstream if rank is None else rest
            rank = 1 if rank is None else rank
            if stem not in best or rank < best[stem][0]:
                best[stem] = (rank, upstream)
        return sorted(upstream for _, upstream in best.values())


def is_current(tables, provider, upstream, model_id):
    if NOT_CHAT.search(upstream) and not (KEEP_LATEST.match(upstream) and upstream.endswith("latest") and "image" not in upstream):
        return False
    if OLD.search(upstream):
        return False
    meta, lite = tables.meta(provider, upstream), tables.litellm(provider, upstream)
    if meta.get("status") == "deprecated" or (lite.get("deprecation_date") or "9999") < DATES["genai-prices"]:
        return False
    outputs = meta.get("modalities", {}).get("output", ["text"])
    return "text" in outputs
