#include "gateway/echoes.h"

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <vector>

namespace kairos::gateway {
namespace {

constexpr size_t kRun = 12;
constexpr size_t kLeastSecret = 8;
constexpr size_t kSieve = 1 << 14;

/// A prompt may have megabytes: most places are passed over by one look at a bit.
size_t sieve_place(std::string_view run) {
  std::uint64_t first = 0;
  std::memcpy(&first, run.data(), sizeof first);
  return static_cast<size_t>((first * 0x9e3779b97f4a7c15u) >> 50);
}

} // namespace

std::string without_echo(std::string_view message, std::string_view prompt) {
  if (message.size() < kRun || prompt.size() < kRun) return std::string(message);
  std::unordered_multimap<std::string_view, size_t> runs; // of the message, by their bytes
  std::bitset<kSieve> sieve;
  for (size_t i = 0; i + kRun <= message.size(); ++i) {
    const std::string_view run = message.substr(i, kRun);
    runs.emplace(run, i);
    sieve.set(sieve_place(run));
  }
  std::vector<bool> echoed(message.size(), false);
  for (size_t i = 0; i + kRun <= prompt.size(); ++i) {
    const std::string_view run = prompt.substr(i, kRun);
    if (!sieve.test(sieve_place(run))) continue;
    const auto [begin, end] = runs.equal_range(run);
    for (auto at = begin; at != end; ++at)
      std::fill_n(echoed.begin() + static_cast<std::ptrdiff_t>(at->second), kRun, true);
    runs.erase(begin, end);
  }
  std::string kept;
  for (size_t i = 0; i < message.size(); ++i) {
    if (!echoed[i]) kept += message[i];
    if (echoed[i] && (i == 0 || !echoed[i - 1])) kept += "…";
  }
  return kept;
}

void hide(std::string& text, std::string_view secret) {
  if (secret.size() < kLeastSecret) return;
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + secret.size()))
    text.replace(at, secret.size(), secret.size(), '*');
}

} // namespace kairos::gateway
