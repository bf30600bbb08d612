// Any bytes, as a text and as a document: nothing is read out of bounds, the time is linear, what is found is in order,
// and what was put in is not found again in a text.
#include <cstdlib>

#include "policy/detect.h"
#include "policy/redact.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::uint64_t steps = 0;
  size_t last = 0;
  for (const policy::Found& found : policy::detect(text, config::kAllPrivateKinds, &steps)) {
    if (found.begin < last || found.end <= found.begin || found.end > size) std::abort();
    last = found.end;
  }
  if (steps > policy::kMostStepsPerByte * size + 1'000) std::abort();
  policy::redact(text);
  const policy::Redacted done = policy::redact_json(text);
  if (done.counts != policy::detect_json(text, config::kAllPrivateKinds)) std::abort();
  return 0;
}
