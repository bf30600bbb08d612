// Walks a JSON document and tells of each string value where it stands and under which keys, so that texts can be
// edited in place. It does not validate: the caller has done so, or takes what comes. Pure, linear, one pass; what is
// nested deeper than kMaxJsonDepth is passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kairos::policy {

inline constexpr size_t kMaxJsonDepth = 128;

struct JsonValue {
  enum class Kind : std::uint8_t { kString, kNumber };
  Kind kind = Kind::kString;
  size_t begin = 0; // of the raw bytes; of a string: inside the quotes
  size_t end = 0;
  bool escaped = false; // a string with a backslash in it
  size_t depth = 0;     // containers around it
};

class JsonWalker {
public:
  explicit JsonWalker(std::string_view body) : body_(body) {}

  /// The next string or number that is a value. False: the end.
  bool next(JsonValue& value);

  /// The raw key of the member that the value belongs to, the nearest one around it if it stands in arrays. Empty:
  /// none.
  std::string_view key() const;
  /// True if a member of this name is around the value, at any depth.
  bool inside(std::string_view name) const;
  /// The raw key of the outermost object's member around the value.
  std::string_view top_key() const;
  /// True if the container at `level` (0: the outermost) is an object whose member the value is in is called `name`.
  bool key_is(size_t level, std::string_view name) const;
  /// Which element of the array at `level` the value is in, from 0.
  size_t index(size_t level) const { return level < stack_.size() ? stack_[level].index : 0; }
  /// Just behind the bracket of the array that is the outermost object's member `name`; npos: not met so far.
  size_t list_begin(std::string_view name) const;
  /// True if the outermost object has shown a member of this name so far, whatever its value; or more members than are
  /// remembered.
  bool has_member(std::string_view name) const;
  std::uint64_t steps() const { return steps_; }

private:
  struct Frame {
    bool object = false;
    bool expects_key = false;
    std::string_view key;
    size_t index = 0;
  };
  bool read_string(JsonValue& value);

  std::string_view body_;
  size_t pos_ = 0;
  size_t too_deep_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<Frame> stack_;
  std::vector<std::pair<std::string_view, size_t>> lists_; // of the outermost object: key, where it begins
  std::vector<std::string_view> members_;                  // of the outermost object
};

/// The text of a raw string (without its quotes); false: it is not well formed. Surrogates that have no partner become
/// U+FFFD.
bool unescape(std::string_view raw, std::string& into);

/// For ascending places in the unescaped text: where in the raw string the character stands that the place is in.
class RawPlaces {
public:
  explicit RawPlaces(std::string_view raw) : raw_(raw) {}
  size_t of(size_t unescaped);

private:
  std::string_view raw_;
  size_t raw_at_ = 0;
  size_t text_at_ = 0;
};

/// Appends `text` as the inside of a JSON string.
void escape(std::string_view text, std::string& into);

} // namespace kairos::policy
