// Names: the dictionary, in memory. Text ↔ small stable ids per kind; id 0 is "" in every kind. Thread-safe: readers
// look up while the loader adds. What is added counts as pending until settle() or undo() says what became of the
// commit.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kairos::store {

enum class Kind : std::uint8_t {
  kTenant,
  kWorkflow,
  kKey,
  kEndUser,
  kModel,
  kProvider,
  kRegion,
  kErrorCode,
  kRouter,
  kPolicy,
  kTagKey,
  kTagValue,
};
inline constexpr size_t kKindCount = 12;

/// A kind takes at most this many texts; all further ones share kOverflowText, so that hostile input cannot grow memory
/// for ever.
inline constexpr size_t kMaxNames = 2'000'000;
inline constexpr std::string_view kOverflowText = "(too many different values)";

struct NewName {
  Kind kind;
  std::int32_t id;
  std::string text;
};
struct NewFacet {
  std::int32_t tenant;
  Kind kind;
  std::int32_t id;
};

class Names {
public:
  Names();

  /// -1: never seen, so no receipt has it.
  std::int32_t find(Kind kind, std::string_view text) const;
  std::string text(Kind kind, std::int64_t id) const;
  /// How many texts of a kind there are, "" among them.
  size_t count(Kind kind) const;
  /// Ids whose text holds `part`, ASCII case ignored; at most `limit`.
  std::vector<std::int64_t> containing(Kind kind, std::string_view part, size_t limit) const;
  /// Sorted texts that occur for a tenant, or for anybody; not "". At most `limit`; `truncated` says if there are more.
  std::vector<std::string> facet(Kind kind, std::optional<std::int32_t> tenant, size_t limit, bool& truncated) const;

  // Loader only.
  std::int32_t intern(Kind kind, std::string_view text);
  void occurs(std::int32_t tenant, Kind kind, std::int32_t id);
  const std::vector<NewName>& pending_names() const { return pending_names_; }
  const std::vector<NewFacet>& pending_facets() const { return pending_facets_; }
  void settle();
  void undo();
  // From the file, at open.
  void restore(Kind kind, std::int32_t id, std::string text);
  void restore_facet(std::int32_t tenant, Kind kind, std::int32_t id);

private:
  struct Dictionary {
    std::deque<std::string> texts; // by id; a deque, since the map's keys look into it
    std::unordered_map<std::string_view, std::int32_t> ids;
  };
  static std::uint64_t facet_key(std::int32_t tenant, Kind kind, std::int32_t id);
  std::int32_t add(Kind kind, std::string text);

  mutable std::shared_mutex mutex_;
  std::array<Dictionary, kKindCount> dictionaries_;
  std::unordered_set<std::uint64_t> facets_;
  std::vector<NewName> pending_names_;   // loader's
  std::vector<NewFacet> pending_facets_; // loader's
};

} // namespace kairos::store
