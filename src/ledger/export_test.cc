// The exports, held against the rules of FOCUS: each assertion names the rule of the specification that it stands for.
#include "ledger/export.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cctype>
#include <map>
#include <set>

#include "ledger/csv.h"
#include "ledger/number.h"
#include "model/testing/sample_receipt.h"

namespace kairos::ledger {
namespace {

using Row = std::map<std::string, std::string>;
using model::Receipt;

/// Every kind of row: metered, counted, reservation, unpriced, BYOK, fees, prices that round, a correction, hostile
/// text.
std::vector<ExportRow> every_kind() {
  Receipt plain = model::sample_receipt();
  plain.cost.charged.reset();
  Receipt byok = plain;
  byok.cost.byok = true;
  Receipt unpriced = plain;
  unpriced.cost.lines.push_back({1, "video_tokens", 12, {}, {}});
  unpriced.cost.total.reset();
  Receipt interrupted = plain;
  interrupted.cost = {};
  interrupted.cost.basis = model::CostBasis::kReservation;
  interrupted.cost.total = Picodollars(77);
  Receipt odd = plain;
  odd.tenant = "=cmd|' /C calc'!A0";
  odd.workflow = "line\r\nbreak, \"quotes\"";
  odd.cost.lines = {{1, "input_tokens", 7, UnitPrice(83'333'333), line_cost(7, UnitPrice(83'333'333))},
                    {1, "web_searches", 3, UnitPrice(10'000'000'000'000), line_cost(3, UnitPrice(10'000'000'000'000))}};
  odd.cost.total = *odd.cost.lines[0].cost + *odd.cost.lines[1].cost;
  Receipt truth = plain;
  truth.cost.lines.front().quantity += 10;
  truth.cost.lines.front().cost = line_cost(4090, *truth.cost.lines.front().unit_price);
  truth.cost.total = *truth.cost.total + Picodollars(30'000'000);
  std::vector<ExportRow> rows;
  const auto add = [&](const std::vector<ExportRow>& more) { rows.insert(rows.end(), more.begin(), more.end()); };
  for (const Receipt& receipt : {plain, byok, unpriced, interrupted, odd}) add(export_rows(receipt));
  add(export_rows(Correction{plain.created_at + std::chrono::hours(24 * 40), "invoice", plain, truth}));
  add(export_rows(Correction{plain.created_at + std::chrono::hours(1), "invoice", plain, truth}));
  PostingBook book;
  book.add(postings_of(plain));
  book.add(postings_of(odd));
  std::vector<ExportRow> resold =
      export_rows(plain); // as a reseller's tenant gets them: what is charged, no unit price
  for (ExportRow& row : resold) {
    row.totals.cost = row.totals.charged = 5'000'000 + row.totals.lines;
    row.key.unit_price.reset();
  }
  add(resold);
  for (const Grain grain : {Grain::kHour, Grain::kDay}) add(export_rows(*book.rows(grain, {}), grain));
  return rows;
}

std::vector<Row> focus_rows(const std::vector<ExportRow>& rows) {
  std::string text = focus_header();
  for (const ExportRow& row : rows) append_focus(text, row, {});
  const auto parsed = parse_csv(text);
  EXPECT_TRUE(parsed.has_value());
  std::vector<Row> out;
  for (size_t i = 1; i < parsed->size(); ++i) {
    EXPECT_EQ((*parsed)[i].size(), parsed->front().size());
    Row& row = out.emplace_back();
    for (size_t c = 0; c < (*parsed)[i].size(); ++c) row[parsed->front()[c]] = (*parsed)[i][c];
  }
  return out;
}

/// In units of 10⁻¹⁵.
Int128 number(const std::string& text) {
  EXPECT_EQ(text.find_first_not_of("-0123456789."), std::string::npos) << text; // NumericFormat
  const auto value = parse_decimal(text, 15);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(0);
}

/// The product, exact: both are scaled to whole numbers first.
bool product_is(const std::string& a, const std::string& b, const std::string& product) {
  const Int128 left = *parse_decimal(a, 15);
  const Int128 right = *parse_decimal(b, 6);
  const Int128 exact = left * right;
  return exact % 1'000'000 == 0 && exact / 1'000'000 == number(product);
}

TEST(Focus, EveryMandatoryColumnIsThereAndCustomOnesComeLast) {
  const auto columns = focus_columns();
  for (const std::string_view mandatory :
       {"BilledCost",         "BillingAccountId", "BillingAccountName", "BillingCurrency",   "BillingPeriodEnd",
        "BillingPeriodStart", "ChargeCategory",   "ChargeClass",        "ChargeDescription", "ChargePeriodEnd",
        "ChargePeriodStart",  "ContractedCost",   "EffectiveCost",      "HostProviderName",  "InvoiceIssuerName",
        "ListCost",           "PricingQuantity",  "PricingUnit",        "ServiceCategory",   "ServiceName",
        "ServiceProviderName"}) {
    EXPECT_NE(std::find(columns.begin(), columns.end(), mandatory), columns.end()) << mandatory;
  }
  bool custom = false;
  for (const std::string_view column : columns) {
    custom |= column.starts_with("x_");
    EXPECT_EQ(custom, column.starts_with("x_")) << column;
    EXPECT_TRUE(custom || std::isupper(static_cast<unsigned char>(column.front())) != 0) << column;
  }
}

TEST(Focus, CostsAreNeverNullAndProductsAreExact) {
  for (const Row& row : focus_rows(every_kind())) {
    SCOPED_TRACE(row.at("ChargeDescription"));
    for (const char* cost : {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"})
      number(row.at(cost)); // …-C-003-M
    // ListUnitPrice-C-005/008/010, ContractedUnitPrice-C-006/009/011, PricingQuantity-C-005/009, ListCost-C-009
    EXPECT_FALSE(row.at("ListUnitPrice").empty());
    EXPECT_FALSE(row.at("PricingQuantity").empty());
    EXPECT_TRUE(number(row.at("ListUnitPrice")) >= 0);
    EXPECT_TRUE(product_is(row.at("ListUnitPrice"), row.at("PricingQuantity"), row.at("ListCost")));
    EXPECT_TRUE(product_is(row.at("ContractedUnitPrice"), row.at("PricingQuantity"), row.at("ContractedCost")));
    const Int128 rounding = row.at("x_RoundingAdjustment").empty() ? 0 : number(row.at("x_RoundingAdjustment"));
    EXPECT_TRUE(number(row.at("EffectiveCost")) == number(row.at("ListCost")) + rounding);
    // BilledCost-C-005-C
    EXPECT_TRUE(row.at("x_Byok") == "false" ||
                (row.at("BilledCost") == "0" && row.at("InvoiceIssuerName") == "anthropic"));
    EXPECT_TRUE(row.at("x_Byok") == "true" || row.at("BilledCost") == row.at("EffectiveCost"));
  }
}

TEST(Focus, UsageRowsSayWhatWasUsedAndUnderWhichPrice) {
  std::map<std::string, std::string> sku_of_price;
  for (const Row& row : focus_rows(every_kind())) {
    SCOPED_TRACE(row.at("ChargeDescription"));
    EXPECT_EQ(row.at("ChargeCategory"), "Usage");
    EXPECT_FALSE(row.at("SkuId").empty());       // SkuId-C-005-C
    EXPECT_FALSE(row.at("SkuMeter").empty());    // SkuMeter-C-005-C
    EXPECT_FALSE(row.at("SkuPriceId").empty());  // SkuPriceId-C-005-C
    EXPECT_FALSE(row.at("PricingUnit").empty()); // PricingUnit-C-006-C
    EXPECT_FALSE(row.at("ConsumedQuantity").empty());
    EXPECT_FALSE(row.at("ConsumedUnit").empty()); // ConsumedUnit-C-006-C
    EXPECT_TRUE(row.at("PricingCategory") == "Standard" ||
                row.at("PricingCategory") == "Other"); // PricingCategory-C-007-M
    const auto known = sku_of_price.emplace(row.at("SkuPriceId"), row.at("SkuId")).first;
    EXPECT_EQ(known->second, row.at("SkuId")); // SkuPriceId-C-008-M
    EXPECT_EQ(row.at("BillingCurrency"), "USD");
    for (const char* time : {"BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"}) {
      EXPECT_EQ(row.at(time).size(), 20U); // DateTimeFormat: YYYY-MM-DDTHH:mm:ssZ
      EXPECT_TRUE(parse_rfc3339(row.at(time)).has_value());
    }
    EXPECT_LT(row.at("ChargePeriodStart"), row.at("ChargePeriodEnd"));
  }
}

TEST(Focus, ColumnsHoldOnlyWhatTheStandardAllows) {
  const std::map<std::string, std::set<std::string>> allowed = {
      {"ChargeCategory", {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}}, // ChargeCategory-C-004-M
      {"ChargeClass", {"", "Correction"}},
      {"ChargeFrequency", {"One-Time", "Recurring", "Usage-Based"}}, // ChargeFrequency-C-004-M
      {"PricingCategory", {"Standard", "Dynamic", "Committed", "Other"}},
      {"ServiceCategory", {"AI and Machine Learning"}},
      {"ServiceSubcategory", {"Generative AI"}},
      {"x_Basis", {"metered", "counted", "reservation"}}};
  for (const Row& row : focus_rows(every_kind())) {
    SCOPED_TRACE(row.at("ChargeDescription"));
    for (const auto& [column, values] : allowed)
      EXPECT_TRUE(values.contains(row.at(column))) << column << ": " << row.at(column);
    for (const char* mandatory :
         {"BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
          "ChargeCategory", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost",
          "InvoiceIssuerName", "ListCost", "ServiceCategory", "ServiceName", "ServiceProviderName"}) {
      EXPECT_FALSE(row.at(mandatory).empty()) << mandatory; // never null
    }
    // An hour or a day, within the billing period unless it corrects an earlier one (ChargePeriod…, BillingPeriod…).
    if (row.at("ChargeClass").empty()) {
      EXPECT_GE(row.at("ChargePeriodStart"), row.at("BillingPeriodStart"));
      EXPECT_LE(row.at("ChargePeriodEnd"), row.at("BillingPeriodEnd"));
    }
    EXPECT_EQ(row.at("BillingPeriodStart").substr(7), "-01T00:00:00Z");
    // SubAccountName-C-005, SkuId and SkuPriceId: null only together with what they describe.
    EXPECT_EQ(row.at("SubAccountId").empty(), row.at("SubAccountName").empty());
    EXPECT_EQ(row.at("PricingQuantity").empty(), row.at("PricingUnit").empty());
    EXPECT_EQ(row.at("ConsumedQuantity").empty(), row.at("ConsumedUnit").empty());
  }
}

TEST(Focus, KeyValueCellsAreFlatJsonWithOwnKeysPrefixed) {
  for (const Row& row : focus_rows(every_kind())) {
    for (const char* column : {"Tags", "SkuPriceDetails"}) {
      boost::json::error_code error;
      const auto value = boost::json::parse(row.at(column), error);
      ASSERT_FALSE(error) << row.at(column); // KeyValueFormat
      for (const auto& [key, inner] : value.as_object()) {
        EXPECT_TRUE(inner.is_string());
        EXPECT_TRUE(column == std::string("Tags") || key.starts_with("x_")) << key; // SkuPriceDetails-C-017-C
      }
    }
  }
}

TEST(Focus, CorrectionsOfAClosedMonthAreMarkedAndBilledInTheirOwn) {
  size_t marked = 0;
  for (const Row& row : focus_rows(every_kind())) {
    EXPECT_TRUE(row.at("ChargeClass").empty() || row.at("ChargeClass") == "Correction"); // ChargeClass-C-005-C
    if (row.at("ChargeClass").empty()) continue;
    ++marked;
    EXPECT_EQ(row.at("BillingPeriodStart"), "2026-06-01T00:00:00Z");
    EXPECT_EQ(row.at("ChargePeriodStart"), "2026-04-24T13:00:00Z");
  }
  EXPECT_EQ(marked, 1U); // the changed class; what did not change is no row
}

TEST(Focus, WhatHasNoPriceIsFlaggedNotHidden) {
  size_t unpriced = 0;
  for (const Row& row : focus_rows(every_kind())) {
    if (row.at("x_Unpriced") != "true") continue;
    ++unpriced;
    EXPECT_EQ(row.at("x_UnknownLines"), "1");
    EXPECT_EQ(row.at("ConsumedQuantity"), "12");
    EXPECT_EQ(row.at("PricingCategory"), "Other");
  }
  EXPECT_EQ(unpriced, 1U);
}

TEST(Csv, CellsSurviveQuotingAndFormulasAreDisarmed) {
  EXPECT_EQ(csv_text("=1+1"), "'=1+1");
  EXPECT_EQ(csv_text("@x,y"), "\"'@x,y\"");
  EXPECT_EQ(csv_text("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_text("\tx"), "'\tx");
  const auto rows = parse_csv("a,\"b\r\n\"\"c\",\r\n\r\nd,e,f\n");
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->front(), (std::vector<std::string>{"a", "b\r\n\"c", ""}));
  EXPECT_FALSE(parse_csv("\"open").has_value());
  EXPECT_FALSE(parse_csv("\"x\"y,z").has_value());
  EXPECT_FALSE(parse_csv(std::string(400, ',')).has_value());
}

TEST(PlainCsv, SaysTheSameAmounts) {
  std::string text = plain_header();
  for (const ExportRow& row : export_rows(model::sample_receipt())) append_plain(text, row);
  EXPECT_NE(
      text.find(
          "2026-04-24T13:00:00Z,2026-04-24T14:00:00Z,receipt,rcpt_01JKEZ4F9T8QX2M7RA11111111,nova-labs-prod,"
          "contract-review,reasoning,anthropic,claude-sonnet-4-6,input_tokens,metered,false,false,4080,3,0.01224,"),
      std::string::npos)
      << text;
}

} // namespace
} // namespace kairos::ledger
