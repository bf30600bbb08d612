// The receipt: what was asked, which models were considered, why one won, what happened and what it cost.
// One is made when a request is authenticated, filled while it lives, and handed to the journal once.
// Field names on the wire: docs/receipt.schema.json; JSON both ways: receipt_json.h.
// `sequence` and the hashes are not part of the stored bytes: the journal assigns them at CLOSE.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "model/category.h"
#include "model/enums.h"
#include "model/meter.h"

namespace kairos::model {

inline constexpr std::string_view kReceiptSchema = "kairosroute.receipt/1";
inline constexpr size_t kMaxCandidates = 32;
inline constexpr size_t kMaxTags = 16;
inline constexpr size_t kMaxTagKey = 64;
inline constexpr size_t kMaxTagValue = 256;

struct TraceIds {
  std::string trace_id;       // 32 hex digits
  std::string span_id;        // 16: the receipt's own span
  std::string parent_span_id; // 16, or empty
  bool sampled = true;        // for export only; receipts are never sampled
};

struct RequestSummary {
  Endpoint endpoint = Endpoint::kChatCompletions;
  std::string model; // as asked
  bool pinned = false;
  bool stream = false;
  std::int64_t input_tokens_est = 0;
  std::optional<std::int64_t> max_output_tokens;
  bool has_tools = false;
  bool has_images = false;
  std::string fingerprint; // keyed hash of the body
};

struct PrivacySummary {
  std::string policy;                                         // "none", "deny_training", "zdr", …
  std::vector<std::pair<std::string, std::int64_t>> detected; // kind → count, never values
  std::int64_t dropped = 0;                                   // candidates dropped for privacy
  std::string action; // what detection led to: "report", "narrow", "redact", "refuse"; empty: nothing detected
};

struct Candidate {
  std::string model_id;
  std::string provider;
  std::string region;
  std::optional<double> score; // absent if filtered out
  std::optional<Picodollars> est_cost;
  std::optional<double> quality;
  std::optional<std::int64_t> est_latency_ms;
  std::optional<int> rank; // 1 = chosen
  std::vector<std::string> reasons;
  std::vector<Filter> filters; // every filter that fails; the first is `filtered_out_by`
};

struct Rewrite {
  std::string rule;
  std::string before_sha256;
  std::string after_sha256;
  std::int64_t tokens_diff = 0; // estimated: after less before
};

struct Decision {
  std::string model_id; // empty: nothing could be chosen
  std::string provider;
  std::string region;
  std::string strategy;
  std::vector<std::string> fallback_chain; // model ids, survivors of the filters only
  bool prompt_rewritten = false;
  std::string reason; // one sentence for a person
  std::string router_version;
  std::string policy_version;
  std::optional<Rewrite> rewrite;
};

/// Outcome of one attempt: "success", "error", "timeout", "cancelled", "interrupted".
struct Attempt {
  int index = 0;
  std::string model_id;
  std::string provider;
  std::string region;
  WallTime started_at{};
  std::optional<std::int64_t> ttft_ms;
  std::int64_t latency_ms = 0;
  std::string status;
  std::optional<int> http_status;
  std::string error_type; // low cardinality: "connect", "timeout", "429", …; empty on success
  std::string response_model;
  std::string response_id;
  Usage usage;
  std::optional<Picodollars> cost; // nullopt: unknown
  AttemptReason reason = AttemptReason::kFirst;
  std::string escalated_for;      // the check of a cascade that its answer did not pass: "length", "refusal", …
  std::string span_id;            // 16 hex digits
  std::optional<Rewrite> rewrite; // of the prompt that this attempt sent
  bool byok = false;              // sent with the tenant's own key: the provider bills the tenant
};

struct CostLine {
  int attempt = 0;
  std::string meter;
  std::int64_t quantity = 0;
  std::optional<UnitPrice> unit_price; // nullopt: no price is known
  std::optional<Picodollars> cost;     // nullopt: unknown
  std::optional<Picodollars> charged =
      std::nullopt; // by the price plan of a reseller's tenant; nullopt: no plan, or unknown
};

struct Cost {
  std::vector<CostLine> lines;
  std::string price_version;
  CostBasis basis = CostBasis::kMetered;
  std::optional<Picodollars> total;   // nullopt if any line is unknown
  std::optional<Picodollars> charged; // what a reseller's tenant is charged, by its price plan
  bool byok = false; // the tenant's own provider keys paid for all that cost anything: billed 0, effective cost kept
};

struct Execution {
  std::string model_id;
  std::string provider;
  std::string region;
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> ttft_ms;
  std::int64_t overhead_us = 0; // time in KairosRoute itself
  Status status = Status::kSuccess;
  std::string finish_reason;
  int http_status = 0; // what the client got; 0: nothing
  EndedBy ended_by = EndedBy::kProvider;
  std::string error_code; // for refusals and errors: "budget_exceeded", …
  std::string error_message;
};

struct CacheSummary {
  bool hit = false;
  std::string kind; // "exact", "semantic"; empty without a hit
  std::optional<Picodollars> avoided_cost;
  std::string source_receipt_id;
};

/// The budget that decided, or the tightest of those that applied.
struct BudgetSummary {
  std::string id;
  std::string state; // "ok", "warn", "blocked"
  Picodollars reserved;
  Picodollars cap;
  Picodollars spent_before;
  Picodollars overrun; // true cost above the reservation
};

/// What this receipt takes from one budget in one period; folding these over the journal gives every budget counter.
struct BudgetCharge {
  std::string budget_id;
  std::string period; // "2026-11", "2026-11-23" or "total"
  Picodollars amount; // in the budget's own measure: cost, or what the tenant is charged
};

struct Savings {
  std::string baseline_model_id;
  std::optional<Picodollars> baseline_cost;
  std::optional<Picodollars> savings; // may be negative
};

struct Replay {
  std::string of;      // receipt id
  std::string content; // "stored", "supplied"
};

struct Receipt {
  std::string receipt_id;
  std::string node_id;
  WallTime created_at{};
  WallTime completed_at{};
  std::string tenant;
  std::string workflow;
  std::string api_key_id;
  std::string end_user;
  std::vector<std::pair<std::string, std::string>> tags;
  TraceIds trace;
  RequestSummary request;
  Classification classification;
  PrivacySummary privacy;
  std::vector<Candidate> candidates;                         // at most kMaxCandidates …
  std::vector<std::pair<std::string, std::int64_t>> omitted; // … and counts per filter for the rest ("survived" too)
  Decision decision;
  std::vector<Attempt> attempts;
  Usage usage; // over all attempts
  Cost cost;
  Execution execution;
  std::optional<CacheSummary> cache;
  std::optional<BudgetSummary> budget;
  std::vector<BudgetCharge> budget_charges;
  std::optional<Savings> savings;
  std::optional<Replay> replay;
  std::optional<ContentPolicy> content; // what was to be kept of prompt and answer; nullopt: nothing
  std::int64_t count = 1;               // > 1: this many equal refusals of one key were coalesced into this receipt
};

/// Assigned by the journal at CLOSE; added to the JSON when a receipt is read for someone who may see it.
struct Integrity {
  std::uint64_t sequence = 0;
  std::string prev_hash; // 64 hex digits
  std::string hash;
};

} // namespace kairos::model
