// The promise itself: crash at every point, recover, and look whether everything acknowledged is there and whole.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "journal/testing/journal_fixture.h"

namespace kairos::journal {
namespace {

struct Acknowledged {
  std::mutex mutex;
  std::map<std::uint64_t, std::string> closes; // sequence → payload
  std::uint64_t flushed = 0;                   // sequences up to here were on disk by a flush
};

constexpr int kProducers = 3;
constexpr int kSteps = 8;
constexpr std::uint64_t kSeeds = 200; // times 12 kinds, times two lives: 4,800 crashes

std::string payload_of(std::uint64_t receipt, std::mt19937_64& random) {
  std::string text = R"({"receipt_id":"rcpt_)" + std::to_string(receipt) + R"(","tenant":"t","note":")";
  for (size_t left = random() % 700; left > 0; --left) text += static_cast<char>('a' + random() % 26);
  return text + "\"}";
}

void produce(Writer& writer, int producer, std::uint64_t seed, Acknowledged& acknowledged) {
  std::mt19937_64 random(seed * 100 + static_cast<std::uint64_t>(producer));
  for (int step = 0; step < kSteps; ++step) {
    const std::uint64_t receipt = seed * 1000 + static_cast<std::uint64_t>(producer * 100 + step);
    (void)writer.append(record(Kind::kOpen, receipt, payload_of(receipt, random)), {});
    if (random() % 3 == 0) (void)writer.append(record(Kind::kAttempt, receipt, payload_of(receipt, random)), {});
    if (random() % 8 == 0) continue; // stays open
    std::vector<Record> batch{record(Kind::kClose, receipt, payload_of(receipt, random))};
    if (random() % 3 == 0) batch.push_back(record(Kind::kCorrection, receipt, payload_of(receipt, random)));
    std::vector<std::string> payloads;
    for (const auto& one : batch) payloads.push_back(one.payload);
    (void)writer.append_batch(std::move(batch), [&acknowledged, payloads](const Result<std::vector<Appended>>& done) {
      const std::scoped_lock lock(acknowledged.mutex);
      for (size_t i = 0; done && i < done->size(); ++i) acknowledged.closes[(*done)[i].sequence] = payloads[i];
    });
    if (random() % 6 != 0) continue;
    std::uint64_t before = 0;
    {
      const std::scoped_lock lock(acknowledged.mutex);
      before = acknowledged.closes.empty() ? 0 : acknowledged.closes.rbegin()->first;
    }
    if (!writer.flush()) continue;
    const std::scoped_lock lock(acknowledged.mutex);
    acknowledged.flushed = std::max(acknowledged.flushed, before);
  }
}

void work(Writer& writer, std::uint64_t seed, Acknowledged& acknowledged) {
  std::vector<std::thread> producers;
  for (int i = 0; i < kProducers; ++i) producers.emplace_back([&, i] { produce(writer, i, seed, acknowledged); });
  if (seed % 4 == 0) (void)writer.checkpoint({}, "{}");
  for (auto& producer : producers) producer.join();
  if (seed % 4 == 0) (void)writer.checkpoint({}, "{}");
}

void expect_batches_whole(const std::vector<Entry>& entries) {
  std::map<Ulid, int> opens;
  std::uint64_t sequence = 0;
  for (const auto& entry : entries) {
    if (is_chained(entry.kind)) {
      ASSERT_EQ(entry.sequence, ++sequence);
    }
    if (entry.kind == Kind::kOpen) opens[entry.receipt] += 1;
    if (entry.kind == Kind::kClose) opens[entry.receipt] -= 1;
  }
}

void expect_promises_kept(FileSystem& files, const Acknowledged& acknowledged, bool all) {
  std::map<std::uint64_t, std::string> found;
  const auto entries = read_all(files);
  expect_batches_whole(entries);
  for (const auto& entry : entries) {
    if (is_chained(entry.kind)) found[entry.sequence] = entry.payload;
  }
  for (const auto& [sequence, payload] : acknowledged.closes) {
    if (!all && sequence > acknowledged.flushed) break;
    ASSERT_EQ(found[sequence], payload) << "sequence " << sequence << " was acknowledged";
  }
}

// Every OPEN without CLOSE is named with its payloads, and none that has one.
void expect_unclosed(FileSystem& files, const Recovered& recovered) {
  std::map<Ulid, size_t> open;
  for (const auto& entry : read_all(files)) {
    if (entry.kind == Kind::kOpen) open[entry.receipt] = 1;
    if (entry.kind == Kind::kAttempt && open.contains(entry.receipt)) open[entry.receipt] += 1;
    if (entry.kind == Kind::kClose) open.erase(entry.receipt);
  }
  ASSERT_EQ(recovered.unclosed.size(), open.size());
  for (const auto& unclosed : recovered.unclosed) {
    ASSERT_EQ(open[unclosed.receipt], 1 + unclosed.attempt_payloads.size());
    ASSERT_TRUE(unclosed.last_payload().ends_with("\"}"));
  }
}

struct Case {
  Durability durability;
  CrashMode mode;
};

void run_case(const Case& one, std::uint64_t seed, bool by_bytes, std::uint64_t cut) {
  FaultyFileSystem files(seed);
  const WriterOptions options{.data_dir = kDir,
                              .durability = one.durability,
                              .segment_bytes = 4096,
                              .sync_interval = std::chrono::milliseconds(seed % 3)};
  Acknowledged acknowledged;
  for (int life = 0; life < 2; ++life) { // the second life starts on what the first one left
    if (by_bytes)
      files.die_after_bytes(cut);
    else
      files.die_after_changes(cut);
    auto recovered = recover(files, kDir, {"node-1", false});
    if (recovered) {
      auto writer = Writer::start(files, options, *recovered);
      if (writer) work(**writer, seed * 2 + static_cast<std::uint64_t>(life), acknowledged);
    } else {
      ASSERT_EQ(recovered.error().code, Code::kIo) << recovered.error().message;
    }
    files.crash(one.mode);
    recovered = recover(files, kDir, {"node-1", false});
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    expect_sound(files);
    expect_promises_kept(files, acknowledged, one.durability == Durability::kFsync || one.mode == CrashMode::kKill);
    expect_unclosed(files, *recovered);
    // What was lost with permission is not asked for again; the numbers go on from what is there.
    std::erase_if(acknowledged.closes, [&](const auto& close) { return close.first > recovered->last_sequence; });
    if (one.durability == Durability::kProcess && one.mode != CrashMode::kKill) acknowledged.closes.clear();
    acknowledged.flushed = 0;
  }
}

class Crash : public testing::TestWithParam<Case> {};

TEST_P(Crash, AtAnyByteLosesNothingThatWasPromised) {
  for (std::uint64_t seed = 0; seed < kSeeds && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run_case(GetParam(), seed, true, seed * 71 % 14000);
  }
}

TEST_P(Crash, AtAnyChangeLosesNothingThatWasPromised) {
  for (std::uint64_t seed = 0; seed < kSeeds && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run_case(GetParam(), seed, false, seed % 70);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Crash,
                         testing::Values(Case{Durability::kProcess, CrashMode::kKill},
                                         Case{Durability::kFsync, CrashMode::kKill},
                                         Case{Durability::kProcess, CrashMode::kPowerFailure},
                                         Case{Durability::kFsync, CrashMode::kPowerFailure},
                                         Case{Durability::kProcess, CrashMode::kTornSectors},
                                         Case{Durability::kFsync, CrashMode::kTornSectors}));

} // namespace
} // namespace kairos::journal
