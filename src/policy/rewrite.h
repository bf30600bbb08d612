// Prompt rewriting by an operator's rules (docs/rewriting.md): the texts of a client's body are edited in place, all
// other bytes stay as they were. Pure; time and memory are linear in the body and what the rules add.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/policies.h"
#include "model/enums.h"

namespace kairos::policy {

/// Bit i: rules[i] applies.
using RuleMask = std::uint32_t;

/// The rules that apply to a tenant's request of this category when it goes to this model.
RuleMask matching_rules(std::span<const config::RewriteRule> rules, std::string_view tenant, model::Category category,
                        std::string_view model_id);

struct Rewritten {
  std::string body;
  std::string rules; // ids of those that changed something, joined by commas; empty: none, and the body is as it was
};

/// Applies the rules of `mask` in their order. A replacement that would let the text grow by more than kMaxGrowth is
/// left out.
Rewritten rewrite(model::Endpoint endpoint, std::string_view body, std::span<const config::RewriteRule> rules,
                  RuleMask mask);

inline constexpr size_t kMaxGrowth = 256 * 1024;
/// Shorter paragraphs are never dropped as duplicates.
inline constexpr size_t kLongParagraph = 200;

// The parts, for tests.
/// Blanks at the ends of lines go, runs of them inside become one, three line ends or more become two. Indentation and
/// what stands between lines that begin with ``` stay.
std::string collapse_whitespace(std::string_view text);

} // namespace kairos::policy
