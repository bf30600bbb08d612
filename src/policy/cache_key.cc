#include "policy/cache_key.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "policy/json_strings.h"

namespace kairos::policy {
namespace {

/// `store` is none of them: an answer that the provider did not store has an id that later requests cannot go on from.
constexpr std::array<std::string_view, 6> kLeftOut = {
    "kairosroute", "user", "metadata", "safety_identifier", "prompt_cache_key", "service_tier"};

/// Reads one document and appends its canonical form. Every function leaves `at_` behind what it read, and is false if
/// that was no JSON.
class Canonical {
public:
  Canonical(std::string_view body, bool without_last, std::string& out)
      : body_(body), without_last_(without_last), out_(out) {}

  bool document() {
    skip_space();
    if (at_ >= body_.size() || body_[at_] != '{' || !object(1)) return false;
    skip_space();
    return at_ == body_.size() && (!without_last_ || last_taken_);
  }

private:
  void skip_space() {
    while (at_ < body_.size() && (body_[at_] == ' ' || body_[at_] == '\t' || body_[at_] == '\n' || body_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= body_.size() || body_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool value(size_t depth) {
    skip_space();
    if (at_ >= body_.size() || depth > kMaxCanonicalDepth) return false;
    if (body_[at_] == '{') return object(depth + 1);
    if (body_[at_] == '[') return array(depth + 1, false);
    if (body_[at_] == '"') return string();
    const size_t end = std::min(body_.find_first_of(",]} \t\r\n", at_), body_.size());
    if (end == at_) return false;
    out_.append(body_.substr(at_, end - at_));
    at_ = end;
    return true;
  }

  bool string() {
    const size_t begin = ++at_;
    while (at_ < body_.size() && body_[at_] != '"') at_ += body_[at_] == '\\' ? 2 : 1;
    if (at_ >= body_.size()) return false;
    out_.push_back('"');
    if (!unescape(body_.substr(begin, at_ - begin), text_)) return false;
    escape(text_, out_);
    out_.push_back('"');
    ++at_;
    return true;
  }

  struct Span {
    size_t begin = 0;
    size_t key_end = 0;
    size_t end = 0;
  };

  bool object(size_t depth) {
    ++at_;
    out_.push_back('{');
    const size_t from = out_.size();
    std::vector<Span> members;
    if (!take('}')) {
      while (true) {
        Span member{out_.size(), 0, 0};
        skip_space();
        if (at_ >= body_.size() || body_[at_] != '"' || !string()) return false;
        member.key_end = out_.size();
        if (!take(':')) return false;
        out_.push_back(':');
        const std::string key = out_.substr(member.begin + 1, member.key_end - member.begin - 2);
        if (!member_value(key, depth)) return false;
        if (depth == 1 && std::ranges::find(kLeftOut, key) != kLeftOut.end()) {
          out_.resize(member.begin);
        } else {
          member.end = out_.size();
          members.push_back(member);
        }
        if (take('}')) break;
        if (!take(',')) return false;
      }
    }
    order(from, members);
    out_.push_back('}');
    return true;
  }

  bool member_value(std::string_view key, size_t depth) {
    if (!without_last_ || depth != 1 || (key != "messages" && key != "input")) return value(depth);
    skip_space();
    if (last_taken_ || at_ >= body_.size()) return false;
    if (body_[at_] == '[') return array(depth + 1, true);
    const size_t from = out_.size();
    if (body_[at_] != '"' || !string()) return false;
    out_.resize(from); // responses: a plain text is the user's message
    out_ += "\"\"";
    last_taken_ = true;
    return true;
  }

  bool array(size_t depth, bool without_last) {
    ++at_;
    out_.push_back('[');
    size_t last = out_.size();
    if (!take(']')) {
      while (true) {
        last = out_.size();
        if (!value(depth)) return false;
        if (take(']')) break;
        if (!take(',')) return false;
        out_.push_back(',');
      }
    }
    if (without_last) {
      if (!is_plain_user_message(std::string_view(out_).substr(last))) return false;
      out_.resize(last);
      last_taken_ = true;
    }
    out_.push_back(']');
    return true;
  }

  /// In canonical form: {"content":"…","role":"user"}, or with one part of text.
  static bool is_plain_user_message(std::string_view message) {
    constexpr std::string_view kEnd = R"(,"role":"user"})";
    if (!message.ends_with(kEnd) || !message.starts_with(R"({"content":)")) return false;
    message.remove_prefix(11);
    message.remove_suffix(kEnd.size());
    const std::array<std::pair<std::string_view, std::string_view>, 3> forms = {
        {{"\"", "\""}, {R"([{"text":")", R"(","type":"text"}])"}, {R"([{"text":")", R"(","type":"input_text"}])"}}};
    return std::ranges::any_of(forms, [&](const auto& form) {
      if (message.size() < form.first.size() + form.second.size() || !message.starts_with(form.first) ||
          !message.ends_with(form.second))
        return false;
      return is_one_string(message.substr(form.first.size(), message.size() - form.first.size() - form.second.size()));
    });
  }

  static bool is_one_string(std::string_view inside) {
    for (size_t i = 0; i < inside.size(); ++i) {
      if (inside[i] == '"') return false;
      if (inside[i] == '\\') ++i;
    }
    return true;
  }

  /// Puts the members behind `from` in the order of their keys.
  void order(size_t from, std::vector<Span>& members) {
    const auto key = [&](const Span& member) {
      return std::string_view(out_).substr(member.begin, member.key_end - member.begin);
    };
    if (!std::ranges::is_sorted(members, {}, key)) std::ranges::stable_sort(members, {}, key);
    std::string ordered;
    ordered.reserve(out_.size() - from + members.size());
    for (const Span& member : members) {
      if (!ordered.empty()) ordered.push_back(',');
      ordered.append(out_, member.begin, member.end - member.begin);
    }
    out_.resize(from);
    out_ += ordered;
  }

  std::string_view body_;
  bool without_last_;
  std::string& out_;
  std::string text_;
  size_t at_ = 0;
  bool last_taken_ = false;
};

std::optional<std::string> canonical(std::string_view body, bool without_last) {
  if (body.size() > kMaxCanonicalBody) return std::nullopt;
  std::string out;
  out.reserve(body.size());
  if (!Canonical(body, without_last, out).document()) return std::nullopt;
  return out;
}

} // namespace

std::optional<std::string> canonical_body(std::string_view body) { return canonical(body, false); }

std::optional<std::string> canonical_context(std::string_view body) { return canonical(body, true); }

bool says_refusal(std::string_view answer) {
  constexpr std::string_view kWord = "\"refusal\"";
  for (size_t at = answer.find(kWord); at != answer.npos; at = answer.find(kWord, at + kWord.size())) {
    size_t next = answer.find_first_not_of(" \t\r\n", at + kWord.size());
    if (next == answer.npos || answer[next] != ':') return true; // a value: "type":"refusal"
    next = answer.find_first_not_of(" \t\r\n", next + 1);
    if (next == answer.npos || !answer.substr(next).starts_with("null")) return true;
  }
  return false;
}

} // namespace kairos::policy
