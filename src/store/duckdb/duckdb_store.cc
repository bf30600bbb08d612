#include "store/duckdb/duckdb_store.h"

#include <fmt/format.h>

#include "base/guarded.h"
#include "store/duckdb/searches.h"
#include "store/duckdb/sql_builder.h"
#include "store/duckdb/tables.h"
#include "store/duckdb/writer.h"

namespace kairos::store {
namespace {

class DuckDbStore final : public ReceiptStore {
public:
  DuckDbStore(std::unique_ptr<Database> database, Connection writer, std::unique_ptr<Names> names,
              const FileState& file, size_t reads)
      : database_(std::move(database)), names_(std::move(names)), cursor_key_(file.cursor_key),
        readers_(*database_, reads), writer_(std::move(writer)), mark_(file.mark) {}

  Result<> append(std::span<const StoredReceipt> receipts, const JournalPlace& next) override {
    LoadMark after = mark();
    RowBatch batch;
    Result<> added;
    for (const StoredReceipt& stored : receipts) {
      if (stored.sequence <= after.sequence) continue; // it is there already
      added = add_rows(stored, *names_, batch);
      if (!added) break;
      after.sequence = stored.sequence;
    }
    after.next = std::max(after.next, next);
    if (added) added = write_batch(writer_, batch, *names_, after);
    if (!added) {
      names_->undo();
      return added;
    }
    names_->settle();
    mark_.with([&](LoadMark& mark) { mark = after; });
    return {};
  }

  LoadMark mark() const override {
    return mark_.with([](const LoadMark& mark) { return mark; });
  }

  Result<Table> query(const Query& query, const Scope& scope, const ReadOptions& options) override {
    if (auto checked = check(query); !checked) return std::unexpected(checked.error());
    auto session = readers_.begin(options);
    if (!session) return std::unexpected(session.error());
    return answer_query(*session, query, scope, *names_);
  }

  Result<Page> search(const Search& search, const Scope& scope, const ReadOptions& options) override {
    auto session = readers_.begin(options);
    if (!session) return std::unexpected(session.error());
    return answer_search(*session, search, scope, *names_, cursor_key_);
  }

  Result<Found> find(std::string_view receipt_id, const Scope& scope, const ReadOptions& options) override {
    auto session = readers_.begin(options);
    if (!session) return std::unexpected(session.error());
    return answer_find(*session, receipt_id, scope, *names_);
  }

  Result<std::vector<Facet>> facets(const Scope& scope) override {
    std::optional<std::int32_t> tenant;
    if (scope.tenant_id()) tenant = names_->find(Kind::kTenant, *scope.tenant_id());
    constexpr std::pair<std::string_view, Kind> kFacets[] = {
        {"tenant", Kind::kTenant},        {"workflow", Kind::kWorkflow},     {"key", Kind::kKey},
        {"model", Kind::kModel},          {"provider", Kind::kProvider},     {"region", Kind::kRegion},
        {"error_code", Kind::kErrorCode}, {"policy_version", Kind::kPolicy}, {"tags", Kind::kTagKey}};
    std::vector<Facet> facets;
    for (const auto& [field, kind] : kFacets) {
      Facet facet{std::string(field), {}, false};
      facet.values = names_->facet(kind, tenant, kMaxFacetValues, facet.truncated);
      facets.push_back(std::move(facet));
    }
    return facets;
  }

  Result<std::vector<MoneyRow>> scan(std::uint64_t after, size_t limit, const ReadOptions& options) override {
    auto session = readers_.begin(options);
    if (!session) return std::unexpected(session.error());
    return answer_scan(*session, after, limit, *names_);
  }

private:
  const std::unique_ptr<Database> database_; // first: everything else uses it
  const std::unique_ptr<Names> names_;
  const CursorKey cursor_key_;
  ReadPool readers_;
  Connection writer_; // loader's
  Guarded<LoadMark> mark_;
};

std::unexpected<Error> unusable(const std::filesystem::path& file, const Error& cause) {
  if (cause.code == Code::kConflict) {
    return fail(Code::kConflict,
                fmt::format("opening the receipt store {}: another process has it open", file.string()));
  }
  return fail(cause.code, fmt::format("opening the receipt store {}: {}. Nothing is lost: run `kairosroute rebuild` to "
                                      "make it anew from the journal",
                                      file.string(), cause.message));
}

/// A file that is there and empty would be taken for a new database by the engine.
Result<> check_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {};
  if (std::filesystem::file_size(file, error) >= 4096 && !error) return {};
  return fail(Code::kCorrupt, "it is cut short");
}

} // namespace

Result<std::unique_ptr<ReceiptStore>> open_duckdb(const DuckDbOptions& options) {
  if (auto checked = check_file(options.file); !checked) return unusable(options.file, checked.error());
  const std::pair<std::string, std::string> settings[] = {
      {"autoinstall_known_extensions", "false"},    {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},      {"enable_external_access", "false"},
      {"preserve_insertion_order", "false"},        {"memory_limit", fmt::format("{}MB", options.memory_limit_mb)},
      {"threads", std::to_string(options.threads)}, {"lock_configuration", "true"},
  };
  auto database = Database::open(options.file.string(), settings);
  if (!database) return unusable(options.file, database.error());
  auto writer = (*database)->connect();
  if (!writer) return unusable(options.file, writer.error());
  auto names = std::make_unique<Names>();
  const auto state = prepare_file(*writer, *names);
  if (!state) return unusable(options.file, state.error());
  return std::make_unique<DuckDbStore>(std::move(*database), std::move(*writer), std::move(names), *state,
                                       options.max_concurrent_reads);
}

Result<> delete_duckdb(const std::filesystem::path& file) {
  std::error_code error;
  for (const char* suffix : {"", ".wal", ".tmp"}) {
    std::filesystem::remove_all(file.string() + suffix, error);
    if (error) return fail(Code::kIo, fmt::format("deleting {}{}: {}", file.string(), suffix, error.message()));
  }
  return {};
}

} // namespace kairos::store
