// The books: one fold, saved and read back, kept up to date by the projection, compared by verify; corrections in them.
#include "ledger/books.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "journal/writer.h"
#include "ledger/amend.h"
#include "ledger/projection.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

using model::Receipt;

Receipt numbered(int i) {
  Receipt receipt = model::sample_receipt();
  receipt.receipt_id = "rcpt_" + std::to_string(i);
  receipt.created_at += std::chrono::hours(i % 100);
  receipt.workflow = "w" + std::to_string(i % 7);
  return receipt;
}

journal::Entry entry_of(journal::Kind kind, std::uint64_t sequence, std::string payload) {
  journal::Entry entry;
  entry.kind = kind;
  entry.sequence = sequence;
  entry.payload = std::move(payload);
  entry.position = {1, 100 * sequence};
  entry.next = {1, 100 * (sequence + 1)};
  entry.hash[0] = static_cast<std::uint8_t>(sequence);
  return entry;
}

Books some_books(int receipts) {
  Books books;
  for (int i = 1; i <= receipts; ++i)
    EXPECT_TRUE(books.take(entry_of(journal::Kind::kClose, static_cast<std::uint64_t>(i), model::to_json(numbered(i))))
                    .has_value());
  return books;
}

TEST(Books, ARecordTakenTwiceCountsOnceAndOthersAreOnlyPassed) {
  Books books = some_books(3);
  const std::string before = books.to_text();
  EXPECT_TRUE(books.take(entry_of(journal::Kind::kClose, 2, model::to_json(numbered(9)))).has_value());
  EXPECT_EQ(books.to_text(), before);
  auto open = entry_of(journal::Kind::kOpen, 0, "{}");
  open.next = {1, 999};
  EXPECT_TRUE(books.take(open).has_value());
  EXPECT_EQ(books.sequence(), 3U);
  EXPECT_EQ(books.next(), (journal::Position{1, 999}));
}

TEST(Books, SurviveTheirTextAndEveryChangedByteIsFound) {
  Books books = some_books(40);
  Receipt before = numbered(7);
  const Correction correction = make_correction(before, before.usage, before.cost, {}, "r", before.created_at);
  EXPECT_TRUE(books.take(entry_of(journal::Kind::kCorrection, 41, to_json(correction))).has_value());
  const std::string text = books.to_text();
  const auto read = Books::from_text(text);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->to_text(), text);
  EXPECT_TRUE(read->differences(books, 10).empty());
  EXPECT_EQ(read->corrections_of("rcpt_7").size(), 1U);
  EXPECT_TRUE(read->corrections_of("rcpt_8").empty());
  for (size_t at = 0; at < text.size(); at += 37) {
    std::string damaged = text;
    damaged[at] = damaged[at] == '7' ? '8' : '7';
    EXPECT_FALSE(Books::from_text(damaged).has_value()) << at;
    EXPECT_FALSE(Books::from_text(text.substr(0, at)).has_value()) << at;
  }
}

TEST(Books, ThatAreFullSurviveTheirTextToo) {
  const BookLimits limits{.rows = 9, .combinations = 8};
  Books books(limits);
  for (int i = 1; i <= 60; ++i)
    EXPECT_TRUE(books.take(entry_of(journal::Kind::kClose, static_cast<std::uint64_t>(i), model::to_json(numbered(i))))
                    .has_value());
  EXPECT_FALSE(books.postings().rows(Grain::kDay, {}).has_value()); // more combinations than it takes
  const auto read = Books::from_text(books.to_text(), limits);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->to_text(), books.to_text());
  EXPECT_TRUE(read->differences(books, 10).empty());
}

TEST(Books, ACorruptReceiptIsNamedAndLaterOnesCount) {
  Books books = some_books(2);
  const auto wrong = books.take(entry_of(journal::Kind::kClose, 3, "{\"receipt_id\":7}"));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().message.find("byte 300"), std::string::npos) << wrong.error().message;
  EXPECT_TRUE(books.take(entry_of(journal::Kind::kClose, 4, model::to_json(numbered(4)))).has_value());
  EXPECT_EQ(books.sequence(), 4U);
}

TEST(Books, DifferencesNameBudgetsAndRows) {
  const Books truth = some_books(20);
  Books books = some_books(19);
  Receipt other = numbered(20);
  other.cost.lines.front().cost = *other.cost.lines.front().cost + Picodollars(1);
  other.cost.total = *other.cost.total + Picodollars(1);
  other.budget_charges.front().amount += Picodollars(1);
  EXPECT_TRUE(books.take(entry_of(journal::Kind::kClose, 20, model::to_json(other))).has_value());
  const auto found = books.differences(truth, 100);
  ASSERT_EQ(found.size(), 8U); // a single picodollar: the budget, and each line of hour and day (what is charged is
                               // laid over the lines), and the sum
  EXPECT_NE(found[0].find("budget 'bud_monthly'"), std::string::npos) << found[0];
  EXPECT_NE(found[1].find("hour 2026-04-25T09, tenant 'nova-labs-prod', workflow 'w6'"), std::string::npos) << found[1];
  EXPECT_NE(found.back().find("the sum of all postings"), std::string::npos) << found.back();
  EXPECT_EQ(books.differences(truth, 2).size(), 2U);
}

class ProjectionTest : public testing::Test {
protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("kairos-books-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    open();
  }
  void TearDown() override {
    writer_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    const auto recovered = journal::recover(files_, folder_.string());
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    journal::WriterOptions options;
    options.data_dir = folder_.string();
    options.segment_bytes = 64u << 10;
    auto writer = journal::Writer::start(files_, options, *recovered);
    ASSERT_TRUE(writer.has_value()) << writer.error().message;
    writer_ = std::move(*writer);
  }
  void append(journal::Kind kind, std::string payload) {
    ASSERT_TRUE(writer_->append({kind, {}, WallTime{}, std::move(payload)}, [](const Result<journal::Appended>&) {})
                    .has_value());
    ASSERT_TRUE(writer_->flush().has_value());
  }
  std::unique_ptr<Projection> projection() {
    auto opened = Projection::open(files_, folder_.string(), writer_->reader());
    EXPECT_TRUE(opened.has_value());
    return opened ? std::move(*opened) : nullptr;
  }
  static std::string text_of(const Projection& one) {
    return one.with([](const Books& books) { return books.to_text(); });
  }

  std::filesystem::path folder_;
  journal::PosixFileSystem files_;
  std::unique_ptr<journal::Writer> writer_;
};

TEST_F(ProjectionTest, FollowsTheJournalSavesAndGoesOnFromTheFile) {
  append(journal::Kind::kClose, model::to_json(numbered(1)));
  std::string saved;
  {
    const auto books = projection();
    books->start();
    for (int i = 2; i < 30; ++i) append(journal::Kind::kClose, model::to_json(numbered(i)));
    ASSERT_TRUE(books->wait_for(writer_->reader()->end(), std::chrono::seconds(10)));
    saved = text_of(*books);
  }
  EXPECT_EQ(load_books(files_, folder_.string())->to_text(), saved);
  append(journal::Kind::kClose, model::to_json(numbered(30)));
  const auto again = projection();
  EXPECT_EQ(again->with([](const Books& books) { return books.sequence(); }), 30U);
  Books truth;
  ASSERT_TRUE(catch_up(truth, writer_->reader()).has_value());
  EXPECT_EQ(text_of(*again), truth.to_text());
}

TEST_F(ProjectionTest, TellsWhatItSavedSoThatACheckpointSparesTheNextStartTheJournal) {
  for (int i = 1; i < 200; ++i) append(journal::Kind::kClose, model::to_json(numbered(i)));
  std::string told;
  {
    auto opened = Projection::open(files_, folder_.string(), writer_->reader(), [&](std::string summary) {
      told = std::move(summary);
      EXPECT_TRUE(writer_->checkpoint(WallTime{}, told).has_value());
    });
    ASSERT_TRUE(opened.has_value());
  }
  EXPECT_TRUE(load_books(files_, folder_.string())->to_text().starts_with(told));
  writer_.reset();
  const auto recovered = journal::recover(files_, folder_.string());
  ASSERT_TRUE(recovered.has_value());
  ASSERT_TRUE(recovered->checkpoint.has_value());
  EXPECT_EQ(recovered->checkpoint->payload, told);
  EXPECT_EQ(recovered->last_sequence, 199U);
  EXPECT_LT(recovered->scanned_records, 150U); // the checkpoint's segment, not those before it
  open();
  append(journal::Kind::kClose, model::to_json(numbered(200)));
  EXPECT_EQ(projection()->with([](const Books& books) { return books.sequence(); }), 200U);
}

TEST_F(ProjectionTest, SavesAtOnceWhatAStartHadToReadSoThatKillsInARowDoNotAddUp) {
  for (int i = 1; i <= 1200; ++i) {
    ASSERT_TRUE(
        writer_->append({journal::Kind::kClose, {}, WallTime{}, model::to_json(numbered(i))}, [](const auto&) {})
            .has_value());
  }
  ASSERT_TRUE(writer_->flush().has_value());
  const auto books = projection();
  books->start();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  Result<Books> saved = load_books(files_, folder_.string());
  while (!saved && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
    saved = load_books(files_, folder_.string());
  }
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  EXPECT_EQ(saved->sequence(), 1200U); // while it runs, long before its five minutes
}

TEST_F(ProjectionTest, AFileThatIsDamagedOrOfAnotherJournalIsMadeAnew) {
  for (int i = 1; i < 5; ++i) append(journal::Kind::kClose, model::to_json(numbered(i)));
  const std::string good = text_of(*projection());
  auto other = some_books(3); // sound, but not from here
  ASSERT_TRUE(save_books(files_, folder_.string(), other).has_value());
  EXPECT_EQ(text_of(*projection()), good);
  std::string text = good;
  text[text.size() / 2] ^= 1;
  ASSERT_TRUE((*files_.open((folder_ / kBooksFile).string(), journal::OpenMode::kCreate))->write(0, text).has_value());
  EXPECT_EQ(text_of(*projection()), good);
}

TEST(Amend, GivesTheAttemptTheProvidersTokensAtTheSamePrices) {
  Receipt receipt = model::sample_receipt();
  const std::string id = receipt.attempts.back().response_id;
  TokenSums tokens = token_sums(receipt.attempts.back().usage);
  EXPECT_EQ(amend(receipt, {id, tokens, {}}, {}, "same", WallTime{}).error().code, Code::kConflict);
  tokens.input += 1000;
  const auto made = amend(receipt, {id, tokens, {}}, {}, "usage export", receipt.created_at);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(*made->after.cost.total - *made->before.cost.total, Picodollars(3'000'000'000)); // 1000 × 3 USD per million
  EXPECT_EQ(token_sums(made->after.usage).input - token_sums(receipt.usage).input, Int128{1000});
  EXPECT_EQ(made->after.budget_charges.front().amount, *made->after.cost.total);
  EXPECT_EQ(amend(made->after, {id, tokens, {}}, {}, "again", WallTime{}).error().code, Code::kConflict);
  const auto priced = amend(receipt, {id, tokens, Picodollars(7)}, {}, "with a cost", receipt.created_at);
  ASSERT_TRUE(priced.has_value());
  EXPECT_EQ(priced->after.cost.total, Picodollars(7)); // what lines do not explain is posted as unallocated
  PicoSum posted = 0;
  for (const auto& [key, totals] : postings_of(priced->after)) posted += totals.cost;
  EXPECT_TRUE(posted == 7);
}

TEST(Amend, RefusesWhatCannotBe) {
  const Receipt receipt = model::sample_receipt();
  const std::string id = receipt.attempts.back().response_id;
  EXPECT_EQ(amend(receipt, {"nobody", TokenSums{}, {}}, {}, "r", WallTime{}).error().code, Code::kNotFound);
  EXPECT_EQ(amend(receipt, {"", TokenSums{}, {}}, {}, "r", WallTime{}).error().code, Code::kNotFound);
  EXPECT_EQ(amend(receipt, {id, {}, {}}, {}, "r", WallTime{}).error().code, Code::kInvalid);
  EXPECT_EQ(amend(receipt, {id, TokenSums{-1, 0, 0, 0}, {}}, {}, "r", WallTime{}).error().code, Code::kInvalid);
  EXPECT_EQ(amend(receipt, {id, TokenSums{Int128{1} << 100, 0, 0, 0}, {}}, {}, "r", WallTime{}).error().code,
            Code::kInvalid);
  EXPECT_EQ(amend(receipt, {id, {}, Picodollars(-1)}, {}, "r", WallTime{}).error().code, Code::kInvalid);
}

TEST(Amend, AnInterruptedReceiptBecomesMetered) {
  Receipt receipt = model::sample_receipt();
  receipt.cost = {};
  receipt.cost.basis = model::CostBasis::kReservation;
  receipt.cost.total = Picodollars(500);
  receipt.attempts.back().cost = Picodollars(500);
  receipt.attempts.erase(receipt.attempts.begin(), receipt.attempts.end() - 1);
  receipt.budget_charges = {{"b", "2026-04", Picodollars(500)}};
  const auto made = amend(receipt, {receipt.attempts.back().response_id, TokenSums{10, 0, 0, 5}, Picodollars(120)}, {},
                          "invoice", receipt.created_at);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->after.cost.basis, model::CostBasis::kMetered);
  EXPECT_EQ(made->after.budget_charges.front().amount, Picodollars(120));
  BudgetState state;
  ASSERT_TRUE(state.apply(made->before, 1).has_value());
  ASSERT_TRUE(state.apply(*made, 2).has_value());
  EXPECT_TRUE(state.spent("b", *parse_period("2026-04")) == 120);
}

} // namespace
} // namespace kairos::ledger
