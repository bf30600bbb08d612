// Prompt rewriting's part of a request (docs/rewriting.md). Rules depend on the model, so what is sent is made for each
// attempt from the client's own body. What the rules may add is in the input's bound before anything is reserved.
#include <algorithm>

#include "gateway/flight.h"
#include "policy/rewrite.h"
#include "tokens/counter.h"
#include "tokens/estimate.h"

namespace kairos::gateway {

std::uint32_t Flight::rewrite_mask(const config::Target& target) const {
  const auto& rules = snapshot_->routing.rewrite;
  if (rules.empty()) return 0;
  return policy::matching_rules(rules, receipt_.tenant, receipt_.classification.category, target.model->id);
}

/// Makes the body for these rules. nullopt: they change nothing, or what they made is no good request, and the client's
/// own is sent.
std::optional<Flight::Rewritten> Flight::rewritten(std::uint32_t mask) const {
  if (mask == 0) return std::nullopt;
  const model::Endpoint endpoint = receipt_.request.endpoint;
  policy::Rewritten done = policy::rewrite(endpoint, body_, snapshot_->routing.rewrite, mask);
  if (done.rules.empty()) return std::nullopt;
  auto parsed = providers::parse_client_request(endpoint, done.body);
  if (!parsed) return std::nullopt;
  return Rewritten{std::move(done.body), std::move(*parsed), std::move(done.rules)};
}

/// Before routing: whatever target is chosen, the bound holds for what is sent to it.
void Flight::cover_rewrites() {
  const std::span<const config::Target* const> named = snapshot_->targets_named(facts_.model);
  const auto cover = [this](const config::Target& target) {
    const std::uint32_t mask = rewrite_mask(target);
    if (mask == 0 || std::ranges::find(rewrites_, mask, &RewriteOutcome::mask) != rewrites_.end()) return;
    RewriteOutcome outcome{mask, std::nullopt};
    if (const auto made = rewritten(mask)) {
      outcome.record = model::Rewrite{made->rules, sha256_hex(body_), sha256_hex(made->body),
                                      tokens::estimate(made->request.text) - tokens::estimate(request_.text) +
                                          4 * (made->request.messages - request_.messages)};
      const std::int64_t bound = tokens::byte_bound(made->request.text) + bound_beside_text_ +
                                 tokens::framing_bound(made->request.messages) -
                                 tokens::framing_bound(request_.messages);
      facts_.input_tokens_bound = std::max(facts_.input_tokens_bound, bound);
    }
    rewrites_.push_back(std::move(outcome));
  };
  if (facts_.pinned()) {
    for (const config::Target* target : named) cover(*target);
  } else {
    for (const config::Target& target : snapshot_->targets) cover(target);
  }
}

/// What the receipt says of the prompt that goes to this target; nullopt: it is the client's own.
std::optional<model::Rewrite> Flight::rewrite_record(const config::Target& target) const {
  if (rewrites_.empty()) return std::nullopt;
  const auto found = std::ranges::find(rewrites_, rewrite_mask(target), &RewriteOutcome::mask);
  return found == rewrites_.end() ? std::nullopt : found->record;
}

std::optional<std::string> Flight::rewritten_body() const {
  if (receipt_.attempts.empty() || !receipt_.attempts.back().rewrite) return std::nullopt;
  const model::Attempt& last = receipt_.attempts.back();
  const auto asked = std::ranges::find_if(snapshot_->targets,
                                          [&](const config::Target& one) { return one.model->id == last.model_id; });
  if (asked == snapshot_->targets.end()) return std::nullopt;
  auto made = rewritten(rewrite_mask(*asked));
  return made ? std::optional(std::move(made->body)) : std::nullopt;
}

/// After routing: what the decision says of it.
void Flight::note_rewrite() {
  if (rewrites_.empty() || route_.chain.empty()) return;
  receipt_.decision.rewrite = rewrite_record(*route_.chain.front().target);
  receipt_.decision.prompt_rewritten = receipt_.decision.rewrite.has_value();
}

} // namespace kairos::gateway
