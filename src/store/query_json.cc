#include "store/query_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace kairos::store {
namespace {

namespace json = boost::json;

constexpr size_t kMaxQueryBytes = 64 * 1024;

std::unexpected<Error> wrong(std::string_view path, std::string_view why) {
  return fail(Code::kInvalid, fmt::format("{}: {}", path, why));
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

/// "no such measure 'costs'; did you mean 'cost'?"
template <size_t N>
std::string no_such(std::string_view what, std::string_view word, const std::array<std::string_view, N>& known) {
  word = word.substr(0, 64);
  const auto nearest = std::ranges::min_element(known, {}, [&](std::string_view k) { return edit_distance(word, k); });
  return fmt::format("no such {} '{}'; did you mean '{}'?", what, word, *nearest);
}

Result<std::string> text_of(const json::value& value, std::string_view path) {
  if (!value.is_string()) return wrong(path, "must be a string");
  return std::string(value.get_string());
}

Result<bool> bool_of(const json::value& value, std::string_view path) {
  if (!value.is_bool()) return wrong(path, "must be true or false");
  return value.get_bool();
}

Result<std::int64_t> integer_of(const json::value& value, std::string_view path) {
  if (!value.is_int64()) return wrong(path, "must be an integer");
  return value.get_int64();
}

Result<Measure> measure_named(const json::value& value, const std::string& path) {
  const auto text = text_of(value, path);
  if (!text) return std::unexpected(text.error());
  const auto found = std::ranges::find(kMeasureNames, *text);
  if (found == kMeasureNames.end()) return wrong(path, no_such("measure", *text, kMeasureNames));
  return static_cast<Measure>(found - kMeasureNames.begin());
}

Result<DimensionRef> dimension_of(std::string_view text, std::string_view path) {
  const auto dimension = parse_dimension(text);
  if (!dimension) return wrong(path, no_such("dimension", text, kDimensionNames));
  if (dimension->tag.size() > 256) return wrong(path, "the tag's key is too long");
  return *dimension;
}

Result<WallTime> time_of(const json::value& value, std::string_view path) {
  const auto text = text_of(value, path);
  if (!text) return std::unexpected(text.error());
  const auto time = parse_rfc3339(*text);
  if (!time) return wrong(path, time.error().message);
  return *time;
}

/// "x" or ["x", "y"].
Result<std::vector<std::string>> texts_of(const json::value& value, const std::string& path) {
  if (value.is_string()) return std::vector<std::string>{std::string(value.get_string())};
  if (!value.is_array()) return wrong(path, "must be a string or an array of strings");
  std::vector<std::string> texts;
  for (const json::value& item : value.get_array()) {
    auto text = text_of(item, fmt::format("{}[{}]", path, texts.size()));
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

Result<> read_values(const json::value& value, std::string_view key, const std::string& path, bool exclude,
                     Filters& into) {
  const auto dimension = dimension_of(key, path);
  if (!dimension) return std::unexpected(dimension.error());
  auto texts = texts_of(value, path);
  if (!texts) return std::unexpected(texts.error());
  into.values.push_back({*dimension, std::move(*texts), exclude});
  return {};
}

/// Puts a parsed value where it belongs, or passes the error on.
template <class T, class Into>
Result<> keep(Result<T> value, Into& into) {
  if (!value) return std::unexpected(value.error());
  into = std::move(*value);
  return {};
}

Result<Picodollars> amount_of(const json::value& value, const std::string& path) {
  const auto text = text_of(value, path);
  if (!text) return wrong(path, "must be a decimal string, like \"0.25\"");
  const auto amount = parse_usd(*text);
  if (!amount) return wrong(path, amount.error().message);
  return *amount;
}

Result<> read_filter(std::string_view key, const json::value& value, Filters& into) {
  const std::string path = fmt::format("filters.{}", key.substr(0, 300));
  if (key == "min_cost_usd") return keep(amount_of(value, path), into.min_cost);
  if (key == "max_cost_usd") return keep(amount_of(value, path), into.max_cost);
  if (key == "min_latency_ms") return keep(integer_of(value, path), into.min_latency_ms);
  if (key == "max_latency_ms") return keep(integer_of(value, path), into.max_latency_ms);
  if (key == "cache_hit") return keep(bool_of(value, path), into.cache_hit);
  if (key == "fallback") return keep(bool_of(value, path), into.fallback);
  if (key == "unknown_cost") return keep(bool_of(value, path), into.unknown_cost);
  if (key == "trace_id") return keep(text_of(value, path), into.trace_id);
  if (key == "q") return keep(text_of(value, path), into.text);
  if (key != "not") return read_values(value, key, path, false, into);
  if (!value.is_object()) return wrong(path, "must be an object of dimensions");
  for (const auto& [name, inner] : value.get_object()) {
    if (auto read = read_values(inner, name, path + "." + std::string(name), true, into); !read) return read;
  }
  return {};
}

Result<> read_filters(const json::value& value, Filters& into) {
  if (!value.is_object()) return wrong("filters", "must be an object");
  for (const auto& [key, inner] : value.get_object()) {
    if (auto read = read_filter(key, inner, into); !read) return read;
  }
  return {};
}

Result<> read_measures(const json::value& value, std::vector<Measure>& into) {
  if (!value.is_array()) return wrong("measures", "must be an array");
  for (const json::value& item : value.get_array()) {
    const auto measure = measure_named(item, fmt::format("measures[{}]", into.size()));
    if (!measure) return std::unexpected(measure.error());
    into.push_back(*measure);
  }
  return {};
}

Result<> read_dimensions(const json::value& value, std::vector<DimensionRef>& into) {
  if (!value.is_array()) return wrong("dimensions", "must be an array");
  for (const json::value& item : value.get_array()) {
    const std::string path = fmt::format("dimensions[{}]", into.size());
    const auto text = text_of(item, path);
    if (!text) return std::unexpected(text.error());
    const auto dimension = dimension_of(*text, path);
    if (!dimension) return std::unexpected(dimension.error());
    into.push_back(*dimension);
  }
  return {};
}

Result<> read_interval(const json::value& value, Interval& into) {
  const auto text = text_of(value, "interval");
  if (!text) return std::unexpected(text.error());
  const auto found = std::ranges::find(kIntervalNames, *text);
  if (found == kIntervalNames.end()) return wrong("interval", no_such("interval", *text, kIntervalNames));
  into = static_cast<Interval>(found - kIntervalNames.begin());
  return {};
}

Result<> read_size(const json::value& value, std::string_view path, size_t& into) {
  const auto number = integer_of(value, path);
  if (!number) return std::unexpected(number.error());
  if (*number < 1 || *number > static_cast<std::int64_t>(kMaxGroups))
    return wrong(path, fmt::format("between 1 and {}", kMaxGroups));
  into = static_cast<size_t>(*number);
  return {};
}

Result<> read_top(const json::value& value, std::optional<TopN>& into) {
  if (!value.is_object()) return wrong("top", "must be an object");
  into.emplace();
  bool named = false;
  for (const auto& [key, inner] : value.get_object()) {
    if (key == "dimension") {
      const auto text = text_of(inner, "top.dimension");
      if (!text) return std::unexpected(text.error());
      if (auto read = keep(dimension_of(*text, "top.dimension"), into->dimension); !read) return read;
      named = true;
    } else if (key == "by") {
      if (auto read = keep(measure_named(inner, "top.by"), into->by); !read) return read;
    } else if (key == "n") {
      if (auto read = read_size(inner, "top.n", into->n); !read) return read;
    } else {
      return wrong(fmt::format("top.{}", std::string_view(key).substr(0, 64)),
                   "no such field; there are dimension, by and n");
    }
  }
  if (!named) return wrong("top.dimension", "is missing");
  return {};
}

Result<> read_order_entry(const json::value& value, const std::string& path, Order& into) {
  if (!value.is_object()) return wrong(path, "must be an object like {\"by\":\"cost\",\"desc\":true}");
  bool named = false;
  for (const auto& [key, inner] : value.get_object()) {
    if (key == "desc") {
      if (auto read = keep(bool_of(inner, path + ".desc"), into.descending); !read) return read;
    } else if (key == "by") {
      const auto text = text_of(inner, path + ".by");
      if (!text) return std::unexpected(text.error());
      named = true;
      const auto dimension = parse_dimension(*text);
      if (dimension) {
        into.by = *dimension;
      } else if (auto read = keep(measure_named(inner, path + ".by"), into.by); !read) {
        return read;
      }
    } else {
      return wrong(path, "has the fields by and desc");
    }
  }
  if (!named) return wrong(path + ".by", "is missing");
  return {};
}

Result<> read_order(const json::value& value, std::vector<Order>& into) {
  if (!value.is_array() || value.get_array().size() > 16) return wrong("order", "must be an array of at most 16");
  for (const json::value& item : value.get_array()) {
    const std::string path = fmt::format("order[{}]", into.size());
    if (auto read = read_order_entry(item, path, into.emplace_back()); !read) return read;
  }
  return {};
}

constexpr std::array<std::string_view, 12> kFields = {"measures", "dimensions", "filters",  "from",
                                                      "to",       "time_zone",  "interval", "compare",
                                                      "top",      "order",      "limit",    "totals"};

Result<> read_field(std::string_view key, const json::value& value, Query& query) {
  if (key == "measures") return read_measures(value, query.measures);
  if (key == "dimensions") return read_dimensions(value, query.dimensions);
  if (key == "filters") return read_filters(value, query.filters);
  if (key == "from") return keep(time_of(value, key), query.range.from);
  if (key == "to") return keep(time_of(value, key), query.range.to);
  if (key == "time_zone") return keep(text_of(value, key), query.time_zone);
  if (key == "interval") return read_interval(value, query.interval);
  if (key == "compare") return keep(bool_of(value, key), query.compare);
  if (key == "top") return read_top(value, query.top);
  if (key == "order") return read_order(value, query.order);
  if (key == "limit") return read_size(value, "limit", query.limit);
  if (key == "totals") return keep(bool_of(value, key), query.totals);
  return wrong(key.substr(0, 64), no_such("field", key, kFields));
}

} // namespace

Result<Query> query_from_json(std::string_view text) {
  if (text.size() > kMaxQueryBytes) return fail(Code::kTooLarge, "the query is longer than 64 KiB");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 8;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return fail(Code::kInvalid, "the query is not JSON: " + error.message());
  if (!document.is_object()) return fail(Code::kInvalid, "the query must be a JSON object");
  Query query;
  for (const auto& [key, value] : document.get_object()) {
    if (auto read = read_field(key, value, query); !read) return std::unexpected(read.error());
  }
  for (const char* needed : {"measures", "from", "to"}) {
    if (!document.get_object().contains(needed)) return wrong(needed, "is missing");
  }
  if (auto checked = check(query); !checked) return std::unexpected(checked.error());
  return query;
}

} // namespace kairos::store
