// What an OTLP receiver's answer means (opentelemetry.io/docs/specs/otlp: OTLP/HTTP response). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/http_post.h"

namespace kairos::telemetry {

enum class Verdict : std::uint8_t {
  kAccepted, // all, or all but `rejected`
  kRetry,    // 429, 502, 503, 504, or no whole answer
  kRefused,  // everything else: sending it again is not allowed
  kTooLarge, // the same again is not allowed, but a smaller request is another one
};

struct ExportOutcome {
  Verdict verdict = Verdict::kAccepted;
  std::int64_t rejected = 0; // of a partial success
  Duration wait{};           // what the receiver asked for before a retry; 0: nothing
  std::string reason;        // a few fixed words, for a label: "", "http_500", "timeout", …
  std::string message;       // for the log; empty: nothing to tell
};

ExportOutcome outcome_of(const Result<HttpAnswer>& answer);

struct PartialSuccess {
  std::int64_t rejected = 0;
  std::string message;
};
/// Export{Trace,Metrics}ServiceResponse. A body that is neither language, or damaged, counts as full success: the
/// status said so.
PartialSuccess partial_success(std::string_view content_type, std::string_view body);

/// Exponential, with full jitter in its upper half: [d/2, d] for d = 1, 2, 4, … 60 seconds. `random` is any number.
Duration backoff(unsigned attempt, std::uint64_t random);

} // namespace kairos::telemetry
