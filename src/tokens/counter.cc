#include "tokens/counter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tokens/estimate.h"
#include "tokens/unicode.h"

namespace kairos::tokens {
namespace {

constexpr size_t kLongestExactPiece = 4096;

/// tiktoken's model.py (MIT), shortened to prefixes; the first that fits counts.
constexpr std::array<std::pair<std::string_view, EncodingName>, 17> kModels = {{
    {"gpt-4o", EncodingName::kO200k},
    {"gpt-4.1", EncodingName::kO200k},
    {"gpt-4.5", EncodingName::kO200k},
    {"chatgpt-4o", EncodingName::kO200k},
    {"gpt-5", EncodingName::kO200k},
    {"gpt-oss", EncodingName::kO200k},
    {"o1", EncodingName::kO200k},
    {"o3", EncodingName::kO200k},
    {"o4-mini", EncodingName::kO200k},
    {"gpt-4", EncodingName::kCl100k},
    {"gpt-3.5", EncodingName::kCl100k},
    {"gpt-35", EncodingName::kCl100k},
    {"davinci-002", EncodingName::kCl100k},
    {"babbage-002", EncodingName::kCl100k},
    {"text-embedding-ada-002", EncodingName::kCl100k},
    {"text-embedding-3-small", EncodingName::kCl100k},
    {"text-embedding-3-large", EncodingName::kCl100k},
}};

bool takes(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "gpt-4" is meant by "gpt-4", "gpt-4-0613", "gpt-4:…", not by a later "gpt-42".
bool ends_name(std::string_view rest) { return rest.empty() || rest[0] == '-' || rest[0] == ':' || rest[0] == '.'; }

} // namespace

std::optional<EncodingName> encoding_of(std::string_view provider, std::string_view model) {
  const bool named = takes(model, "openai/");
  if (!named && provider != "openai" && provider != "azure" && provider != "azure-openai" && provider != "azure_openai")
    return std::nullopt;
  takes(model, "ft:");
  for (const auto& [prefix, encoding] : kModels)
    if (model.starts_with(prefix) && ends_name(model.substr(prefix.size()))) return encoding;
  return std::nullopt;
}

std::int64_t byte_bound(std::string_view text) {
  if (text.empty()) return 0;
  auto tokens = static_cast<std::int64_t>(text.size()) + 1;
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Char c = char_at(text, at);
    if (!c.valid) tokens += 2;
    at += c.bytes;
  }
  return tokens;
}

Counter::Counter(const FactorTable& factors, std::string_view provider, std::string_view model)
    : encoding_(encoding_of(provider, model)), factor_(factors.find(provider, model)) {}

std::int64_t Counter::expected(std::string_view text) const { return expected_of(estimate(text)); }

std::int64_t Counter::expected_of(std::int64_t estimated) const {
  return std::llround(static_cast<double>(estimated) * factor_.ratio);
}

std::int64_t Counter::upper_bound(std::string_view text) const {
  if (encoding_) return worst_case(text);
  const double likely = static_cast<double>(estimate(text)) * factor_.ratio * factor_.margin;
  return std::min(byte_bound(text), static_cast<std::int64_t>(std::ceil(likely)));
}

std::int64_t Counter::worst_case(std::string_view text) const {
  return encoding_ ? Encoding::get(*encoding_).count_at_most(text, kLongestExactPiece) : byte_bound(text);
}

} // namespace kairos::tokens
