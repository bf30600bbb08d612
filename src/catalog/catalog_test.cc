#include "catalog/catalog.h"
#include "catalog/plain_price.h"

#include <gtest/gtest.h>

#include <string>

#include "catalog/cost.h"

namespace kairos::catalog {
namespace {

using model::Meter;

const Catalog& built_in() {
  static const Catalog catalog = Catalog::built_in().value();
  return catalog;
}

WallTime at(std::string_view text) { return *parse_rfc3339(text); }

TEST(BuiltInCatalog, CoversTheProvidersAndTheirFlagships) {
  for (const char* provider : {"openai", "anthropic", "google", "mistral", "deepseek", "xai", "groq", "together",
                               "fireworks", "bedrock", "azure", "self-hosted"}) {
    EXPECT_NE(built_in().provider(provider), nullptr) << provider;
  }
  for (const char* name :
       {"openai/gpt-5.6", "openai/gpt-5.4", "openai/gpt-4o-mini", "anthropic/claude-opus-5",
        "anthropic/claude-sonnet-5", "anthropic/claude-haiku-4-5", "google/gemini-2.5-pro", "google/gemini-3.6-flash",
        "mistral/mistral-large-2512", "deepseek/deepseek-v4-pro", "xai/grok-4.5", "groq/gpt-oss-120b",
        "together/gpt-oss-120b", "fireworks/gpt-oss-120b", "bedrock/claude-sonnet-5", "azure/gpt-5.4"}) {
    const auto found = built_in().find(name);
    ASSERT_EQ(found.size(), 1u) << name;
    const PriceRow* row = price_at(*found[0], at("2026-11-23T12:00:00Z"), ServiceTier::kStandard, 1000);
    ASSERT_NE(row, nullptr) << name;
    EXPECT_TRUE(row->price(Meter::kInput)) << name;
    EXPECT_TRUE(row->price(Meter::kOutput)) << name;
    EXPECT_TRUE(found[0]->context_length) << name;
  }
  EXPECT_GE(built_in().find("gpt-oss-120b").size(), 4u); // one id at every provider that serves it
}

TEST(BuiltInCatalog, EveryRowIsSaneAndSaysWhereItComesFrom) {
  for (const Model& model : built_in().models()) {
    SCOPED_TRACE(model.provider + "/" + model.id);
    EXPECT_FALSE(model.dialects.empty());
    EXPECT_NE(built_in().provider(model.provider), nullptr);
    for (const auto& prior : model.quality) EXPECT_EQ(prior.has_value() && model.capabilities.embeddings, false);
    for (const PriceRow& row : model.prices) {
      EXPECT_FALSE(row.source.empty());
      EXPECT_TRUE(parse_rfc3339(row.source_date));
      for (const auto& price : row.prices) {
        EXPECT_TRUE(!price || price->value() > 0 || row.free);
      }
    }
  }
}

TEST(BuiltInCatalog, HasNoFloatNoise) {
  for (const Model& model : built_in().models()) {
    for (const PriceRow& row : model.prices) {
      for (size_t i = 0; i < model::kMeterCount; ++i) {
        if (!row.prices[i] || !model::is_token_meter(static_cast<Meter>(i))) continue;
        // Published prices have few digits; a run of nines or zeros before the last one is a float's.
        const std::string text = usd_per_million(*row.prices[i]);
        EXPECT_EQ(text.find("99999"), std::string::npos) << model.id << " " << text;
        EXPECT_EQ(text.find("00000"), std::string::npos) << model.id << " " << text;
      }
    }
  }
}

TEST(BuiltInCatalog, KnowsWhereATierBegins) {
  const Model* grok = built_in().find("xai", "grok-4.3");
  const Model* gpt = built_in().find("openai", "gpt-5.4");
  ASSERT_TRUE(grok != nullptr && gpt != nullptr);
  const WallTime now = at("2026-11-23T12:00:00Z");
  EXPECT_EQ(price_at(*grok, now, ServiceTier::kStandard, 200'000)->threshold, 200'000);
  EXPECT_EQ(price_at(*gpt, now, ServiceTier::kStandard, 272'000)->threshold, 0);
  EXPECT_EQ(price_at(*gpt, now, ServiceTier::kStandard, 272'001)->threshold, 272'000);
}

TEST(BuiltInCatalog, PlainPricesGiveWhatTheirRowsGive) {
  const WallTime now = at("2026-11-23T12:00:00Z");
  size_t plain_ones = 0;
  for (const Model& model : built_in().models()) {
    SCOPED_TRACE(model.provider + "/" + model.id);
    const auto plain = plain_price(model.prices);
    if (!plain) continue;
    ++plain_ones;
    for (const std::int64_t input : {0L, 1L, 1'000L, 900'000L, INT64_MAX, -1L}) {
      EXPECT_EQ(plain_row(model.prices), price_at(model, now, ServiceTier::kStandard, input));
      for (const Bounds& bounds :
           {Bounds{.input_tokens = input}, Bounds{.input_tokens = input, .max_output_tokens = 77},
            Bounds{.input_tokens = input, .max_output_tokens = 1'001, .choices = 3}}) {
        ASSERT_TRUE(is_plain(bounds));
        EXPECT_EQ(worst_case(bounds, *plain), worst_case(bounds, model.prices, now, ServiceTier::kStandard));
      }
    }
  }
  EXPECT_GE(plain_ones, built_in().models().size() / 2);
}

TEST(PlainPrice, IsNoneWhereItDependsOnMore) {
  PriceRow row;
  row.prices[static_cast<size_t>(Meter::kInput)] = UnitPrice(1'000);
  PriceRow batch = row, long_input = row, later = row;
  batch.service_tier = ServiceTier::kBatch;
  long_input.threshold = 200'000;
  later.from = at("2027-01-01T00:00:00Z");
  using Rows = std::vector<PriceRow>;
  EXPECT_TRUE(plain_price(Rows{batch, row}));
  EXPECT_FALSE(plain_price(Rows{}));
  EXPECT_FALSE(plain_price(Rows{batch}));
  EXPECT_FALSE(plain_price(Rows{row, long_input}));
  EXPECT_FALSE(plain_price(Rows{later}));
  Bounds sound;
  sound.needs.audio = true;
  EXPECT_FALSE(is_plain(sound));
}

TEST(BuiltInCatalog, DatedVersionsAreFoundByNameOnly) {
  const Model* dated = built_in().find("openai", "gpt-4o-2024-08-06");
  ASSERT_NE(dated, nullptr);
  EXPECT_EQ(dated->snapshot_of, "gpt-4o");
  EXPECT_EQ(dated->upstream_id, "gpt-4o-2024-08-06");
}

std::string refusal(std::string_view json) {
  const auto catalog = Catalog::parse(json);
  return catalog ? "accepted" : catalog.error().message;
}

std::string with_model(const std::string& model) {
  return R"({"format":"kairosroute.catalog/1","price_date":"2026-01-01","models":[)" + model + "]}";
}

TEST(CatalogFile, RefusalsNameThePlace) {
  const std::string head = R"({"id":"m","provider":"p","upstream_id":"m","dialects":["openai"])";
  EXPECT_EQ(refusal(with_model(head + "}")), "accepted");
  EXPECT_EQ(refusal(with_model(head + R"(,"colour":"red"})")), "catalog: models[0].colour: unknown key");
  EXPECT_EQ(refusal(with_model(head + R"(,"context_length":-1})")),
            "catalog: models[0].context_length: must be a whole number above 0");
  EXPECT_EQ(refusal(with_model(head + "}," + head + "}")), "catalog: p/m is there twice");
  EXPECT_EQ(
      refusal(with_model(
          head + R"(,"prices":[{"source":"s","source_date":"2026-01-01","usd_per_million":{"input_tokens":3}}]})")),
      "catalog: models[0].prices[0].usd_per_million.input_tokens: must be a text");
  EXPECT_EQ(refusal(with_model(head + R"(,"prices":[{"source":"s","source_date":"2026-01-01","above":1,"at":1}]})")),
            "catalog: models[0].prices[0].at: a tier starts either `above` or `at` its threshold");
  EXPECT_NE(refusal("{").find("catalog: "), std::string::npos);
  EXPECT_NE(refusal("[]").find("must be an object"), std::string::npos);
  EXPECT_NE(refusal(std::string(100, '[')).find("catalog: "), std::string::npos);
  EXPECT_EQ(refusal(std::string(9u << 20, ' ')), "catalog: larger than 8 MiB");
}

TEST(Overrides, WrongUnitsAreRefusedWithBothReadings) {
  const auto why = [](std::string_view text) {
    const auto price = parse_token_price(text, false);
    return price ? usd_per_million(*price) : price.error().message;
  };
  EXPECT_EQ(why("3"), "3");
  EXPECT_EQ(why("0.0005"), "0.0005");
  EXPECT_EQ(why("100000"), "100000");
  EXPECT_EQ(why("3e-6"), "'3e-6' is too small for USD per million tokens; if it is per token, write 3; if it is per "
                         "thousand tokens, write 0.003");
  EXPECT_NE(why("0.00015").find("if it is per thousand tokens, write 0.15"), std::string::npos);
  EXPECT_NE(why("1.5e-10").find("per token it would be 0.00015 per million"), std::string::npos);
  EXPECT_NE(why("3000000").find("too large"), std::string::npos);
  EXPECT_NE(why("0").find("free: true"), std::string::npos);
  EXPECT_NE(why("-1").find("negative"), std::string::npos);
  EXPECT_NE(why("$3").find("plain decimal"), std::string::npos);
  EXPECT_NE(why("NaN").find("plain decimal"), std::string::npos);
  EXPECT_TRUE(parse_token_price("0", true));
  EXPECT_EQ(parse_fee("0.01", false)->value(), 10'000'000'000'000); // 10'000 USD per million
  EXPECT_NE(parse_fee("10000", false).error().message.find("too large for USD per piece"), std::string::npos);
}

TEST(Overrides, AddChangeAndRemoveModels) {
  ModelOverride mine{.id = "my-llama", .provider = "self-hosted", .upstream_id = "llama3:8b"};
  mine.aliases = {"llama"};
  mine.quality[model::Category::kChat] = 0.5;
  mine.prices = {{.free = true, .usd_per_million = {{"input_tokens", "0"}, {"output_tokens", "0"}}}};
  ModelOverride cheaper{.id = "gpt-5.4", .provider = "openai"};
  cheaper.prices = {{.usd_per_million = {{"input_tokens", "2"}}, .usd_each = {{"web_searches", "0.01"}}}};
  const ModelOverride gone{.id = "gpt-4", .provider = "openai", .remove = true};
  const std::vector<ModelOverride> all = {mine, cheaper, gone};
  const auto changed = built_in().with(all);
  ASSERT_TRUE(changed) << changed.error().message;
  ASSERT_EQ(changed->find("llama").size(), 1u);
  EXPECT_EQ(changed->find("llama")[0]->upstream_id, "llama3:8b");
  EXPECT_EQ(changed->find("openai/gpt-4").size(), 0u);
  const Model* gpt = changed->find("openai", "gpt-5.4");
  ASSERT_EQ(gpt->prices.size(), 1u); // all rows of the catalog are replaced
  EXPECT_EQ(gpt->prices[0].source, "configuration");
  EXPECT_EQ(gpt->prices[0].price(Meter::kInput)->value(), 2'000'000'000);
  EXPECT_TRUE(gpt->capabilities.tools); // the rest stays
  EXPECT_NE(changed->price_version(), built_in().price_version());
  EXPECT_NE(built_in().find("openai", "gpt-4"), nullptr);
}

TEST(Overrides, RefusalsNameTheModelAndTheField) {
  const auto why = [](const ModelOverride& change) {
    const auto changed = built_in().with(std::span(&change, 1));
    return changed ? "accepted" : changed.error().message;
  };
  ModelOverride change{.id = "gpt-5.4", .provider = "openai"};
  change.prices = {{.usd_per_million = {{"input_tokens", "0.0000025"}}}};
  EXPECT_EQ(
      why(change).find("models: openai/gpt-5.4: prices[0]: usd_per_million.input_tokens: '0.0000025' is too small"),
      0u);
  change.prices = {{.usd_per_million = {{"inputs", "1"}}}};
  EXPECT_NE(why(change).find("no such meter"), std::string::npos);
  change.prices = {{.usd_per_million = {{"requests", "1"}}}};
  EXPECT_NE(why(change).find("requests are priced in usd_each"), std::string::npos);
  change.prices = {{.from = at("2026-02-01"), .to = at("2026-01-01")}};
  EXPECT_NE(why(change).find("`from` must be before `to`"), std::string::npos);
  change.prices.reset();
  change.quality[model::Category::kCode] = 80;
  EXPECT_NE(why(change).find("quality.code: must be from 0 to 1"), std::string::npos);
  EXPECT_NE(why({.id = "no-such", .provider = "openai", .remove = true}).find("not in the catalog"), std::string::npos);
  ModelOverride clash{.id = "gpt-5.4", .provider = "openai"};
  clash.aliases = {"gpt-4o"};
  EXPECT_NE(why(clash).find("alias 'gpt-4o' is taken by gpt-4o"), std::string::npos);
}

PriceRow row(std::initializer_list<std::pair<Meter, std::int64_t>> usd_per_million) {
  PriceRow made;
  for (const auto& [meter, usd] : usd_per_million)
    made.prices[static_cast<size_t>(meter)] = UnitPrice(usd * 1'000'000'000);
  return made;
}

TEST(WorstCase, TakesTheDearestClassTierAndChoice) {
  const WallTime now = at("2026-08-01T00:00:00Z");
  PriceRow base = row({{Meter::kInput, 3}, {Meter::kCacheWrite1h, 6}, {Meter::kOutput, 15}, {Meter::kReasoning, 20}});
  PriceRow high = row({{Meter::kInput, 6}, {Meter::kCacheWrite1h, 12}, {Meter::kOutput, 22}});
  high.threshold = 1000;
  const std::vector<PriceRow> rows = {base, high};
  Bounds bounds{.input_tokens = 1000, .max_output_tokens = 10, .choices = 2};
  EXPECT_EQ(worst_case(bounds, rows, now, ServiceTier::kStandard)->value(), (1000 * 6 + 20 * 20) * 1'000'000LL);
  bounds.cache_writes = false;
  EXPECT_EQ(worst_case(bounds, rows, now, ServiceTier::kStandard)->value(), (1000 * 3 + 20 * 20) * 1'000'000LL);
  bounds.input_tokens = 1001; // the tier is reachable
  EXPECT_EQ(worst_case(bounds, rows, now, ServiceTier::kStandard)->value(), (1001 * 6 + 20 * 22) * 1'000'000LL);
}

TEST(WorstCase, IsUnknownWhereThePriceOrTheBoundIs) {
  const WallTime now = at("2026-08-01T00:00:00Z");
  const std::vector<PriceRow> rows = {row({{Meter::kInput, 3}, {Meter::kOutput, 15}})};
  const Bounds plain{.input_tokens = 10, .max_output_tokens = 10};
  EXPECT_TRUE(worst_case(plain, rows, now, ServiceTier::kStandard));
  EXPECT_FALSE(worst_case(plain, {}, now, ServiceTier::kStandard));
  EXPECT_FALSE(worst_case(plain, rows, now, ServiceTier::kPriority));
  Bounds bounds = plain;
  bounds.needs.audio = true;
  EXPECT_FALSE(worst_case(bounds, rows, now, ServiceTier::kStandard));
  bounds = plain;
  bounds.needs.server_tools = true;
  EXPECT_FALSE(worst_case(bounds, rows, now, ServiceTier::kStandard));
  bounds.web_searches = 1; // bounded, but unpriced
  EXPECT_FALSE(worst_case(bounds, rows, now, ServiceTier::kStandard));
  bounds = plain;
  bounds.choices = INT64_MAX;
  EXPECT_FALSE(worst_case(bounds, rows, now, ServiceTier::kStandard));
  bounds = plain;
  bounds.input_tokens = -1;
  EXPECT_FALSE(worst_case(bounds, rows, now, ServiceTier::kStandard));
}

TEST(WorstCase, CoversAPriceThatRisesWithinTheHourAndAnyHourOfTheDay) {
  PriceRow today = row({{Meter::kInput, 1}, {Meter::kOutput, 1}});
  PriceRow tomorrow = row({{Meter::kInput, 2}, {Meter::kOutput, 2}});
  today.to = tomorrow.from = at("2026-09-01");
  const std::vector<PriceRow> rows = {today, tomorrow};
  const Bounds bounds{.input_tokens = 1, .max_output_tokens = 1};
  EXPECT_EQ(worst_case(bounds, rows, at("2026-08-31T22:00:00Z"), ServiceTier::kStandard)->value(), 2'000'000);
  EXPECT_EQ(worst_case(bounds, rows, at("2026-08-31T23:30:00Z"), ServiceTier::kStandard)->value(), 4'000'000);
  PriceRow night = row({{Meter::kInput, 5}, {Meter::kOutput, 5}});
  night.window = DayWindow{0, 60};
  const std::vector<PriceRow> windowed = {row({{Meter::kInput, 1}, {Meter::kOutput, 1}}), night};
  EXPECT_EQ(worst_case(bounds, windowed, at("2026-08-01T12:00:00Z"), ServiceTier::kStandard)->value(), 10'000'000);
}

TEST(WorstCase, LeavesRoomForTheRoundingOfManyLines) {
  PriceRow fine;
  for (const Meter meter : {Meter::kInput, Meter::kCacheRead, Meter::kOutput, Meter::kReasoning}) {
    fine.prices[static_cast<size_t>(meter)] = UnitPrice(501); // each single token is 0.501 → 1 picodollar
  }
  const std::vector<PriceRow> rows = {fine};
  const WallTime now = at("2026-08-01");
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  for (const Meter meter : {Meter::kInput, Meter::kCacheRead, Meter::kOutput, Meter::kReasoning}) usage[meter] = 1;
  const Bounds bounds{.input_tokens = 2, .max_output_tokens = 2};
  EXPECT_LE(*cost_of(usage, rows, now, ServiceTier::kStandard, 0).total,
            *worst_case(bounds, rows, now, ServiceTier::kStandard));
}

TEST(Estimate, IsPlainInputAndOutput) {
  const std::vector<PriceRow> rows = {row({{Meter::kInput, 3}, {Meter::kOutput, 15}, {Meter::kCacheWrite, 4}})};
  const WallTime now = at("2026-08-01");
  EXPECT_EQ(estimate(100, 10, rows, now, ServiceTier::kStandard)->value(), 450'000'000);
  EXPECT_FALSE(estimate(100, 10, {}, now, ServiceTier::kStandard));
}

TEST(ServiceTiers, AreReadAsProvidersWriteThem) {
  EXPECT_EQ(parse_service_tier("default"), ServiceTier::kStandard);
  EXPECT_EQ(parse_service_tier(""), ServiceTier::kStandard);
  EXPECT_EQ(parse_service_tier("priority"), ServiceTier::kPriority);
  EXPECT_FALSE(parse_service_tier("scale"));
}

} // namespace
} // namespace kairos::catalog
