#include "journal/recover.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "journal/codec.h"
#include "journal/cursor_file.h"
#include "journal/data_dir_lock.h"
#include "journal/frame.h"
#include "journal/sha256.h"
#include "journal/testing/journal_fixture.h"

namespace kairos::journal {
namespace {

const std::string kFirst = kDir + "/journal/0000000000000001.seg";

std::string long_text(char letter) { return std::string(R"({"receipt_id":")") + std::string(300, letter) + "\"}"; }

void write_some(FaultyFileSystem& files, int closes) {
  auto writer = start(files);
  for (int i = 1; i <= closes; ++i) {
    const auto receipt = static_cast<std::uint64_t>(i);
    ASSERT_TRUE(append(*writer, record(Kind::kOpen, receipt, long_text('o'))));
    ASSERT_TRUE(append(*writer, record(Kind::kClose, receipt, long_text('c') + std::to_string(i))));
  }
}

TEST(Recover, CutsATornTailAtEveryByteAndSaysSo) {
  FaultyFileSystem files;
  write_some(files, 2);
  const std::string two = *files.content(kFirst);
  ASSERT_TRUE(files.remove(kDir + "/journal/end.mark")); // as after a crash
  {
    auto writer = start(files);
    ASSERT_TRUE(append(*writer, record(Kind::kClose, 3, long_text('x'))));
  }
  const std::string three = *files.content(kFirst);
  ASSERT_GT(three.size(), two.size());
  for (size_t size = two.size() + 1; size < three.size(); ++size) {
    FaultyFileSystem copy;
    copy.set_content(kFirst, three.substr(0, size));
    const auto report = verify(copy, kDir);
    ASSERT_TRUE(report && report->ok() && report->torn_tail);
    const auto recovered = recover(copy, kDir);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    ASSERT_TRUE(recovered->cut.has_value());
    EXPECT_EQ(recovered->cut->position, (Position{1, two.size()}));
    EXPECT_EQ(recovered->last_sequence, 2u);
    EXPECT_EQ(*copy.content(kFirst), two);
  }
}

// Of a journal that was closed properly, any flipped byte is named, or changes nothing that anybody reads.
TEST(Recover, EveryFlippedByteIsNamedOrHarmless) {
  FaultyFileSystem files;
  write_some(files, 3);
  const std::string good = *files.content(kFirst);
  const std::string mark = *files.content(kDir + "/journal/end.mark");
  const auto before = read_all(files);
  int named = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    FaultyFileSystem copy;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    copy.set_content(kFirst, bad);
    copy.set_content(kDir + "/journal/end.mark", mark);
    const auto report = verify(copy, kDir);
    ASSERT_TRUE(report.has_value());
    const auto recovered = recover(copy, kDir);
    if (!report->ok()) {
      named += 1;
      EXPECT_EQ(report->problems.front().position.segment, 1u);
      EXPECT_LE(report->problems.front().position.offset, at);
      if (recovered) continue; // only an erased bit: recovery does not read it, verify names it
      EXPECT_EQ(recovered.error().code, Code::kCorrupt);
      EXPECT_NE(recovered.error().message.find("byte "), std::string::npos) << recovered.error().message;
      EXPECT_EQ(*copy.content(kFirst), bad) << "nothing is changed";
      continue;
    }
    ASSERT_TRUE(recovered.has_value()) << "byte " << at << ": " << recovered.error().message;
    const auto after = read_all(copy);
    ASSERT_EQ(after.size(), before.size()) << "byte " << at;
    for (size_t i = 0; i < after.size(); ++i) ASSERT_EQ(after[i].payload, before[i].payload) << "byte " << at;
  }
  EXPECT_GT(named, static_cast<int>(good.size()) - 20);
}

TEST(Recover, DamageInTheMiddleIsNeverTakenForATornTail) {
  FaultyFileSystem files;
  {
    auto writer = start(files);
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(append(*writer, record(Kind::kClose, i, long_text('c'))));
      ASSERT_TRUE(writer->flush());
    }
    files.crash(CrashMode::kKill);
  }
  std::string bad = *files.content(kFirst);
  bad[kSegmentHeaderSize + 20] ^= 1;
  files.set_content(kFirst, bad);
  const auto refused = recover(files, kDir);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("0000000000000001.seg, byte 128"), std::string::npos)
      << refused.error().message;
  EXPECT_NE(refused.error().message.find("restore"), std::string::npos);
  const auto accepted = recover(files, kDir, {"", true});
  ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
  ASSERT_EQ(accepted->damage.size(), 1u);
  EXPECT_EQ(accepted->last_sequence, 3u);
  Cursor cursor(*Reader::open(files, kDir));
  Entry entry;
  EXPECT_EQ(cursor.next(entry).error().code, Code::kCorrupt);
  ASSERT_TRUE(cursor.skip_damage().has_value());
  ASSERT_TRUE(*cursor.next(entry));
  EXPECT_EQ(entry.sequence, 2u);
}

TEST(Recover, AMissingSegmentAndAMissingEndAreNamed) {
  FaultyFileSystem files;
  {
    auto writer = start(files, {.data_dir = kDir, .segment_bytes = 500});
    for (std::uint64_t i = 1; i <= 8; ++i)
      ASSERT_TRUE(append(*writer, record(Kind::kClose, i, long_text(static_cast<char>('a' + i)))));
  }
  const std::string last = kDir + "/journal/0000000000000004.seg";
  ASSERT_TRUE(files.content(last).has_value());
  const std::string bytes = *files.content(kDir + "/journal/0000000000000002.seg");
  ASSERT_TRUE(files.remove(kDir + "/journal/0000000000000002.seg"));
  EXPECT_NE(recover(files, kDir).error().message.find("missing"), std::string::npos);
  files.set_content(kDir + "/journal/0000000000000002.seg", bytes);
  expect_sound(files);
  files.set_content(last, files.content(last)->substr(0, 200));
  EXPECT_FALSE(recover(files, kDir).has_value());
  ASSERT_TRUE(files.remove(last));
  EXPECT_FALSE(recover(files, kDir).has_value());
}

TEST(Recover, GivesWhatInterruptedReceiptsNeed) {
  FaultyFileSystem files;
  {
    auto writer = start(files);
    ASSERT_TRUE(append(*writer, record(Kind::kOpen, 1, "open one")));
    ASSERT_TRUE(append(*writer, record(Kind::kOpen, 2, long_text('z'))));
    ASSERT_TRUE(writer->checkpoint({}, "folds").has_value());
    ASSERT_TRUE(append(*writer, record(Kind::kAttempt, 1, "attempt one")));
    ASSERT_TRUE(append(*writer, record(Kind::kClose, 2, "closed")));
  }
  const auto recovered = recover(files, kDir);
  ASSERT_TRUE(recovered.has_value());
  ASSERT_EQ(recovered->unclosed.size(), 1u);
  EXPECT_EQ(recovered->unclosed[0].open_payload, "open one");
  EXPECT_EQ(recovered->unclosed[0].last_payload(), "attempt one");
  ASSERT_TRUE(recovered->checkpoint.has_value());
  EXPECT_EQ(recovered->checkpoint->payload, "folds");
  EXPECT_EQ(recovered->checkpoint->sequence, 0u);
  EXPECT_EQ(recovered->checkpoint->scan_from, recovered->unclosed[0].open);
}

TEST(Recover, AnotherNodesJournalIsRefused) {
  FaultyFileSystem files;
  write_some(files, 1);
  EXPECT_EQ(recover(files, kDir, {"node-2", false}).error().code, Code::kConflict);
  EXPECT_EQ(recover(files, kDir)->node_id, "node-1");
  ASSERT_TRUE(files.remove(kDir + "/journal/node"));
  EXPECT_EQ(recover(files, kDir)->node_id, "node-1") << "known from the segments";
  EXPECT_EQ(recover(files, kDir, {"no de", false}).error().code, Code::kInvalid);
}

TEST(Erase, PayloadsAreGoneAndTheChainStillVerifies) {
  FaultyFileSystem files;
  {
    auto writer = start(files, {.data_dir = kDir, .segment_bytes = 1000});
    for (std::uint64_t i = 1; i <= 9; ++i) {
      ASSERT_TRUE(append(*writer, record(Kind::kOpen, i, "secret-open-" + std::to_string(i))));
      if (i == 5) {
        EXPECT_EQ(writer->erase({{ulid(5), {}, "too early"}}).error().code, Code::kConflict);
      }
      ASSERT_TRUE(append(*writer, record(Kind::kClose, i, "secret-close-" + std::to_string(i))));
    }
    const auto erased = writer->erase({{ulid(4), {}, R"({"by":"x"})"}});
    ASSERT_TRUE(erased.has_value()) << erased.error().message;
    EXPECT_EQ(*erased, 2u);
  }
  expect_sound(files);
  for (const auto& entry : read_all(files)) {
    if (entry.kind == Kind::kErase) continue;
    EXPECT_EQ(entry.erased, entry.receipt == ulid(4));
    EXPECT_EQ(entry.payload.empty(), entry.receipt == ulid(4));
  }
  const auto names = *files.list(kDir + "/journal");
  for (const auto& file : names) {
    const auto bytes = *files.content(kDir + "/journal/" + file);
    EXPECT_EQ(bytes.find("secret-open-4"), std::string::npos);
    EXPECT_EQ(bytes.find("secret-close-4"), std::string::npos);
  }
}

TEST(Erase, IsFinishedAfterACrashAtAnyPoint) {
  for (std::uint64_t cut = 0; cut < 40; ++cut) {
    for (const auto mode : {CrashMode::kKill, CrashMode::kPowerFailure, CrashMode::kTornSectors}) {
      FaultyFileSystem files(cut);
      {
        auto writer = start(files, {.data_dir = kDir, .segment_bytes = 3000});
        for (std::uint64_t i = 1; i <= 12; ++i)
          ASSERT_TRUE(append(*writer, record(Kind::kClose, i % 3, "secret " + std::string(600, 'q'))));
        ASSERT_TRUE(writer->flush());
        files.die_after_changes(cut);
        (void)writer->erase({{ulid(1), {}, ""}});
      }
      files.crash(mode);
      ASSERT_TRUE(recover(files, kDir).has_value());
      expect_sound(files);
      const auto entries = read_all(files);
      const bool told = entries.back().kind == Kind::kErase;
      for (const auto& entry : entries) {
        if (entry.kind == Kind::kClose) {
          EXPECT_EQ(entry.erased, told && entry.receipt == ulid(1)) << "cut " << cut;
        }
      }
    }
  }
}

TEST(Drop, NeedsACheckpointAndLeavesAJournalThatVerifies) {
  FaultyFileSystem files;
  Position checkpoint;
  {
    auto writer = start(files, {.data_dir = kDir, .segment_bytes = 600});
    Position position;
    for (std::uint64_t i = 1; i <= 9; ++i)
      position = append(*writer, record(Kind::kClose, i, long_text(static_cast<char>('a' + i))))->position;
    EXPECT_EQ(writer->drop_before(position).error().code, Code::kConflict);
    const auto made = writer->checkpoint({}, R"({"budgets":{}})");
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->sequence, 9u);
    checkpoint = made->position;
    Cursor left_behind(writer->reader(), {1, kSegmentHeaderSize});
    const auto dropped = writer->drop_before(checkpoint);
    ASSERT_TRUE(dropped.has_value()) << dropped.error().message;
    EXPECT_EQ(*dropped, checkpoint.segment - 1);
    Entry entry;
    EXPECT_EQ(left_behind.next(entry).error().code, Code::kNotFound);
    ASSERT_TRUE(append(*writer, record(Kind::kClose, 10, "ten")));
  }
  expect_sound(files);
  const auto recovered = recover(files, kDir);
  ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
  EXPECT_EQ(recovered->last_sequence, 10u);
  EXPECT_EQ(recovered->checkpoint->position, checkpoint);
}

TEST(CursorFileTest, KeepsAPositionAndNoticesDamage) {
  FaultyFileSystem files;
  CursorFile file(files, "/data/x.cursor");
  EXPECT_FALSE(file.load()->has_value());
  ASSERT_TRUE(file.save({7, 4096}));
  EXPECT_EQ(**file.load(), (Position{7, 4096}));
  const std::string bytes = *files.content("/data/x.cursor");
  for (std::uint64_t cut = 0; cut < 6; ++cut) {
    files.die_after_changes(cut);
    (void)file.save({8, 1});
    files.crash(CrashMode::kPowerFailure);
    const auto loaded = file.load();
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_TRUE(**loaded == (Position{7, 4096}) || **loaded == (Position{8, 1}));
    files.set_content("/data/x.cursor", bytes);
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] ^= 4;
    files.set_content("/data/x.cursor", bad);
    EXPECT_EQ(file.load().error().code, Code::kCorrupt);
  }
}

TEST(DataDirLockTest, ASecondHolderIsToldWhoHasIt) {
  const std::string dir = testing::TempDir() + "kairos_lock_" + std::to_string(::getpid());
  {
    const auto first = DataDirLock::acquire(dir);
    ASSERT_TRUE(first.has_value()) << first.error().message;
    const auto second = DataDirLock::acquire(dir);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Code::kConflict);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
        << second.error().message;
  }
  EXPECT_TRUE(DataDirLock::acquire(dir).has_value());
}

TEST(PosixFileSystemTest, AJournalLivesOnIt) {
  const std::string dir = testing::TempDir() + "kairos_journal_" + std::to_string(::getpid());
  PosixFileSystem files;
  {
    auto writer = start(files, {.data_dir = dir, .durability = Durability::kFsync, .segment_bytes = 2000});
    for (std::uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(append(*writer, record(Kind::kClose, i, long_text('p'))));
    ASSERT_TRUE(writer->erase({{ulid(3), {}, ""}}));
  }
  const auto report = verify(files, dir);
  ASSERT_TRUE(report && report->ok());
  EXPECT_EQ(report->last_sequence, 20u);
  EXPECT_EQ(report->erased, 1u);
  EXPECT_EQ(recover(files, dir)->last_sequence, 20u);
}

// Records of this version can only be read with these very bytes.
TEST(Format, TheDictionaryOfVersion1NeverChanges) {
  EXPECT_EQ(dictionary().size(), 5064u);
  EXPECT_EQ(to_hex(Sha256()({as_bytes(dictionary())})),
            "6933aec0db8b1a025566ee4670a3ba18cc85a1d09a39ad8ad51456ca7cd7ba94");
}

} // namespace
} // namespace kairos::journal
