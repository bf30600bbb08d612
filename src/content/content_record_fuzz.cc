// What the readers of content files make of any bytes: a slot, a record, a record's content. The first byte chooses.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "content/format.h"

using namespace kairos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
  case 0: {
    const auto slot = content::decode_slot(bytes);
    if (slot && content::encode_slot(*slot).size() != content::kSlotSize) std::abort();
    break;
  }
  case 1: {
    const auto whose = content::check_record(bytes);
    const content::Key key(std::string(content::kKeySize, 'k'));
    if (content::decode_record(key, whose.value_or(Ulid{}), bytes) && !whose) std::abort();
    break;
  }
  default: {
    const auto kept = content::decode(bytes);
    if (kept && content::encode(*kept) != bytes) std::abort();
  }
  }
  return 0;
}
