#include "journal/writer.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <random>
#include <thread>

#include "journal/codec.h"
#include "journal/sha256.h"
#include "journal/testing/journal_fixture.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"

namespace kairos::journal {
namespace {

using std::chrono::milliseconds;

TEST(Writer, ReadsBackWhatWasAppendedAndChainsIt) {
  FaultyFileSystem files;
  auto writer = start(files);
  const std::string json = model::to_json(model::sample_receipt());
  const auto open = append(*writer, record(Kind::kOpen, 1, json));
  const auto close = append(*writer, record(Kind::kClose, 1, json));
  const auto second = append(*writer, record(Kind::kClose, 2, "{}"));
  ASSERT_TRUE(open && close && second);
  EXPECT_EQ(open->sequence, 0u);
  EXPECT_EQ(close->sequence, 1u);
  EXPECT_EQ(second->sequence, 2u);
  EXPECT_EQ(second->prev_hash, close->hash);
  Sha256 sha256;
  EXPECT_EQ(second->hash, chain_hash(sha256, close->hash, 2, sha256({as_bytes("{}")})));
  const auto entries = read_all(writer->reader());
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].payload, json);
  EXPECT_EQ(entries[1].hash, close->hash);
  EXPECT_EQ(entries[1].position, close->position);
  EXPECT_EQ(entries[2].receipt, ulid(2));
  const auto by_position = writer->reader()->read(close->position);
  ASSERT_TRUE(by_position.has_value()) << by_position.error().message;
  EXPECT_EQ(by_position->payload, json);
  EXPECT_EQ(by_position->sequence, 1u);
  expect_sound(files);
}

/// Hands a late record over and waits until it is written.
Result<Appended> append_late(Writer& writer, LateRecord late) {
  std::promise<Result<Appended>> done;
  writer.append_unwoken(std::move(late), [&](Result<Appended> answer) { done.set_value(std::move(answer)); });
  writer.wake();
  return done.get_future().get();
}

TEST(Writer, RecordsShareTheirBeginning) {
  const std::string json = model::to_json(model::sample_receipt());
  for (const size_t cut : {size_t{0}, size_t{10}, json.size() / 2, json.size() - 20, json.size()}) {
    SCOPED_TRACE(cut);
    FaultyFileSystem files;
    auto writer = start(files);
    SharedHead head;
    for (const Kind kind : {Kind::kOpen, Kind::kAttempt, Kind::kClose}) {
      auto make = [&] {
        head.text = json.substr(0, cut); // the first record makes it, the others find it as it is
        return json.substr(cut);
      };
      ASSERT_TRUE(append_late(*writer, {kind, ulid(1), {}, make, &head}).has_value());
    }
    const auto entries = read_all(writer->reader());
    ASSERT_EQ(entries.size(), 3u);
    for (const Entry& entry : entries) EXPECT_EQ(entry.payload, json);
    Cursor cursor(writer->reader());
    cursor.skip_open_payloads();
    Entry entry;
    for (const size_t length : {size_t{0}, size_t{0}, json.size()}) {
      ASSERT_TRUE(cursor.next(entry).value_or(false));
      EXPECT_EQ(entry.payload.size(), length);
    }
    Cursor packed(writer->reader());
    packed.skip_payloads();
    for (const Entry& whole : entries) {
      ASSERT_TRUE(packed.next(entry).value_or(false));
      EXPECT_EQ(entry.payload, "");
      ASSERT_TRUE(packed.load_payload(entry).has_value());
      EXPECT_EQ(entry.payload, json);
      EXPECT_EQ(entry.hash, whole.hash);
      EXPECT_EQ(entry.next, whole.next);
    }
    EXPECT_FALSE(packed.next(entry).value_or(true));
    writer.reset();
    expect_sound(files);
  }
}

TEST(Writer, RecordsWrittenAtOnceAreReadAlike) {
  const std::string json = model::to_json(model::sample_receipt());
  for (const size_t length : {0u, 1u, 64u, 5000u, 128u << 10, (128u << 10) + 1u, 1u << 20}) {
    SCOPED_TRACE(length);
    std::string rest;
    while (rest.size() < length) rest += json.substr(0, length - rest.size());
    FaultyFileSystem files;
    auto writer = start(files);
    SharedHead head{json, {}};
    Compressor().compress(head);
    EXPECT_LT(head.compressed.size(), json.size() / 2);
    const auto make = [&] { return rest; };
    ASSERT_TRUE(append_late(*writer, {Kind::kOpen, ulid(1), {}, make, nullptr, Packing::kAtOnce}).has_value());
    ASSERT_TRUE(append_late(*writer, {Kind::kClose, ulid(1), {}, make, &head, Packing::kAtOnce}).has_value());
    const auto entries = read_all(writer->reader());
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[0].payload, rest);
    EXPECT_EQ(entries[1].payload, json + rest);
    writer.reset();
    expect_sound(files);
  }
}

TEST(Writer, AHeadThatDoesNotCompressIsWrittenAsItIs) {
  FaultyFileSystem files;
  auto writer = start(files);
  std::mt19937 random(7);
  SharedHead head;
  while (head.text.size() < 4096) head.text += static_cast<char>(random());
  ASSERT_TRUE(append_late(*writer, {Kind::kClose, ulid(1), {}, [] { return std::string("rest"); }, &head}).has_value());
  EXPECT_EQ(read_all(writer->reader()).at(0).payload, head.text + "rest");
  EXPECT_EQ(head.compressed, "");
}

TEST(Writer, AHeadCountsTowardsTheLongestPayload) {
  FaultyFileSystem files;
  auto writer = start(files);
  SharedHead head{std::string(kMaxPayload, 'x'), {}};
  const auto written = append_late(*writer, {Kind::kClose, ulid(1), {}, [] { return std::string("y"); }, &head});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, Code::kTooLarge);
  EXPECT_TRUE(append_late(*writer, {Kind::kClose, ulid(1), {}, [] { return std::string(); }, &head}).has_value());
}

TEST(Writer, GoesOnAfterARestart) {
  FaultyFileSystem files;
  Hash hash{};
  {
    auto writer = start(files);
    hash = append(*writer, record(Kind::kClose, 1, "one"))->hash;
  }
  auto writer = start(files);
  const auto next = append(*writer, record(Kind::kCorrection, 1, "two"));
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->sequence, 2u);
  EXPECT_EQ(next->prev_hash, hash);
  expect_sound(files);
}

TEST(Writer, RotatesUnderLoadAndTailingReadersSeeEverythingInOrder) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .segment_bytes = 8192});
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::thread> readers;
  std::atomic<int> complete{0};
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Cursor cursor(writer->reader());
      Entry entry;
      std::array<int, kThreads> next{};
      for (int seen = 0; seen < kThreads * kEach;) {
        const auto more = cursor.next(entry);
        if (!more) return ADD_FAILURE() << more.error().message;
        if (!*more) {
          cursor.wait_for_more(std::chrono::seconds(10));
          continue;
        }
        seen += 1;
        if (entry.sequence != static_cast<std::uint64_t>(seen)) return ADD_FAILURE() << "out of sequence";
        const int thread = entry.payload[0] - '0';
        if (std::stoi(entry.payload.substr(2)) != next[static_cast<size_t>(thread)]++)
          return ADD_FAILURE() << "out of order";
      }
      complete += 1;
    });
  }
  std::vector<std::thread> producers;
  std::atomic<int> completed{0};
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const auto pushed = writer->append(record(Kind::kClose, 1, std::to_string(t) + ":" + std::to_string(i)),
                                           [&](const Result<Appended>& done) { completed += done ? 1 : 0; });
        EXPECT_TRUE(pushed.has_value());
      }
    });
  }
  for (auto& thread : producers) thread.join();
  for (auto& thread : readers) thread.join();
  EXPECT_TRUE(writer->flush().has_value());
  EXPECT_EQ(completed, kThreads * kEach);
  EXPECT_EQ(complete, 3);
  EXPECT_GT(writer->stats().rotations, 10u);
  writer.reset();
  expect_sound(files);
}

TEST(Writer, RefusesInsteadOfGrowingWhenItIsBehind) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .max_queued_records = 3});
  std::promise<void> hold;
  std::promise<void> held;
  auto released = hold.get_future().share();
  ASSERT_TRUE(writer->append(record(Kind::kConfig, 0, "x"), [&](const Result<Appended>&) {
    held.set_value();
    released.wait();
  }));
  held.get_future().wait();
  ASSERT_TRUE(writer->append(record(Kind::kConfig, 0, "x"), {}));
  ASSERT_TRUE(writer->append(record(Kind::kConfig, 0, "x"), {}));
  const auto refused = writer->append(record(Kind::kConfig, 0, "x"), {});
  bool made = false;
  std::optional<Code> told; // on this thread, while the journal's still waits
  LateRecord late{Kind::kConfig, {}, {}, [&made] { return made = true, std::string("x"); }};
  writer->append_unwoken(std::move(late), [&](const Result<Appended>& done) { told = done.error().code; });
  EXPECT_EQ(told, Code::kIo);
  EXPECT_FALSE(made);
  hold.set_value();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::kIo);
  EXPECT_TRUE(refused.error().message.starts_with("the journal is behind")) << refused.error().message;
  EXPECT_EQ(writer->stats().refused, 2u);
  EXPECT_TRUE(writer->flush().has_value());
  EXPECT_TRUE(append(*writer, record(Kind::kConfig, 0, "x")).has_value());
}

TEST(Writer, RefusesWhatItCannotStore) {
  FaultyFileSystem files;
  auto writer = start(files);
  EXPECT_EQ(writer->append(record(Kind::kCheckpoint, 0, ""), {}).error().code, Code::kInvalid);
  EXPECT_EQ(writer->append(record(Kind::kErase, 0, ""), {}).error().code, Code::kInvalid);
  EXPECT_EQ(writer->append(record(Kind::kClose, 0, std::string(kMaxPayload + 1, 'x')), {}).error().code,
            Code::kTooLarge);
  EXPECT_EQ(writer->append_batch({}, {}).error().code, Code::kTooLarge);
  std::string noise(kMaxPayload, '\0');
  std::mt19937 random(7);
  for (auto& byte : noise) byte = static_cast<char>(random());
  const auto largest = append(*writer, record(Kind::kClose, 0, noise));
  ASSERT_TRUE(largest.has_value());
  EXPECT_EQ(writer->reader()->read(largest->position)->payload, noise);
}

TEST(Writer, AFullDiskPromisesNothingAndIsOverWhenThereIsRoom) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .probe_interval = milliseconds(1)});
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  const auto path = kDir + "/journal/0000000000000001.seg";
  const size_t before = files.content(path)->size();
  files.set_capacity(before + 200); // a part of the record fits
  const auto full =
      append(*writer, record(Kind::kClose, 2, std::string(50, 'x') + std::to_string(before) + std::string(60, 'y')));
  ASSERT_TRUE(full.has_value()) << "small ones still fit: " << full.error().message;
  const auto refused = append(*writer, record(Kind::kClose, 3, "three"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("no space left"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(writer->health().has_value());
  files.set_capacity(std::nullopt);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!writer->health() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(writer->health().has_value()) << "the probe finds the room without an append";
  const auto again = append(*writer, record(Kind::kClose, 3, "three"));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->sequence, full->sequence + 1) << "a failed append consumes no sequence";
  writer.reset();
  expect_sound(files);
}

TEST(Writer, ADiskTooFullForTheNextSegmentIsOverWhenThereIsRoom) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .segment_bytes = 400, .probe_interval = milliseconds(1)});
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  files.set_capacity(files.content(kDir + "/journal/0000000000000001.seg")->size() + 60);
  const std::string noise = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!?";
  EXPECT_FALSE(append(*writer, record(Kind::kClose, 2, noise)));
  EXPECT_FALSE(files.content(kDir + "/journal/0000000000000002.seg").has_value());
  files.set_capacity(std::nullopt);
  const auto again = append(*writer, record(Kind::kClose, 2, noise));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->sequence, 2u);
  EXPECT_EQ(again->position.segment, 2u);
  EXPECT_TRUE(writer->health().has_value());
  writer.reset();
  expect_sound(files);
}

TEST(Writer, AFailedSyncPoisonsForGood) {
  for (const auto durability : {Durability::kFsync, Durability::kProcess}) {
    FaultyFileSystem files;
    auto writer = start(files, {.data_dir = kDir, .durability = durability, .sync_interval = milliseconds(1)});
    ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
    ASSERT_TRUE(writer->flush());
    files.fail_syncs(true);
    const auto failed = append(*writer, record(Kind::kClose, 2, "second"));
    EXPECT_EQ(failed.has_value(), durability == Durability::kProcess);
    EXPECT_FALSE(writer->flush().has_value());
    files.fail_syncs(false);
    const auto later = append(*writer, record(Kind::kClose, 3, "third"));
    ASSERT_FALSE(later.has_value());
    EXPECT_NE(later.error().message.find("until the process is restarted"), std::string::npos) << later.error().message;
    EXPECT_FALSE(writer->health().has_value());
  }
}

TEST(Writer, AWriteThatCannotBeCutBackPoisons) {
  FaultyFileSystem files;
  auto writer = start(files);
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  files.set_capacity(0);
  files.fail_truncates(true);
  EXPECT_FALSE(append(*writer, record(Kind::kClose, 2, "second")));
  files.set_capacity(std::nullopt);
  files.fail_truncates(false);
  EXPECT_FALSE(append(*writer, record(Kind::kClose, 3, "third")));
  writer.reset();
  files.crash(CrashMode::kKill);
  auto restarted = start(files);
  EXPECT_EQ(append(*restarted, record(Kind::kClose, 3, "third"))->sequence, 2u);
}

LateRecord late_record(Kind kind, unsigned receipt, std::string payload) {
  return {kind, ulid(receipt), {}, [text = std::move(payload)]() mutable { return std::move(text); }};
}

/// append_here() as soon as the journal's thread is out of the way.
Result<Appended> append_here(Writer& writer, LateRecord& record) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto written = writer.append_here(record)) return std::move(*written);
    std::this_thread::yield();
  }
  return fail(Code::kTimeout, "the journal's thread never rests");
}

TEST(Writer, MakesALatePayloadOnceWhetherWrittenHereOrThere) {
  FaultyFileSystem files;
  auto writer = start(files);
  int made = 0;
  LateRecord first{Kind::kClose, ulid(1), {}, [&made] { return "first" + std::to_string(++made); }};
  EXPECT_FALSE(writer->append_here(first).has_value()) << "the first record needs a new segment";
  std::promise<Result<Appended>> there;
  ASSERT_TRUE(writer->append(std::move(first), [&](Result<Appended> done) { there.set_value(std::move(done)); }));
  ASSERT_TRUE(there.get_future().get());
  LateRecord second{Kind::kClose, ulid(2), {}, [&made] { return "second" + std::to_string(++made); }};
  const auto here = append_here(*writer, second);
  ASSERT_TRUE(here.has_value()) << here.error().message;
  EXPECT_EQ(here->sequence, 2u);
  const auto entries = read_all(writer->reader());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].payload, "first1");
  EXPECT_EQ(entries[1].payload, "second2");
  expect_sound(files);
}

TEST(Writer, ALatePayloadThatIsTooLongFailsAlone) {
  FaultyFileSystem files;
  auto writer = start(files);
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  auto huge = late_record(Kind::kClose, 2, std::string(kMaxPayload + 1, 'x'));
  const auto here = append_here(*writer, huge);
  ASSERT_FALSE(here.has_value());
  EXPECT_EQ(here.error().code, Code::kTooLarge);
  EXPECT_EQ(append(*writer, record(Kind::kClose, 3, "next"))->sequence, 2u);
  expect_sound(files);
}

TEST(Writer, ManyThreadsWriteThemselvesOrHandOverAndTheChainHolds) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .segment_bytes = 1 << 20, .sync_interval = milliseconds(1)});
  constexpr unsigned kThreads = 4, kEach = 300;
  std::atomic<unsigned> done{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < kEach; ++i) {
        auto one = late_record(Kind::kClose, t * kEach + i + 1, std::to_string(t) + "," + std::to_string(i));
        if (const auto written = writer->append_here(one)) {
          done += written->has_value() ? 1 : 0;
        } else {
          ASSERT_TRUE(
              writer->append(std::move(one), [&](Result<Appended> appended) { done += appended.has_value() ? 1 : 0; }));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  writer->wait_until_idle();
  EXPECT_EQ(done, kThreads * kEach);
  std::array<unsigned, kThreads> next{};
  for (const Entry& entry : read_all(writer->reader())) {
    const size_t comma = entry.payload.find(',');
    ASSERT_EQ(next[std::stoul(entry.payload.substr(0, comma))]++, std::stoul(entry.payload.substr(comma + 1)))
        << "a thread's order is kept";
  }
  writer.reset();
  expect_sound(files);
}

TEST(Writer, AFlushThatHasNothingToWriteSaysNothingOfAFullDisk) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .probe_interval = std::chrono::hours(1)});
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  files.set_capacity(0);
  EXPECT_FALSE(append(*writer, record(Kind::kClose, 2, std::string(500, 'x'))));
  EXPECT_TRUE(writer->flush().has_value()); // what was promised is on disk
  EXPECT_FALSE(writer->health().has_value());
}

TEST(Writer, AFullDiskIsFeltByWhoWritesHereAndPassesByItself) {
  FaultyFileSystem files;
  auto writer = start(files, {.data_dir = kDir, .probe_interval = milliseconds(1)});
  ASSERT_TRUE(append(*writer, record(Kind::kClose, 1, "first")));
  files.set_capacity(0);
  auto refused = late_record(Kind::kClose, 2, std::string(500, 'x'));
  const auto here = append_here(*writer, refused);
  ASSERT_FALSE(here.has_value());
  EXPECT_EQ(here.error().code, Code::kIo);
  EXPECT_FALSE(writer->health().has_value());
  files.set_capacity(std::nullopt);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!writer->health() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_TRUE(writer->health().has_value()) << "the journal's own probe finds room again";
  EXPECT_EQ(append(*writer, record(Kind::kClose, 2, "second"))->sequence, 2u);
  expect_sound(files);
}

} // namespace
} // namespace kairos::journal
