// A deliberately corrupted row is found and named, wherever it is: store, views, postings, budget counters.
#include "api/verification.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "journal/frame.h"
#include "journal/recover.h"
#include "journal/writer.h"
#include "ledger/amend.h"
#include "ledger/journal_keeper.h"
#include "model/receipt_json.h"
#include "store/duckdb/duckdb_store.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/temporary_folder.h"

namespace kairos::api {
namespace {

using store::StoredReceipt;

constexpr size_t kReceipts = 400;

class VerificationTest : public testing::Test {
protected:
  void SetUp() override {
    const auto recovered = journal::recover(files_, folder());
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    journal::WriterOptions options;
    options.data_dir = folder();
    options.segment_bytes = 64u << 10;
    auto writer = journal::Writer::start(files_, options, *recovered);
    ASSERT_TRUE(writer.has_value());
    writer_ = std::move(*writer);
    store::ReceiptGenerator generator(
        {.seed = 9, .from = *parse_rfc3339("2026-11-01"), .step = std::chrono::minutes(7), .tenants = 4});
    for (size_t i = 0; i < kReceipts; ++i) {
      receipts_.push_back(generator.next());
      model::Receipt& receipt = receipts_.back().receipt;
      receipt.budget_charges = {{"b", "2026-11", receipt.cost.total.value_or(Picodollars(0))}};
      append(journal::Kind::kClose, model::to_json(receipt));
    }
    ASSERT_TRUE(writer_->flush().has_value());
    ASSERT_TRUE(ledger::catch_up(books_, writer_->reader()).has_value());
  }
  std::string folder() const { return (folder_ / "data").string(); }
  void append(journal::Kind kind, std::string payload) {
    ASSERT_TRUE(writer_->append({kind, {}, WallTime{}, std::move(payload)}, [](const Result<journal::Appended>&) {})
                    .has_value());
  }
  Verified verify(const ledger::Books& books) {
    auto store = store::open_duckdb({.file = folder_ / "store.duckdb"});
    EXPECT_TRUE(store.has_value());
    EXPECT_TRUE((*store)->append(receipts_, {1, 1}).has_value());
    auto base = ledger::needed_base(files_, folder(), writer_->reader());
    EXPECT_TRUE(base.has_value()) << base.error().message;
    auto verified = verify_money(writer_->reader(), **store, books, std::move(*base));
    EXPECT_TRUE(verified.has_value()) << (verified ? "" : verified.error().message);
    return verified ? *verified : Verified{};
  }
  /// The books as if one receipt had been counted differently.
  ledger::Books books_with(size_t index, const std::function<void(model::Receipt&)>& change) {
    ledger::Books books;
    journal::Cursor cursor(writer_->reader());
    journal::Entry entry;
    for (size_t i = 0; *cursor.next(entry); ++i) {
      auto receipt = model::receipt_from_json(entry.payload);
      if (i == index) change(*receipt);
      EXPECT_TRUE(books.take(entry, *receipt).has_value());
    }
    return books;
  }
  /// Drops all but the last segment; up to which sequence.
  std::uint64_t drop() {
    const SystemClock clock;
    observe::Metrics metrics;
    ledger::JournalKeeper keeper({files_, folder(), *writer_, clock, metrics,
                                  [] { return std::optional<Duration>(std::chrono::days(1)); },
                                  [] { return std::vector<ledger::JournalNeed>(); }});
    const auto turn = keeper.turn();
    EXPECT_TRUE(turn.has_value()) << turn.error().message;
    return (*writer_->reader()->begin())->first_sequence - 1;
  }
  /// Books that counted a picodollar more somewhere in what was dropped.
  ledger::Books books_with_one_more() {
    std::string text = books_.to_text();
    text.resize(text.rfind("end "));
    const size_t row = text.find("\nh ") + 1;
    const size_t cost = text.find(' ', text.find(' ', text.find(' ', text.find(' ', row) + 1) + 1) + 1) + 1;
    text.insert(cost, "1");
    text += fmt::format("end {:016x}\n", journal::checksum(text));
    auto books = ledger::Books::from_text(text);
    EXPECT_TRUE(books.has_value()) << books.error().message;
    return std::move(*books);
  }
  size_t priced(size_t from) const {
    while (receipts_[from].receipt.cost.lines.empty() || !receipts_[from].receipt.cost.lines.front().cost) ++from;
    return from;
  }

  store::TemporaryFolder folder_;
  journal::PosixFileSystem files_;
  std::unique_ptr<journal::Writer> writer_;
  std::vector<StoredReceipt> receipts_;
  ledger::Books books_;
};

TEST_F(VerificationTest, WhatIsSoundIsFoundSound) {
  const Verified verified = verify(books_);
  EXPECT_TRUE(verified.ok()) << verified.problems.front();
  EXPECT_EQ(verified.receipts, kReceipts);
  EXPECT_EQ(verified.sequence, kReceipts);
}

TEST_F(VerificationTest, AStoreRowThatDiffersByAPicodollarIsNamed) {
  const size_t at = priced(100);
  const std::string id = receipts_[at].receipt.receipt_id;
  *receipts_[at].receipt.cost.total += Picodollars(1);
  const Verified verified = verify(books_);
  ASSERT_GE(verified.problems.size(), 2U); // the row, and the views' sum
  EXPECT_NE(verified.problems[0].find(id), std::string::npos) << verified.problems[0];
  EXPECT_NE(verified.problems[1].find("the views' cost"), std::string::npos) << verified.problems[1];
}

TEST_F(VerificationTest, AStoreRowThatIsMissingIsNamed) {
  const std::string id = receipts_[50].receipt.receipt_id;
  receipts_.erase(receipts_.begin() + 50);
  const Verified verified = verify(books_);
  ASSERT_FALSE(verified.ok());
  EXPECT_NE(verified.problems[0].find(id + " (sequence 51): it is not in the store"), std::string::npos)
      << verified.problems[0];
}

TEST_F(VerificationTest, APostingThatDiffersByAPicodollarIsNamed) {
  const size_t at = priced(200);
  const auto books = books_with(at, [](model::Receipt& receipt) {
    *receipt.cost.lines.front().cost += Picodollars(1);
    *receipt.cost.total += Picodollars(1);
  });
  const Verified verified = verify(books);
  ASSERT_GE(verified.problems.size(), 3U); // hour, day, sum
  EXPECT_NE(verified.problems[0].find("tenant '" + receipts_[at].receipt.tenant + "'"), std::string::npos)
      << verified.problems[0];
}

TEST_F(VerificationTest, ABudgetCounterThatDiffersIsNamed) {
  const auto books =
      books_with(priced(10), [](model::Receipt& receipt) { receipt.budget_charges.front().amount += Picodollars(1); });
  const Verified verified = verify(books);
  ASSERT_EQ(verified.problems.size(), 1U);
  EXPECT_NE(verified.problems[0].find("budget 'b', 2026-11"), std::string::npos) << verified.problems[0];
  EXPECT_EQ(verify(books_with(7, [](model::Receipt& receipt) { receipt.budget_charges.front().budget_id = "c"; }))
                .problems.size(),
            2U);
}

TEST_F(VerificationTest, AReceiptWhoseTotalIsNotTheSumOfItsLinesIsNamed) {
  StoredReceipt wrong = receipts_[priced(0)];
  wrong.sequence = kReceipts + 1;
  wrong.receipt.receipt_id = "rcpt_01JKEZ4F9T8QX2M7RA99999999";
  *wrong.receipt.cost.total += Picodollars(3);
  append(journal::Kind::kClose, model::to_json(wrong.receipt));
  ASSERT_TRUE(writer_->flush().has_value());
  ASSERT_TRUE(ledger::catch_up(books_, writer_->reader()).has_value());
  receipts_.push_back(std::move(wrong));
  const Verified verified = verify(books_);
  ASSERT_EQ(verified.problems.size(), 1U);
  EXPECT_NE(verified.problems[0].find("rcpt_01JKEZ4F9T8QX2M7RA99999999 (sequence 401): its total"), std::string::npos)
      << verified.problems[0];
}

TEST_F(VerificationTest, CorrectionsAreInLedgerAndBudgetsAndAddUp) {
  const model::Receipt& before = receipts_[priced(30)].receipt;
  model::Cost cost = before.cost;
  *cost.total += Picodollars(41);
  *cost.lines.front().cost += Picodollars(41);
  append(journal::Kind::kCorrection,
         ledger::to_json(ledger::make_correction(before, before.usage, cost, {}, "invoice", before.created_at)));
  ASSERT_TRUE(writer_->flush().has_value());
  const ledger::Books uncorrected = books_;
  ASSERT_TRUE(ledger::catch_up(books_, writer_->reader()).has_value());
  const Verified verified = verify(books_);
  EXPECT_TRUE(verified.ok()) << verified.problems.front();
  EXPECT_EQ(verified.corrections, 1U);
  EXPECT_TRUE(verified.corrected == 41);
  EXPECT_TRUE(verify(uncorrected).ok()); // older books are compared up to where they are
}

TEST_F(VerificationTest, AfterDroppingItCountsOnFromTheCheckpoint) {
  const PicoSum cost = verify(books_).cost;
  const std::uint64_t gone = drop();
  ASSERT_GT(gone, 100U);
  ASSERT_LT(gone, kReceipts);
  const Verified verified = verify(books_);
  EXPECT_TRUE(verified.ok()) << verified.problems.front();
  EXPECT_EQ(verified.sequence, kReceipts);
  ASSERT_TRUE(verified.dropped.has_value());
  EXPECT_EQ(verified.dropped->last_sequence, gone);
  EXPECT_EQ(verified.dropped->receipts, gone);
  EXPECT_EQ(verified.receipts, kReceipts - gone);
  EXPECT_TRUE(verified.dropped->cost + verified.cost == cost);
  EXPECT_EQ(verified.dropped->in_store, true);
}

TEST_F(VerificationTest, AfterDroppingDifferencesAreFoundStill) {
  const std::uint64_t gone = drop();
  const auto all = receipts_;
  *receipts_[priced(5)].receipt.cost.total += Picodollars(1); // a row that nothing else has any more
  Verified verified = verify(books_);
  ASSERT_EQ(verified.problems.size(), 1U);
  EXPECT_NE(verified.problems[0].find("the views' cost"), std::string::npos) << verified.problems[0];
  receipts_ = all;
  std::filesystem::remove(folder_ / "store.duckdb");
  receipts_.erase(receipts_.begin() + static_cast<std::ptrdiff_t>(gone) + 3);
  EXPECT_FALSE(verify(books_).ok());
  std::filesystem::remove(folder_ / "store.duckdb");
  receipts_ = all;
  EXPECT_FALSE(verify(books_with_one_more()).ok());
  std::filesystem::remove(folder_ / "store.duckdb");
  receipts_.erase(receipts_.begin(), receipts_.begin() + static_cast<std::ptrdiff_t>(gone)); // made anew since
  verified = verify(books_);
  EXPECT_TRUE(verified.ok()) << verified.problems.front();
  EXPECT_EQ(verified.dropped->in_store, false);
}

TEST_F(VerificationTest, RunningCountersAreHeldAgainstTheBooks) {
  const auto projection = ledger::Projection::open(files_, folder(), writer_->reader());
  ASSERT_TRUE(projection.has_value());
  const FakeClock clock(*parse_rfc3339("2026-11-20"));
  ledger::BudgetSpec spec;
  spec.id = "b";
  spec.cap = kOneUsd;
  ledger::EmbeddedBudgets sound(books_.budgets());
  ASSERT_TRUE(sound.replace({spec}).has_value());
  EXPECT_TRUE(counter_problems(sound, **projection, clock, std::chrono::milliseconds(0)).empty());
  ledger::EmbeddedBudgets fresh;
  ASSERT_TRUE(fresh.replace({spec}).has_value());
  const auto problems = counter_problems(fresh, **projection, clock, std::chrono::milliseconds(30));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("budget 'b', 2026-11: the running counter says 0 USD"), std::string::npos) << problems[0];
}

} // namespace
} // namespace kairos::api
