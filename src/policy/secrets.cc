// Keys and secrets: by the prefixes that their issuers give them, by their form, or by what stands in front of them.
#include <algorithm>
#include <array>
#include <cmath>

#include "policy/shapes.h"

namespace kairos::policy {
namespace {

struct Prefix {
  std::string_view text;
  std::uint16_t least; // characters behind the prefix
  bool exact;          // no more than that
  bool capitals;       // capitals and digits only
};
/// As documented by OpenAI, Anthropic, AWS, Google, GitHub, GitLab, Slack, Stripe, Hugging Face, npm, PyPI, SendGrid,
/// DigitalOcean, Shopify, Groq, xAI, Perplexity, Replicate, age. Longer ones first.
constexpr std::array<Prefix, 41> kPrefixes = {{{"AGE-SECRET-KEY-1", 50, false, true},
                                               {"github_pat_", 22, false, false},
                                               {"sk_live_", 16, false, false},
                                               {"sk_test_", 16, false, false},
                                               {"rk_live_", 16, false, false},
                                               {"rk_test_", 16, false, false},
                                               {"dop_v1_", 40, false, false},
                                               {"doo_v1_", 40, false, false},
                                               {"shpat_", 32, false, false},
                                               {"shpss_", 32, false, false},
                                               {"whsec_", 24, false, false},
                                               {"glpat-", 20, false, false},
                                               {"xoxb-", 10, false, false},
                                               {"xoxp-", 10, false, false},
                                               {"xoxa-", 10, false, false},
                                               {"xoxr-", 10, false, false},
                                               {"xoxs-", 10, false, false},
                                               {"xoxe-", 10, false, false},
                                               {"xapp-", 10, false, false},
                                               {"pypi-", 32, false, false},
                                               {"pplx-", 32, false, false},
                                               {"ya29.", 20, false, false},
                                               {"ghp_", 36, false, false},
                                               {"gho_", 36, false, false},
                                               {"ghu_", 36, false, false},
                                               {"ghs_", 36, false, false},
                                               {"ghr_", 36, false, false},
                                               {"npm_", 36, false, false},
                                               {"gsk_", 20, false, false},
                                               {"xai-", 20, false, false},
                                               {"csk-", 20, false, false},
                                               {"fw_", 20, false, false},
                                               {"AIza", 35, false, false},
                                               {"AKIA", 16, true, true},
                                               {"ASIA", 16, true, true},
                                               {"ABIA", 16, true, true},
                                               {"ACCA", 16, true, true},
                                               {"hf_", 30, false, false},
                                               {"r8_", 30, false, false},
                                               {"sk-", 20, false, false},
                                               {"SG.", 40, false, false}}};

constexpr bool is_token(char c) { return is_alnum(c) || c == '-' || c == '_'; }

/// A key has digits, or capitals among small letters; an ordinary hyphenated word has neither.
bool looks_random(std::string_view text) {
  const bool digits = std::ranges::any_of(text, is_digit);
  const bool both = std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower);
  return digits || both;
}

/// Bits per character, by Shannon's formula over the characters that are there.
double entropy(std::string_view text) {
  std::array<int, 256> seen{};
  for (const char c : text) ++seen[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const int count : seen) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

constexpr size_t kMostName = 48;
constexpr size_t kMostValue = 256; // looked at; what is taken goes on to its end

bool ends_value(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '`' || c == ',' || c == ';' ||
         c == '<' || c == '>' || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '|' ||
         c == '\\';
}

/// A password, and no word of prose or code: long enough, of several kinds of characters, and not repetitive.
bool is_secret_value(std::string_view value) {
  if (value.size() < 8 || value.front() == '$' || value.front() == '%' || value.starts_with("process.env") ||
      value.starts_with("os.environ") || value.find("://") != value.npos)
    return false;
  const bool digits = std::ranges::any_of(value, is_digit);
  const bool letters = std::ranges::any_of(value, is_letter);
  const bool symbols =
      std::ranges::any_of(value, [](char c) { return !is_alnum(c) && c != '_' && c != '.' && c != '-'; });
  const bool varied = (digits && letters) || (symbols && (digits || letters));
  return varied && entropy(value) >= 2.5;
}

bool names_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 13> kWords = {
      "password",  "passwd",  "passphrase", "pwd",     "secret",     "token",        "apikey",
      "accesskey", "api_key", "access_key", "api-key", "credential", "authorization"};
  std::array<char, kMostName> small{};
  for (size_t i = 0; i < name.size(); ++i) small[i] = is_upper(name[i]) ? static_cast<char>(name[i] + 32) : name[i];
  const std::string_view lowered(small.data(), name.size());
  return std::ranges::any_of(kWords, [&](std::string_view word) { return lowered.find(word) != lowered.npos; });
}

/// The name in front of `at`, without blanks and a closing quote.
std::string_view name_before(std::string_view text, size_t at, std::uint64_t& steps) {
  size_t end = at;
  const size_t least = at > kMostName ? at - kMostName : 0;
  while (end > least &&
         (text[end - 1] == ' ' || text[end - 1] == '\t' || text[end - 1] == '"' || text[end - 1] == '\'' ||
          text[end - 1] == '`' || text[end - 1] == '*' || text[end - 1] == '\\'))
    --end;
  size_t begin = end;
  while (begin > least && (is_word(text[begin - 1]) || text[begin - 1] == '-' || text[begin - 1] == '.')) --begin;
  steps += at - begin + 1;
  return text.substr(begin, end - begin);
}

Value value_at(std::string_view text, size_t begin, std::uint64_t& steps) {
  size_t end = begin;
  const size_t most = std::min(text.size(), begin + kMostValue);
  while (end < most && !ends_value(text[end])) ++end;
  const size_t looked_to = end;
  steps += 4 * (end - begin) + 1; // it is looked at in several ways
  while (end > begin && (text[end - 1] == '.' || text[end - 1] == '?' || text[end - 1] == ':'))
    --end; // of the sentence
  if (!is_secret_value(text.substr(begin, end - begin))) return {looked_to, looked_to};
  if (looked_to == most) { // it is taken, so this is read once
    for (end = most; end < text.size() && !ends_value(text[end]); ++end) ++steps;
  }
  return {begin, end};
}

} // namespace

size_t api_key_end(std::string_view text, size_t at, std::uint64_t& steps) {
  const std::string_view rest = text.substr(at);
  for (const Prefix& prefix : kPrefixes) {
    if (rest.front() != prefix.text.front() || !rest.starts_with(prefix.text)) continue;
    if (prefix.text.ends_with('.') && at > 0 && text[at - 1] == '.') return kNo; // so that no run is read twice
    size_t end = at + prefix.text.size();
    const size_t begin = end;
    const auto fits = [&](char c) {
      return prefix.capitals ? is_upper(c) || is_digit(c) : is_token(c) || (c == '.' && prefix.text.ends_with('.'));
    };
    while (end < text.size() && fits(text[end])) ++end;
    steps += end - at;
    const size_t length = end - begin;
    const bool bounded = end >= text.size() || !is_word(text[end]);
    if (length < prefix.least || (prefix.exact && length != prefix.least) || !bounded) return kNo;
    return looks_random(text.substr(begin, std::min<size_t>(length, 256))) ? end : kNo;
  }
  steps += 4;
  return kNo;
}

size_t jwt_end(std::string_view text, size_t at, std::uint64_t& steps) {
  if (!text.substr(at).starts_with("eyJ")) return ++steps, kNo;
  size_t i = at;
  size_t parts = 0;
  size_t end = kNo;
  while (parts < 3) {
    const size_t begin = i;
    while (i < text.size() && is_token(text[i])) ++i;
    steps += i - begin + 1;
    if (parts < 2 && i - begin < 8) return kNo;
    ++parts;
    end = i;
    if (parts == 3 || i >= text.size() || text[i] != '.') break;
    ++i;
  }
  return parts == 3 ? end : kNo;
}

size_t private_key_end(std::string_view text, size_t at, size_t& next_end, std::uint64_t& steps) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  if (!text.substr(at).starts_with(kBegin)) return ++steps, kNo;
  const std::string_view label = text.substr(at + kBegin.size(), 48);
  steps += kBegin.size() + label.size();
  const size_t closing = label.find("-----");
  if (closing == label.npos || label.substr(0, closing).find("PRIVATE KEY") == label.npos) return kNo;
  const size_t body = at + kBegin.size() + closing + 5;
  if (next_end != kNo && next_end < body) {
    next_end = text.find(kEnd, body);
    steps += std::min(next_end, text.size()) - body;
  }
  if (next_end != kNo) {
    const size_t dashes = text.substr(0, std::min(text.size(), next_end + 64)).find("-----", next_end + kEnd.size());
    steps += 64;
    return dashes == text.npos ? std::min(text.size(), next_end + kEnd.size()) : dashes + 5;
  }
  size_t i = body; // it was cut off: all that can belong to it
  while (i < text.size() &&
         (is_alnum(text[i]) || std::string_view("+/=\r\n :,-\\").find(text[i]) != std::string_view::npos))
    ++i;
  steps += i - body;
  return i;
}

Value assigned_secret(std::string_view text, size_t at, std::uint64_t& steps) {
  const std::string_view name = name_before(text, at, steps);
  if (name.size() < 3 || !names_a_secret(name)) return {};
  steps += name.size();
  size_t i = at + 1;
  const size_t most = std::min(text.size(), at + 16);
  const auto skipped = [](char c) {
    return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '`' || c == '=' || c == '>' || c == '*' || c == '\\';
  };
  while (i < most && skipped(text[i])) ++i;
  steps += i - at;
  return value_at(text, i, steps);
}

Value bearer_secret(std::string_view text, size_t at, std::uint64_t& steps) {
  const std::string_view rest = text.substr(at);
  ++steps;
  for (const std::string_view scheme :
       {std::string_view("Bearer "), std::string_view("bearer "), std::string_view("Basic ")}) {
    if (!rest.starts_with(scheme)) continue;
    const Value value = value_at(text, at + scheme.size(), steps);
    return value.end - value.begin >= 16 ? value : Value{value.end, value.end};
  }
  return {};
}

} // namespace kairos::policy
