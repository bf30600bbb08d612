// Loading, searching, finding, verifying and reopening the DuckDB store.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

#include "store/duckdb/connection.h"
#include "store/duckdb/duckdb_store.h"
#include "store/loader.h"
#include "store/retention_keeper.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/temporary_folder.h"
#include "store/verify.h"

namespace kairos::store {
namespace {

constexpr size_t kReceipts = 3000;

std::vector<StoredReceipt> generated(size_t count) {
  ReceiptGenerator generator(
      {.seed = 5, .from = *parse_rfc3339("2026-11-01"), .step = std::chrono::minutes(1), .tenants = 5});
  std::vector<StoredReceipt> receipts;
  for (size_t i = 0; i < count; ++i) receipts.push_back(generator.next());
  return receipts;
}

/// Stands for the journal: place n is before the nth receipt.
JournalSource source_of(const std::vector<StoredReceipt>& receipts, size_t piece) {
  return [&receipts, piece](const JournalPlace& from, size_t, std::chrono::milliseconds wait) -> Result<JournalPiece> {
    const size_t first = std::min<size_t>(from.offset, receipts.size());
    const size_t count = std::min(piece, receipts.size() - first);
    if (count == 0) std::this_thread::sleep_for(wait);
    const auto at = receipts.begin() + static_cast<std::ptrdiff_t>(first);
    return JournalPiece{{at, at + static_cast<std::ptrdiff_t>(count)}, {1, first + count}};
  };
}

NextReceipt all_of(const std::vector<StoredReceipt>& receipts) {
  auto at = std::make_shared<size_t>(0);
  return [&receipts, at]() -> Result<std::optional<StoredReceipt>> {
    if (*at == receipts.size()) return std::nullopt;
    return receipts[(*at)++];
  };
}

class StoreTest : public ::testing::Test {
protected:
  std::unique_ptr<ReceiptStore> open() {
    auto store = open_duckdb({.file = file_});
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  /// Runs a loader until it has everything.
  static void load_all(ReceiptStore& store, const std::vector<StoredReceipt>& receipts, size_t piece) {
    const SystemClock clock;
    const Loader loader(store, source_of(receipts, piece), clock, {.max_delay = std::chrono::milliseconds(5)});
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (store.mark().sequence < receipts.size() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(store.mark().sequence, receipts.size()) << loader.state().last_error;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "store.duckdb";
  const std::vector<StoredReceipt> receipts_ = generated(kReceipts);
};

TEST_F(StoreTest, LoadsExactlyOnceAcrossReopening) {
  for (const size_t upto : {size_t{700}, size_t{701}, kReceipts}) {
    const auto store = open();
    load_all(*store, {receipts_.begin(), receipts_.begin() + static_cast<std::ptrdiff_t>(upto)}, 250);
    ASSERT_TRUE(store->append(std::span(receipts_).first(upto), {1, upto})) << "the same again changes nothing";
    const auto report = verify_store(*store, all_of(receipts_), {}, {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->receipts, upto);
  }
}

TEST_F(StoreTest, KilledWhileLoadingItGoesOnExactlyOnce) {
  for (int round = 0; round < 6; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      auto store = open_duckdb({.file = file_});
      const auto source = source_of(receipts_, 40);
      while (store) {
        auto piece = source((*store)->mark().next, 40, std::chrono::milliseconds(1));
        if (!(*store)->append(piece->receipts, piece->next)) break;
      }
      _exit(1);
    }
    usleep(static_cast<useconds_t>(60'000 + round * 23'000)); // some moment while it loads; any will do
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto store = open();
    ASSERT_NE(store, nullptr);
    const auto report = verify_store(*store, all_of(receipts_), {}, {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->last_sequence, store->mark().sequence);
  }
  const auto store = open();
  load_all(*store, receipts_, 500);
  EXPECT_EQ(verify_store(*store, all_of(receipts_), {}, {})->receipts, kReceipts);
}

TEST_F(StoreTest, PagesStayTheSameWhileReceiptsAreLoaded) {
  const auto store = open();
  ASSERT_TRUE(store->append(std::span(receipts_).first(2000), {1, 2000}));
  for (const SearchOrder order : {SearchOrder::kTime, SearchOrder::kCost, SearchOrder::kLatency}) {
    for (const bool descending : {true, false}) {
      Search search;
      search.order = order;
      search.descending = descending;
      search.limit = 150;
      std::set<std::uint64_t> seen;
      size_t loaded = store->mark().sequence;
      const size_t at_start = loaded;
      do {
        const auto page = store->search(search, Scope::all(), {});
        ASSERT_TRUE(page) << page.error().message;
        for (const ReceiptRow& row : page->rows) EXPECT_TRUE(seen.insert(row.sequence).second);
        search.cursor = page->next;
        loaded = std::min(loaded + 20, receipts_.size());
        ASSERT_TRUE(store->append(std::span(receipts_).first(loaded), {1, loaded}));
      } while (!search.cursor.empty());
      EXPECT_EQ(seen.size(), at_start);
    }
  }
}

TEST_F(StoreTest, CursorsAreBoundToScopeFiltersAndKey) {
  const auto store = open();
  ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
  Search search;
  search.limit = 5;
  const std::string cursor = store->search(search, Scope::tenant("tenant-0"), {})->next;
  ASSERT_FALSE(cursor.empty());
  search.cursor = cursor;
  EXPECT_TRUE(store->search(search, Scope::tenant("tenant-0"), {}));
  EXPECT_EQ(store->search(search, Scope::tenant("tenant-1"), {}).error().code, Code::kInvalid);
  EXPECT_EQ(store->search(search, Scope::all(), {}).error().code, Code::kInvalid);
  Search other = search;
  other.filters.text = "x";
  EXPECT_EQ(store->search(other, Scope::tenant("tenant-0"), {}).error().code, Code::kInvalid);
  for (size_t i = 0; i < cursor.size(); i += 3) {
    search.cursor = cursor;
    search.cursor[i] = cursor[i] == '0' ? '1' : '0';
    EXPECT_FALSE(store->search(search, Scope::tenant("tenant-0"), {})) << i;
  }
  search.cursor = "' OR 1=1";
  EXPECT_FALSE(store->search(search, Scope::tenant("tenant-0"), {}));
}

TEST_F(StoreTest, ATenantFindsOnlyItsOwn) {
  const auto store = open();
  ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
  const model::Receipt& theirs = receipts_[100].receipt;
  const auto found = store->find(theirs.receipt_id, Scope::tenant(theirs.tenant), {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->row.place, (JournalPlace{1, 10'100}));
  EXPECT_EQ(found->row.cost, theirs.cost.total);
  EXPECT_EQ(store->find(theirs.receipt_id, Scope::tenant("tenant-none"), {}).error().code, Code::kNotFound);
  EXPECT_EQ(store->find("rcpt_nonsense", Scope::all(), {}).error().code, Code::kNotFound);
  for (const std::string& neighbour : {found->newer, found->older}) {
    EXPECT_EQ(store->find(neighbour, Scope::all(), {})->row.tenant, theirs.tenant);
  }
  Search search;
  search.filters.trace_id = theirs.trace.trace_id;
  EXPECT_EQ(store->search(search, Scope::all(), {})->rows.size(), 1U);
  EXPECT_TRUE(store->search(search, Scope::tenant("tenant-none"), {})->rows.empty());
  const auto facets = store->facets(Scope::tenant(theirs.tenant));
  EXPECT_EQ(facets->front().values, std::vector<std::string>{theirs.tenant});
  EXPECT_TRUE(store->facets(Scope::tenant("tenant-none"))->at(3).values.empty());
}

TEST_F(StoreTest, ACorruptedRowIsFoundAndNamed) {
  {
    const auto store = open();
    ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
  }
  {
    const auto database = Database::open(file_.string(), {});
    ASSERT_TRUE((*database)->connect()->execute("UPDATE receipts SET cost = cost + 1 WHERE sequence = 1234"));
  }
  const auto report = verify_store(*open(), all_of(receipts_), {}, {});
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find(receipts_[1233].receipt.receipt_id + " (sequence 1234): cost is"),
            std::string::npos)
      << report.error().message;
}

TEST_F(StoreTest, AFileThatIsNotOursIsRefusedWithAWayOut) {
  const auto message = [&] {
    const auto store = open_duckdb({.file = file_});
    EXPECT_FALSE(store);
    return store ? "" : store.error().message;
  };
  std::ofstream(file_) << std::string(20'000, 'x');
  EXPECT_NE(message().find("kairosroute rebuild"), std::string::npos);
  std::ofstream(file_) << "";
  EXPECT_NE(message().find("cut short"), std::string::npos);
  ASSERT_TRUE(delete_duckdb(file_));
  ASSERT_TRUE((*Database::open(file_.string(), {}))->connect()->execute("CREATE TABLE mine (x INTEGER)"));
  EXPECT_NE(message().find("not one of KairosRoute's"), std::string::npos);
  ASSERT_TRUE(delete_duckdb(file_));
  open();
  ASSERT_TRUE((*Database::open(file_.string(), {}))->connect()->execute("UPDATE kairosroute_meta SET version = 99"));
  EXPECT_NE(message().find("version 99"), std::string::npos);
  ASSERT_TRUE(delete_duckdb(file_));
  load_all(*open(), receipts_, 1000); // rebuild: deleted, then loaded anew
}

TEST_F(StoreTest, RetentionDropsATenantsOldReceiptsAndKeepsTheirSums) {
  const auto store = open();
  ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
  Query query;
  query.measures = {Measure::kRequests, Measure::kCost};
  query.dimensions = {{Dimension::kTenant, ""}};
  query.range = {*parse_rfc3339("2026-11-01"), *parse_rfc3339("2026-11-10")};
  const auto sums = store->query(query, Scope::all(), {});
  const FakeClock clock(receipts_.back().receipt.created_at);
  const WallTime before = clock.wall_now() - std::chrono::hours(24);
  const auto left = [&](const std::string& tenant, WallTime upto) {
    Search search;
    search.range = TimeRange{WallTime{}, upto};
    search.limit = kMaxPage;
    return store->search(search, Scope::tenant(tenant), {})->rows.size();
  };
  const size_t of_another = left("tenant-2", before);
  const size_t younger = left("tenant-1", kLatestTime) - left("tenant-1", before);
  ASSERT_GT(left("tenant-1", before), 0U);
  {
    const RetentionKeeper keeper(
        *store, [] { return std::vector<RetentionRule>{{"tenant-1", std::chrono::hours(24)}, {"nobody", {}}}; }, clock,
        std::chrono::milliseconds(5));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (left("tenant-1", before) > 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(left("tenant-1", before), 0U);
  EXPECT_EQ(left("tenant-1", kLatestTime), younger);
  EXPECT_EQ(left("tenant-2", before), of_another);
  EXPECT_EQ(store->dropped_before("tenant-1", {}).value(), before);
  EXPECT_EQ(store->query(query, Scope::all(), {})->rows, sums->rows) << "roll-ups keep what was dropped";
  const auto verified = verify_store(*store, all_of(receipts_), {}, {});
  EXPECT_TRUE(verified) << verified.error().message;
}

TEST_F(StoreTest, ARewoundFileKeepsTheRowsOfBeforeAndLoadsTheRestAnew) {
  {
    const auto store = open();
    ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
    ASSERT_TRUE(store->drop_receipts("tenant-nobody", kLatestTime, {}));
  }
  {
    const auto database = Database::open(file_.string(), {}); // what a rebuild is for: a wrong row, wrong roll-ups
    ASSERT_TRUE((*database)->connect()->execute("UPDATE receipts SET cost = cost + 1 WHERE sequence = 2000;"
                                                "DELETE FROM receipts WHERE sequence = 2001"));
  }
  const auto kept = rewind_duckdb(file_, {1000, {1, 1000}, 1000, 1000});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, 1000U);
  {
    const auto store = open();
    EXPECT_EQ(store->mark().sequence, 1000U);
    load_all(*store, receipts_, 500);
    const auto verified = verify_store(*store, all_of(receipts_), {}, {});
    EXPECT_TRUE(verified) << verified.error().message;
    ASSERT_TRUE(store->drop_receipts(std::nullopt, receipts_[20].receipt.created_at, {}));
  }
  const auto refused = rewind_duckdb(file_, {1000, {1, 1000}, 1000, 1000});
  ASSERT_FALSE(refused); // the roll-ups alone have the first twenty
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_NE(refused.error().message.find("980 rows of the 1000 receipts"), std::string::npos)
      << refused.error().message;
  const auto verified = verify_store(*open(), all_of(receipts_), {}, {});
  EXPECT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(rewind_duckdb(folder_ / "none.duckdb", {}).error().code, Code::kNotFound);
}

TEST_F(StoreTest, WhatTheJournalNoLongerHasIsTheStoresOwn) {
  const auto store = open();
  ASSERT_TRUE(store->append(receipts_, {1, kReceipts}));
  const std::vector<StoredReceipt> rest(receipts_.begin() + 2000, receipts_.end()); // a minute apart: 2 November, 9:20
  const auto verified = verify_store(*store, all_of(rest), {2000, "2026-11-03"}, {});
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->receipts, kReceipts - 2000);
  EXPECT_FALSE(verify_store(*store, all_of(rest), {2000, "2026-11-02"}, {})); // a day that is not whole
  EXPECT_FALSE(verify_store(*store, all_of(rest), {1999, "2026-11-03"}, {})); // one is missing
}

TEST_F(StoreTest, ReadersCannotWrite) {
  open();
  const auto database = Database::open(file_.string(), {});
  auto connection = (*database)->connect();
  ASSERT_TRUE(connection->execute("BEGIN TRANSACTION READ ONLY"));
  EXPECT_FALSE(connection->execute("DELETE FROM receipts"));
}

TEST_F(StoreTest, AReceiptIsFoundSoonAfterItsClose) {
  const auto store = open();
  std::vector<StoredReceipt> journal;
  std::mutex mutex;
  const JournalSource source = [&](const JournalPlace& from, size_t,
                                   std::chrono::milliseconds wait) -> Result<JournalPiece> {
    std::this_thread::sleep_for(wait);
    const std::scoped_lock lock(mutex);
    return JournalPiece{{journal.begin() + static_cast<std::ptrdiff_t>(from.offset), journal.end()},
                        {1, journal.size()}};
  };
  const SystemClock clock;
  const Loader loader(*store, source, clock);
  for (size_t i = 0; i < 10; ++i) {
    {
      const std::scoped_lock lock(mutex);
      journal.push_back(receipts_[i]);
    }
    const auto closed = std::chrono::steady_clock::now();
    while (!store->find(receipts_[i].receipt.receipt_id, Scope::all(), {})) {
      ASSERT_LT(std::chrono::steady_clock::now() - closed, std::chrono::seconds(5));
    }
    const auto seen = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - closed);
    RecordProperty("visible_after_ms_" + std::to_string(i), static_cast<int>(seen.count()));
  }
  EXPECT_EQ(loader.state().failures, 0U);
}

} // namespace
} // namespace kairos::store
