// StateStore: what operators make and change through the API: tenants, keys (by SHA-256), budgets, saved views, alert
// rules, settings. Documents of JSON by kind and id, with versions; every change is audited (who, when, before, after)
// and is durable when commit() returns. Seam: embedded (one file, embedded_state.h), later PostgreSQL. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kairos::store {

/// Kinds that exist: "tenant", "key" (its body has the key's SHA-256), "budget", "view", "alert_rule", "alert_channel",
/// "setting". The store itself takes any lower-case word.
struct Document {
  std::string kind;
  std::string id;
  std::uint64_t version = 0; // 1 when made, +1 per change
  std::string body;          // a JSON object
  bool operator==(const Document&) const = default;
};

struct Change {
  std::string kind;
  std::string id;
  std::optional<std::string> body;       // nullopt: delete it
  std::optional<std::uint64_t> expected; // version the caller has seen; 0: must not exist yet; nullopt: any
};

struct AuditEntry {
  std::uint64_t number = 0; // 1, 2, 3, …
  WallTime at{};
  std::string who;
  std::string kind;
  std::string id;
  std::optional<std::string> before;
  std::optional<std::string> after;
};

inline constexpr size_t kMaxDocument = 256 * 1024;

class StateStore {
public:
  virtual ~StateStore() = default;

  virtual std::optional<Document> get(std::string_view kind, std::string_view id) const = 0;
  /// Sorted by id.
  virtual std::vector<Document> list(std::string_view kind) const = 0;
  /// All changes or none; returns the documents as they are now (deleted ones with an empty body). kConflict if an
  /// expected version differs, kNotFound for deleting what is not there, kInvalid for what is not a JSON object.
  virtual Result<std::vector<Document>> commit(const std::vector<Change>& changes, std::string_view who) = 0;
  /// Newest first, entries numbered below `before` (0: from the newest), at most `limit`.
  virtual Result<std::vector<AuditEntry>> audit(std::uint64_t before, size_t limit) const = 0;
  /// Grows with each commit: readers that keep derived maps look whether theirs is old.
  virtual std::uint64_t revision() const = 0;
};

} // namespace kairos::store
