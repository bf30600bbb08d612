#include "policy/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "config/tenant.h"
#include "policy/json_strings.h"
#include "policy/prompt_texts.h"

namespace kairos::policy {
namespace {

template <class T>
bool holds(const std::vector<T>& list, const T& value) {
  return list.empty() || std::ranges::find(list, value) != list.end();
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// One text while the rules are applied. What rules put around it is not subject to later rules.
struct Edited {
  PromptText where;
  std::string text;
  std::string before;
  std::string behind;
  bool changed = false; // the text itself
};

/// glibc's memmem is linear whatever the needle.
size_t find_from(std::string_view text, size_t from, std::string_view what) {
  const void* found = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return found == nullptr ? text.npos : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

/// nullopt: nothing to replace, or it would grow too much.
std::optional<std::string> replaced(std::string_view text, const config::RewriteRule::Replacement& one) {
  size_t at = find_from(text, 0, one.find);
  if (at == text.npos) return std::nullopt;
  std::string out;
  size_t copied = 0;
  while (at != text.npos) {
    out.append(text.substr(copied, at - copied)).append(one.with);
    copied = at + one.find.size();
    if (out.size() > copied + kMaxGrowth) return std::nullopt;
    at = find_from(text, copied, one.find);
  }
  return out.append(text.substr(copied));
}

/// Paragraphs are what empty lines separate.
std::string without_known_paragraphs(std::string_view text, std::set<std::string, std::less<>>& known) {
  std::string out;
  while (!text.empty()) {
    const size_t gap = text.find("\n\n");
    const size_t behind = gap == text.npos ? text.size() : std::min(text.find_first_not_of('\n', gap), text.size());
    const std::string_view paragraph = text.substr(0, std::min(gap, text.size()));
    const bool repeated = paragraph.size() >= kLongParagraph && !known.emplace(paragraph).second;
    if (!repeated) out.append(text.substr(0, behind));
    text.remove_prefix(behind);
  }
  return out;
}

class Rewriter {
public:
  Rewriter(model::Endpoint endpoint, std::string_view body) : endpoint_(endpoint), body_(body) {
    const PromptTexts found = find_prompt_texts(endpoint, body);
    system_place_ = found.system_place;
    place_empty_ = found.messages_empty;
    for (const PromptText& where : found.texts) {
      Edited one;
      one.where = where;
      const std::string_view raw = body.substr(where.begin, where.end - where.begin);
      if (!where.escaped) {
        one.text = raw;
      } else if (!unescape(raw, one.text)) {
        continue;
      }
      texts_.push_back(std::move(one));
    }
    std::ranges::sort(texts_, {}, [](const Edited& one) { return one.where.begin; });
  }

  /// True if the rule changed something.
  bool apply(const config::RewriteRule& rule) {
    bool changed = false;
    for (Edited& one : texts_) {
      if (rule.collapse_whitespace) changed |= set(one, collapse_whitespace(one.text));
    }
    if (rule.drop_duplicates) changed |= drop_duplicates();
    for (const auto& replacement : rule.replace) {
      for (Edited& one : texts_) {
        if (auto text = replaced(one.text, replacement)) changed |= set(one, std::move(*text));
      }
    }
    return add_around(rule) || changed;
  }

  std::string body() {
    std::string out;
    out.reserve(body_.size() + 1024);
    size_t copied = 0;
    const auto up_to = [&](size_t place) {
      out.append(body_.substr(copied, place - copied));
      copied = place;
    };
    bool placed = new_system_.empty();
    for (const Edited& one : texts_) {
      if (!placed && *system_place_ <= one.where.begin) {
        up_to(*system_place_);
        out += new_system();
        placed = true;
      }
      up_to(one.where.begin);
      escape(one.before, out);
      if (one.changed) {
        escape(one.text, out);
        copied = one.where.end;
      } else {
        up_to(one.where.end);
      }
      escape(one.behind, out);
    }
    if (!placed) {
      up_to(*system_place_);
      out += new_system();
    }
    return out.append(body_.substr(copied));
  }

private:
  static bool set(Edited& one, std::string text) {
    if (text == one.text) return false;
    one.text = std::move(text);
    one.changed = true;
    return true;
  }

  bool drop_duplicates() {
    bool changed = false;
    std::set<std::string, std::less<>> known;
    for (Edited& one : texts_) {
      std::string text = without_known_paragraphs(one.text, known);
      if (one.where.role == PromptText::Role::kUser) changed |= set(one, std::move(text));
    }
    return changed;
  }

  bool add_around(const config::RewriteRule& rule) {
    const auto is_system = [](const Edited& one) { return one.where.role == PromptText::Role::kSystem; };
    const auto is_last = [](const Edited& one) { return one.where.last_user; };
    const bool system = !rule.system_start.empty() || !rule.system_end.empty();
    bool changed = system && add(rule.system_start, rule.system_end, is_system);
    if (system && !changed && system_place_) {
      for (const std::string& text : {rule.system_start, rule.system_end}) {
        if (!text.empty()) new_system_ += (new_system_.empty() ? "" : "\n\n") + text;
      }
      changed = true;
    }
    if (!rule.user_start.empty() || !rule.user_end.empty()) changed |= add(rule.user_start, rule.user_end, is_last);
    return changed;
  }

  /// In front of the first and behind the last text of those that `fits`. False: there is none.
  template <class F>
  bool add(const std::string& start, const std::string& end, F fits) {
    const auto first = std::ranges::find_if(texts_, fits);
    if (first == texts_.end()) return false;
    const auto last = std::find_if(texts_.rbegin(), texts_.rend(), fits);
    if (!start.empty()) first->before = start + separator(*first) + first->before;
    if (!end.empty()) last->behind += separator(*last) + end;
    return true;
  }
  static std::string_view separator_of(bool needed) { return needed ? "\n\n" : ""; }
  static std::string separator(const Edited& one) {
    return std::string(separator_of(!one.text.empty() || !one.before.empty() || !one.behind.empty()));
  }

  std::string new_system() const {
    std::string text;
    escape(new_system_, text);
    const std::string_view comma = place_empty_ ? "" : ",";
    if (endpoint_ == model::Endpoint::kChatCompletions)
      return fmt::format(R"({{"role":"system","content":"{}"}}{})", text, comma);
    const std::string_view member = endpoint_ == model::Endpoint::kResponses ? "instructions" : "system";
    return fmt::format(R"("{}":"{}"{})", member, text, comma);
  }

  model::Endpoint endpoint_;
  std::string_view body_;
  std::vector<Edited> texts_;
  std::optional<size_t> system_place_;
  bool place_empty_ = false;
  std::string new_system_;
};

} // namespace

RuleMask matching_rules(std::span<const config::RewriteRule> rules, std::string_view tenant, model::Category category,
                        std::string_view model_id) {
  RuleMask mask = 0;
  for (size_t i = 0; i < rules.size(); ++i) {
    const config::RewriteRule& rule = rules[i];
    const bool model = rule.models.empty() || std::ranges::any_of(rule.models, [&](const std::string& pattern) {
                         return config::matches(pattern, model_id);
                       });
    if (model && holds(rule.categories, category) && holds(rule.tenants, std::string(tenant))) mask |= RuleMask{1} << i;
  }
  return mask;
}

std::string collapse_whitespace(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool fenced = false;
  size_t empty_lines = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const bool ended = end < text.size();
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = line.find_first_not_of(" \t");
    const bool fence = first != line.npos && line.substr(first).starts_with("```");
    if (fenced || fence) {
      out.append(line);
      fenced = fence ? !fenced : fenced;
      empty_lines = 0;
    } else {
      while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
      empty_lines = line.empty() ? empty_lines + 1 : 0;
      if (empty_lines > 1) continue;
      bool inside = false; // behind the indentation
      for (size_t i = 0; i < line.size(); ++i) {
        if (!is_blank(line[i])) inside = true;
        if (inside && is_blank(line[i]) && is_blank(line[i - 1])) continue;
        out.push_back(inside && line[i] == '\t' ? ' ' : line[i]);
      }
    }
    if (ended) out.push_back('\n');
  }
  return out;
}

Rewritten rewrite(model::Endpoint endpoint, std::string_view body, std::span<const config::RewriteRule> rules,
                  RuleMask mask) {
  Rewritten out;
  if (mask != 0) {
    Rewriter rewriter(endpoint, body);
    for (size_t i = 0; i < rules.size(); ++i) {
      if ((mask >> i & 1U) == 0 || !rewriter.apply(rules[i])) continue;
      out.rules += (out.rules.empty() ? "" : ",") + rules[i].id;
    }
    if (!out.rules.empty()) {
      out.body = rewriter.body();
      return out;
    }
  }
  out.body = body;
  return out;
}

} // namespace kairos::policy
