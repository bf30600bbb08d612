// Replay: a receipt's request, asked again. Preparing it and telling what came of it; the asking itself is the
// gateway's (gateway/in_process.h), so that a replay is a request like any other: of a key, under its budgets, with a
// receipt.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/content_access.h"
#include "content/kept.h"
#include "gateway/in_process.h"

namespace kairos::api {

/// What the asker wants of it.
struct ReplayWish {
  std::string model_id;                                       // empty: as it was asked
  std::vector<std::pair<std::string, std::string>> overrides; // member of the body → its JSON; "null" takes it out
  std::optional<std::string> body;                            // where it is not kept
  bool allow_tools = false;
  std::optional<Picodollars> max_cost; // of this one
};
Result<ReplayWish> parse_replay_wish(std::string_view body);

/// Why it cannot be asked again; `status` as HTTP has it.
struct ReplayRefusal {
  int status = 422;
  std::string message;
};

struct PreparedReplay {
  model::Receipt original;
  std::optional<content::Kept> kept; // of the original, for its output
  std::string why_no_output;         // where it is not kept
  gateway::InProcessRequest request;
};

/// Blocks: for workers. Finds receipt and content, checks that the asker may, and makes the request.
std::expected<PreparedReplay, ReplayRefusal> prepare_replay(const ApiContext& context, const Request& request,
                                                            const std::string& receipt_id, const ReplayWish& wish);

/// The request's bytes with `model` and the overrides in them; all else stays byte for byte. kInvalid: not an object.
Result<std::string> with_overrides(std::string_view body, const std::string& model_id,
                                   const std::vector<std::pair<std::string, std::string>>& overrides);

/// What came of it.
struct ReplayOutcome {
  std::optional<std::string> before; // outputs
  std::optional<std::string> after;
  std::optional<Picodollars> cost_before;
  std::optional<Picodollars> cost_after;
  std::optional<bool> equal() const { return before && after ? std::optional(*before == *after) : std::nullopt; }
};
ReplayOutcome outcome_of(const PreparedReplay& prepared, const gateway::InProcessAnswer& answer, bool charged_only);
std::string replay_json(const PreparedReplay& prepared, const gateway::InProcessAnswer& answer, bool charged_only);

} // namespace kairos::api
