#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kMostModels = 2'000;
constexpr size_t kMostRows = 64;

using CapabilityField = std::pair<std::string_view, bool catalog::Capabilities::*>;
constexpr std::array<CapabilityField, 8> kCapabilities = {{
    {"tools", &catalog::Capabilities::tools},
    {"images", &catalog::Capabilities::images},
    {"audio", &catalog::Capabilities::audio},
    {"json_schema", &catalog::Capabilities::json_schema},
    {"reasoning", &catalog::Capabilities::reasoning},
    {"embeddings", &catalog::Capabilities::embeddings},
    {"streaming", &catalog::Capabilities::streaming},
    {"web_search", &catalog::Capabilities::web_search},
}};

void read_capabilities(Reader& reader, catalog::ModelOverride& into) {
  if (!reader.has("capabilities")) {
    reader.take("capabilities");
    return;
  }
  std::vector<std::string> names;
  reader.texts("capabilities", names);
  catalog::Capabilities capabilities;
  capabilities.streaming = false;
  for (const std::string& name : names) {
    const auto field = std::ranges::find(kCapabilities, name, &CapabilityField::first);
    if (field != kCapabilities.end()) {
      capabilities.*field->second = true;
      continue;
    }
    std::string known;
    for (const auto& one : kCapabilities) known.append(known.empty() ? "" : ", ").append(one.first);
    reader.complain("capabilities", fmt::format("\"{}\" is not one of {}", name.substr(0, 60), known));
  }
  into.capabilities = capabilities;
}

void read_dialects(Reader& reader, catalog::ModelOverride& into) {
  std::vector<std::string> names;
  reader.texts("dialects", names);
  if (names.empty()) return;
  into.dialects.emplace();
  for (const std::string& name : names) {
    model::Dialect dialect = model::Dialect::kOpenAi;
    if (!model::parse_name(model::kDialectNames, name, dialect)) {
      reader.complain("dialects",
                      fmt::format("\"{}\" is not one of openai, anthropic, gemini, bedrock", name.substr(0, 60)));
    }
    into.dialects->push_back(dialect);
  }
}

void read_quality(Reader& reader, catalog::ModelOverride& into) {
  const Node* node = reader.take("quality");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::kScalar) { // one figure for all categories
    const double quality = reader.optional_share("quality").value_or(0);
    for (size_t i = 0; i < model::kCategoryCount; ++i) into.quality[static_cast<model::Category>(i)] = quality;
    return;
  }
  auto categories = reader.map("quality");
  if (!categories) return;
  for (size_t i = 0; i < model::kCategoryCount; ++i) {
    if (const auto quality = categories->optional_share(model::kCategoryNames[i])) {
      into.quality[static_cast<model::Category>(i)] = *quality;
    }
  }
  categories->finish();
}

std::optional<WallTime> read_time(Reader& reader, std::string_view key) {
  const auto text = reader.optional_text(key);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (time) return *time;
  reader.complain(key, "is not a date or time, such as 2026-11-01 or 2026-11-01T16:30:00Z");
  return std::nullopt;
}

std::int32_t read_utc_minute(Reader& reader, std::string_view key) {
  const std::string text = reader.optional_text(key).value_or("");
  const size_t colon = text.find(':');
  const auto hour = parse_whole(std::string_view(text).substr(0, colon));
  const auto minute = parse_whole(colon == text.npos ? "" : std::string_view(text).substr(colon + 1));
  if (hour && minute && *hour < 24 && *minute < 60) return static_cast<std::int32_t>(*hour * 60 + *minute);
  reader.complain(key, "must be a time of the UTC day in quotes, such as \"16:30\"");
  return 0;
}

std::map<std::string, std::string> read_amounts(Reader& row, std::string_view key) {
  std::map<std::string, std::string> amounts;
  auto reader = row.map(key);
  if (!reader) return amounts;
  for (const std::string& meter : reader->keys()) {
    if (!model::parse_meter(meter)) {
      const std::string near = nearest(meter, {model::kMeterNames.begin(), model::kMeterNames.end()});
      reader->complain(meter, "unknown meter" + (near.empty() ? "" : fmt::format("; did you mean {}?", near)));
    }
    if (const auto amount = reader->optional_text(meter)) amounts[meter] = *amount;
  }
  return amounts;
}

catalog::PriceOverride read_row(Reader& reader) {
  catalog::PriceOverride row;
  reader.choice("service_tier", catalog::kServiceTierNames, row.service_tier);
  row.from = read_time(reader, "from");
  row.to = read_time(reader, "to");
  if (auto window = reader.map("window")) {
    row.window = catalog::DayWindow{read_utc_minute(*window, "from"), read_utc_minute(*window, "to")};
    window->finish();
  }
  reader.whole("threshold", row.threshold, 0, 1'000'000'000);
  reader.choice("start", catalog::kTierStartNames, row.start);
  reader.flag("free", row.free);
  row.usd_per_million = read_amounts(reader, "usd_per_million");
  row.usd_each = read_amounts(reader, "usd_each");
  reader.finish();
  if (reader.problem().any()) return row;
  if (const auto checked = catalog::to_price_row(row); !checked) reader.complain_here(checked.error().message);
  return row;
}

void read_prices(Reader& reader, catalog::ModelOverride& into) {
  if (!reader.has("prices")) {
    reader.take("prices");
    return;
  }
  into.prices.emplace();
  for (Reader& row : reader.maps("prices", kMostRows)) into.prices->push_back(read_row(row));
}

void read_provider_of(Reader& reader, const std::map<std::string, std::string>& configured,
                      const catalog::Catalog& catalog, catalog::ModelOverride& into) {
  const std::string provider = reader.id("provider");
  const auto found = configured.find(provider);
  into.provider = found == configured.end() ? provider : found->second;
  if (found != configured.end() || catalog.provider(provider) != nullptr) return;
  std::vector<std::string> ids;
  for (const auto& [id, catalog_id] : configured) ids.push_back(id);
  const std::string near = nearest(provider, ids);
  const std::string hint = near.empty() ? "add it under providers" : fmt::format("did you mean {}?", near);
  reader.complain("provider", fmt::format("there is no provider {}; {}", provider, hint));
}

} // namespace

std::vector<ModelSettings> read_models(Reader& root, const std::map<std::string, std::string>& configured,
                                       const catalog::Catalog& catalog) {
  std::vector<ModelSettings> models;
  std::set<std::pair<std::string, std::string>> seen;
  for (Reader& reader : root.maps("models", kMostModels)) {
    ModelSettings& settings = models.emplace_back();
    catalog::ModelOverride& change = settings.change;
    settings.line = reader.line();
    settings.path = reader.path();
    change.id = reader.optional_text("id").value_or("");
    if (change.id.empty()) reader.complain("id", "is missing; give the name that clients ask for");
    read_provider_of(reader, configured, catalog, change);
    if (!seen.emplace(change.provider, change.id).second) {
      reader.complain("id", fmt::format("{} at {} is there twice", change.id, change.provider));
    }
    reader.flag("remove", change.remove);
    change.upstream_id = reader.optional_text("upstream_id");
    change.name = reader.optional_text("name");
    if (reader.has("aliases")) change.aliases.emplace();
    if (change.aliases)
      reader.texts("aliases", *change.aliases);
    else
      reader.take("aliases");
    read_dialects(reader, change);
    read_capabilities(reader, change);
    change.context_length = reader.optional_whole("context_length", 1, 1'000'000'000);
    change.max_output_tokens = reader.optional_whole("max_output_tokens", 1, 1'000'000'000);
    read_quality(reader, change);
    read_prices(reader, change);
    settings.data_use = read_data_use(reader);
    settings.quantization = read_quantization(reader);
    reader.finish();
  }
  return models;
}

} // namespace kairos::config
