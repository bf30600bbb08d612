// A YAML document as a tree in which every value knows its line. Bounded while it is being read: text, depth, number of
// values; no anchors, aliases, tags, second documents or duplicate keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kairos::config {

inline constexpr size_t kMaxText = 1024 * 1024;
inline constexpr size_t kMaxDepth = 64;
inline constexpr size_t kMaxValues = 100'000;
inline constexpr size_t kMaxKeys = 1'000; // of one map

struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  bool quoted = false; // the scalar is a text whatever it looks like
  int line = 0;        // from 1
  int key_line = 0;
  std::string key; // in its map
  std::string scalar;
  std::vector<Node> children;

  const Node* child(std::string_view name) const;
};

/// The root is a map (an empty one for an empty text). Errors: "NAME:LINE: …".
Result<Node> parse_document(std::string_view text, std::string_view name);

} // namespace kairos::config
