// verify(): reads a whole journal and reports everything that is wrong with it; changes nothing. Checks framing,
// checksums, digests, decompression, sequence, hash chain, segment headers, checkpoints, and that erased payloads are
// gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/file_system.h"
#include "journal/recover.h"

namespace kairos::journal {

inline constexpr size_t kMaxProblems = 1000;

struct VerifyReport {
  std::uint64_t segments = 0;
  std::uint64_t records = 0;
  std::uint64_t erased = 0;
  std::uint64_t bytes = 0;
  std::uint64_t first_sequence = 0; // 0: no chained record
  std::uint64_t last_sequence = 0;
  Hash head{};
  std::optional<Problem> torn_tail; // an unfinished last write: not damage, recovery cuts it off
  std::vector<Problem> problems;    // the first kMaxProblems
  std::uint64_t problem_count = 0;
  bool ok() const { return problem_count == 0; }
};

/// Fails only if the folder cannot be read. May run beside a writer: records appended meanwhile may be left out.
Result<VerifyReport> verify(FileSystem& files, const std::string& data_dir);

} // namespace kairos::journal
