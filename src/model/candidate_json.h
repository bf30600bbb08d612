// Candidates as a receipt's JSON has them. They are nine tenths of its bytes, so whoever has their facts at hand writes
// them from there: no Candidate with its own copy of every text is made in between. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"
#include "model/receipt.h"

namespace kairos::model {

/// What a Candidate has, its texts as JSON that lives elsewhere.
struct CandidateView {
  std::string_view place; // candidate_place()
  std::optional<double> score = std::nullopt;
  std::optional<Picodollars> est_cost = std::nullopt;
  std::optional<double> quality = std::nullopt;
  std::optional<std::int64_t> est_latency_ms = std::nullopt;
  std::optional<int> rank = std::nullopt;
  std::string_view reasons{}; // strings with commas between them
  std::span<const Filter> filters{};
};

/// The JSON fields model_id, provider and region: the same for a target as long as it lives.
std::string candidate_place(std::string_view model_id, std::string_view provider, std::string_view region);

/// Appends one element of the receipt's array `candidates`, without a comma.
void append_candidate(std::string& out, const CandidateView& candidate);
void append_candidate(std::string& out, const Candidate& candidate);

/// json_head() with `candidates`, the array's elements with commas between them, in place of the receipt's own.
std::string json_head(const Receipt& receipt, std::string_view candidates);

} // namespace kairos::model
