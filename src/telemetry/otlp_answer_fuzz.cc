// What a receiver answers, whatever it is: read as both languages, never more rejected than could be, no crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "telemetry/export_outcome.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos::telemetry;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const char* type : {"application/x-protobuf", "application/json"}) {
    HttpAnswer answer;
    answer.status = 200;
    answer.content_type = type;
    answer.body = body;
    const ExportOutcome outcome = outcome_of(answer);
    if (outcome.verdict != Verdict::kAccepted || outcome.rejected < 0) std::abort();
  }
  return 0;
}
