// Catalog::parse: the file format of docs/catalog.md.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/fingerprint.h"
#include "catalog/object_reader.h"

namespace kairos::catalog {
namespace {

constexpr size_t kMostBytes = 8u << 20;
constexpr size_t kMostModels = 10'000;
constexpr std::string_view kFormat = "kairosroute.catalog/1";

std::vector<model::Dialect> read_dialects(ObjectReader& reader) {
  std::vector<model::Dialect> dialects;
  for (const std::string& text : reader.texts("dialects")) {
    model::Dialect dialect{};
    if (!model::parse_name(model::kDialectNames, text, dialect))
      reader.complain("dialects", "no such dialect: " + text);
    dialects.push_back(dialect);
  }
  return dialects;
}

Capabilities read_capabilities(ObjectReader& reader) {
  Capabilities can;
  can.streaming = false;
  for (const std::string& text : reader.texts("capabilities")) {
    if (text == "tools")
      can.tools = true;
    else if (text == "images")
      can.images = true;
    else if (text == "audio")
      can.audio = true;
    else if (text == "json_schema")
      can.json_schema = true;
    else if (text == "reasoning")
      can.reasoning = true;
    else if (text == "embeddings")
      can.embeddings = true;
    else if (text == "streaming")
      can.streaming = true;
    else if (text == "web_search")
      can.web_search = true;
    else
      reader.complain("capabilities", "no such capability: " + text);
  }
  return can;
}

/// "00:30" → 30.
std::int32_t minute_of_day(ObjectReader& reader, std::string_view key) {
  const std::string text = reader.text(key, true);
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    reader.complain(key, "must be a time of the UTC day like 16:30");
    return 0;
  }
  return ((text[0] - '0') * 10 + (text[1] - '0')) * 60 + (text[3] - '0') * 10 + (text[4] - '0');
}

std::map<std::string, std::string> read_prices(ObjectReader& row, std::string_view key) {
  std::map<std::string, std::string> prices;
  auto table = row.object(key);
  if (!table) return prices;
  for (const std::string& meter : table->keys()) prices[meter] = table->text(meter, true);
  return prices;
}

void read_tier_start(ObjectReader& row, PriceOverride& price) {
  const auto above = row.count("above");
  const auto at = row.count("at");
  if (above && at) row.complain("at", "a tier starts either `above` or `at` its threshold");
  price.threshold = above.value_or(at.value_or(0));
  price.start = at ? TierStart::kAt : TierStart::kAbove;
}

PriceRow read_row(ObjectReader& row) {
  PriceOverride price;
  const std::string tier = row.text("service_tier");
  const auto known = parse_service_tier(tier);
  if (!known) row.complain("service_tier", "no such service tier: " + tier);
  price.service_tier = known.value_or(ServiceTier::kStandard);
  price.from = row.time("from");
  price.to = row.time("to");
  if (auto window = row.object("window")) {
    price.window = DayWindow{minute_of_day(*window, "from"), minute_of_day(*window, "to")};
    window->finish();
  }
  read_tier_start(row, price);
  price.free = row.flag("free");
  price.usd_per_million = read_prices(row, "usd_per_million");
  price.usd_each = read_prices(row, "usd_each");
  auto checked = to_price_row(price);
  PriceRow out;
  if (checked) {
    out = std::move(*checked);
  } else {
    row.complain("", checked.error().message);
  }
  out.source = row.text("source", true);
  out.source_date = row.text("source_date", true);
  out.note = row.text("note");
  row.finish();
  return out;
}

void read_quality(ObjectReader& reader, Model& into) {
  auto quality = reader.object("quality");
  if (!quality) return;
  for (size_t i = 0; i < model::kCategoryCount; ++i) {
    auto prior = quality->object(model::kCategoryNames[i]);
    if (!prior) continue;
    into.quality[i] = prior->real("prior");
    into.quality_source[i] = prior->text("source", true);
    if (!into.quality[i] || *into.quality[i] < 0 || *into.quality[i] > 1)
      prior->complain("prior", "must be from 0 to 1");
    prior->finish();
  }
  quality->finish();
}

Model read_model(ObjectReader& reader) {
  Model model;
  model.id = reader.text("id", true);
  model.provider = reader.text("provider", true);
  model.upstream_id = reader.text("upstream_id", true);
  model.name = reader.text("name");
  model.family = reader.text("family");
  model.snapshot_of = reader.text("snapshot_of");
  model.disagreement = reader.text("disagreement");
  model.aliases = reader.texts("aliases");
  model.dialects = read_dialects(reader);
  if (model.dialects.empty()) reader.complain("dialects", "must name at least one");
  model.capabilities = read_capabilities(reader);
  model.context_length = reader.count("context_length");
  model.max_output_tokens = reader.count("max_output_tokens");
  model.released = reader.time("released");
  model.deprecated = reader.time("deprecated");
  read_quality(reader, model);
  for (ObjectReader& row : reader.objects("prices", kMostPriceRows)) model.prices.push_back(read_row(row));
  reader.finish();
  return model;
}

Provider read_provider(ObjectReader& reader) {
  Provider provider;
  provider.id = reader.text("id", true);
  provider.name = reader.text("name");
  provider.dialects = read_dialects(reader);
  provider.base_url = reader.text("base_url");
  provider.api_key_env = reader.text("api_key_env");
  reader.finish();
  return provider;
}

void skip_sources(ObjectReader& root) {
  for (ObjectReader& source : root.objects("sources", 20)) {
    for (const std::string_view key : {"name", "commit", "date", "licence", "url"}) source.text(key);
    source.finish();
  }
}

} // namespace

Result<Catalog> Catalog::parse(std::string_view json) {
  if (json.size() > kMostBytes) return fail(Code::kTooLarge, "catalog: larger than 8 MiB");
  simdjson::dom::parser parser(kMostBytes + simdjson::SIMDJSON_PADDING);
  simdjson::dom::element document;
  simdjson::error_code error = parser.allocate(json.size() + 1, 16);
  if (error == simdjson::SUCCESS) error = parser.parse(json.data(), json.size()).get(document);
  if (error != simdjson::SUCCESS)
    return fail(Code::kInvalid, fmt::format("catalog: {}", simdjson::error_message(error)));
  std::optional<Error> problem;
  ObjectReader root(document, "", problem);
  if (root.text("format", true) != kFormat) root.complain("format", fmt::format("must be {}", kFormat));
  const std::string date = root.text("price_date", true);
  skip_sources(root);
  Catalog catalog;
  for (ObjectReader& provider : root.objects("providers", 1000)) catalog.providers_.push_back(read_provider(provider));
  for (ObjectReader& model : root.objects("models", kMostModels)) catalog.models_.push_back(read_model(model));
  root.finish();
  if (problem) return fail_in("catalog", *problem);
  catalog.price_version_ = fmt::format("{}-{}", date, fingerprint(json));
  if (auto indexed = catalog.index(); !indexed) return std::unexpected(indexed.error());
  return catalog;
}

} // namespace kairos::catalog
