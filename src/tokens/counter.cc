#include "tokens/counter.h"

#include <array>
#include <utility>

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

std::int64_t exact_bound(EncodingName encoding, std::string_view text) {
  return Encoding::get(encoding).count_at_most(text, kLongestExactPiece);
}

} // namespace kairos::tokens
