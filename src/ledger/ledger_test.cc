// Postings, corrections, price plans, exports.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ledger/budget_state.h"
#include "ledger/csv.h"
#include "ledger/export.h"
#include "ledger/number.h"
#include "ledger/posting_book.h"
#include "ledger/postings.h"
#include "ledger/price_plan.h"
#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

using model::Receipt;

/// Random receipts of every kind: several attempts, unknown prices, fees, fine prices that round, reservations, resale.
class Receipts {
public:
  explicit Receipts(unsigned seed) : random_(seed) {}

  Receipt next() {
    Receipt r = model::sample_receipt();
    r.receipt_id = "rcpt_" + std::to_string(random_());
    r.created_at += std::chrono::minutes(below(60 * 24 * 40));
    r.tenant = below(2) == 0 ? "acme" : "=nova";
    r.workflow = below(3) == 0 ? "" : "flow, \"quoted\"";
    r.cost.lines.clear();
    r.cost.byok = below(5) == 0;
    Picodollars total;
    bool unknown = false;
    for (size_t i = 0; i < below(5); ++i) {
      const auto& line = r.cost.lines.emplace_back(random_line());
      unknown |= !line.cost;
      total += line.cost.value_or(Picodollars(0));
    }
    if (below(10) == 0) {
      r.cost.lines.clear();
      r.cost.basis = model::CostBasis::kReservation;
      total = Picodollars(static_cast<std::int64_t>(random_()));
      unknown = false;
    }
    r.cost.total = unknown ? std::nullopt : std::optional(total);
    r.cost.charged.reset();
    if (!unknown && below(2) == 0) r.cost.charged = with_markup(total, Percent(12'345'678));
    return r;
  }

private:
  size_t below(size_t n) { return random_() % n; }
  model::CostLine random_line() {
    static constexpr std::int64_t kPrices[] = {3'000'000'000, 75'000'000, 83'333'333, 1, 0, 15'000'000'000'000'000};
    model::CostLine line;
    line.attempt = static_cast<int>(below(2));
    line.meter = below(8) == 0 ? "video_tokens" : std::string(model::kMeterNames[below(model::kMeterCount)]);
    line.quantity = static_cast<std::int64_t>(below(100'000));
    if (below(6) == 0) return line;
    line.unit_price = UnitPrice(kPrices[below(6)]);
    line.cost = line_cost(line.quantity, *line.unit_price);
    return line;
  }
  std::mt19937 random_;
};

PicoSum charged_of(const Receipt& r) { return r.cost.charged ? r.cost.charged->value() : 0; }

PostingTotals sum_of(const std::vector<PostingLine>& rows) {
  PostingTotals sum;
  for (const auto& [key, totals] : rows) sum.add(totals);
  return sum;
}

TEST(PostingBook, TheSumOfTheRowsIsTheSumOfTheReceiptsToTheLastPicodollar) {
  Receipts receipts(1);
  PostingBook book;
  PicoSum cost = 0;
  PicoSum charged = 0;
  for (int i = 1; i <= 3000; ++i) {
    const Receipt receipt = receipts.next();
    book.add(postings_of(receipt));
    cost += known_cost(receipt);
    charged += charged_of(receipt);
    if (i % 7 != 0) continue;
    Receipt truth = receipts.next();
    truth.receipt_id = receipt.receipt_id;
    book.add(postings_of(Correction{receipt.created_at + std::chrono::hours(900), "invoice", receipt, truth}));
    cost += known_cost(truth) - known_cost(receipt);
    charged += charged_of(truth) - charged_of(receipt);
  }
  for (const Grain grain : {Grain::kHour, Grain::kDay}) {
    const auto rows = book.rows(grain, {});
    ASSERT_TRUE(rows.has_value());
    EXPECT_TRUE(std::ranges::is_sorted(*rows, {}, &PostingLine::first));
    EXPECT_EQ(usd_sum(sum_of(*rows).cost), usd_sum(cost));
    EXPECT_EQ(usd_sum(sum_of(*rows).charged), usd_sum(charged));
    EXPECT_EQ(sum_of(*rows), book.total());
  }
}

TEST(PostingBook, ReadsRangesOfWholeHoursAndSaysWhatItDoesNotHave) {
  Receipts receipts(2);
  PostingBook book;
  Postings all;
  for (int i = 0; i < 500; ++i) {
    const auto lines = postings_of(receipts.next());
    book.add(lines);
    for (const auto& [key, totals] : lines) all[key].add(totals);
  }
  const WallTime middle = all.begin()->first.period_start + std::chrono::hours(30);
  const auto from_hour = book.rows(Grain::kHour, {middle, {}});
  const auto to_hour = book.rows(Grain::kHour, {{}, middle});
  ASSERT_TRUE(from_hour && to_hour);
  EXPECT_EQ(from_hour->size() + to_hour->size(), all.size());
  const auto odd_days = book.rows(Grain::kDay, {middle, {}}); // made of hours
  ASSERT_TRUE(odd_days.has_value());
  EXPECT_EQ(sum_of(*odd_days), sum_of(*from_hour));
  const auto own = book.rows(Grain::kHour, {}, "acme");
  ASSERT_TRUE(own.has_value());
  EXPECT_FALSE(own->empty());
  for (const auto& [key, totals] : *own) EXPECT_EQ(key.tenant, "acme");
  EXPECT_FALSE(book.rows(Grain::kHour, {middle + std::chrono::seconds(1), {}}).has_value());
  EXPECT_FALSE(book.rows(Grain::kReceipt, {}).has_value());
}

TEST(PostingBook, IsBoundedAndForgetsWholeDaysFromTheOldestOn) {
  Receipts receipts(3);
  PostingBook book({.rows = 200, .combinations = 100'000});
  PostingTotals sum;
  for (int i = 0; i < 2000; ++i) {
    const auto lines = postings_of(receipts.next());
    book.add(lines);
    for (const auto& [key, totals] : lines) sum.add(totals);
    EXPECT_LE(book.size(), 400U);
  }
  EXPECT_EQ(book.total(), sum);
  EXPECT_FALSE(book.rows(Grain::kHour, {}).has_value()); // the beginning is gone
  PostingBook few({.rows = 100'000, .combinations = 5});
  for (int i = 0; i < 100; ++i) few.add(postings_of(receipts.next()));
  EXPECT_FALSE(few.rows(Grain::kDay, {}).has_value()); // never a sum that leaves something out
}

TEST(Postings, AnInterruptedRequestIsPostedApartAtItsReservation) {
  Receipt receipt = model::sample_receipt();
  receipt.cost = {};
  receipt.cost.basis = model::CostBasis::kReservation;
  receipt.cost.total = Picodollars(77);
  const auto lines = postings_of(receipt);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().first.meter, kReservationMeter);
  EXPECT_EQ(lines.front().first.basis, model::CostBasis::kReservation);
  EXPECT_TRUE(lines.front().second.cost == 77);
}

TEST(Correction, MovesBudgetsByTheDifferenceAndSurvivesJson) {
  const Receipt before = model::sample_receipt();
  model::Cost cost = before.cost;
  cost.lines.front().cost = Picodollars(12'240'000'001);
  cost.total = *cost.total + Picodollars(1);
  const Correction made = make_correction(before, before.usage, cost, {}, "invoice \"11\"", before.created_at);
  const auto read = correction_from_json(to_json(made));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(made));
  BudgetState state;
  ASSERT_TRUE(state.apply(before, 1).has_value());
  ASSERT_TRUE(state.apply(*read, 2).has_value());
  ASSERT_TRUE(state.apply(*read, 2).has_value());
  const auto& period = state.budgets().at("bud_monthly").begin()->second;
  EXPECT_TRUE(period.spent == 13'102'200'001);
}

TEST(Correction, DamagedRecordsAreNamed) {
  const Receipt receipt = model::sample_receipt();
  const std::string json = to_json(Correction{receipt.created_at, "r", receipt, receipt});
  for (size_t cut = 0; cut < json.size(); cut += 101)
    EXPECT_FALSE(correction_from_json(json.substr(0, cut)).has_value()) << cut;
  Receipt other = receipt;
  other.receipt_id = "rcpt_other";
  EXPECT_FALSE(correction_from_json(to_json(Correction{receipt.created_at, "r", receipt, other})).has_value());
  Receipt bad = receipt;
  bad.budget_charges.front().period = "2026-13";
  BudgetState state;
  EXPECT_EQ(state.apply(bad, 1).error().code, Code::kCorrupt);
  EXPECT_EQ(state.position(), 0U);
  for (const char* text : {"", "[]", "{}", R"({"position":"x","budgets":{}})",
                           R"({"position":"1","budgets":{"b":[["2026-13","1","0",0,false]]}})"}) {
    EXPECT_FALSE(BudgetState::from_json(text).has_value()) << text;
  }
}

TEST(PricePlan, RoundsEachLineOnceHalfToEven) {
  EXPECT_EQ(with_markup(Picodollars(10), *parse_percent("25")), Picodollars(12)); // 12.5
  EXPECT_EQ(with_markup(Picodollars(30), *parse_percent("25")), Picodollars(38)); // 37.5
  EXPECT_EQ(with_markup(Picodollars(10), *parse_percent("-100")), Picodollars(0));
  EXPECT_EQ(with_markup(Picodollars(1'000'000), *parse_percent("0.000001")), Picodollars(1'000'000)); // …000.01
  EXPECT_FALSE(with_markup(Picodollars(INT64_MAX), *parse_percent("100")).has_value());
  for (const char* text : {"", "NaN", "1e9", "-100.1", "0.0000001", "12 %"})
    EXPECT_FALSE(parse_percent(text).has_value()) << text;
}

TEST(PricePlan, WorstCaseIsMarkedUpAndUnknownUnderOwnPrices) {
  const std::optional<Picodollars> worst = Picodollars(1000);
  EXPECT_EQ(worst_charged(std::nullopt, worst), worst);
  config::PricePlan plan;
  EXPECT_EQ(worst_charged(plan, worst), std::nullopt);
  plan.markup = 20'000'000;
  EXPECT_EQ(worst_charged(plan, worst), Picodollars(1200));
  EXPECT_EQ(worst_charged(plan, std::nullopt), std::nullopt);
  plan.prices[{"*", "input_tokens"}] = UnitPrice(1);
  EXPECT_EQ(worst_charged(plan, worst), std::nullopt);
}

TEST(PricePlan, WhatATenantsOwnKeyPaidForIsChargedNothing) {
  std::vector<model::Attempt> attempts(2);
  attempts[0].index = 0;
  attempts[0].byok = true;
  attempts[0].cost = Picodollars(100);
  attempts[1].index = 1;
  attempts[1].cost = Picodollars(1000);
  model::Cost cost;
  cost.lines.push_back({0, "input_tokens", 1, std::nullopt, Picodollars(100)});
  cost.lines.push_back({1, "input_tokens", 1, std::nullopt, Picodollars(1000)});
  EXPECT_EQ(charged(std::optional<config::PricePlan>(), cost.lines, attempts), Picodollars(1000));
  config::PricePlan plan;
  plan.markup = 10'000'000;
  charge(plan, cost, attempts);
  EXPECT_EQ(cost.lines[0].charged, Picodollars(0));
  EXPECT_EQ(cost.charged, Picodollars(1100));
  EXPECT_FALSE(paid_by_tenant(attempts)) << "the operator paid for the second";
  attempts[1].cost = Picodollars(0);
  EXPECT_TRUE(paid_by_tenant(attempts));
  attempts[1].cost.reset();
  EXPECT_FALSE(paid_by_tenant(attempts)) << "what is not known may have cost something";
  EXPECT_FALSE(paid_by_tenant({}));
}

TEST(Postings, EachLineKnowsWhoseKeyPaid) {
  model::Receipt receipt;
  receipt.attempts.resize(2);
  receipt.attempts[1].index = 1;
  receipt.attempts[1].byok = true;
  receipt.cost.lines.push_back({0, "input_tokens", 1, std::nullopt, Picodollars(5)});
  receipt.cost.lines.push_back({1, "input_tokens", 1, std::nullopt, Picodollars(7)});
  receipt.cost.total = Picodollars(12);
  const auto postings = postings_of(receipt);
  ASSERT_EQ(postings.size(), 2U);
  EXPECT_FALSE(postings[0].first.byok);
  EXPECT_TRUE(postings[1].first.byok);
}

TEST(PricePlan, OwnPricesComeFirstAndWhatHasNeitherIsUnknown) {
  const Receipt r = model::sample_receipt();
  PricePlan plan{"plan", {}, {{{"claude-sonnet-4-6", "input_tokens"}, UnitPrice(4'000'000'000)}}};
  EXPECT_FALSE(charged(plan, r.cost.lines, r.attempts).has_value());
  plan.markup = *parse_percent("10");
  EXPECT_EQ(charged(plan, r.cost.lines, r.attempts), Picodollars(16'320'000'000 + 222'420'000 + 726'000'000));
  plan.prices[{"*", "output_tokens"}] = UnitPrice(0);
  EXPECT_EQ(charged(plan, r.cost.lines, r.attempts), Picodollars(16'320'000'000 + 222'420'000));
}

TEST(Savings, MayBeNegativeAndAreUnknownWhenTheBaselineIs) {
  std::vector<model::CostLine> lines = {{0, "input_tokens", 10, UnitPrice(1'000'000'000), Picodollars(10'000)}};
  EXPECT_EQ(savings("old", lines, Picodollars(15'000)).savings, Picodollars(-5'000));
  EXPECT_EQ(savings("old", lines, Picodollars(0)).savings, Picodollars(10'000)); // a cache hit
  EXPECT_FALSE(savings("old", lines, std::nullopt).savings.has_value());
  lines.push_back({0, "output_tokens", 5, {}, {}});
  EXPECT_FALSE(savings("old", lines, Picodollars(0)).baseline_cost.has_value());
}

TEST(Number, ParsesExactlyAndRoundsHalfToEven) {
  EXPECT_TRUE(*parse_decimal("0.0000000000005", 12) == 0);
  EXPECT_TRUE(*parse_decimal("0.0000000000015", 12) == 2);
  EXPECT_TRUE(*parse_decimal("-1.5e-3", 6) == -1500);
  EXPECT_TRUE(*parse_decimal("0.12345678901234567", 12) == 123'456'789'012);
  for (const char* text : {"", "-", ".", "1.2.3", "NaN", "inf", "1e999", "0x10", "1,5", "$1"}) {
    EXPECT_FALSE(parse_decimal(text, 12).has_value()) << text;
  }
  EXPECT_EQ(decimal(-1'500, 6), "-0.0015");
  EXPECT_EQ(decimal(20, 0), "20");
}

} // namespace
} // namespace kairos::ledger
