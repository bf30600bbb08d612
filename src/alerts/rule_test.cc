// The built-in rules, values, and which rules share a query.
#include <gtest/gtest.h>

#include "alerts/evaluation.h"
#include "alerts/testing/scripted_world.h"

namespace kairos::alerts {
namespace {

constexpr std::chrono::seconds kRuleInterval(30);

RulePtr rule(const std::string& text) {
  const auto spec = config::parse_alert_rule(text, "rule");
  EXPECT_TRUE(spec) << text << ": " << spec.error().message;
  const auto compiled = compile(*spec, kRuleInterval);
  EXPECT_TRUE(compiled) << compiled.error().message;
  return *compiled;
}

TEST(Rules, BuiltInOnesCompile) {
  EXPECT_EQ(built_in_rules().size(), 16u);
  config::Alerts section;
  const auto rules = compile_all(section, {});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->size(), built_in_rules().size());
}

TEST(Rules, ReadBackWhatTheyShow) {
  for (const config::AlertRule& spec : built_in_rules()) {
    const auto one = compile(spec, kRuleInterval);
    ASSERT_TRUE(one);
    std::string text = to_json(**one);
    text.replace(text.find(",\"managed\":"), std::string::npos, "}");
    const auto again = config::parse_alert_rule(text, "again");
    ASSERT_TRUE(again) << again.error().message << text;
    std::string shown = to_json(**compile(*again, kRuleInterval));
    shown.replace(shown.find(",\"managed\":"), std::string::npos, "}");
    EXPECT_EQ(shown, text);
  }
}

TEST(Rules, OneOfTheFileReplacesABuiltInOne) {
  config::Alerts section;
  section.rules.push_back(*config::parse_alert_rule("{id: error-rate, measure: error_rate, above: 50%}", "file"));
  section.rules.back().origin = config::AlertOrigin::kFile;
  const auto rules = compile_all(section, {});
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->size(), built_in_rules().size());
  const auto twice =
      compile_all(section, {*config::parse_alert_rule("{id: error-rate, measure: error_rate, above: 1%}", "api")});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::kConflict);
}

TEST(Values, AreReadAndPrintedExactly) {
  EXPECT_EQ(*parse_level("5%", Unit::kShare), 50'000);
  EXPECT_EQ(*parse_level("0.05", Unit::kShare), 50'000);
  EXPECT_EQ(*parse_level("12.5", Unit::kUsd), 12'500'000'000'000);
  EXPECT_FALSE(parse_level("5%", Unit::kCount));
  EXPECT_FALSE(parse_level("five", Unit::kShare));
  EXPECT_FALSE(parse_level("", Unit::kShare));
  EXPECT_EQ(print(890'000, Unit::kShare), "89 %");
  EXPECT_EQ(print(12'000, Unit::kShare), "1.2 %");
  EXPECT_EQ(print(1'240'000'000, Unit::kMilliseconds), "1,240 ms");
  EXPECT_EQ(print(12'300'000'000'000, Unit::kUsd), "$12.30");
  EXPECT_EQ(print(2'400'000, Unit::kFactor), "2.4 times");
  EXPECT_EQ(decimal(890'000, Unit::kShare), "0.89");
  EXPECT_EQ(*level_of(store::Cell(0.05)), 50'000);
  EXPECT_EQ(level_of(store::Cell(std::numeric_limits<double>::quiet_NaN())), std::nullopt);
  EXPECT_EQ(level_of(store::Cell()), std::nullopt);
  EXPECT_EQ(level_of(store::Money{static_cast<PicoSum>(INT64_MAX) * 4}), INT64_MAX);
  EXPECT_EQ(quotient(3, 0), std::nullopt);
}

TEST(Evaluation, RulesOfOneWindowAndGroupingShareAQuery) {
  ScriptedWorld world;
  world.set(WallTime{}, "acme", "0.2/100");
  world.set(WallTime{}, "nova", "0.1/100");
  const Inputs inputs = world.inputs();
  const WallTime now = *parse_rfc3339("2026-11-23T00:00:00Z");
  std::vector<RulePtr> rules = {
      rule("{id: a, measure: error_rate, above: 0.1, window: 10m, group_by: [tenant]}"),
      rule("{id: b, measure: fallback_rate, above: 0.3, window: 10m, group_by: [tenant], min_samples: 7}"),
      rule("{id: c, measure: error_rate, above: 0.1, window: 10m, group_by: [tenant], filters: {tenant: [acme]}}")};
  Evaluation evaluation(inputs, now, now);
  for (const RulePtr& one : rules) evaluation.add(*one);
  EXPECT_EQ(evaluation.readings(*rules[0])->size(), 2u);
  EXPECT_EQ(evaluation.readings(*rules[1])->size(), 2u);
  EXPECT_EQ(evaluation.readings(*rules[2])->size(), 1u);
  EXPECT_EQ(world.queries, 1u);
}

TEST(Evaluation, AStoreThatFailsLeavesTheRuleAsItIs) {
  Inputs inputs = ScriptedWorld().inputs();
  inputs.query = [](const store::Query&) -> Result<store::Table> { return fail(Code::kTimeout, "too slow"); };
  const RulePtr one = rule("{id: a, measure: error_rate, above: 0.1}");
  Evaluation evaluation(inputs, WallTime{} + std::chrono::hours(9), WallTime{} + std::chrono::hours(9));
  evaluation.add(*one);
  EXPECT_FALSE(evaluation.readings(*one));
}

} // namespace
} // namespace kairos::alerts
