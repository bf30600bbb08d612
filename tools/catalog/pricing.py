"""Price rows of one model from the three tables. Every amount is a Decimal until it is written; never a float."""
import re
from decimal import ROUND_HALF_EVEN, Decimal

from sources import DATES

NINE = Decimal("0.000000001")
FEES = {"requests", "images", "web_searches", "code_sessions"}
ORDER = ["input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens",
         "input_audio_tokens", "cache_read_audio_tokens", "output_audio_tokens", "input_image_tokens", "cache_read_image_tokens",
         "output_image_tokens", "requests", "images", "web_searches", "code_sessions"]
GENAI = {"input_mtok": "input_tokens", "output_mtok": "output_tokens", "cache_read_mtok": "cache_read_tokens",
         "cache_write_mtok": "cache_write_tokens", "cache_write_1h_mtok": "cache_write_1h_tokens",
         "output_reasoning_mtok": "reasoning_tokens", "input_audio_mtok": "input_audio_tokens",
         "output_audio_mtok": "output_audio_tokens", "cache_audio_read_mtok": "cache_read_audio_tokens",
         "input_image_mtok": "input_image_tokens", "output_image_mtok": "output_image_tokens",
         "cache_image_read_mtok": "cache_read_image_tokens", "requests_kcount": "requests", "web_searches_kcount": "web_searches"}
LITELLM = {"input_cost_per_token": "input_tokens", "output_cost_per_token": "output_tokens",
           "cache_read_input_token_cost": "cache_read_tokens", "cache_creation_input_token_cost": "cache_write_tokens",
           "cache_creation_input_token_cost_above_1hr": "cache_write_1h_tokens",
           "output_cost_per_reasoning_token": "reasoning_tokens", "input_cost_per_audio_token": "input_audio_tokens",
           "output_cost_per_audio_token": "output_audio_tokens", "cache_read_input_audio_token_cost": "cache_read_audio_tokens",
           "input_cost_per_image_token": "input_image_tokens", "output_cost_per_image_token": "output_image_tokens"}
DEV = {"input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens", "cache_write": "cache_write_tokens",
       "input_audio": "input_audio_tokens"}
SUFFIXES = {"_batches": "batch", "_flex": "flex", "_priority": "priority", "": "standard"}

# Where the rule of preference (docs/catalog.md) would take a row that is known to be out of date.
EXCEPTIONS = {
    ("deepseek", "deepseek-chat"): "models.dev",      # genai-prices still has the off-peak prices of 2025
    ("deepseek", "deepseek-reasoner"): "models.dev",
    ("mistral", "ministral-8b-latest"): "models.dev",  # genai-prices has an output price ten times the input's
    ("mistral", "ministral-8b-2512"): "litellm",
    ("xai", "grok-4.20-0309-reasoning"): "models.dev",  # its twin without reasoning costs the same elsewhere
}


def decimal(number):
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


class Row:
    """One price row while it is being made: meter → exact Decimal, per million or (fees) per piece."""

    def __init__(self, source, prices, **where):
        self.source, self.where, self.notes = source, where, []
        self.prices = {m: p for m, p in prices.items() if p != 0}  # a table's 0 is "not said", unless the model is free

    def signature(self):
        return (self.prices.get("input_tokens"), self.prices.get("output_tokens"))

    def written(self):
        out = {k: v for k, v in self.where.items() if v is not None and not (k == "service_tier" and v == "standard")}
        tokens, fees, notes = {}, {}, list(self.notes)
        for meter in ORDER:
            if meter not in self.prices:
                continue
            exact = self.prices[meter]
            places = Decimal("0.000000000001") if meter in FEES else NINE
            cut = exact.quantize(places, ROUND_HALF_EVEN)
            if cut != exact:
                notes.append(f"{meter}: {exact:f} in the source")
            (fees if meter in FEES else tokens)[meter] = f"{cut.normalize():f}"
        if tokens:
            out["usd_per_million"] = tokens
        if fees:
            out["usd_each"] = fees
        out.update(source=self.source, source_date=DATES[self.source])
        if notes:
            out["note"] = "; ".join(notes)
        return out


# ---------------------------------------------------------------------------------------------------------- genai-prices

def matches(rule, text):
    if "or" in rule:
        return any(matches(r, text) for r in rule["or"])
    if "and" in rule:
        return all(matches(r, text) for r in rule["and"])
    if "equals" in rule:
        return text == rule["equals"]
    if "starts_with" in rule:
        return text.startswith(rule["starts_with"])
    if "ends_with" in rule:
        return text.endswith(rule["ends_with"])
    if "contains" in rule:
        return rule["contains"] in text
    return bool(re.search(rule["regex"], text))


def genai_model(tables, provider, upstream):
    text = upstream.lower()
    for model in tables.genai.get(provider["genai"], {}).get("models", []):
        if model["id"] == text or matches(model["match"], text):
            return model
    return None


def genai_table(prices, threshold):
    """Prices in the context tier `threshold` (0: base)."""
    table = {}
    for key, meter in GENAI.items():
        value = prices.get(key)
        if value is None:
            continue
        if isinstance(value, dict):
            reached = [t["price"] for t in value["tiers"] if t["start"] <= threshold]
            value = reached[-1] if reached else value["base"]
        table[meter] = decimal(value) / (1000 if key.endswith("_kcount") else 1)
    return table


def genai_rows(model, start):
    entries = model["prices"] if isinstance(model["prices"], list) else [{"prices": model["prices"]}]
    dates = [e.get("constraint", {}).get("start_date") for e in entries]
    rows = []
    for i, entry in enumerate(entries):
        prices, constraint = entry["prices"], entry.get("constraint", {})
        until = next((d for d in dates[i + 1:] if d), None)
        window = None
        if "start_time" in constraint:
            window = {"from": constraint["start_time"][:5], "to": constraint["end_time"][:5]}
        thresholds = sorted({t["start"] for v in prices.values() if isinstance(v, dict) for t in v["tiers"]})
        for threshold in [0, *thresholds]:
            rows.append(Row("genai-prices", genai_table(prices, threshold), **{"from": dates[i]}, to=until, window=window,
                            **({start: threshold} if threshold else {})))
    return rows


# --------------------------------------------------------------------------------------------------------------- LiteLLM

def lite_table(lite, tier, threshold):
    """Prices of one service tier in one context tier; only what the table says for exactly that."""
    service = next(s for s, name in SUFFIXES.items() if name == tier)
    context = f"_above_{threshold // 1000}k_tokens" if threshold else ""
    table = {}
    for key, meter in LITELLM.items():
        value = lite.get(key + context + service)
        if value is not None:
            table[meter] = decimal(value) * 1_000_000
    return table


def lite_fees(lite):
    fees = {}
    search = lite.get("search_context_cost_per_query")
    if search:
        fees["web_searches"] = max(decimal(v) for v in search.values())
    if lite.get("code_interpreter_cost_per_session"):
        fees["code_sessions"] = decimal(lite["code_interpreter_cost_per_session"])
    if lite.get("input_cost_per_request"):
        fees["requests"] = decimal(lite["input_cost_per_request"])
    return fees


def lite_thresholds(lite):
    return sorted({int(m.group(1)) * 1000 for m in (re.match(r"input_cost_per_token_above_(\d+)k_tokens$", k) for k in lite) if m})


def lite_rows(lite, start):
    base = {**lite_table(lite, "standard", 0), **lite_fees(lite)}
    if "input_tokens" not in base:
        return []
    rows = [Row("litellm", base)]
    for threshold in lite_thresholds(lite):
        rated = lite_table(lite, "standard", threshold)
        row = Row("litellm", {**base, **rated}, **{start: threshold})
        kept = [m for m in row.prices if m not in rated and m not in FEES]
        if kept:
            row.notes.append("not re-rated by the source: " + ", ".join(kept))
        rows.append(row)
    return rows


# ------------------------------------------------------------------------------------------------------------ models.dev

def dev_rows(meta, start):
    cost = meta.get("cost", {})
    if "input" not in cost:
        return []

    def table(prices):
        return {meter: decimal(prices[key]) for key, meter in DEV.items() if prices.get(key) is not None}

    base = table(cost)
    rows = [Row("models.dev", base)]
    for tier in cost.get("tiers", []):
        rows.append(Row("models.dev", {**base, **table(tier)}, **{start: tier["tier"]["size"]}))
    return rows


# ---------------------------------------------------------------------------------------------------------------- choice

def in_force(rows, date):
    return [r for r in rows if (r.where.get("from") or "") <= date < (r.where.get("to") or "9999") and not r.where.get("window")]


def signature(rows, date):
    """What two tables are compared by: plain input and output prices, and where context tiers begin."""
    current = in_force(rows, date)
    base = next((r for r in current if not r.where.get("above") and not r.where.get("at")), None)
    if base is None or None in base.signature():
        return None
    return base.signature(), tuple(sorted(r.where.get("above") or r.where.get("at") or 0 for r in current))


def pick(offers, key):
    """offers: source → rows. Two that agree beat one that does not; one that knows context tiers beats one that gives the
    same plain prices and no tiers, unless that one is dated (it knows that a tier was lifted); else the newest."""
    named = EXCEPTIONS.get(key)
    if named and offers.get(named):
        return named
    present = [s for s in ("genai-prices", "litellm", "models.dev") if offers.get(s)]
    if not present:
        return None
    date = min(DATES[s] for s in present)
    signs = {s: signature(offers[s], date) for s in present}
    for source in present:
        if signs[source] and sum(1 for s in present if signs[s] == signs[source]) >= 2:
            return source
    first = present[0]
    dated = any(r.where.get("from") for r in offers[first])
    for source in present[1:]:
        if not dated and signs[first] and signs[source] and signs[source][0] == signs[first][0] and len(signs[source][1]) > len(signs[first][1]):
            return source
    return first


def disagreement(offers, chosen):
    def shown(rows):
        sign = signature(rows, DATES["models.dev"])
        if not sign:
            return "no plain price"
        (given, produced), tiers = sign
        return f"{given.normalize():f}/{produced.normalize():f}" + "".join(f" >{t // 1000}k" for t in tiers if t)

    own = signature(offers[chosen], DATES["models.dev"])
    others = [s for s in offers if offers[s] and s != chosen and signature(offers[s], DATES["models.dev"]) != own]
    return "; ".join(f"{s} has {shown(offers[s])}" for s in others)


def enrich(rows, lite, start):
    """What only LiteLLM has, if it agrees on the plain prices: further meters, fees, and other service tiers."""
    lite_base = {**lite_table(lite, "standard", 0), **lite_fees(lite)}
    for row in rows:
        agrees = row.signature() == (lite_base.get("input_tokens"), lite_base.get("output_tokens"))
        for meter, price in lite_base.items():
            if agrees or meter in FEES:  # fees do not change with the price of tokens
                if price and meter not in row.prices:
                    row.prices[meter] = price
                    row.notes.append(f"{meter} from litellm {DATES['litellm']}")


def service_tiers(provider, rows, lite, start):
    """Rows for batch, flex and priority, one beside each standard row that is now in force."""
    out = []
    for tier in ("batch", "flex", "priority"):
        base = lite_table(lite, tier, 0)
        if "input_tokens" not in base:
            continue
        for row in rows:
            threshold = row.where.get(start) or 0
            standard = lite_table(lite, "standard", threshold)
            if row.signature() != (standard.get("input_tokens"), standard.get("output_tokens")) or row.where.get("window"):
                continue
            made = Row("litellm", lite_table(lite, tier, threshold), service_tier=tier, **row.where)
            if tier == "batch" and provider["id"] == "openai" and base.get("input_tokens", 0) * 2 == lite_table(lite, "standard", 0)["input_tokens"]:
                made = halved(row, "openai")
            elif not made.prices:
                made.notes.append("the source has no price for this service tier in this context tier")
            out.append(made)
    return out


def halved(row, who):
    tokens = {m: p / 2 for m, p in row.prices.items() if m not in FEES}
    made = Row(row.source, {**tokens, **{m: p for m, p in row.prices.items() if m in FEES}}, service_tier="batch", **row.where)
    made.notes.append(f"{who} bills batches at half of every token price")
    return made


def provider_rules(provider, rows):
    """Prices that follow from a rule which the provider publishes, where the table leaves them out."""
    for row in rows:
        given = row.prices.get("input_tokens")
        if given is None:
            continue
        if provider["id"] == "anthropic":
            for meter, factor in (("cache_read_tokens", "0.1"), ("cache_write_tokens", "1.25"), ("cache_write_1h_tokens", "2")):
                if meter not in row.prices:
                    row.prices[meter] = given * Decimal(factor)
                    row.notes.append(f"{meter}: {factor} times input, as anthropic publishes")
        if provider["id"] == "google" and "input_image_tokens" not in row.prices:
            row.prices["input_image_tokens"] = given
            if "cache_read_tokens" in row.prices:
                row.prices.setdefault("cache_read_image_tokens", row.prices["cache_read_tokens"])
            row.notes.append("image tokens at the text price, as google publishes")


def choose_rows(provider, model_id, genai, lite, meta, tables):
    start = "at" if provider["id"] == "xai" else "above"
    offers = {"genai-prices": genai_rows(genai, start) if genai and genai.get("prices") else [],
              "litellm": lite_rows(lite, start), "models.dev": dev_rows(meta, start)}
    offers = {s: [r for r in rows if r.prices] for s, rows in offers.items()}
    chosen = pick(offers, (provider["id"], model_id))
    if chosen is None:
        return [], ""
    note = disagreement(offers, chosen)
    rows = offers[chosen]
    extra = service_tiers(provider, rows, lite, start)
    if chosen != "litellm" and lite:
        enrich(rows, lite, start)
    provider_rules(provider, rows)
    if provider["id"] == "anthropic":
        extra += [halved(row, "anthropic") for row in rows]
    return [row.written() for row in rows + extra], note
