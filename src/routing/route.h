// route: which model serves a request, and why. A pure function: the same input gives the same outcome; no clock, no
// socket, no randomness. Any thread. Filters, formula, floors, strategies and examples: docs/routing.md.
// Tested by tests/cases/route/*.route.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "config/snapshot.h"
#include "model/category.h"
#include "model/receipt.h"
#include "model/request.h"
#include "model/views.h"

namespace kairos::routing {

/// Version of the rules in this folder: the receipt's decision.router_version.
inline constexpr std::string_view kRouterVersion = "rules-2026.11.1";

/// The references must live during the call only; the outcome points into `snapshot`.
struct RouteInput {
  const model::RequestFacts& facts;
  const model::Classification& classification;
  const config::Snapshot& snapshot;
  const config::Tenant& tenant;
  const config::ApiKey& key;
  const model::Health& health;
  const model::Budgets& budgets;
  WallTime now;
  /// Provider dialects that the gateway can speak for this request, by model::Dialect.
  std::array<bool, model::kDialectNames.size()> dialects{true, true, true, true};
  /// A bound on the input for one target that is tighter than facts.input_tokens_bound; nullopt: there is none. Empty:
  /// it was not counted, since that costs more than a decision. Lives as long as the outcome.
  std::function<std::optional<std::int64_t>(const config::Target&)> counted_input{};
  /// Responses may go to providers of OpenAI's dialect that have chat completions only: the gateway translates them.
  bool responses_as_chat = false;
};

/// A survivor of all filters: somewhere to send the request.
struct Choice {
  const config::Target* target = nullptr; // model, provider, endpoint; upstream id: target->model->upstream_id
  std::int64_t max_output_tokens = 0;     // to be sent upstream; at most the model's limit
  bool clamped = false;                   // … and shrunk to what a budget affords
  std::optional<Picodollars> worst_case;  // of one attempt; nullopt: no price is known
  std::optional<Picodollars> est_cost;
  const catalog::PriceRow* price = nullptr; // the row of the estimate; nullptr: none
  std::int64_t expected_output = 0;         // tokens of one answer, as the estimate has it
  bool better = false; // of higher quality than all before it in the chain: where a cascade goes on
};

enum class RefusalKind : std::uint8_t {
  kUnknownModel, // the pinned model is not known, or no configured provider has it
  kNoModelsAvailable,
  kBudgetExceeded,
  kCostGuardrailExceeded,
};
/// The error code on the wire; unknown models are "model_not_found".
std::string_view error_code(RefusalKind kind);

struct RouteRefusal {
  RefusalKind kind = RefusalKind::kNoModelsAvailable;
  std::string message;   // for a person: each candidate's first reason, or the budget and what is left of it
  std::string budget_id; // of kBudgetExceeded
};

struct Field; // what is known of every target, in numbers

struct RouteOutcome {
  model::Decision decision;   // without its reason; of a refusal: model_id is empty
  std::string privacy_policy; // in force: "none", "deny_training", "zdr"
  std::int64_t privacy_dropped = 0;
  std::vector<Choice> chain;           // what to try, in this order; empty: refused
  std::optional<RouteRefusal> refusal; // set if and only if `chain` is empty
  std::shared_ptr<const Field> field;  // for explain()
  /// A budget or a limit for one request refused, clamped, or gave way to another model than the one wished for: then a
  /// tighter bound on the input (RouteInput::counted_input) may give another outcome.
  bool squeezed = false;
};

RouteOutcome route(const RouteInput& input);

/// The upper bound of what one attempt costs; nullopt: no price is known.
std::optional<Picodollars> worst_case(const RouteInput& input, const Choice& choice);

struct Explanation {
  std::string reason; // one sentence for a person: decision.reason
  /// Survivors by rank, then the filtered ones by how far they got; at most kMaxCandidates.
  std::vector<model::Candidate> candidates;
  std::vector<std::pair<std::string, std::int64_t>> omitted; // by filter, of the rest
};
/// Apart from route(), since a decision takes a few microseconds and its texts several times that: whoever writes the
/// receipt makes them. All that the input of route() referred to must still live.
Explanation explain(const RouteOutcome& outcome);

/// The same for a receipt that is only to be written.
struct WrittenExplanation {
  std::string reason;
  std::string candidates; // for model::json_head(): the elements of the receipt's array
  std::vector<std::pair<std::string, std::int64_t>> omitted;
};
WrittenExplanation explain_written(const RouteOutcome& outcome);

} // namespace kairos::routing
