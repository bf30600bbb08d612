// What the journal's tests share: opening, appending and waiting, reading everything.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "journal/reader.h"
#include "journal/recover.h"
#include "journal/testing/faulty_file_system.h"
#include "journal/verify.h"
#include "journal/writer.h"

namespace kairos::journal {

inline const std::string kDir = "/data";

inline Ulid ulid(std::uint64_t number) {
  Ulid out;
  for (size_t i = 0; i < 8; ++i) out.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return out;
}

inline Record record(Kind kind, std::uint64_t receipt, std::string payload) {
  return {kind, ulid(receipt),
          WallTime(std::chrono::microseconds(1'700'000'000'000'000 + static_cast<std::int64_t>(receipt))),
          std::move(payload)};
}

inline std::unique_ptr<Writer> start(FileSystem& files, WriterOptions options = {},
                                     const RecoverOptions& recovery = {"node-1", false}) {
  if (options.data_dir.empty()) options.data_dir = kDir;
  const auto recovered = recover(files, options.data_dir, recovery);
  EXPECT_TRUE(recovered.has_value()) << recovered.error().message;
  if (!recovered) return nullptr;
  auto writer = Writer::start(files, options, *recovered);
  EXPECT_TRUE(writer.has_value()) << writer.error().message;
  return writer ? std::move(*writer) : nullptr;
}

inline Result<Appended> append(Writer& writer, Record one) {
  std::promise<Result<Appended>> promise;
  auto answer = promise.get_future();
  auto pushed =
      writer.append(std::move(one), [&promise](Result<Appended> result) { promise.set_value(std::move(result)); });
  if (!pushed) return std::unexpected(pushed.error());
  return answer.get();
}

inline Result<std::vector<Appended>> append_batch(Writer& writer, std::vector<Record> records) {
  std::promise<Result<std::vector<Appended>>> promise;
  auto answer = promise.get_future();
  auto pushed = writer.append_batch(
      std::move(records), [&promise](Result<std::vector<Appended>> result) { promise.set_value(std::move(result)); });
  if (!pushed) return std::unexpected(pushed.error());
  return answer.get();
}

inline std::vector<Entry> read_all(const std::shared_ptr<const Reader>& reader, Position from = {}) {
  Cursor cursor(reader, from);
  std::vector<Entry> out;
  for (Entry entry;;) {
    const auto more = cursor.next(entry);
    EXPECT_TRUE(more.has_value()) << more.error().message;
    if (!more || !*more) return out;
    out.push_back(entry);
  }
}

inline std::vector<Entry> read_all(FileSystem& files) {
  const auto reader = Reader::open(files, kDir);
  EXPECT_TRUE(reader.has_value()) << reader.error().message;
  return reader ? read_all(*reader) : std::vector<Entry>{};
}

inline void expect_sound(FileSystem& files) {
  const auto report = verify(files, kDir);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_TRUE(report->ok()) << to_string(report->problems.front().position) << ": " << report->problems.front().what;
}

} // namespace kairos::journal
