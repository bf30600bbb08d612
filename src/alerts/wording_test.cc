#include "alerts/wording.h"

#include <gtest/gtest.h>

namespace kairos::alerts {
namespace {

std::string query_of(std::string_view rule_text, const Labels& labels) {
  const auto spec = config::parse_alert_rule(rule_text, "rule");
  EXPECT_TRUE(spec) << spec.error().message;
  const auto rule = compile(*spec, std::chrono::seconds(30));
  EXPECT_TRUE(rule) << rule.error().message;
  Instance instance;
  instance.labels = labels;
  instance.since = WallTime(std::chrono::hours(24));
  return receipts_query(**rule, instance, WallTime(std::chrono::hours(25)));
}

TEST(ReceiptsQuery, NamesTheGroupsReceiptsInTheGrammarOfTheSearch) {
  const std::string text = query_of("{id: a, measure: latency_p95, above: 1, window: 1h, group_by: [workflow, model]}",
                                    {{"workflow", "a,b\\c"}, {"model", "!m"}});
  EXPECT_EQ(text,
            "from=1970-01-01T23:00:00.000000Z&to=1970-01-02T01:00:00.000000Z&workflow=a%5C%2Cb%5C%5Cc&model=%5C%21m");
}

TEST(ReceiptsQuery, KeepsAValueThatIsAbsentApartFromAllValues) {
  const std::string text =
      query_of("{id: a, measure: error_rate, above: 1, window: 1h, group_by: [workflow]}", {{"workflow", ""}});
  EXPECT_EQ(text, "from=1970-01-01T23:00:00.000000Z&to=1970-01-02T01:00:00.000000Z&workflow=&status=error");
}

TEST(ReceiptsQuery, OfABudgetOfThePlatformHasNoTenant) {
  const std::string text = query_of("{id: a, signal: budget, above: 85%}", {{"budget", "all"}, {"tenant", ""}});
  EXPECT_EQ(text, "from=1970-01-01T23:55:00.000000Z&to=1970-01-02T01:00:00.000000Z");
}

} // namespace
} // namespace kairos::alerts
