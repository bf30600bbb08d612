// Lower-case hexadecimal of bytes, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kairos {

std::string to_hex(std::span<const std::uint8_t> bytes);
/// Both cases; nullopt on an odd length or any other character.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

} // namespace kairos
