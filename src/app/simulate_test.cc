// Another configuration over past receipts: costs, mix and violations, from what receipts say.
#include "app/simulate.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "model/testing/sample_receipt.h"

namespace kairos::app {
namespace {

config::SnapshotPtr configuration(const std::string& of_provider, const std::string& of_tenant) {
  config::Environment environment;
  environment.variable = [](std::string_view name) {
    return name.starts_with("OTEL_") ? std::nullopt : std::optional<std::string>("k");
  };
  environment.file = [](const std::string&) -> Result<std::string> { return "k"; };
  const std::string text = "providers:\n  - {id: openai, base_url: \"http://127.0.0.1:1/v1\"" + of_provider +
                           "}\ntenants:\n  - {id: acme" + of_tenant + "}\n";
  auto loaded = config::load(text, "test", environment);
  EXPECT_TRUE(loaded) << loaded.error().message;
  return *loaded;
}

model::Receipt chat(const std::string& model) {
  model::Receipt receipt;
  receipt.receipt_id = "rcpt_01JKEZ4F9T8QX2M7RA11111111";
  receipt.created_at = *parse_rfc3339("2026-11-20T12:00:00Z");
  receipt.tenant = "acme";
  receipt.request.model = model;
  receipt.request.input_tokens_est = 1000;
  receipt.usage[model::Meter::kInput] = 1000;
  receipt.usage[model::Meter::kOutput] = 100;
  receipt.usage.source = model::UsageSource::kProvider;
  receipt.classification.probabilities[static_cast<size_t>(model::Category::kChat)] = 1;
  receipt.execution.model_id = "gpt-4o";
  receipt.execution.provider = "openai";
  receipt.cost.total = parse_usd("0.0035").value();
  return receipt;
}

TEST(Simulation, APinnedModelCostsWhatItsPricesSay) {
  SimulationReport report;
  simulate(chat("gpt-4o"), *configuration("", ""), report);
  EXPECT_EQ(report.simulated, 1);
  EXPECT_EQ(report.same_model, 1);
  EXPECT_EQ(report.cost_before, report.cost_after);
  EXPECT_EQ(report.models.at("gpt-4o").after, 1);
}

TEST(Simulation, ADeniedModelIsRefused) {
  SimulationReport report;
  simulate(chat("gpt-4o"), *configuration("", ", models: {deny: [gpt-4o]}"), report);
  EXPECT_EQ(report.refused.at("no_models_available"), 1);
  EXPECT_EQ(report.cost_after, 0);
}

TEST(Simulation, WhatTheNewRulesForbidIsCounted) {
  SimulationReport report;
  simulate(chat("auto"), *configuration(", privacy: {may_train: true}", ", privacy: {policy: deny_training}"), report);
  EXPECT_EQ(report.violations_before, 1);
  EXPECT_EQ(report.violations_after, 0);
}

TEST(Simulation, SaysWhatItLeavesOut) {
  SimulationReport report;
  model::Receipt refused = chat("gpt-4o");
  refused.execution.status = model::Status::kRefused;
  model::Receipt foreign = chat("gpt-4o");
  foreign.tenant = "nobody";
  simulate(refused, *configuration("", ""), report);
  simulate(foreign, *configuration("", ""), report);
  EXPECT_EQ(report.receipts, 2);
  EXPECT_EQ(report.simulated, 0);
  EXPECT_EQ(report.left_out.size(), 2u);
}

} // namespace
} // namespace kairos::app
