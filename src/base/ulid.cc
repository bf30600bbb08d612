#include "base/ulid.h"

#include <algorithm>
#include <random>

namespace kairos {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int digit(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

std::uint64_t os_random() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

} // namespace

std::string Ulid::text() const {
  unsigned __int128 value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  std::string out(26, '0');
  for (size_t i = 26; i-- > 0; value >>= 5) out[i] = kAlphabet[static_cast<size_t>(value & 31)];
  return out;
}

WallTime Ulid::time() const {
  std::int64_t ms = 0;
  for (size_t i = 0; i < 6; ++i) ms = ms << 8 | bytes[i];
  return WallTime(std::chrono::milliseconds(ms));
}

std::optional<Ulid> Ulid::parse(std::string_view text) {
  if (text.size() != 26 || digit(text[0]) > 7) return std::nullopt;
  unsigned __int128 value = 0;
  for (const char c : text) {
    const int d = digit(c);
    if (d < 0) return std::nullopt;
    value = value << 5 | static_cast<unsigned>(d);
  }
  Ulid ulid;
  for (size_t i = 16; i-- > 0; value >>= 8) ulid.bytes[i] = static_cast<std::uint8_t>(value);
  return ulid;
}

UlidGenerator::UlidGenerator() : state_(os_random()), node_(os_random()) {}
UlidGenerator::UlidGenerator(std::uint64_t seed) : state_(seed), node_(seed * 0x9E3779B97F4A7C15ULL) {}

// SplitMix64 (Steele, Lea, Flood 2014): ids need uniqueness, not secrecy.
std::uint64_t UlidGenerator::random() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

Ulid UlidGenerator::next(WallTime now) {
  const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  if (ms > last_ms_) {
    last_ms_ = ms;
    last_high_ = static_cast<std::uint16_t>(node_ & 0x7FFF); // top bit clear: room to count upwards
    last_low_ = random();
  } else if (++last_low_ == 0) {
    ++last_high_;
  }
  Ulid ulid;
  for (size_t i = 0; i < 6; ++i) ulid.bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
  ulid.bytes[6] = static_cast<std::uint8_t>(last_high_ >> 8);
  ulid.bytes[7] = static_cast<std::uint8_t>(last_high_);
  for (size_t i = 0; i < 8; ++i) ulid.bytes[8 + i] = static_cast<std::uint8_t>(last_low_ >> (56 - 8 * i));
  return ulid;
}

std::string receipt_id(const Ulid& ulid) { return std::string(kReceiptPrefix) + ulid.text(); }

std::optional<Ulid> parse_receipt_id(std::string_view id) {
  if (!id.starts_with(kReceiptPrefix)) return std::nullopt;
  return Ulid::parse(id.substr(kReceiptPrefix.size()));
}

} // namespace kairos
