// A run's sums per model: unknown is null, never 0 and never what the known amounts add up to.
#include "api/replay_sums.h"

#include <gtest/gtest.h>

#include <vector>

namespace kairos::api {
namespace {

RunOutcome replayed(size_t model, std::optional<std::int64_t> cost, std::optional<std::int64_t> before) {
  const auto picodollars = [](std::optional<std::int64_t> amount) {
    return amount ? std::optional(Picodollars(*amount)) : std::nullopt;
  };
  return {"r", model, "replayed", "", "again", picodollars(cost), picodollars(before), 5, 7, true};
}

std::string sums(const std::vector<RunOutcome>& outcomes, size_t model) {
  std::string out;
  model::JsonWriter json(out);
  write_model_sums(json, outcomes, model, "m");
  return out;
}

TEST(ReplaySums, KnownAmountsAddUpPerModel) {
  const std::vector<RunOutcome> outcomes = {replayed(0, 1'000'000'000'000, 2), replayed(0, 500'000'000'000, 1),
                                            replayed(1, std::nullopt, 1)};
  EXPECT_EQ(sums(outcomes, 0), R"({"model_id":"m","replayed":2,"equal":2,"skipped":0,"failed":0,)"
                               R"("cost_usd":"1.5","original_cost_usd":"0.000000000003"})");
}

TEST(ReplaySums, OneUnknownAmountMakesTheSumUnknown) {
  for (const bool unknown_first : {true, false}) {
    std::vector<RunOutcome> outcomes = {replayed(0, std::nullopt, 3), replayed(0, 4, std::nullopt)};
    if (!unknown_first) std::swap(outcomes[0], outcomes[1]);
    EXPECT_EQ(sums(outcomes, 0), R"({"model_id":"m","replayed":2,"equal":2,"skipped":0,"failed":0,)"
                                 R"("cost_usd":null,"original_cost_usd":null})");
  }
}

TEST(ReplaySums, NothingAskedIsAKnownNothing) {
  RunOutcome skipped{"r", 0, "skipped", "its content is not kept", "", {}, {}, {}, {}, {}};
  EXPECT_EQ(sums({skipped}, 0), R"({"model_id":"m","replayed":0,"equal":0,"skipped":1,"failed":0,)"
                                R"("cost_usd":"0","original_cost_usd":"0"})");
}

TEST(ReplaySums, WhatFailedAfterItWasAskedMayHaveCost) {
  RunOutcome failed{"r", 0, "failed", "the answer broke off", "again", {}, Picodollars(9), 5, 7, {}};
  EXPECT_EQ(sums({failed}, 0), R"({"model_id":"m","replayed":0,"equal":0,"skipped":0,"failed":1,)"
                               R"("cost_usd":null,"original_cost_usd":"0"})");
}

TEST(ReplaySums, AnOutcomeOfUnknownCostSaysNull) {
  std::string out;
  model::JsonWriter json(out);
  write_outcome(json, replayed(0, std::nullopt, std::nullopt), "m");
  EXPECT_EQ(out, R"({"receipt_id":"r","model_id":"m","outcome":"replayed","why":null,"replay_receipt_id":"again",)"
                 R"("cost_usd":null,"original_cost_usd":null,"latency_ms":5,"original_latency_ms":7,"equal":true})");
}

} // namespace
} // namespace kairos::api
