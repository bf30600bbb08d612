#include "journal/record.h"

#include <fmt/format.h>

namespace kairos::journal {

std::string to_string(const Position& position) {
  return fmt::format("segment {}, byte {}", position.segment, position.offset);
}

} // namespace kairos::journal
