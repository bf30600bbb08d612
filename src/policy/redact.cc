#include "policy/redact.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "policy/detect.h"
#include "policy/json_strings.h"

namespace kairos::policy {
namespace {

using config::PrivateKind;

/// Numbers the values of each kind in the order in which they come.
class Placeholders {
public:
  std::string of(PrivateKind kind, std::string_view value) {
    const auto which = static_cast<size_t>(kind);
    auto& known = numbers_[which];
    const auto found = known.find(value);
    const size_t number = found != known.end() ? found->second : known.size() + 1;
    if (found == known.end()) known.emplace(value, number);
    std::string text = fmt::format("{}_{}", config::kPrivateKindNames[which], number);
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  }

private:
  std::array<std::map<std::string, size_t, std::less<>>, config::kPrivateKindCount> numbers_;
};

template <size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

/// Values that machines compare: changing one would break the request, and none is a prompt.
bool is_for_machines(std::string_view key) {
  static constexpr std::array<std::string_view, 27> kKeys = {"model",
                                                             "role",
                                                             "type",
                                                             "id",
                                                             "tool_call_id",
                                                             "tool_use_id",
                                                             "call_id",
                                                             "file_id",
                                                             "response_id",
                                                             "item_id",
                                                             "container",
                                                             "previous_response_id",
                                                             "user",
                                                             "user_id",
                                                             "service_tier",
                                                             "media_type",
                                                             "safety_identifier",
                                                             "prompt_cache_key",
                                                             "mime_type",
                                                             "mimeType",
                                                             "detail",
                                                             "format",
                                                             "signature",
                                                             "encrypted_content",
                                                             "thoughtSignature",
                                                             "encoding_format",
                                                             "reasoning_effort"};
  return among(key, kKeys);
}

bool is_base64_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' ||
         c == '=' || c == '-' || c == '_' || c == '\\';
}

/// A picture, a sound or a file.
bool is_base64(std::string_view key, std::string_view raw) {
  static constexpr std::array<std::string_view, 4> kKeys = {"data", "file_data", "b64_json", "bytes"};
  if (raw.starts_with("data:") && raw.substr(0, 128).find(";base64,") != raw.npos) return true;
  return among(key, kKeys) && raw.size() >= 32 && std::ranges::all_of(raw.substr(0, 512), is_base64_byte);
}

/// In the JSON text of a tool call's arguments: a bare number, which has to become a string.
bool is_bare_number(std::string_view text, const Found& found) {
  const auto before = text.substr(0, found.begin).find_last_not_of(" \t\r\n");
  const auto behind = text.find_first_not_of(" \t\r\n", found.end);
  if (before == text.npos || behind == text.npos) return false;
  return std::string_view(":,[").find(text[before]) != std::string_view::npos &&
         std::string_view(",}]").find(text[behind]) != std::string_view::npos &&
         std::ranges::all_of(text.substr(found.begin, found.end - found.begin),
                             [](char c) { return c >= '0' && c <= '9'; });
}

class JsonRedactor {
public:
  JsonRedactor(std::string_view body, config::PrivateKinds kinds, std::string* out)
      : body_(body), kinds_(kinds), out_(out), walker_(body) {}

  Counts run() {
    JsonValue value;
    while (walker_.next(value)) {
      if (value.kind == JsonValue::Kind::kNumber) {
        number(value);
      } else {
        string(value);
      }
    }
    if (out_ != nullptr && copied_ > 0) out_->append(body_.substr(copied_));
    if (out_ != nullptr && copied_ == 0) *out_ = body_;
    return counts_;
  }

  std::uint64_t steps() const { return steps_ + walker_.steps(); }

private:
  bool skipped() const { return walker_.top_key() == "kairosroute" || is_for_machines(walker_.key()); }

  void string(const JsonValue& value) {
    const std::string_view raw = body_.substr(value.begin, value.end - value.begin);
    if (raw.size() < 5 || skipped() || is_base64(walker_.key(), raw)) return;
    std::string_view text = raw;
    if (value.escaped) {
      steps_ += 2 * raw.size(); // here, and for the places
      if (!unescape(raw, unescaped_)) return;
      text = unescaped_;
    }
    RawPlaces places(raw);
    for (const Found& found : detect(text, kinds_, &steps_)) {
      count(found.kind);
      if (out_ == nullptr) continue;
      const size_t begin = value.escaped ? places.of(found.begin) : found.begin;
      const size_t end = value.escaped ? places.of(found.end) : found.end;
      const std::string name = placeholders_.of(found.kind, text.substr(found.begin, found.end - found.begin));
      replace(value.begin + begin, value.begin + end, wrapped(name, text, found));
    }
  }

  std::string wrapped(const std::string& name, std::string_view text, const Found& found) const {
    if (walker_.key() == "name") return name; // of a person or a tool: letters, digits and dashes only
    if (walker_.key() == "arguments" && is_bare_number(text, found)) return fmt::format("\\\"[{}]\\\"", name);
    return fmt::format("[{}]", name);
  }

  void number(const JsonValue& value) {
    if (value.end - value.begin < 8 || value.depth < 3 || !walker_.inside("input") || walker_.key() == "data") return;
    const std::string_view raw = body_.substr(value.begin, value.end - value.begin);
    const auto found = detect(raw, kinds_, &steps_);
    if (found.size() != 1 || found.front() != Found{0, raw.size(), found.front().kind}) return;
    count(found.front().kind);
    if (out_ != nullptr)
      replace(value.begin, value.end, fmt::format("\"[{}]\"", placeholders_.of(found.front().kind, raw)));
  }

  void count(PrivateKind kind) { ++counts_.of[static_cast<size_t>(kind)]; }

  void replace(size_t begin, size_t end, const std::string& with) {
    out_->append(body_.substr(copied_, begin - copied_)).append(with);
    copied_ = end;
  }

  std::string_view body_;
  config::PrivateKinds kinds_;
  std::string* out_; // nullptr: only counted
  JsonWalker walker_;
  Placeholders placeholders_;
  Counts counts_;
  std::string unescaped_;
  size_t copied_ = 0;
  std::uint64_t steps_ = 0;
};

} // namespace

std::int64_t Counts::total() const { return std::accumulate(of.begin(), of.end(), std::int64_t{0}); }

std::vector<std::pair<std::string, std::int64_t>> Counts::named() const {
  std::vector<std::pair<std::string, std::int64_t>> named;
  for (size_t i = 0; i < of.size(); ++i) {
    if (of[i] > 0) named.emplace_back(config::kPrivateKindNames[i], of[i]);
  }
  return named;
}

Redacted redact(std::string_view text, config::PrivateKinds kinds) {
  Redacted out;
  Placeholders placeholders;
  size_t copied = 0;
  for (const Found& found : detect(text, kinds)) {
    ++out.counts.of[static_cast<size_t>(found.kind)];
    out.text.append(text.substr(copied, found.begin - copied));
    out.text += fmt::format("[{}]", placeholders.of(found.kind, text.substr(found.begin, found.end - found.begin)));
    copied = found.end;
  }
  out.text.append(text.substr(copied));
  return out;
}

Redacted redact_json(std::string_view body, config::PrivateKinds kinds) {
  Redacted out;
  out.counts = JsonRedactor(body, kinds, &out.text).run();
  return out;
}

Counts detect_json(std::string_view body, config::PrivateKinds kinds, std::uint64_t* steps) {
  JsonRedactor redactor(body, kinds, nullptr);
  const Counts counts = redactor.run();
  if (steps != nullptr) *steps += redactor.steps();
  return counts;
}

} // namespace kairos::policy
