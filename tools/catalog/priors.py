"""Quality priors: one number from 0 to 1 per model and category, a starting point that routing shrinks towards what it
learns. Method and its limits: docs/catalog.md. Embedding models have none."""
import datetime
import math
from decimal import Decimal

# How much the benchmarks, nearly all of them about code, weigh in each category; the rest is the price.
WEIGHT = {"code": 1.0, "reasoning": 0.6, "analysis": 0.4, "extraction": 0.3, "summarization": 0.3, "creative": 0.2, "chat": 0.3,
          "other": 0.3}
NEWER = datetime.date(2026, 7, 1)  # taken for models that only the newer tables know


def abilities(tables):
    """logit(score) = ability(model) - difficulty(benchmark), by alternating means, shrunk: newer models are measured by
    harder benchmarks, so scores of different benchmarks do not compare. base model → (standardised ability, benchmarks)."""
    cells = {}
    for name, model in tables.base.items():
        for bench in model.get("benchmarks", []):
            score = min(0.97, max(0.03, bench["score"] / 100))
            kind = bench["name"].replace("-", " ").lower()
            cells.setdefault((name.rsplit("/", 1)[-1].lower(), kind), []).append(math.log(score / (1 - score)))
    cells = {key: sum(v) / len(v) for key, v in cells.items()}
    ability, difficulty = {m: 0.0 for m, _ in cells}, {b: 0.0 for _, b in cells}
    count = {m: sum(1 for k in cells if k[0] == m) for m in ability}
    for _ in range(100):
        for b in difficulty:
            own = [ability[m] - v for (m, k), v in cells.items() if k == b]
            difficulty[b] = sum(own) / len(own)
        for m in ability:
            own = [difficulty[k] + v for (n, k), v in cells.items() if n == m]
            ability[m] = sum(own) / (len(own) + 0.5)
    mean = sum(ability.values()) / len(ability)
    spread = math.sqrt(sum((a - mean) ** 2 for a in ability.values()) / len(ability))
    return {m: ((a - mean) / spread, count[m]) for m, a in ability.items()}


def day(text):
    return datetime.date.fromisoformat(text) if text else None


class Priors:
    def __init__(self, tables, models):
        self.measured = abilities(tables)
        self.models = {(m["provider"], m["id"]): m for m in models}
        self.relatives = [m for m in models if self._measured(m) and m["released"]]

    def _original(self, model):
        return self.models.get((model["provider"], model["snapshot_of"]), model)

    def _measured(self, model):
        return self.measured.get(self._original(model)["id"])

    def _family(self, model):
        released = day(model["released"]) or NEWER
        near = [(abs((day(m["released"]) - released).days), m["id"], self._measured(m)) for m in self.relatives
                if m["family"] == model["family"]]
        near = [n for n in near if n[0] <= 200]
        return min(near)[2] if near else None

    @staticmethod
    def _by_price(model):
        row = next((r for r in model["prices"] if "service_tier" not in r), {})
        prices = row.get("usd_per_million", {})
        if "input_tokens" not in prices or "output_tokens" not in prices:
            return None
        blend = (3 * Decimal(prices["input_tokens"]) + Decimal(prices["output_tokens"])) / 4
        years = ((day(model["released"]) or NEWER) - datetime.date(2025, 1, 1)).days / 365
        prior = 0.50 + 0.13 * math.log10(float(blend) / 0.1) + max(-0.06, min(0.09, 0.06 * years))
        return max(0.35, min(0.88, prior))

    def of(self, model):
        if model["capabilities"] == ["embeddings"]:
            return {}
        model = self._original(model)
        priced = self._by_price(model)
        measured, source = self._measured(model), "benchmarks"
        if measured is None:
            measured, source = self._family(model), "family"
        skilled = None
        if measured is not None:
            skilled = max(0.35, min(0.95, 0.70 + 0.10 * measured[0]))
            if priced is not None:  # few benchmarks say little
                skilled = (measured[1] * skilled + priced) / (measured[1] + 1)
        quality = {}
        for category, weight in WEIGHT.items():
            plain = priced
            if plain is not None and category in ("code", "reasoning"):
                plain += 0.03 if "reasoning" in model["capabilities"] else -0.08
            if skilled is None and plain is None:
                continue
            value = plain if skilled is None else skilled if plain is None else weight * skilled + (1 - weight) * plain
            quality[category] = {"prior": round(max(0.0, min(1.0, value)), 3), "source": source if skilled is not None else "price"}
        return quality
