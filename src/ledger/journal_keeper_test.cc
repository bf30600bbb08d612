// Dropping old segments: what stays verifies and counts as if all were there, whoever still needs a segment keeps it,
// and a crash at any point of it loses nothing.
#include "ledger/journal_keeper.h"

#include <gtest/gtest.h>

#include "journal/testing/journal_fixture.h"
#include "ledger/amend.h"
#include "ledger/projection.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

using journal::kDir;
using std::chrono::days;
using std::chrono::hours;

const WallTime kJournalStart = *parse_rfc3339("2026-03-01T00:00:00Z");

model::Receipt numbered_at(int i, WallTime at) {
  model::Receipt receipt = model::sample_receipt();
  receipt.receipt_id = receipt_id(journal::ulid(static_cast<std::uint64_t>(i)));
  receipt.created_at = at;
  receipt.completed_at = at;
  receipt.workflow = "w" + std::to_string(i % 5);
  return receipt;
}

class JournalKeeperTest : public testing::Test {
protected:
  void SetUp() override { open(); }

  void open() { writer_ = journal::start(files_, {.data_dir = kDir, .segment_bytes = 8u << 10}); }
  /// A receipt an hour, from kJournalStart on.
  void make(int from, int to) {
    for (int i = from; i <= to; ++i) {
      const WallTime at = kJournalStart + hours(i);
      const auto id = journal::ulid(static_cast<std::uint64_t>(i));
      append({journal::Kind::kOpen, id, at, model::to_json(numbered_at(i, at))});
      append({journal::Kind::kClose, id, at, model::to_json(numbered_at(i, at))});
      if (i % 9 == 0) correct(numbered_at(i, at), at);
    }
    clock_.advance(kJournalStart + hours(to) - clock_.wall_now());
  }
  void append(journal::Record record) {
    ASSERT_TRUE(writer_->append(std::move(record), [](const Result<journal::Appended>&) {}).has_value());
    if (++appended_ % 8 != 0) return; // groups are small, so that segments are cut
    ASSERT_TRUE(writer_->flush().has_value());
  }
  void correct(const model::Receipt& receipt, WallTime at) {
    const auto& attempt = receipt.attempts.back();
    TokenSums tokens = token_sums(attempt.usage);
    tokens.output += 10;
    const auto correction = amend(receipt, {attempt.response_id, tokens, {}}, {}, "export", at);
    ASSERT_TRUE(correction.has_value());
    append({journal::Kind::kCorrection, {}, at, to_json(*correction)});
  }
  JournalKeeper::Parts parts() {
    return {files_, kDir, *writer_, clock_, metrics_, [this] { return keep_; }, [this] { return needs_; }};
  }
  Result<JournalKeeper::Turn> turn() {
    EXPECT_TRUE(writer_->flush().has_value());
    JournalKeeper keeper(parts());
    return keeper.turn();
  }
  std::uint64_t first_segment() { return (*writer_->reader()->begin())->segment; }
  /// The books of everything, while it is all there.
  Books truth() {
    Books books;
    EXPECT_TRUE(writer_->flush().has_value());
    EXPECT_TRUE(catch_up(books, writer_->reader()).has_value());
    return books;
  }
  /// What a start without the file counts.
  Result<Books> started() {
    static_cast<void>(files_.remove(kDir + "/" + std::string(kBooksFile))); // there may be none
    auto opened = Projection::open(files_, kDir, writer_->reader());
    if (!opened) return std::unexpected(opened.error());
    return (*opened)->with([](const Books& books) { return books; });
  }

  journal::FaultyFileSystem files_;
  FakeClock clock_{kJournalStart};
  observe::Metrics metrics_{"kairosroute_"};
  std::unique_ptr<journal::Writer> writer_;
  std::optional<Duration> keep_ = days(2);
  std::vector<JournalNeed> needs_;
  int appended_ = 0;
};

std::string money_of(const Books& books) {
  std::string text = books.budgets().to_json();
  books.postings().append_text(text);
  return text;
}

TEST_F(JournalKeeperTest, WhatStaysCountsAsIfAllWereThere) {
  make(1, 120);
  const Books all = truth();
  const std::uint64_t last = writer_->reader()->end().segment;
  const auto done = turn();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_GT(done->dropped, 3U);
  EXPECT_EQ(done->held_back, 0U);
  EXPECT_EQ(first_segment(), done->dropped + 1);
  EXPECT_LT(first_segment(), last);
  EXPECT_GE((*writer_->reader()->begin_of(first_segment() + 1)).time,
            clock_.wall_now() - days(2)); // no later one could go
  const auto books = started();
  ASSERT_TRUE(books.has_value()) << books.error().message;
  EXPECT_EQ(money_of(*books), money_of(all));
  EXPECT_TRUE(books->differences(all, 5).empty());
  const auto report = journal::verify(files_, kDir);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->ok()) << report->problems.front().what;
  EXPECT_GT(report->first_sequence, 1U);
  const auto base = needed_base(files_, kDir, writer_->reader());
  ASSERT_TRUE(base.has_value() && base->has_value());
  EXPECT_EQ((*base)->sequence() + 1, report->first_sequence);
  EXPECT_EQ((*base)->receipts + (*base)->corrections, (*base)->sequence());
  EXPECT_TRUE((*base)->counted == (*base)->books.postings().total().cost);
}

TEST_F(JournalKeeperTest, AgainAndAgainAndWithTheFileOfBeforeAndAfterARestart) {
  make(1, 120);
  Books all = truth(); // goes on over what is dropped, as the running server does
  ASSERT_TRUE(save_books(files_, kDir, all).has_value());
  ASSERT_GT(turn()->dropped, 0U);
  const auto of_file = Projection::open(files_, kDir, writer_->reader());
  ASSERT_TRUE(of_file.has_value()) << of_file.error().message;
  EXPECT_EQ((*of_file)->with([](const Books& books) { return money_of(books); }), money_of(all));
  make(121, 260);
  ASSERT_TRUE(writer_->flush().has_value());
  ASSERT_TRUE(catch_up(all, writer_->reader()).has_value());
  const std::uint64_t first = first_segment();
  ASSERT_GT(turn()->dropped, 0U);
  EXPECT_GT(first_segment(), first);
  writer_.reset();
  open();
  const auto books = started();
  ASSERT_TRUE(books.has_value()) << books.error().message;
  EXPECT_EQ(money_of(*books), money_of(all));
  EXPECT_EQ(turn()->dropped, 0U);
}

TEST_F(JournalKeeperTest, WhoNeedsASegmentKeepsItAndIsNamed) {
  make(1, 120);
  needs_ = {{"store", writer_->reader()->end()}, {"otlp_down", {2, 500}}};
  auto done = turn();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->dropped, 1U);
  EXPECT_GT(done->held_back, 2U);
  EXPECT_EQ(done->holders, std::vector<std::string>{"otlp_down"});
  EXPECT_EQ(first_segment(), 2U);
  needs_ = {{"never_began", {}}};
  EXPECT_EQ(turn()->dropped, 0U);
  needs_.clear();
  EXPECT_GT(turn()->dropped, 2U);
}

TEST_F(JournalKeeperTest, AReceiptThatIsStillOpenKeepsItsSegment) {
  append(
      {journal::Kind::kOpen, journal::ulid(7'000), kJournalStart, model::to_json(numbered_at(7'000, kJournalStart))});
  make(1, 120);
  const auto done = turn();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->dropped, 0U);
  EXPECT_EQ(done->holders, std::vector<std::string>{"open_receipts"});
  append({journal::Kind::kClose, journal::ulid(7'000), kJournalStart + hours(120),
          model::to_json(numbered_at(7'000, kJournalStart))});
  EXPECT_GT(turn()->dropped, 3U);
}

TEST_F(JournalKeeperTest, NothingGoesWithoutTheSettingOrBeforeItsTimeAndTheLastSegmentNever) {
  make(1, 120);
  keep_.reset();
  EXPECT_EQ(turn()->dropped, 0U);
  keep_ = days(30);
  EXPECT_EQ(turn()->dropped, 0U);
  EXPECT_EQ(first_segment(), 1U);
  keep_ = days(2);
  clock_.advance(days(400));
  ASSERT_GT(turn()->dropped, 3U);
  EXPECT_FALSE(journal::read_all(writer_->reader()).empty());
}

TEST_F(JournalKeeperTest, ARecordWithALaterTimeKeepsItsSegment) {
  make(1, 40);
  append({journal::Kind::kClose, journal::ulid(9'000), kJournalStart + days(60),
          model::to_json(numbered_at(9'000, kJournalStart))});
  const std::uint64_t its = [&] {
    EXPECT_TRUE(writer_->flush().has_value());
    return writer_->reader()->end().segment;
  }();
  make(41, 160);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(turn().has_value());
  EXPECT_LE(first_segment(), its);
}

TEST_F(JournalKeeperTest, DamageIsNotDropped) {
  make(1, 120);
  ASSERT_TRUE(writer_->flush().has_value());
  const std::string path = kDir + "/journal/0000000000000002.seg";
  std::string bytes = *files_.content(path);
  bytes[bytes.size() / 2] ^= 1;
  files_.set_content(path, bytes);
  const auto done = turn();
  EXPECT_FALSE(done.has_value());
  EXPECT_EQ(first_segment(), 1U);
}

TEST_F(JournalKeeperTest, WithoutItsCheckpointAJournalThatLostItsBeginningIsRefused) {
  make(1, 120);
  writer_.reset();
  ASSERT_TRUE(files_.remove(kDir + "/journal/0000000000000001.seg").has_value());
  open();
  const auto books = started();
  ASSERT_FALSE(books.has_value());
  EXPECT_EQ(books.error().code, Code::kCorrupt);
  EXPECT_NE(books.error().message.find("begins at sequence"), std::string::npos) << books.error().message;
}

TEST_F(JournalKeeperTest, TheCheckpointIsFoundWithoutItsMarkAndInParts) {
  make(1, 120);
  const Books all = truth();
  ASSERT_GT(turn()->dropped, 0U);
  ASSERT_TRUE(files_.remove(kDir + "/journal/" + std::string(kBaseMark)).has_value());
  EXPECT_EQ(money_of(*started()), money_of(all));
  const auto base = needed_base(files_, kDir, writer_->reader());
  ASSERT_TRUE(base.has_value() && base->has_value());
  const auto parts = to_checkpoints(**base, 700);
  ASSERT_GT(parts.size(), 3U);
  ASSERT_TRUE(writer_->checkpoint(kJournalStart, parts[0]).has_value()); // begun and never finished
  for (const std::string& part : parts) {
    ASSERT_TRUE(writer_->checkpoint(kJournalStart, part).has_value());
    ASSERT_TRUE(writer_->checkpoint(kJournalStart, "something else").has_value());
  }
  const auto again = find_base(files_, kDir, writer_->reader());
  ASSERT_TRUE(again.has_value() && again->has_value()) << again.error().message;
  EXPECT_EQ((*again)->books.to_text(), (*base)->books.to_text());
  EXPECT_EQ((*again)->receipts, (*base)->receipts);
  EXPECT_TRUE((*again)->cost == (*base)->cost && (*again)->newest == (*base)->newest);
}

// Whatever the moment: nothing that was counted is lost, and the next turn finishes what was begun.
class JournalKeeperCrash : public testing::TestWithParam<journal::CrashMode> {};

TEST_P(JournalKeeperCrash, AtAnyPointLosesNothing) {
  bool finished = false;
  for (std::uint64_t changes = 1; !finished; ++changes) {
    journal::FaultyFileSystem files(changes);
    FakeClock clock(kJournalStart);
    observe::Metrics metrics{"kairosroute_"};
    auto writer = journal::start(files, {.data_dir = kDir, .segment_bytes = 8u << 10});
    for (int i = 1; i <= 60; ++i) {
      const WallTime at = kJournalStart + hours(i);
      ASSERT_TRUE(journal::append(*writer, {journal::Kind::kClose, journal::ulid(static_cast<std::uint64_t>(i)), at,
                                            model::to_json(numbered_at(i, at))})
                      .has_value());
    }
    clock.advance(days(30));
    ASSERT_TRUE(writer->flush().has_value());
    Books all;
    ASSERT_TRUE(catch_up(all, writer->reader()).has_value());
    const auto one_turn = [&] {
      JournalKeeper keeper({files, kDir, *writer, clock, metrics, [] { return std::optional<Duration>(days(2)); },
                            [] { return std::vector<JournalNeed>(); }});
      return keeper.turn();
    };
    files.die_after_changes(changes);
    finished = one_turn().has_value();
    writer.reset();
    files.crash(GetParam());
    writer = journal::start(files, {.data_dir = kDir, .segment_bytes = 8u << 10});
    ASSERT_NE(writer, nullptr);
    journal::expect_sound(files);
    for (const bool again : {false, true}) {
      const auto turn = again ? one_turn() : Result<JournalKeeper::Turn>(JournalKeeper::Turn{});
      ASSERT_TRUE(turn.has_value()) << "after " << changes << " changes: " << turn.error().message;
      const auto opened = Projection::open(files, kDir, writer->reader());
      ASSERT_TRUE(opened.has_value()) << "after " << changes << " changes: " << opened.error().message;
      EXPECT_EQ((*opened)->with([](const Books& books) { return money_of(books); }), money_of(all));
      static_cast<void>(files.remove(kDir + "/" + std::string(kBooksFile)));
    }
    EXPECT_GT((*writer->reader()->begin())->segment, 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(All, JournalKeeperCrash,
                         testing::Values(journal::CrashMode::kKill, journal::CrashMode::kPowerFailure,
                                         journal::CrashMode::kTornSectors));

} // namespace
} // namespace kairos::ledger
