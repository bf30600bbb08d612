// Any bytes: both encodings agree with themselves, stay under the byte bound, and pieces lose nothing.
#include <cstdlib>
#include <string>
#include <string_view>

#include "tokens/counter.h"
#include "tokens/encoding.h"
#include "tokens/estimate.h"
#include "tokens/pre_tokenizer.h"

namespace kairos::tokens {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(EncodingName name, std::string_view text) {
  const Encoding& encoding = Encoding::get(name);
  const std::int64_t count = encoding.count(text);
  require(count == static_cast<std::int64_t>(encoding.encode(text).size()));
  require(count <= static_cast<std::int64_t>(text.size()));
  require(count <= encoding.count_at_most(text, 8));
  for (size_t at = 0; at < text.size();) {
    const size_t end = piece_end(name, text, at);
    require(end > at && end <= text.size());
    at = end;
  }
}

} // namespace
} // namespace kairos::tokens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos::tokens;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(EncodingName::kO200k, text);
  check(EncodingName::kCl100k, text);
  require(byte_bound(text) >= static_cast<std::int64_t>(size));
  require((estimate(text) == 0) == text.empty());
  return 0;
}
