// Tools for reading request bodies with exact complaints: paths, typed values, unique keys, text collection.
// Internal to providers: it includes simdjson.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "providers/client_request.h"
#include "providers/json.h"

namespace kairos::providers {

using Checked = WireResult<void>;

/// Where a value stands, as a chain on the stack; made into text only for a complaint.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;   // of a member …
  std::int64_t index = -1; // … or the place in an array
  std::string text() const;
};

Checked read_string(Json value, const Path& path, std::string& into, size_t max_bytes);
Checked read_bool(Json value, const Path& path, bool& into);
/// Whole numbers only: 3.0 is refused like every other float.
Checked read_count(Json value, const Path& path, std::int64_t least, std::int64_t most,
                   std::optional<std::int64_t>& into);
Checked read_number(Json value, const Path& path, double& into);
WireResult<JsonObject> as_object(Json value, const Path& path, std::string_view expected = "an object");
WireResult<JsonArray> as_array(Json value, const Path& path, std::string_view expected = "an array");

/// What is read from one body, and the body's bytes.
struct RequestReader {
  std::string_view body;
  ParsedRequest& out;

  /// Appends prompt text and its newline.
  void add_text(std::string_view text) { out.text.append(text).push_back('\n'); }
  /// Appends every string in `value`, whatever it is: never fewer tokens counted than sent.
  void add_all_text(Json value);
};

/// One top-level key that is read. `where` is its place in the body. Null values are not passed on.
struct FieldRule {
  std::string_view name;
  Checked (*read)(RequestReader& reader, Json value, const Path& path, const Member& where);
  /// Where to keep the member's place, for edits; null if it is never edited. Kept for null values too.
  std::optional<Member> EditPoints::* place = nullptr;
};

/// Reads the outermost object by `rules`; a key in the rules that stands there twice is refused. The raw text of keys
/// that are not in the rules counts as prompt text.
Checked read_fields(RequestReader& reader, JsonObject object, std::span<const FieldRule> rules);

/// The values of `names` in an object, nulls left out; refuses a name that stands there twice. Strings in other members
/// are added as text.
template <size_t N>
WireResult<std::array<std::optional<Json>, N>> pick(RequestReader& reader, JsonObject object, const Path& path,
                                                    const std::array<std::string_view, N>& names) {
  std::array<std::optional<Json>, N> found;
  std::array<bool, N> seen{};
  for (const auto field : object) {
    size_t i = 0;
    while (i < N && names[i] != field.key) ++i;
    if (i == N) {
      reader.add_all_text(field.value);
      continue;
    }
    if (seen[i]) return refuse(Path{&path, names[i]}.text(), "is given twice");
    seen[i] = true;
    if (!field.value.is_null()) found[i] = field.value;
  }
  return found;
}

/// Content of a message: a text, or parts that `read_part(reader, part, path)` reads one by one.
template <class ReadPart>
Checked read_text_or_parts(RequestReader& reader, Json content, const Path& path, std::string_view expected,
                           ReadPart read_part) {
  if (content.is_string()) {
    reader.add_text(content.get_string().value_unsafe());
    return {};
  }
  const auto parts = as_array(content, path, expected);
  if (!parts) return std::unexpected(parts.error());
  std::int64_t index = 0;
  for (const Json part : *parts) {
    auto read = read_part(reader, part, Path{&path, {}, index++});
    if (!read) return read;
  }
  return {};
}

// Readers that several endpoints share.
Checked read_model(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_stream(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_stream_options(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_choices(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_user(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_service_tier(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_temperature(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_kairosroute(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_reasoning_effort(RequestReader& reader, Json value, const Path& path, const Member& where);
Checked read_max_output(RequestReader& reader, Json value, const Path& path, const Member& where);
/// For keys that are known and carry no prompt text.
Checked ignore_field(RequestReader& reader, Json value, const Path& path, const Member& where);

// The rules of each endpoint.
std::span<const FieldRule> chat_rules();
std::span<const FieldRule> anthropic_rules();
std::span<const FieldRule> responses_rules();
std::span<const FieldRule> embeddings_rules();
std::span<const FieldRule> completions_rules();

} // namespace kairos::providers
