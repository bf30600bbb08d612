// The real journal into the real store: followed live, measured, and verified.
#include "store/journal_source.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "base/ulid.h"
#include "journal/testing/journal_fixture.h"
#include "model/receipt_json.h"
#include "store/duckdb/duckdb_store.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/temporary_folder.h"

namespace kairos::store {
namespace {

journal::Record close_record(const model::Receipt& receipt) {
  return {journal::Kind::kClose, *parse_receipt_id(receipt.receipt_id), receipt.completed_at, model::to_json(receipt)};
}

TEST(JournalSource, EveryCloseArrivesOnceAndSoonAndOtherRecordsDoNotDisturb) {
  const TemporaryFolder folder;
  journal::FaultyFileSystem files;
  const auto writer = journal::start(files);
  ASSERT_NE(writer, nullptr);
  const auto store = std::move(*open_duckdb({.file = folder / "store.duckdb"}));
  ReceiptGenerator generator({.seed = 9, .from = *parse_rfc3339("2026-11-01")});
  const SystemClock clock;
  const Loader loader(*store, follow_journal(writer->reader()), clock);
  std::chrono::milliseconds slowest{0};
  for (std::uint64_t i = 1; i <= 60; ++i) {
    model::Receipt receipt = generator.next().receipt;
    receipt.completed_at = clock.wall_now();
    ASSERT_TRUE(journal::append(*writer, journal::record(journal::Kind::kConfig, i, "{}")));
    ASSERT_TRUE(journal::append(*writer, close_record(receipt)));
    const auto closed = std::chrono::steady_clock::now();
    while (!store->find(receipt.receipt_id, Scope::all(), {})) {
      ASSERT_LT(std::chrono::steady_clock::now() - closed, std::chrono::seconds(10)) << loader.state().last_error;
    }
    slowest = std::max(
        slowest, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - closed));
  }
  RecordProperty("slowest_visible_ms", static_cast<int>(slowest.count()));
  std::printf("visible after CLOSE: slowest of 60 was %d ms\n", static_cast<int>(slowest.count()));
  while (loader.state().loaded < 60) std::this_thread::yield(); // rows can be read a moment before the mark says so
  const auto report = verify_store(*store, receipts_of_journal(writer->reader()), {}, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->receipts, 60U);
  EXPECT_EQ(loader.state().failures, 0U);
  const auto newest = store->search(Search{}, Scope::all(), {});
  const auto& place = newest->rows.front().place;
  const auto entry = writer->reader()->read({place.segment, place.offset});
  ASSERT_TRUE(entry);
  EXPECT_EQ(model::receipt_from_json(entry->payload)->receipt_id, newest->rows.front().receipt_id);
}

} // namespace
} // namespace kairos::store
