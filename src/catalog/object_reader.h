// ObjectReader: one object of the catalog file together with its path, so that every message names the place. The first
// problem of a whole document is kept in one place (`problem`); after it, everything reads as absent. A key that nobody
// asks for is a problem too (finish), and so is one that is there twice.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kairos::catalog {

class ObjectReader {
public:
  ObjectReader(simdjson::dom::element element, std::string path, std::optional<Error>& problem);

  std::string text(std::string_view key, bool required = false);
  std::optional<std::int64_t> count(std::string_view key); // a whole number above 0
  std::optional<double> real(std::string_view key);
  bool flag(std::string_view key);
  std::optional<WallTime> time(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  std::vector<ObjectReader> objects(std::string_view key, size_t most);
  std::optional<ObjectReader> object(std::string_view key);
  /// The keys of this object, which thereby count as asked for.
  std::vector<std::string> keys();
  void finish();

  void complain(std::string_view key, std::string_view what);
  bool failed() const { return problem_.has_value(); }
  const std::string& path() const { return path_; }

private:
  std::optional<simdjson::dom::element> take(std::string_view key);

  simdjson::dom::object object_;
  std::string path_;
  std::optional<Error>& problem_;
  std::vector<std::string_view> asked_;
};

} // namespace kairos::catalog
