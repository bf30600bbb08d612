// What came of the replays of a run, and their sums per model. A sum that misses an amount is unknown (null), never
// what the known ones add up to.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/money.h"
#include "model/json_writer.h"

namespace kairos::api {

/// One receipt asked again of one model.
struct RunOutcome {
  std::string receipt_id;
  size_t model = 0;         // index into the run's models
  std::string_view outcome; // replayed, skipped, failed
  std::string why;
  std::string replay_receipt_id; // empty: nothing was asked
  std::optional<Picodollars> cost;
  std::optional<Picodollars> cost_before;
  std::optional<std::int64_t> latency_ms;
  std::optional<std::int64_t> latency_before;
  std::optional<bool> equal;
};

/// Of texts that may be missing: null where empty.
void text_or_null(model::JsonWriter& json, std::string_view key, std::string_view text);
void write_outcome(model::JsonWriter& json, const RunOutcome& one, const std::string& model_id);
/// The object of this model in "per_model": costs of all that was asked, original costs of what was replayed.
void write_model_sums(model::JsonWriter& json, std::span<const RunOutcome> outcomes, size_t model,
                      const std::string& model_id);

} // namespace kairos::api
