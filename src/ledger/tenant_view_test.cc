// What a reseller's tenant sees. The walk over the whole API is in tests/e2e/reseller.test.mjs.
#include "ledger/tenant_view.h"

#include <gtest/gtest.h>

#include "ledger/postings.h"
#include "ledger/price_plan.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

config::PricePlan markup(std::int64_t per_cent) {
  config::PricePlan plan;
  plan.markup = per_cent * 1'000'000;
  return plan;
}

TEST(TenantView, ShowsWhatEachLineIsChargedAndNothingOfTheCost) {
  model::Receipt receipt = model::sample_receipt();
  charge(markup(37), receipt.cost, receipt.attempts);
  ASSERT_TRUE(receipt.cost.charged.has_value());
  const model::Receipt own = tenant_view(receipt, {});
  EXPECT_EQ(own.cost.total, receipt.cost.charged);
  ASSERT_EQ(own.cost.lines.size(), receipt.cost.lines.size());
  Picodollars sum;
  for (size_t i = 0; i < own.cost.lines.size(); ++i) {
    EXPECT_EQ(own.cost.lines[i].cost, receipt.cost.lines[i].charged);
    EXPECT_FALSE(own.cost.lines[i].unit_price.has_value());
    sum += *own.cost.lines[i].cost;
  }
  EXPECT_EQ(sum, *receipt.cost.charged);
  EXPECT_FALSE(own.savings.has_value());
  EXPECT_FALSE(own.budget.has_value());
  EXPECT_TRUE(own.budget_charges.empty());
  for (const model::Candidate& candidate : own.candidates) EXPECT_FALSE(candidate.est_cost || candidate.score);
  const std::string text = model::to_json(own);
  EXPECT_EQ(text.find(usd(*receipt.cost.total)), std::string::npos) << text;
}

TEST(TenantView, AReceiptWithoutChargedLinesShowsNoAmountPerLine) {
  model::Receipt receipt = model::sample_receipt();
  for (model::CostLine& line : receipt.cost.lines) line.charged.reset();
  const model::Receipt own = tenant_view(receipt, {});
  EXPECT_EQ(own.cost.total, receipt.cost.charged);
  for (const model::CostLine& line : own.cost.lines) EXPECT_FALSE(line.cost.has_value());
  EXPECT_FALSE(own.attempts.back().cost.has_value()); // the one that the lines are of
}

TEST(TenantView, BudgetsInWhatIsChargedStay) {
  model::Receipt receipt = model::sample_receipt();
  receipt.budget_charges = {{"a", "2026-04", Picodollars(1)}, {"b", "2026-04", Picodollars(2)}};
  receipt.budget->id = "b";
  const model::Receipt own = tenant_view(receipt, {"b"});
  ASSERT_EQ(own.budget_charges.size(), 1U);
  EXPECT_EQ(own.budget_charges.front().budget_id, "b");
  EXPECT_TRUE(own.budget.has_value());
}

TEST(TenantText, LosesItsAmountsUnlessTheBudgetIsInWhatIsCharged) {
  const std::string cap = "budget 'b' (2026-04) would be passed: cap 1.5 USD, spent -0.25 USD, held 0 USD";
  EXPECT_EQ(tenant_text(cap, {}), "budget 'b' (2026-04) would be passed: cap … USD, spent … USD, held … USD");
  EXPECT_EQ(tenant_text(cap, {"b"}), cap);
  EXPECT_EQ(tenant_text(cap, {"other"}), tenant_text(cap, {}));
  EXPECT_EQ(tenant_text("x may cost up to 0.003 USD; quality 0.9", {}), "x may cost up to … USD; quality 0.9");
  EXPECT_EQ(tenant_text("Sent to m: the best balance (score 0.81) of 3", {}), "Sent to m: the best balance of 3");
  for (const char* odd : {"", " USD", "USD", "1 USD", " USD USD", "budget '", "(score ", "a (score 1"})
    tenant_text(odd, {"b"});
}

TEST(Charge, IsExactPerLineAndTheLedgerTakesItFromTheLines) {
  model::Receipt receipt = model::sample_receipt();
  charge(markup(13), receipt.cost, receipt.attempts);
  PicoSum posted = 0;
  const auto lines = postings_of(receipt);
  ASSERT_EQ(lines.size(), receipt.cost.lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].second.charged == receipt.cost.lines[i].charged->value());
    posted += lines[i].second.charged;
  }
  EXPECT_TRUE(posted == receipt.cost.charged->value());
  receipt.cost.lines.front().cost.reset();
  charge(markup(13), receipt.cost, receipt.attempts);
  EXPECT_FALSE(receipt.cost.charged.has_value()); // one line is unknown: so is the sum
  const auto read = model::receipt_from_json(model::to_json(receipt));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->cost.lines.back().charged, receipt.cost.lines.back().charged);
}

} // namespace
} // namespace kairos::ledger
