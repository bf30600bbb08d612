// Pages of searches against sorting the same receipts: every order, with filters that roll-ups know and do not know,
// while hints say where to look. What is dropped, corrected or not rolled up yet must not mislead.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "store/duckdb/duckdb_store.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/temporary_folder.h"

namespace kairos::store {
namespace {

class SearchPages : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    store_ =
        open_duckdb({.file = *folder_ / "store.duckdb", .rollup_lag = 500, .rollup_large_lag = 500, .peaks_from = 0})
            ->release();
    // 40 days, so that there are many more hours than receipts on a page; tenant-39 has hardly any.
    ReceiptGenerator generator({.seed = 5,
                                .from = *parse_rfc3339("2026-09-01T00:10:00Z"),
                                .step = std::chrono::minutes(12),
                                .tenants = 40,
                                .workflows = 6,
                                .models = 5});
    receipts_ = new std::vector<StoredReceipt>;
    for (int i = 0; i < 5000; ++i) receipts_->push_back(generator.next());
    for (size_t first = 0; first < 5000; first += 300) {
      const auto batch = std::span(*receipts_).subspan(first, std::min<size_t>(300, 5000 - first));
      ASSERT_TRUE(store_->append(batch, {1, first + batch.size()}));
    }
  }
  static void TearDownTestSuite() {
    delete store_;
    delete receipts_;
    delete folder_;
  }

  static std::int64_t key(SearchOrder order, const model::Receipt& r) {
    if (order == SearchOrder::kCost) return r.cost.total ? r.cost.total->value() : -1;
    if (order == SearchOrder::kLatency) return r.execution.latency_ms;
    return r.created_at.time_since_epoch().count();
  }

  using Passes = std::function<bool(const model::Receipt&)>;
  static std::vector<std::string> sorted(const Search& search, const Scope& scope, const Passes& passes) {
    std::vector<const StoredReceipt*> all;
    for (const StoredReceipt& one : *receipts_) {
      const model::Receipt& r = one.receipt;
      const bool in = !search.range || (r.created_at >= search.range->from && r.created_at < search.range->to);
      if (in && passes(r) && (!scope.tenant_id() || *scope.tenant_id() == r.tenant)) all.push_back(&one);
    }
    std::ranges::sort(all, [&](const StoredReceipt* a, const StoredReceipt* b) {
      const std::pair left(key(search.order, a->receipt), a->sequence);
      const std::pair right(key(search.order, b->receipt), b->sequence);
      return search.descending ? right < left : left < right;
    });
    std::vector<std::string> ids;
    for (const StoredReceipt* one : all) ids.push_back(one->receipt.receipt_id);
    return ids;
  }

  /// The first pages, in every order and both directions.
  static void expect_sorted(Search search, const Scope& scope, const Passes& passes, const std::string& about) {
    for (const SearchOrder order : {SearchOrder::kTime, SearchOrder::kCost, SearchOrder::kLatency}) {
      for (const bool descending : {true, false}) {
        search.order = order;
        search.descending = descending;
        search.cursor.clear();
        const auto expected = sorted(search, scope, passes);
        size_t seen = 0;
        for (int page = 0; page < 4; ++page) {
          const auto got = store_->search(search, scope, {});
          ASSERT_TRUE(got) << about << ": " << got.error().message;
          for (const ReceiptRow& row : got->rows) {
            ASSERT_LT(seen, expected.size()) << about;
            ASSERT_EQ(row.receipt_id, expected[seen++])
                << about << " order " << static_cast<int>(order) << (descending ? " down" : " up") << " page " << page;
          }
          search.cursor = got->next;
          if (search.cursor.empty()) break;
        }
        EXPECT_EQ(seen, std::min<size_t>(expected.size(), search.limit * 4)) << about;
      }
    }
  }

  static TemporaryFolder* folder_;
  static ReceiptStore* store_;
  static std::vector<StoredReceipt>* receipts_;
};
TemporaryFolder* SearchPages::folder_ = nullptr;
ReceiptStore* SearchPages::store_ = nullptr;
std::vector<StoredReceipt>* SearchPages::receipts_ = nullptr;

Filters only(Dimension dimension, std::vector<std::string> values, bool exclude = false) {
  Filters filters;
  filters.values = {{{dimension, ""}, std::move(values), exclude}};
  return filters;
}

TEST_F(SearchPages, PagesAreTheSortedReceipts) {
  const auto everything = [](const model::Receipt&) { return true; };
  for (const size_t limit : {1U, 20U, 50U}) {
    Search search;
    search.limit = limit;
    const std::string about = "limit " + std::to_string(limit);
    expect_sorted(search, Scope::all(), everything, about);
    expect_sorted(search, Scope::tenant("tenant-1"), everything, about + " tenant");
    expect_sorted(search, Scope::tenant("tenant-39"), everything, about + " rare tenant");
    search.range = TimeRange{*parse_rfc3339("2026-09-03T04:05:06Z"), *parse_rfc3339("2026-10-01T10:20:30Z")};
    expect_sorted(search, Scope::all(), everything, about + " range");
    search.filters = only(Dimension::kTenant, {"tenant-20", "tenant-30"});
    expect_sorted(
        search, Scope::all(),
        [](const model::Receipt& r) { return r.tenant == "tenant-20" || r.tenant == "tenant-30"; }, about + " tenants");
    search.filters = only(Dimension::kWorkflow, {"workflow-2"});
    expect_sorted(
        search, Scope::all(), [](const model::Receipt& r) { return r.workflow == "workflow-2"; }, about + " workflow");
    search.filters = only(Dimension::kTenant, {"tenant-0"}, true);
    search.filters.values.push_back({{Dimension::kStatus, ""}, {"error"}, false});
    expect_sorted(
        search, Scope::all(),
        [](const model::Receipt& r) { return r.tenant != "tenant-0" && r.execution.status == model::Status::kError; },
        about + " errors");
    search.filters = only(Dimension::kRequestedModel, {"model-3"}); // no roll-up knows it
    expect_sorted(
        search, Scope::all(), [](const model::Receipt& r) { return r.request.model == "model-3"; }, about + " asked");
    search.filters = {};
    search.filters.unknown_cost = true;
    expect_sorted(search, Scope::all(), [](const model::Receipt& r) { return !r.cost.total; }, about + " unknown");
  }
}

/// A correction makes a cheap receipt the dearest, another makes the dearest cheap, and one is erased.
TEST_F(SearchPages, CorrectionsAndErasuresAreFollowed) {
  Search search;
  search.limit = 20;
  search.order = SearchOrder::kCost;
  const auto everything = [](const model::Receipt&) { return true; };
  const auto before = sorted(search, Scope::all(), everything);
  const auto find = [&](const std::string& id) {
    return std::ranges::find(*receipts_, id, [](const StoredReceipt& one) { return one.receipt.receipt_id; });
  };
  std::uint64_t sequence = 5000;
  const auto change = [&](const std::string& id, StoredEvent event, std::optional<Picodollars> cost) {
    const auto place = find(id);
    place->receipt.cost.total = cost;
    StoredReceipt stored{place->receipt, event == StoredEvent::kErased ? 0 : ++sequence, {1, 9000 + sequence}, event};
    ASSERT_TRUE(store_->append(std::span(&stored, 1), {1, 9000 + sequence}));
    if (event == StoredEvent::kErased) receipts_->erase(place);
  };
  change(before[4000], StoredEvent::kCorrected, Picodollars(INT64_MAX / 4));
  change(before[0], StoredEvent::kCorrected, Picodollars(1));
  change(before[1], StoredEvent::kErased, std::nullopt);
  change(before[2], StoredEvent::kCorrected, std::nullopt);
  expect_sorted(search, Scope::all(), everything, "corrected");
  EXPECT_EQ(store_->search(search, Scope::all(), {})->rows.front().receipt_id, before[4000]);
}

} // namespace
} // namespace kairos::store
