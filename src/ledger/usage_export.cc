// Reading providers' usage exports. Field names: OpenAI's and Anthropic's public API references, organization usage and
// cost reports; Anthropic's console CSV.
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <map>

#include "ledger/csv.h"
#include "ledger/number.h"
#include "ledger/reconcile.h"

namespace kairos::ledger {
namespace {

namespace od = simdjson::ondemand;

constexpr size_t kMaxExportBytes = size_t{64} << 20;
constexpr Int128 kMostCost = Int128{1'000'000'000'000} * 1'000'000'000'000; // so that no sum of rows overflows

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Code::kInvalid, fmt::format("usage export: {}", what));
}

/// The raw text of a scalar field, without quotes; empty if absent or null.
std::string field_text(od::object& object, std::string_view field) {
  od::value value;
  if (object[field].get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) return std::string(text);
  std::string raw(value.raw_json_token());
  raw.erase(raw.find_last_not_of(" \t\r\n") + 1);
  return raw == "null" ? std::string() : raw;
}

/// A count; absent is 0. Negative ones and what is no whole number are refused.
Result<std::int64_t> count_from(std::string_view name, const std::string& text) {
  if (text.empty()) return 0;
  const auto value = parse_decimal(text, 0);
  const auto exact = parse_decimal(text, 3);
  if (!value || !exact || *value * 1000 != *exact || *value < 0 || *value > INT64_MAX) {
    return wrong(fmt::format("'{}' is '{:.40}', not a count", name, text));
  }
  return static_cast<std::int64_t>(*value);
}

Result<WallTime> time_from(std::string_view name, const std::string& text) {
  if (text.empty()) return wrong(fmt::format("'{}' is missing", name));
  if (text.find('-') != std::string::npos) {
    auto time = parse_rfc3339(text);
    if (!time) return fail_in(fmt::format("usage export: '{}'", name), time.error());
    return time;
  }
  const auto seconds = count_from(name, text);
  if (!seconds) return std::unexpected(seconds.error());
  if (*seconds > 32'503'680'000) return wrong(fmt::format("'{}' is beyond the year 3000", name));
  return WallTime(std::chrono::seconds(*seconds));
}

/// The fields of one result under our names, whichever format they came in.
using Fields = std::map<std::string, std::string, std::less<>>;

std::string take(const Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = fields.find(name);
    if (found != fields.end() && !found->second.empty()) return found->second;
  }
  return {};
}

Result<TokenSums> tokens_from(ExportProvider provider, const Fields& fields) {
  const auto input = count_from("input_tokens",
                                take(fields, {"uncached_input_tokens", "usage_input_tokens_no_cache", "input_tokens"}));
  const auto read =
      count_from("cached tokens",
                 take(fields, {"cache_read_input_tokens", "usage_input_tokens_cache_read", "input_cached_tokens"}));
  const auto write =
      count_from("cache_creation", take(fields, {"ephemeral_5m_input_tokens", "usage_input_tokens_cache_write_5m"}));
  const auto write_1h =
      count_from("cache_creation", take(fields, {"ephemeral_1h_input_tokens", "usage_input_tokens_cache_write_1h"}));
  const auto output = count_from("output_tokens", take(fields, {"output_tokens", "usage_output_tokens"}));
  for (const auto* one : {&input, &read, &write, &write_1h, &output}) {
    if (!*one) return std::unexpected(one->error());
  }
  TokenSums sums{*input, *read, Int128{*write} + *write_1h, *output};
  // OpenAI counts cached tokens inside input_tokens, Anthropic beside them.
  if (provider == ExportProvider::kOpenAi) sums.input -= sums.cache_read;
  if (sums.input < 0) return wrong("more cached than input tokens");
  return sums;
}

Result<UsageRow> row_from(ExportProvider provider, const Fields& fields) {
  UsageRow row;
  row.request_id = take(fields, {"request_id", "response_id"});
  const auto from = time_from("start", take(fields, {"start_time", "starting_at", "usage_date_utc", "timestamp"}));
  if (!from) return std::unexpected(from.error());
  row.from = *from;
  row.to = *from + std::chrono::hours(24);
  if (const std::string end = take(fields, {"end_time", "ending_at"}); !end.empty()) {
    const auto to = time_from("end", end);
    if (!to) return std::unexpected(to.error());
    row.to = *to;
  }
  if (row.to <= row.from) return wrong("a bucket ends before it starts");
  row.model = take(fields, {"model", "model_version"});
  if (row.model.empty()) row.model = take(fields, {"line_item"}).substr(0, take(fields, {"line_item"}).find(','));
  row.key_id = take(fields, {"api_key_id", "api_key"});
  const auto requests = count_from("num_model_requests", take(fields, {"num_model_requests", "requests"}));
  if (!requests) return std::unexpected(requests.error());
  row.requests = *requests;
  const std::string dollars = take(fields, {"cost_usd", "value"});
  const std::string cents = take(fields, {"amount"});
  if (!dollars.empty() || !cents.empty()) {
    const auto cost = dollars.empty() ? parse_decimal(cents, 10) : parse_decimal(dollars, 12);
    if (!cost) return fail_in("usage export: cost", cost.error());
    if (*cost > kMostCost || *cost < -kMostCost) return wrong("a cost of more than a million million USD");
    row.cost = *cost;
  }
  const bool has_tokens =
      !take(fields, {"output_tokens", "usage_output_tokens", "input_tokens", "uncached_input_tokens"}).empty();
  if (has_tokens) {
    const auto tokens = tokens_from(provider, fields);
    if (!tokens) return std::unexpected(tokens.error());
    row.tokens = *tokens;
  }
  if (!row.tokens && !row.cost) return wrong("a row has neither tokens nor a cost");
  return row;
}

Fields fields_of(od::object& result, const std::string& from, const std::string& to) {
  static constexpr std::array<std::string_view, 12> kScalars = {"model",
                                                                "api_key_id",
                                                                "request_id",
                                                                "num_model_requests",
                                                                "input_tokens",
                                                                "uncached_input_tokens",
                                                                "input_cached_tokens",
                                                                "cache_read_input_tokens",
                                                                "output_tokens",
                                                                "line_item",
                                                                "currency",
                                                                "object"};
  Fields fields{{"start_time", from}, {"end_time", to}};
  for (const std::string_view name : kScalars) fields[std::string(name)] = field_text(result, name);
  od::object inner;
  if (result["cache_creation"].get_object().get(inner) == simdjson::SUCCESS) {
    for (const char* name : {"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"})
      fields[name] = field_text(inner, name);
  }
  if (result["amount"].get_object().get(inner) == simdjson::SUCCESS) {
    fields["value"] = field_text(inner, "value");
    fields["currency"] = field_text(inner, "currency");
  } else {
    fields["amount"] = field_text(result, "amount");
  }
  return fields;
}

Result<> add_bucket(ExportProvider provider, od::object& bucket, std::vector<UsageRow>& rows) {
  std::string from = field_text(bucket, "start_time");
  if (from.empty()) from = field_text(bucket, "starting_at");
  std::string to = field_text(bucket, "end_time");
  if (to.empty()) to = field_text(bucket, "ending_at");
  od::array results;
  if (bucket["results"].get_array().get(results) != simdjson::SUCCESS) return wrong("a bucket has no 'results'");
  for (auto element : results) {
    od::object result;
    if (element.get_object().get(result) != simdjson::SUCCESS) return wrong("a result is not an object");
    const Fields fields = fields_of(result, from, to);
    const std::string currency = take(fields, {"currency"});
    if (!currency.empty() && currency != "usd" && currency != "USD")
      return wrong("costs are not in USD but " + currency);
    auto row = row_from(provider, fields);
    if (!row) return std::unexpected(row.error());
    rows.push_back(std::move(*row));
  }
  return {};
}

Result<std::vector<UsageRow>> parse_json(ExportProvider provider, std::string_view text) {
  const simdjson::padded_string padded(text);
  od::parser parser;
  od::document document;
  od::array data;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return wrong("not JSON");
  if (document["data"].get_array().get(data) != simdjson::SUCCESS)
    return wrong("no 'data' array: is this a usage or cost report?");
  std::vector<UsageRow> rows;
  for (auto element : data) {
    od::object bucket;
    if (element.get_object().get(bucket) != simdjson::SUCCESS) return wrong("a bucket is not an object");
    if (auto added = add_bucket(provider, bucket, rows); !added) return std::unexpected(added.error());
  }
  return rows;
}

Result<std::vector<UsageRow>> parse_table(ExportProvider provider, std::string_view text) {
  const auto table = parse_csv(text);
  if (!table) return std::unexpected(table.error());
  if (table->empty()) return wrong("the file is empty");
  std::vector<UsageRow> rows;
  for (size_t i = 1; i < table->size(); ++i) {
    Fields fields;
    if ((*table)[i].size() != table->front().size())
      return wrong(fmt::format("row {} has not as many cells as the header", i + 1));
    for (size_t c = 0; c < (*table)[i].size(); ++c) fields[table->front()[c]] = (*table)[i][c];
    auto row = row_from(provider, fields);
    if (!row) return fail_in(fmt::format("row {}", i + 1), row.error());
    rows.push_back(std::move(*row));
  }
  return rows;
}

} // namespace

Result<std::vector<UsageRow>> parse_usage_export(ExportProvider provider, std::string_view text) {
  if (text.size() > kMaxExportBytes)
    return fail(Code::kTooLarge, "the usage export is larger than 64 MiB: split it by date");
  const size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos) return wrong("the file is empty");
  return text[first] == '{' ? parse_json(provider, text.substr(first)) : parse_table(provider, text);
}

} // namespace kairos::ledger
