// What text cases cannot say: bounds, odd numbers, and how long a decision takes.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "catalog/cost.h"
#include "catalog/testing/no_models.h"
#include "config/load.h"
#include "routing/route.h"

namespace kairos::routing {
namespace {

config::SnapshotPtr many_models(int count) {
  std::string yaml =
      "tenants: [{id: acme}]\nproviders: [{id: p, base_url: \"http://127.0.0.1:1\", keyless: true}]\nmodels:\n";
  for (int i = 0; i < count; ++i) {
    yaml += "  - {id: some-vendor-model-" + std::to_string(i) +
            ", provider: p, context_length: 128000, max_output_tokens: 8000, " + "capabilities: [streaming" +
            (i % 3 == 0 ? "" : ", tools") + "], quality: 0." + std::to_string(50 + i % 40) +
            ", prices: [{usd_per_million: {input_tokens: \"" + std::to_string(1 + i % 7) + "\", output_tokens: \"" +
            std::to_string(3 + i % 11) + "\"}}]}\n";
  }
  auto catalog = catalog::Catalog::parse(catalog::testing::kNoModels);
  config::Environment environment;
  environment.variable = [](std::string_view) { return std::nullopt; };
  const auto shared = std::make_shared<const catalog::Catalog>(std::move(catalog).value());
  return config::load(yaml, "test.yaml", environment, shared).value();
}

struct World {
  explicit World(int models) : snapshot(many_models(models)) {
    facts.model = "auto";
    facts.input_tokens_est = facts.input_tokens_bound = 1000;
    facts.needs.tools = true;
    classification.category = model::Category::kCode;
    classification.probabilities = {0.6, 0.2, 0.05, 0.05, 0.05, 0.025, 0.025, 0};
    for (const config::Target& target : snapshot->targets) health.targets[target.health_key].latency_p50_ms = 500;
  }
  RouteOutcome run() const {
    return route({facts, classification, *snapshot, snapshot->tenants.at(0), key, health, budgets, WallTime{}});
  }
  config::SnapshotPtr snapshot;
  model::RequestFacts facts;
  model::Classification classification;
  model::Health health;
  model::Budgets budgets;
  config::ApiKey key;
};

TEST(Route, ShowsAtMost32AndCountsTheRest) {
  const World world(200);
  const RouteOutcome outcome = world.run();
  const Explanation explained = explain(outcome);
  EXPECT_EQ(explained.candidates.size(), model::kMaxCandidates);
  std::int64_t omitted = 0;
  for (const auto& [filter, count] : explained.omitted) omitted += count;
  EXPECT_EQ(omitted, 200 - 32);
  EXPECT_EQ(explained.candidates.front().rank, 1);
  EXPECT_EQ(explained.candidates.front().model_id, outcome.decision.model_id);
}

TEST(Route, EstimatesAsTheCatalogDoes) {
  const World world(30);
  for (const model::Candidate& candidate : explain(world.run()).candidates) {
    const catalog::Model* model = world.snapshot->catalog->find("p", candidate.model_id);
    ASSERT_NE(model, nullptr);
    // 0.6 × 700 + 0.2 × 900 + 0.05 × (700 + 200 + 300) + 0.025 × (700 + 300) = 685 tokens are expected
    EXPECT_EQ(candidate.est_cost,
              catalog::estimate(1000, 685, model->prices, WallTime{}, catalog::ServiceTier::kStandard));
  }
}

TEST(Route, EstimatesByWhatTheProviderBills) {
  World world(1);
  world.health.targets.begin()->second.input_ratio = 1.5;
  const model::Candidate candidate = explain(world.run()).candidates.at(0);
  const catalog::Model* model = world.snapshot->catalog->find("p", candidate.model_id);
  EXPECT_EQ(candidate.est_cost,
            catalog::estimate(1500, 685, model->prices, WallTime{}, catalog::ServiceTier::kStandard));
}

TEST(Route, ACountedInputFitsWhereItsBoundDoesNot) {
  World world(1);
  world.facts.needs.tools = false;
  world.facts.max_output_tokens = 100;
  world.facts.input_tokens_bound = 4000;
  // 1 USD a million in, 3 out: 4,300 µUSD by the bound, 1,300 µUSD by the count
  world.budgets.headrooms = {{"b", "", Picodollars(2'000'000'000), model::OnExceed::kRefuse}};
  const RouteOutcome bounded = world.run();
  EXPECT_TRUE(bounded.refusal);
  EXPECT_TRUE(bounded.squeezed);
  RouteInput input{world.facts, world.classification, *world.snapshot, world.snapshot->tenants.at(0),
                   world.key,   world.health,         world.budgets,   WallTime{}};
  input.counted_input = [](const config::Target&) { return std::optional<std::int64_t>(1000); };
  const RouteOutcome counted = route(input);
  ASSERT_EQ(counted.chain.size(), 1u);
  EXPECT_FALSE(counted.squeezed);
  EXPECT_EQ(counted.chain[0].worst_case, Picodollars(1'300'000'000));
  EXPECT_EQ(worst_case(input, counted.chain[0]), counted.chain[0].worst_case);
}

TEST(Route, OddNumbersDoNoHarm) {
  World world(5);
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    world.facts.input_tokens_est = world.facts.input_tokens_bound = number;
    world.facts.max_output_tokens = number;
    world.facts.choices = number;
    world.budgets.headrooms = {{"b", "", Picodollars(number), model::OnExceed::kClamp}};
    world.classification.probabilities.fill(std::numeric_limits<double>::quiet_NaN());
    const RouteOutcome outcome = world.run();
    EXPECT_EQ(outcome.chain.empty(), outcome.refusal.has_value());
    for (const Choice& choice : outcome.chain) EXPECT_LE(choice.max_output_tokens, 8000);
  }
}

TEST(Route, TakesMicroseconds) {
  const World world(30);
  world.run();
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 400; ++i) world.run();
    const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
    best = std::min(best, spent.count() / 400);
  }
  RecordProperty("microseconds", std::to_string(best));
  std::printf("one decision over 30 candidates: %.1f us\n", best);
  EXPECT_LT(best, 2000) << "generous, for builds without optimisation and with sanitizers";
}

} // namespace
} // namespace kairos::routing
