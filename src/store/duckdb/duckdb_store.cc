#include "store/duckdb/duckdb_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/guarded.h"
#include "store/duckdb/cubes.h"
#include "store/duckdb/retention.h"
#include "store/duckdb/searches.h"
#include "store/duckdb/tables.h"
#include "store/duckdb/writer.h"

namespace kairos::store {
namespace {

class DuckDbStore final : public ReceiptStore {
public:
  DuckDbStore(const DuckDbOptions& options, std::unique_ptr<Database> database, Connection writer,
              const CubeKeeper& cubes, std::unique_ptr<Names> names, const FileState& file)
      : options_(options), database_(std::move(database)), names_(std::move(names)), cursor_key_(file.cursor_key),
        readers_(*database_, options.max_concurrent_reads), writer_(std::move(writer)), cubes_(cubes),
        mark_(file.mark) {}

  Result<> append(std::span<const StoredReceipt> receipts, const JournalPlace& next) override {
    const std::scoped_lock lock(writing_);
    while (true) {
      const auto change = std::ranges::find_if(
          receipts, [](const StoredReceipt& stored) { return stored.event != StoredEvent::kClosed; });
      const auto closed = receipts.first(static_cast<size_t>(change - receipts.begin()));
      const bool last = change == receipts.end();
      // Until all is in, reading the journal would begin again where this piece began; sequences keep it from counting
      // twice.
      if (auto done = append_closed(closed, last ? next : mark().next); !done) return done;
      if (last) break;
      if (auto done = apply(*change); !done) return done;
      receipts = receipts.subspan(closed.size() + 1);
    }
    const auto slice = receipts.size() >= kBulk ? std::chrono::minutes(1) : kSlice;
    return cubes_.catch_up(writer_, mark().sequence, {options_.rollup_lag, options_.rollup_large_lag},
                           std::chrono::duration_cast<std::chrono::milliseconds>(slice));
  }

  LoadMark mark() const override {
    return mark_.with([](const LoadMark& mark) { return mark; });
  }

  Result<Table> query(const Query& query, const Scope& scope, const ReadOptions& options) override {
    return std::move(query_all(std::span(&query, 1), scope, options).front());
  }

  std::vector<Result<Table>> query_all(std::span<const Query> queries, const Scope& scope,
                                       const ReadOptions& options) override {
    auto session = readers_.begin(options);
    if (!session) return {queries.size(), std::unexpected(session.error())};
    return answer_queries(*session, queries, scope, *names_, options_.exact_rows);
  }

  Result<Page> search(const Search& search, const Scope& scope, const ReadOptions& options) override {
    auto session = readers_.begin(options);
    if (!session) return std::unexpected(session.error());
    return answer_search(*session, search, scope, *names_, cursor_key_, options_.peaks_from);
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

  Result<std::uint64_t> drop_receipts(const std::optional<std::string>& tenant, WallTime before,
                                      const ReadOptions& options) override {
    const Deadline deadline(options);
    const std::int32_t id = tenant ? names_->find(Kind::kTenant, *tenant) : -1;
    if (tenant && id < 0) return 0;
    auto connection = database_->connect();
    if (!connection) return std::unexpected(connection.error());
    const auto any = has_older(*connection, id, before.time_since_epoch().count(), deadline);
    if (!any) return std::unexpected(any.error());
    if (!*any) return 0;
    if (auto rolled = roll_up_all(deadline); !rolled) return std::unexpected(rolled.error());
    return drop_rows(*connection, id, before.time_since_epoch().count(), rolled(), deadline);
  }

  Result<WallTime> dropped_before(std::string_view tenant, const ReadOptions& options) override {
    auto connection = database_->connect();
    if (!connection) return std::unexpected(connection.error());
    return read_dropped(*connection, names_->find(Kind::kTenant, tenant), Deadline(options));
  }

  Result<DiskUse> disk_use(const ReadOptions& options) override {
    auto connection = database_->connect();
    if (!connection) return std::unexpected(connection.error());
    return read_disk_use(*connection, options_.file, Deadline(options));
  }

private:
  static constexpr size_t kBulk = 5000; // receipts of a batch that nobody waits for
  static constexpr std::chrono::milliseconds kSlice{20};

  Result<> append_closed(std::span<const StoredReceipt> receipts, const JournalPlace& next) {
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
    if (added && (!batch.receipts.empty() || after != mark())) added = write_batch(writer_, batch, *names_, after);
    return settle(added, after);
  }

  Result<> apply(const StoredReceipt& change) {
    LoadMark after = mark();
    const bool corrected = change.event == StoredEvent::kCorrected;
    if (corrected && change.sequence <= after.sequence) return {};
    const auto id = id_halves(change.receipt.receipt_id);
    if (!id) return fail(Code::kCorrupt, "a change names a receipt with a malformed id");
    RowBatch rows;
    Result<> done;
    if (corrected) done = add_rows(change, *names_, rows);
    if (corrected) after.sequence = change.sequence;
    if (done) done = write_change(writer_, cubes_, *id, std::move(rows), change.place, *names_, after);
    return settle(done, after);
  }

  Result<> settle(const Result<>& done, const LoadMark& after) {
    if (!done) {
      names_->undo();
      return done;
    }
    names_->settle();
    mark_.with([&](LoadMark& mark) { mark = after; });
    return {};
  }

  /// One cube at a time, so that the loader gets its turn between two.
  Result<> roll_up_all(const Deadline& deadline) {
    const std::uint64_t upto = mark().sequence;
    while (rolled() < upto) {
      if (auto over = deadline.check(); !over) return over;
      const std::scoped_lock lock(writing_);
      if (auto done = cubes_.catch_up(writer_, mark().sequence, {}, std::chrono::milliseconds(0)); !done) return done;
    }
    return {};
  }

  std::uint64_t rolled() {
    const std::scoped_lock lock(writing_);
    return cubes_.rolled();
  }

  const DuckDbOptions options_;
  const std::unique_ptr<Database> database_; // first: everything else uses it
  const std::unique_ptr<Names> names_;
  const CursorKey cursor_key_;
  ReadPool readers_;
  std::mutex writing_; // the loader's, and retention's for moments
  Connection writer_;  // guarded by writing_
  CubeKeeper cubes_;   // guarded by writing_
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

Result<std::unique_ptr<Database>> open_file(const DuckDbOptions& options) {
  const std::pair<std::string, std::string> settings[] = {
      {"autoinstall_known_extensions", "false"},    {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},      {"enable_external_access", "false"},
      {"preserve_insertion_order", "false"},        {"memory_limit", fmt::format("{}B", options.memory_bytes)},
      {"threads", std::to_string(options.threads)}, {"lock_configuration", "true"},
  };
  return Database::open(options.file.string(), settings);
}

Result<std::int64_t> rows_upto(Connection& connection, std::uint64_t sequence) {
  const auto rows = connection.run(fmt::format("SELECT count(*) FROM receipts WHERE sequence <= {}", sequence),
                                   Deadline(ReadOptions{std::chrono::minutes(10), {}}));
  if (!rows) return std::unexpected(rows.error());
  return rows->integer(0, 0);
}

std::string rewind_sql(const RewindTo& to) {
  std::string sql;
  for (const char* table : {"receipts", "attempts", "tags"})
    sql += fmt::format("DELETE FROM {} WHERE sequence > {};", table, to.before);
  for (const Cube& cube : kCubes) sql += fmt::format("DELETE FROM {};", cube.table);
  return sql + fmt::format("UPDATE cubes SET rolled = 0, loose = 0, loose_from = {};"
                           "UPDATE mark SET sequence = {}, segment = {}, place = {};",
                           INT64_MAX, to.before, to.next.segment, to.next.offset);
}

} // namespace

Result<std::uint64_t> rewind_duckdb(const std::filesystem::path& file, const RewindTo& to) {
  if (auto checked = check_file(file); !checked) return unusable(file, checked.error());
  std::error_code missing;
  if (!std::filesystem::exists(file, missing))
    return fail(Code::kNotFound, fmt::format("there is no receipt store {}", file.string()));
  auto database = open_file({file});
  if (!database) return unusable(file, database.error());
  auto connection = (*database)->connect();
  if (!connection) return unusable(file, connection.error());
  Names names;
  if (const auto state = prepare_file(*connection, names); !state) return unusable(file, state.error());
  const auto there = rows_upto(*connection, to.sequence);
  if (!there) return unusable(file, there.error());
  if (static_cast<std::uint64_t>(*there) != to.receipts) {
    return fail(Code::kConflict, fmt::format("the receipt store {} has {} rows of the {} receipts up to sequence {}",
                                             file.string(), *there, to.receipts, to.sequence));
  }
  const auto stay = rows_upto(*connection, to.before);
  if (!stay) return unusable(file, stay.error());
  if (auto done = transact(*connection, [&] { return connection->execute(rewind_sql(to)); }); !done)
    return unusable(file, done.error());
  return static_cast<std::uint64_t>(*stay);
}

Result<std::unique_ptr<ReceiptStore>> open_duckdb(const DuckDbOptions& options) {
  if (auto checked = check_file(options.file); !checked) return unusable(options.file, checked.error());
  auto database = open_file(options);
  if (!database) return unusable(options.file, database.error());
  auto writer = (*database)->connect();
  if (!writer) return unusable(options.file, writer.error());
  auto names = std::make_unique<Names>();
  const auto state = prepare_file(*writer, *names);
  if (!state) return unusable(options.file, state.error());
  CubeKeeper cubes(options.rollup_loose);
  if (auto restored = cubes.restore(*writer); !restored) return unusable(options.file, restored.error());
  return std::make_unique<DuckDbStore>(options, std::move(*database), std::move(*writer), cubes, std::move(names),
                                       *state);
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
