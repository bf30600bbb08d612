#include "ledger/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "ledger/number.h"

namespace kairos::ledger {
namespace {

using LineKey = std::tuple<WallTime, WallTime, std::string, std::string>; // from, to, model, request id
using ReconcileLines = std::map<LineKey, ReconcileLine>;
using Buckets = std::map<WallTime, WallTime>; // from → to

ReconcileLine& line_at(ReconcileLines& lines, WallTime from, WallTime to, const std::string& model,
                       const std::string& request_id) {
  ReconcileLine& line = lines[{from, to, model, request_id}];
  line.from = from;
  line.to = to;
  line.model = model;
  line.request_id = request_id;
  return line;
}

void add(std::optional<TokenSums>& sums, const TokenSums& more) {
  if (!sums) sums.emplace();
  sums->input += more.input;
  sums->cache_read += more.cache_read;
  sums->cache_write += more.cache_write;
  sums->output += more.output;
}

void add_theirs(ReconcileLines& lines, const UsageRow& row) {
  // A request id is the whole identity: times of both sides differ by the network.
  ReconcileLine& line = row.request_id.empty() ? line_at(lines, row.from, row.to, row.model, "")
                                               : line_at(lines, WallTime{}, WallTime{}, "", row.request_id);
  ++line.their_rows;
  line.their_requests += row.requests;
  if (!row.request_id.empty()) line.model = row.model;
  if (row.tokens) add(line.theirs, *row.tokens);
  if (row.cost) line.their_cost = line.their_cost.value_or(0) + *row.cost;
}

void add_ours(ReconcileLine& line, const model::Attempt& attempt) {
  const bool first = line.our_requests == 0;
  ++line.our_requests;
  add(line.ours, token_sums(attempt.usage));
  if (!attempt.cost) {
    line.our_cost.reset();
  } else if (first || line.our_cost) {
    line.our_cost = line.our_cost.value_or(0) + attempt.cost->value();
  }
}

/// The name under which the export knows the model of this attempt in that bucket, or the provider's own name for it.
std::string model_in(const ReconcileLines& lines, WallTime from, WallTime to, const model::Attempt& attempt) {
  std::string own = attempt.response_model.empty() ? attempt.model_id : attempt.response_model;
  for (const std::string& model : {own, attempt.model_id, std::string()}) {
    if (lines.contains({from, to, model, ""})) return model;
  }
  return own;
}

class Matcher {
public:
  Matcher(std::span<const UsageRow> theirs, const ReconcileOptions& options) : options_(options) {
    std::set<UsageRow> seen; // of those with request ids
    for (const UsageRow& row : theirs) {
      if (!options.only_keys.empty() && !row.key_id.empty() && !options.only_keys.contains(row.key_id)) {
        ++report_.other_keys;
        continue;
      }
      if (!row.request_id.empty() && !seen.insert(row).second) {
        ++report_.repeated;
        continue;
      }
      by_request_ |= !row.request_id.empty();
      if (row.request_id.empty()) buckets_[row.from] = std::max(buckets_[row.from], row.to);
      window_from_ = std::min(window_from_, row.from);
      window_to_ = std::max(window_to_, row.request_id.empty() ? row.to : row.from);
      add_theirs(lines_, row);
    }
  }

  void add_attempt(const model::Attempt& attempt) {
    const bool counted = attempt.usage.input_total() + attempt.usage.output_total() > 0;
    if (attempt.provider != options_.provider) return;
    if (by_request_ && !attempt.response_id.empty() &&
        lines_.contains({WallTime{}, WallTime{}, "", attempt.response_id})) {
      return add_ours(line_at_request(attempt), attempt); // one of unknown usage too: the provider knows it
    }
    if (!counted) return;
    if (attempt.started_at < window_from_ || attempt.started_at > window_to_) {
      ++report_.outside;
      return;
    }
    const auto after = buckets_.upper_bound(attempt.started_at);
    if (after != buckets_.begin() && attempt.started_at < std::prev(after)->second) {
      const auto [from, to] = *std::prev(after);
      return add_ours(line_at(lines_, from, to, model_in(lines_, from, to, attempt), ""), attempt);
    }
    add_ours(by_request_ ? line_at_request(attempt) : line_at(lines_, window_from_, window_to_, attempt.model_id, ""),
             attempt);
  }

  ReconcileReport finish() {
    bool cost_known = true;
    PicoSum cost_drift = 0;
    for (auto& [key, line] : lines_) {
      if (line.theirs || line.ours) {
        const bool tokens = line.theirs.has_value() || !line.their_cost;
        if (tokens)
          report_.token_drift += line.theirs.value_or(TokenSums{}).total() - line.ours.value_or(TokenSums{}).total();
      }
      if (line.their_cost && (line.our_cost || line.our_requests == 0)) {
        cost_drift += *line.their_cost - line.our_cost.value_or(0);
      } else {
        cost_known = false;
      }
      list_for(line).push_back(line);
    }
    if (cost_known && !lines_.empty()) report_.cost_drift = cost_drift;
    return std::move(report_);
  }

private:
  ReconcileLine& line_at_request(const model::Attempt& attempt) {
    ReconcileLine& line = line_at(lines_, WallTime{}, WallTime{}, "", attempt.response_id);
    line.model = attempt.model_id;
    line.from = line.to = attempt.started_at;
    return line;
  }

  std::vector<ReconcileLine>& list_for(const ReconcileLine& line) {
    if (line.our_requests == 0) return report_.only_theirs;
    if (!line.theirs && !line.their_cost) return report_.only_ours;
    const bool tokens = !line.theirs || line.theirs == line.ours;
    const bool cost = !line.their_cost || line.their_cost == line.our_cost;
    const bool requests = line.their_requests == 0 || line.their_requests == line.our_requests;
    return tokens && cost && requests ? report_.equal : report_.drifting;
  }

  const ReconcileOptions& options_;
  ReconcileReport report_;
  ReconcileLines lines_;
  Buckets buckets_;
  bool by_request_ = false;
  WallTime window_from_ = WallTime::max();
  WallTime window_to_ = WallTime::min();
};

std::string tokens_text(const std::optional<TokenSums>& sums) {
  if (!sums) return "no tokens";
  return fmt::format("input {} cache read {} cache write {} output {}", decimal(sums->input, 0),
                     decimal(sums->cache_read, 0), decimal(sums->cache_write, 0), decimal(sums->output, 0));
}

std::string cost_text(const std::optional<PicoSum>& cost) { return cost ? usd_sum(*cost) + " USD" : "no cost"; }

void append_lines(std::string& out, std::string_view title, const std::vector<ReconcileLine>& lines) {
  for (const ReconcileLine& line : lines) {
    const std::string where = line.request_id.empty() ? fmt::format("{} to {} {}", to_rfc3339(line.from).substr(0, 19),
                                                                    to_rfc3339(line.to).substr(0, 19),
                                                                    line.model.empty() ? "all models" : line.model)
                                                      : fmt::format("request {} {}", line.request_id, line.model);
    out += fmt::format("{}: {}\n", title, where);
    if (line.theirs || line.their_cost)
      out += fmt::format("  provider: {} requests, {}, {}\n", line.their_requests, tokens_text(line.theirs),
                         cost_text(line.their_cost));
    if (line.our_requests > 0)
      out += fmt::format("  receipts: {} requests, {}, {}\n", line.our_requests, tokens_text(line.ours),
                         cost_text(line.our_cost));
  }
}

} // namespace

TokenSums token_sums(const model::Usage& usage) {
  using model::Meter;
  TokenSums sums;
  sums.cache_read = Int128{usage[Meter::kCacheRead]} + usage[Meter::kCacheReadAudio] + usage[Meter::kCacheReadImage];
  sums.cache_write = Int128{usage[Meter::kCacheWrite]} + usage[Meter::kCacheWrite1h];
  sums.input = Int128{usage.input_total()} - sums.cache_read - sums.cache_write;
  sums.output = usage.output_total();
  return sums;
}

ReconcileReport reconcile(std::span<const UsageRow> theirs, std::span<const model::Receipt> ours,
                          const ReconcileOptions& options) {
  Matcher matcher(theirs, options);
  for (const model::Receipt& receipt : ours) {
    for (const model::Attempt& attempt : receipt.attempts) matcher.add_attempt(attempt);
  }
  return matcher.finish();
}

std::string to_text(const ReconcileReport& report) {
  std::string out =
      fmt::format("equal {}, drifting {}, only at the provider {}, only in receipts {}\n", report.equal.size(),
                  report.drifting.size(), report.only_theirs.size(), report.only_ours.size());
  out += fmt::format("drift (provider - receipts): {} tokens, {}\n", decimal(report.token_drift, 0),
                     report.cost_drift ? usd_sum(*report.cost_drift) + " USD" : "USD not known on both sides");
  if (report.other_keys > 0)
    out += fmt::format("left out: {} export rows of keys that are not ours\n", report.other_keys);
  if (report.repeated > 0)
    out += fmt::format("left out: {} export rows that repeat a request id's row\n", report.repeated);
  if (report.outside > 0) out += fmt::format("left out: {} attempts outside the time of the export\n", report.outside);
  append_lines(out, "drifting", report.drifting);
  append_lines(out, "only at the provider", report.only_theirs);
  append_lines(out, "only in receipts", report.only_ours);
  return out;
}

} // namespace kairos::ledger
