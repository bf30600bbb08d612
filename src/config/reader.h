// Reader: one map of the document together with its path, so that every message names file, line and key. The first
// problem of the whole document is kept (Problem); after it everything reads as absent or as its default. A key that
// nobody asked for is a problem too: finish() names the nearest one that was.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "base/result.h"
#include "config/document.h"
#include "model/enums.h"

namespace kairos::config {

/// The first thing wrong in a document.
class Problem {
public:
  explicit Problem(std::string_view document) : document_(document) {}
  void report(int line, const std::string& path, const std::string& what);
  void adopt(const Problem& other) {
    if (!error_) error_ = other.error_;
  }
  bool any() const { return error_.has_value(); }
  const Error& error() const { return *error_; }

private:
  std::string document_;
  std::optional<Error> error_;
};

class Reader {
public:
  Reader(const Node& map, std::string path, Problem& problem);

  /// Each leaves `into` as it is if the key is absent, null, or wrong.
  void text(std::string_view key, std::string& into);
  void flag(std::string_view key, bool& into);
  void whole(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most);
  void share(std::string_view key, double& into); // 0 to 1
  void duration(std::string_view key, Duration& into);
  void size(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most);
  void texts(std::string_view key, std::vector<std::string>& into);
  template <class E, size_t N>
  void choice(std::string_view key, const std::array<std::string_view, N>& names, E& into) {
    const Node* node = scalar(key);
    if (node != nullptr && !model::parse_name(names, node->scalar, into)) {
      complain(key, not_among(node->scalar, names));
    }
  }

  bool has(std::string_view key) const; // does not count as asked for
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<bool> optional_flag(std::string_view key);
  std::optional<std::int64_t> optional_whole(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<double> optional_share(std::string_view key);
  std::optional<Picodollars> usd(std::string_view key); // at least 0
  /// A required text of letters, digits and "._-", at most 128.
  std::string id(std::string_view key);

  std::optional<Reader> map(std::string_view key);
  std::vector<Reader> maps(std::string_view key, size_t most);
  /// The keys of this map, which thereby count as asked for.
  std::vector<std::string> keys();
  /// The scalar as written; nullptr: absent.
  const Node* scalar(std::string_view key);
  const Node* take(std::string_view key);

  /// Says of each key that is there: "not in this version", and what to do.
  void later(std::initializer_list<std::string_view> keys, std::string_view advice);
  /// Refuses keys under which people write secrets.
  void no_secret(std::initializer_list<std::string_view> keys, std::string_view advice);
  void finish();

  void complain(std::string_view key, std::string_view what);
  void complain_here(std::string_view what);
  Problem& problem() { return problem_; }
  const std::string& path() const { return path_; }
  int line() const { return map_.line; }

private:
  static std::string not_among(std::string_view text, std::span<const std::string_view> names);
  std::string path_of(std::string_view key) const;

  const Node& map_;
  std::string path_;
  Problem& problem_;
  std::vector<std::string> asked_;
};

/// The one of `names` that `word` was probably meant to be; empty: none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& names);
/// Letters A to Z in lower case.
std::string lower(std::string_view text);

} // namespace kairos::config
