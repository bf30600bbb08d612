#include "config/load.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <set>

#include "base/hex.h"
#include "config/read.h"
#include "config/read_keys.h"
#include "config/read_provider_kinds.h"

namespace kairos::config {
namespace {

constexpr size_t kMaxSecretFile = 64 * 1024;

Result<std::string> read_file(const std::string& path, size_t most) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::kIo, fmt::format("{}: cannot be opened; check that it exists and may be read", path));
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(Code::kIo, fmt::format("{}: cannot be read", path));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > most) return fail(Code::kTooLarge, fmt::format("{}: is over {} bytes", path, most));
  return text;
}

std::string version_of(std::string_view text, const Snapshot& snapshot) {
  std::string all(text);
  for (const Tenant& tenant : snapshot.tenants) {
    if (tenant.managed == ManagedBy::kApi) all.append(fmt::format("\n{} {}", tenant.id, tenant.version));
  }
  all.append("\n").append(snapshot.catalog->price_version());
  for (const Provider& provider : snapshot.providers) all.append("\n").append(provider.id);
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
  return to_hex(std::span(digest).first(8));
}

/// The catalog with the overrides; what is wrong with one of them is told at its line.
std::shared_ptr<const catalog::Catalog> with_overrides(const catalog::Catalog& catalog,
                                                       const std::vector<ModelSettings>& models, Problem& problem) {
  std::vector<catalog::ModelOverride> changes;
  for (const ModelSettings& one : models) changes.push_back(one.change);
  auto changed = catalog.with(changes);
  if (changed) return std::make_shared<const catalog::Catalog>(std::move(*changed));
  for (const ModelSettings& one : models) {
    const auto alone = catalog.with(std::span(&one.change, 1));
    if (!alone) problem.report(one.line, one.path, alone.error().message);
  }
  problem.report(1, "models", changed.error().message);
  return nullptr;
}

Result<std::shared_ptr<const catalog::Catalog>> base_catalog(std::shared_ptr<const catalog::Catalog> given) {
  if (given != nullptr) return given;
  auto built_in = catalog::Catalog::built_in();
  if (!built_in) return std::unexpected(built_in.error());
  return std::make_shared<const catalog::Catalog>(std::move(*built_in));
}

void warn_of_nothing_to_do(Snapshot& snapshot) {
  if (snapshot.targets.empty()) {
    snapshot.warnings.push_back("no provider can be used: requests will find no model; configure one under providers");
  }
  if (snapshot.tenants.empty()) {
    snapshot.warnings.push_back("no tenant is configured: only keys made through the API are accepted");
  }
}

void read_all(Reader& root, const Environment& environment, const catalog::Catalog& built_in, Snapshot& into,
              std::span<const ManagedObject> objects, std::vector<ModelSettings>& models, Problem& problem) {
  read_server(root, into);
  read_content(root, environment, into);
  read_routing(root, into);
  read_cache(root, into);
  read_otlp(root, environment, into);
  read_providers(root, environment, built_in, into);
  models = read_models(root, provider_ids(root), built_in);
  if (!problem.any()) into.catalog = with_overrides(built_in, models, problem);
  if (problem.any()) return;
  check_deployments(root, *into.catalog);
  read_tenants(root, into);
  read_own_keys(root, environment, into);
  read_managed(objects, into, problem);
  check_cache(root, into);
  read_budgets(root, into);
  read_alerts(root, environment, into);
  root.finish();
}

} // namespace

Result<SnapshotPtr> load(std::string_view text, std::string_view name, const Environment& environment,
                         std::shared_ptr<const catalog::Catalog> catalog, std::span<const ManagedObject> objects) {
  auto built_in = base_catalog(std::move(catalog));
  if (!built_in) return std::unexpected(built_in.error());
  const auto document = parse_document(text, name);
  if (!document) return std::unexpected(document.error());
  auto snapshot = std::make_shared<Snapshot>();
  std::vector<ModelSettings> models;
  Problem problem(name);
  Reader root(*document, "", problem);
  read_all(root, environment, **built_in, *snapshot, objects, models, problem);
  if (problem.any()) return std::unexpected(problem.error());
  SnapshotIndex::build(*snapshot, models);
  snapshot->version = version_of(text, *snapshot);
  warn_of_nothing_to_do(*snapshot);
  return snapshot;
}

Result<std::string> read_config_file(const std::string& path) {
  auto text = read_file(path, kMaxText);
  if (!text) return fail_in("reading the configuration", text.error());
  // Somebody is writing it, or its writing failed. Taken for a configuration it would lock every tenant out.
  if (text->find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::kInvalid, fmt::format("reading the configuration: {} is empty; write it first, or put a comment "
                                            "into it if nothing is to be configured",
                                            path));
  return text;
}

Result<SnapshotPtr> load_file(const std::string& path, const Environment& environment) {
  const auto text = read_config_file(path);
  if (!text) return std::unexpected(text.error());
  return load(*text, path, environment);
}

Environment process_environment() {
  Environment environment;
  environment.variable = [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  environment.file = [](const std::string& path) { return read_file(path, kMaxSecretFile); };
  return environment;
}

std::vector<std::string> needs_restart(const Snapshot& running, const Snapshot& next) {
  std::vector<std::string> changed;
  const auto compare = [&](const char* key, bool same) {
    if (!same) changed.emplace_back(key);
  };
  const auto address = [](const std::optional<Address>& one) { return one ? one->text() : ""; };
  const auto tls = [](const Server& server) {
    return server.tls ? server.tls->certificate_file + "\n" + server.tls->key_file : "";
  };
  compare("server.listen", running.server.listen.text() == next.server.listen.text());
  compare("server.admin_listen", address(running.server.admin_listen) == address(next.server.admin_listen));
  compare("server.tls", tls(running.server) == tls(next.server));
  compare("server.threads", running.server.threads == next.server.threads);
  compare("data_dir", running.data_dir == next.data_dir);
  compare("node_id", running.node_id == next.node_id);
  compare("journal.durability", running.journal.durability == next.journal.durability);
  compare("store_memory", running.store.memory_bytes == next.store.memory_bytes);
  compare("journal.segment_bytes", running.journal.segment_bytes == next.journal.segment_bytes);
  compare("otlp", same(running.otlp, next.otlp));
  compare("journal.receipt_required", running.journal.receipt_required == next.journal.receipt_required);
  return changed;
}

} // namespace kairos::config
