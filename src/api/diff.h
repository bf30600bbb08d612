// What differs between two outputs: by words of text, and by members where both are JSON. Pure; bounded.
#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kairos::api {

struct TextPiece {
  enum class Op : std::uint8_t { kEqual, kDelete, kInsert };
  Op op = Op::kEqual;
  std::string text;
  bool operator==(const TextPiece&) const = default;
};

/// The pieces of `before` without the inserted ones, and of `after` without the deleted ones, are the texts themselves.
/// Words are compared where both together have at most kMostWords, else lines, else the texts as a whole.
std::vector<TextPiece> diff_text(std::string_view before, std::string_view after);
inline constexpr size_t kMostWords = 20'000;

struct JsonChange {
  enum class Op : std::uint8_t { kAdd, kRemove, kChange };
  Op op = Op::kChange;
  std::string path; // RFC 6901
  boost::json::value before;
  boost::json::value after;
};

/// nullopt: one of them is not JSON (an object or an array), or is too deep. At most 1000 changes.
std::optional<std::vector<JsonChange>> diff_json(std::string_view before, std::string_view after);

/// {"equal", "text", "json"} as the API tells it.
std::string diff_to_json(std::string_view before, std::string_view after);

/// [{"path", "pieces": [{"op", "text"}]}]: the texts in a JSON document that changed, each by its words. Where one of
/// the two is not JSON, one change of all of it, with an empty path.
std::string text_changes_to_json(std::string_view before, std::string_view after);

} // namespace kairos::api
