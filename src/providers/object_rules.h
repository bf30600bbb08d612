// Reading JSON objects strictly, for translation: every member must be known, or the request is refused by its name.
// Internal to providers: it includes simdjson.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "providers/conversation.h"
#include "providers/request_reader.h"
#include "providers/translate.h"

namespace kairos::providers {

/// "messages[0].foo: cannot be carried over to a provider that speaks another dialect".
std::unexpected<WireError> cannot_carry(std::string param, std::string_view why = "");

template <class Out>
struct ObjectRule {
  std::string_view name;
  Checked (*read)(Out& out, Json value, const Path& path); // nullptr: harmless, or read elsewhere
};

/// Reads `value`, which must be an object, by `rules`. Members that are null count as not given.
template <class Out, size_t N>
Checked read_members(Json value, const Path& path, const ObjectRule<Out> (&rules)[N], Out& out) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  std::uint64_t seen = 0; // a bit per rule
  static_assert(N <= 64);
  const bool outermost = path.parent == nullptr && path.name.empty();
  for (const auto field : *object) {
    const Path here{outermost ? nullptr : &path, field.key};
    size_t i = 0;
    while (i < N && rules[i].name != field.key) ++i;
    if (i < N && (seen >> i & 1U) != 0) return refuse(here.text(), "is given twice");
    if (i < N) seen |= std::uint64_t{1} << i;
    if (field.value.is_null()) continue;
    if (i == N) return cannot_carry(here.text());
    if (rules[i].read == nullptr) continue;
    auto read = rules[i].read(out, field.value, here);
    if (!read) return read;
  }
  return {};
}

/// Calls `read(item, path)` for each item of an array.
template <class Read>
Checked read_items(Json value, const Path& path, Read read) {
  const auto items = as_array(value, path);
  if (!items) return std::unexpected(items.error());
  std::int64_t index = 0;
  for (const Json item : *items) {
    const Path here{&path, {}, index++};
    auto done = read(item, here);
    if (!done) return done;
  }
  return {};
}

/// What a message or a tool's result says: one text, or parts, each read by `read_part(item, path)`.
template <class ReadPart>
Checked read_content(std::vector<Part>& into, Json value, const Path& path, ReadPart read_part) {
  if (!value.is_string()) return read_items(value, path, read_part);
  into.push_back({.text = std::string(value.get_string().value_unsafe()), .where = path.text()});
  return {};
}

inline constexpr size_t kAnySize = static_cast<size_t>(-1);

template <class Out, std::string Out::* Field>
Checked take_string(Out& out, Json value, const Path& path) {
  return read_string(value, path, out.*Field, kAnySize);
}

template <class Out, std::string Out::* Field>
Checked take_raw(Out& out, Json value, const Path&) {
  out.*Field = to_text(value);
  return {};
}

template <class Out, std::string Out::* Field>
Checked take_raw_object(Out& out, Json value, const Path& path) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  out.*Field = to_text(value);
  return {};
}

template <class Out, std::optional<bool> Out::* Field>
Checked take_flag(Out& out, Json value, const Path& path) {
  bool flag = false;
  auto read = read_bool(value, path, flag);
  if (read) out.*Field = flag;
  return read;
}

/// What a setting's value must be.
enum class Shape : std::uint8_t { kNumber, kWhole, kBool, kString, kObject, kTexts };
Checked take_setting(Conversation& out, Knob knob, Shape shape, Json value, const Path& path);
template <Knob K, Shape S>
Checked take(Conversation& out, Json value, const Path& path) {
  return take_setting(out, K, S, value, path);
}

Checked take_stream(Conversation& out, Json value, const Path& path);
/// A hint that no other dialect has a word for.
Checked drop_hint(Conversation& out, Json value, const Path& path);

/// "data:image/png;base64,…" → media type and data; false: it is none.
bool split_data_url(std::string_view url, std::string& media_type, std::string& data);

/// Adds a name once.
void leave_out(std::vector<std::string>& names, std::string_view name);

// The readers, one per client endpoint.
Checked read_chat_conversation(Json body, Conversation& out);
Checked read_messages_conversation(Json body, Conversation& out);
Checked read_responses_conversation(Json body, Conversation& out);

} // namespace kairos::providers
