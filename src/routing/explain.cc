// What a receipt shows of a decision: every candidate with what speaks against it.
#include <algorithm>
#include <limits>

#include "model/candidate_json.h"
#include "model/json_writer.h"
#include "routing/field.h"

namespace kairos::routing {
namespace {

/// Of the first filter that fails, and of all behind it.
template <class Each>
void for_causes(const Entry& entry, Each&& each) {
  for (auto i = entry.causes.none() ? kCauseCount : static_cast<size_t>(entry.causes.first()); i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    if (entry.causes.has(cause)) each(cause);
  }
}

struct FailedFilters {
  explicit FailedFilters(const Entry& entry) {
    for_causes(entry, [&](Cause cause) {
      if (count == 0 || filters[count - 1] != filter_of(cause)) filters[count++] = filter_of(cause);
    });
  }
  std::span<const model::Filter> all() const { return std::span(filters).first(count); }

  std::array<model::Filter, model::kFilterNames.size()> filters{};
  size_t count = 0;
};

/// Why a candidate that passes all filters is no survivor; empty: it is one.
std::string_view passed_over(const Field& field, const Entry& entry) {
  if (!entry.causes.none() || entry.rank > 0) return {};
  return field.input.facts.pinned() ? "the request asks for another model"
                                    : "would do, but the budget refuses instead of downgrading";
}

/// `text` is for use inside.
template <class Each>
void for_reasons(const Field& field, const Entry& entry, std::string& text, Each&& each) {
  for_causes(entry, [&](Cause cause) {
    text.clear();
    append_text(text, field, entry, cause);
    each(text);
  });
  if (const std::string_view reason = passed_over(field, entry); !reason.empty()) each(reason);
}

model::Candidate candidate_of(const Field& field, const Entry& entry, std::string& text) {
  const config::Target& target = *entry.target;
  model::Candidate candidate;
  candidate.model_id = target.model->id;
  candidate.provider = target.provider->id;
  candidate.region = target.endpoint->region;
  candidate.est_cost = entry.est_cost;
  candidate.quality = entry.quality;
  candidate.est_latency_ms = entry.latency_ms();
  if (entry.rank > 0) {
    candidate.rank = entry.rank;
    candidate.score = entry.score;
  }
  for_reasons(field, entry, text, [&](std::string_view reason) { candidate.reasons.emplace_back(reason); });
  const FailedFilters failed(entry);
  candidate.filters.assign(failed.all().begin(), failed.all().end());
  return candidate;
}

/// The same as JSON. `reasons` and `text` are for use inside.
void write_candidate(std::string& out, const Field& field, const Entry& entry, std::string_view place,
                     std::string& reasons, std::string& text) {
  reasons.clear();
  for_reasons(field, entry, text, [&](std::string_view reason) {
    if (!reasons.empty()) reasons.push_back(',');
    model::append_json_string(reasons, reason);
  });
  const FailedFilters failed(entry);
  model::CandidateView view{.place = place,
                            .est_cost = entry.est_cost,
                            .quality = entry.quality,
                            .est_latency_ms = entry.latency_ms(),
                            .reasons = reasons,
                            .filters = failed.all()};
  if (entry.rank > 0) {
    view.rank = entry.rank;
    view.score = entry.score;
  }
  model::append_candidate(out, view);
}

std::string reason_of(const RouteOutcome& outcome) {
  return outcome.refusal ? outcome.refusal->message : reason_of_choice(*outcome.field);
}

std::vector<std::pair<std::string, std::int64_t>> count_omitted(std::span<const Entry* const> omitted) {
  std::array<std::int64_t, model::kFilterNames.size() + 1> counts{};
  for (const Entry* entry : omitted) {
    const Causes& causes = entry->causes;
    ++counts[causes.none() ? model::kFilterNames.size() : static_cast<size_t>(filter_of(causes.first()))];
  }
  std::vector<std::pair<std::string, std::int64_t>> result;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    result.emplace_back(i < model::kFilterNames.size() ? model::kFilterNames[i] : "survived", counts[i]);
  }
  return result;
}

/// Calls `each` for every candidate that is shown, with all that is known of it; returns the counts of the others.
template <class Each>
std::vector<std::pair<std::string, std::int64_t>> list_candidates(const Field& field, const AtHand& at_hand,
                                                                  Each&& each) {
  const std::vector<const Entry*> all = by_relevance(field, at_hand, model::kMaxCandidates);
  const size_t shown = std::min(all.size(), model::kMaxCandidates);
  for (size_t i = 0; i < shown; ++i) {
    if (all[i]->complete) {
      each(*all[i]);
      continue;
    }
    Entry entry = *all[i];
    complete(field, at_hand.of(entry), entry);
    each(entry);
  }
  return count_omitted(std::span(all).subspan(shown));
}

bool may_clamp(const Field& field) {
  return std::ranges::any_of(field.input.budgets.headrooms, [](const model::BudgetHeadroom& budget) {
    return budget.on_exceed == model::OnExceed::kClamp;
  });
}

/// The estimate that complete() would set, or the most there is: a clamp shortens the answer, and that changes it.
std::int64_t estimate_or_most(const Field& field, const Brief& brief, const Entry& entry, bool clamps) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (entry.complete) return entry.est_cost ? entry.est_cost->value() : kMost;
  if (!clamps) {
    Picodollars cost;
    return estimate(field, brief, entry, cost) ? cost.value() : kMost;
  }
  Entry completed = entry;
  complete(field, brief, completed);
  return completed.est_cost ? completed.est_cost->value() : kMost;
}

} // namespace

std::vector<const Entry*> by_relevance(const Field& field, const AtHand& at_hand, size_t shown) {
  // Asked for by name before others, then those that got further, then the cheaper ones, then by their place: all in
  // one number, since dozens of these are compared with each other.
  std::vector<unsigned __int128> keys;
  keys.reserve(field.entries.size());
  const bool clamps = may_clamp(field);
  for (const Entry& entry : field.entries) {
    if (entry.rank > 0) continue;
    constexpr std::uint64_t kPassedAll = model::kFilterNames.size();
    const std::uint64_t got_to =
        entry.causes.none() ? kPassedAll : static_cast<std::uint64_t>(filter_of(entry.causes.first()));
    const std::uint64_t group = (entry.pinned ? 0 : kPassedAll + 1) + kPassedAll - got_to;
    const std::int64_t shown_cost = estimate_or_most(field, at_hand.of(entry), entry, clamps);
    const std::uint64_t cost = static_cast<std::uint64_t>(shown_cost) ^ 1ULL << 63; // negative ones first
    const auto place = static_cast<std::uint32_t>(&entry - field.entries.data());
    keys.push_back(static_cast<unsigned __int128>(group << 32 | cost >> 32) << 64 | (cost << 32 | place));
  }
  std::vector<const Entry*> all(field.survivors.begin(), field.survivors.end());
  all.reserve(field.entries.size());
  const auto wanted = static_cast<std::ptrdiff_t>(std::min(keys.size(), shown - std::min(shown, all.size())));
  std::ranges::nth_element(keys, keys.begin() + wanted);
  std::sort(keys.begin(), keys.begin() + wanted);
  for (const auto& key : keys) all.push_back(&field.entries[static_cast<std::uint32_t>(key)]);
  return all;
}

Explanation explain(const RouteOutcome& outcome) {
  const Field& field = *outcome.field;
  const AtHand at_hand(field.input);
  Explanation explanation;
  explanation.reason = reason_of(outcome);
  explanation.candidates.reserve(model::kMaxCandidates);
  std::string text;
  explanation.omitted = list_candidates(
      field, at_hand, [&](const Entry& entry) { explanation.candidates.push_back(candidate_of(field, entry, text)); });
  return explanation;
}

WrittenExplanation explain_written(const RouteOutcome& outcome) {
  const Field& field = *outcome.field;
  const AtHand at_hand(field.input);
  WrittenExplanation explanation;
  explanation.reason = reason_of(outcome);
  std::string& out = explanation.candidates;
  out.reserve(model::kMaxCandidates * 320);
  std::string reasons, text;
  explanation.omitted = list_candidates(field, at_hand, [&](const Entry& entry) {
    if (!out.empty()) out.push_back(',');
    const std::string_view place = at_hand.briefs.place(entry.place);
    write_candidate(out, field, entry, place, reasons, text);
  });
  return explanation;
}

} // namespace kairos::routing
