// load: YAML text → checked Snapshot. Pure: environment variables and files come in through Environment.
// An error names the place and what to do: "kairosroute.yaml:14: providers[0].dialct: unknown key; did you mean
// dialect?". The first one is reported. Unknown and duplicate keys, duplicate ids, wrong units, secrets written into
// the file and whatever is for later versions are errors. Bounded: 1 MiB of text, 64 levels, 100'000 values, no
// aliases.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog.h"
#include "config/document.h"
#include "config/snapshot.h"

namespace kairos::config {

struct Environment {
  /// nullopt: not set.
  std::function<std::optional<std::string>(std::string_view name)> variable;
  /// The content of a file that holds a secret; the error says why it cannot be read.
  std::function<Result<std::string>(const std::string& path)> file;
};
/// The process's own.
Environment process_environment();

/// What was made through the API. Its fields are those of the file; a key also names its `tenant`.
struct ManagedObject {
  enum class Kind : std::uint8_t { kTenant, kKey, kBudget };
  Kind kind = Kind::kTenant;
  std::string id;
  std::uint64_t version = 1;
  Node body; // a map with `id` in it; lines are 0
};

/// `name` stands for the text in messages. Without `catalog`, the built-in one is used. An id that the text and an
/// object share is an error; a key whose tenant is not there any more is left out with a warning.
Result<SnapshotPtr> load(std::string_view text, std::string_view name, const Environment& environment,
                         std::shared_ptr<const catalog::Catalog> catalog = nullptr,
                         std::span<const ManagedObject> objects = {});
/// Reads the file first.
Result<SnapshotPtr> load_file(const std::string& path, const Environment& environment);
/// At most 1 MiB. kInvalid: it is empty.
Result<std::string> read_config_file(const std::string& path);

/// What of `next` cannot take effect without a restart, compared with `running`: "server.listen", "data_dir", ….
std::vector<std::string> needs_restart(const Snapshot& running, const Snapshot& next);

} // namespace kairos::config
