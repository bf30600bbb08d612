#include "providers/request_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::providers {
namespace {

Checked read_one(RequestReader& reader, const FieldRule& rule, Json value, const Member& where) {
  if (rule.place != nullptr) {
    auto& place = reader.out.edits.*rule.place;
    if (place) reader.out.edits.bound_named_twice = true; // only the bound has two names
    if (!place || !value.is_null()) place = where;        // two names of one thing: the one with a value
  }
  if (value.is_null()) return {};
  return rule.read(reader, value, Path{nullptr, rule.name}, where);
}

} // namespace

std::string Path::text() const {
  std::string above = parent == nullptr ? std::string() : parent->text();
  if (index >= 0) return above + fmt::format("[{}]", index);
  if (!above.empty()) above.push_back('.');
  return above.append(name);
}

Checked read_string(Json value, const Path& path, std::string& into, size_t max_bytes) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return refuse(path.text(), "must be a string");
  if (text.size() > max_bytes) return refuse(path.text(), fmt::format("must have at most {} bytes", max_bytes));
  into = text;
  return {};
}

Checked read_bool(Json value, const Path& path, bool& into) {
  if (value.get(into) != simdjson::SUCCESS) return refuse(path.text(), "must be true or false");
  return {};
}

Checked read_count(Json value, const Path& path, std::int64_t least, std::int64_t most,
                   std::optional<std::int64_t>& into) {
  std::int64_t count = 0;
  if (value.type() == simdjson::dom::element_type::DOUBLE || value.get(count) != simdjson::SUCCESS || count < least ||
      count > most) {
    return refuse(path.text(), fmt::format("must be a whole number from {} to {}", least, most));
  }
  into = count;
  return {};
}

Checked read_number(Json value, const Path& path, double& into) {
  if (value.get(into) != simdjson::SUCCESS) return refuse(path.text(), "must be a number");
  return {};
}

WireResult<JsonObject> as_object(Json value, const Path& path, std::string_view expected) {
  JsonObject object;
  if (value.get(object) != simdjson::SUCCESS) return refuse(path.text(), fmt::format("must be {}", expected));
  return object;
}

WireResult<JsonArray> as_array(Json value, const Path& path, std::string_view expected) {
  JsonArray array;
  if (value.get(array) != simdjson::SUCCESS) return refuse(path.text(), fmt::format("must be {}", expected));
  return array;
}

void RequestReader::add_all_text(Json value) {
  if (value.is_string()) add_text(value.get_string().value_unsafe());
  if (value.is_array()) {
    const JsonArray items = value.get_array().value_unsafe(); // named: a range-for does not keep the temporary alive
    for (const Json item : items) add_all_text(item);
  }
  if (value.is_object()) {
    const JsonObject fields = value.get_object().value_unsafe();
    for (const auto field : fields) add_all_text(field.value);
  }
}

Checked read_fields(RequestReader& reader, JsonObject object, std::span<const FieldRule> rules) {
  const std::vector<Member> places = locate_members(reader.body);
  std::uint64_t seen = 0; // a bit per rule; no endpoint has more than 64
  size_t at = 0;
  for (const auto field : object) {
    if (at >= places.size()) return refuse("", "the body could not be read to its end");
    const Member& where = places[at++];
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const FieldRule& r) { return r.name == field.key; });
    if (rule == rules.end()) {
      if (field.value.is_object() || field.value.is_array() || field.value.is_string()) {
        reader.add_text(where.value.of(reader.body));
      }
      continue;
    }
    const std::uint64_t bit = std::uint64_t{1} << (rule - rules.begin());
    if ((seen & bit) != 0) return refuse(std::string(rule->name), "is given twice");
    seen |= bit;
    auto read = read_one(reader, *rule, field.value, where);
    if (!read) return read;
  }
  return {};
}

Checked read_model(RequestReader& reader, Json value, const Path& path, const Member&) {
  auto read = read_string(value, path, reader.out.model, 256);
  if (read && reader.out.model.empty()) return refuse(path.text(), "must not be empty");
  return read;
}

Checked read_stream(RequestReader& reader, Json value, const Path& path, const Member&) {
  return read_bool(value, path, reader.out.stream);
}

Checked read_stream_options(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  EditPoints& edits = reader.out.edits;
  edits.stream_options_inside = where.value.begin + 1;
  edits.stream_options_empty = object->size() == 0;
  const std::vector<Member> places = locate_members(where.value.of(reader.body));
  size_t at = 0;
  for (const auto field : *object) {
    const Member& place = places[at++];
    if (field.key != "include_usage") continue;
    if (edits.include_usage) return refuse("stream_options.include_usage", "is given twice");
    edits.include_usage = Span{where.value.begin + place.value.begin, where.value.begin + place.value.end};
    if (field.value.is_null()) continue;
    auto read = read_bool(field.value, Path{&path, "include_usage"}, reader.out.include_usage);
    if (!read) return read;
  }
  return {};
}

Checked read_choices(RequestReader& reader, Json value, const Path& path, const Member&) {
  std::optional<std::int64_t> count;
  auto read = read_count(value, path, 1, 128, count);
  if (count) reader.out.choices = std::max(reader.out.choices, *count);
  return read;
}

Checked read_user(RequestReader& reader, Json value, const Path& path, const Member&) {
  return read_string(value, path, reader.out.end_user, 512);
}

Checked read_service_tier(RequestReader& reader, Json value, const Path& path, const Member&) {
  return read_string(value, path, reader.out.service_tier, 64);
}

Checked read_temperature(RequestReader& reader, Json value, const Path& path, const Member&) {
  double temperature = 1;
  auto read = read_number(value, path, temperature);
  reader.out.deterministic = read && temperature == 0;
  return read;
}

Checked read_kairosroute(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  reader.out.kairosroute = where.value.of(reader.body);
  return {};
}

Checked read_reasoning_effort(RequestReader& reader, Json value, const Path& path, const Member&) {
  std::string effort;
  auto read = read_string(value, path, effort, 64);
  if (read && effort != "none") reader.out.needs.reasoning = true;
  return read;
}

Checked read_max_output(RequestReader& reader, Json value, const Path& path, const Member&) {
  ParsedRequest& out = reader.out;
  if (out.max_output_tokens) {
    return refuse(path.text(), fmt::format("give either {} or {}, not both", out.max_output_field, path.name));
  }
  out.max_output_field = path.name;
  return read_count(value, path, 1, kMaxCount, out.max_output_tokens);
}

Checked ignore_field(RequestReader&, Json, const Path&, const Member&) { return {}; }

} // namespace kairos::providers
