// A provider's own usage export against our receipts, at the export's granularity: what only one side knows, and how
// far tokens and USD drift apart. Pure. Shapes read: OpenAI organization usage (completions, embeddings) and costs,
// JSON; Anthropic usage_report/messages and cost_report, JSON; CSV of either with one header line (docs/ledger.md
// lists the columns).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "base/result.h"
#include "model/receipt.h"

namespace kairos::ledger {

enum class ExportProvider : std::uint8_t { kOpenAi, kAnthropic };

/// Token sums; input without cached tokens.
struct TokenSums {
  Int128 input = 0;
  Int128 cache_read = 0;
  Int128 cache_write = 0;
  Int128 output = 0; // reasoning included
  auto operator<=>(const TokenSums&) const = default;
  Int128 total() const { return input + cache_read + cache_write + output; }
};

/// Ours, in the export's classes.
TokenSums token_sums(const model::Usage& usage);

/// One line of the provider's export.
struct UsageRow {
  WallTime from{};
  WallTime to{};
  std::string model;      // empty: the export does not say
  std::string key_id;     // the provider's id of its API key; empty: not said
  std::string request_id; // empty in aggregates
  std::int64_t requests = 0;
  std::optional<TokenSums> tokens; // nullopt in cost exports
  std::optional<PicoSum> cost;     // nullopt in usage exports
  auto operator<=>(const UsageRow&) const = default;
};

Result<std::vector<UsageRow>> parse_usage_export(ExportProvider provider, std::string_view text);

struct ReconcileOptions {
  std::string provider;            // as in receipts: attempts of others are left out
  std::set<std::string> only_keys; // provider keys that KairosRoute uses; empty: all
};

/// One bucket × model (or one request id) on both sides.
struct ReconcileLine {
  WallTime from{};
  WallTime to{};
  std::string model;
  std::string request_id;
  std::int64_t their_rows = 0; // of the export; more than one for a request id are summed, but say nothing certain
  std::int64_t their_requests = 0;
  std::int64_t our_requests = 0;
  std::optional<TokenSums> theirs; // nullopt: not in the export
  std::optional<TokenSums> ours;   // nullopt: no receipt
  std::optional<PicoSum> their_cost;
  std::optional<PicoSum> our_cost; // nullopt: none, or unknown in part
};

struct ReconcileReport {
  std::vector<ReconcileLine> equal;
  std::vector<ReconcileLine> drifting; // on both sides, not equal
  std::vector<ReconcileLine> only_theirs;
  std::vector<ReconcileLine> only_ours;
  std::int64_t other_keys = 0; // export rows of keys that are not ours
  std::int64_t repeated = 0;   // export rows that repeat another one of the same request id: left out
  std::int64_t outside = 0;    // attempts of the provider outside the export's time
  Int128 token_drift = 0;      // theirs − ours, over all lines
  std::optional<PicoSum> cost_drift;
};

/// Rows with request ids are matched by response id, all others by bucket and model (a dated snapshot of a model counts
/// as the model the provider reported). Attempts that are not counted on the provider's side (no usage, no answer)
/// are left out.
ReconcileReport reconcile(std::span<const UsageRow> theirs, std::span<const model::Receipt> ours,
                          const ReconcileOptions& options);
/// For a terminal: a summary, then each line that is not equal.
std::string to_text(const ReconcileReport& report);

} // namespace kairos::ledger
