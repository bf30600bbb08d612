#include "ledger/export.h"

#include <fmt/format.h>

#include <array>

#include "ledger/csv.h"
#include "ledger/number.h"
#include "ledger/period.h"
#include "model/json_writer.h"
#include "model/meter.h"

namespace kairos::ledger {
namespace {

constexpr std::array<std::string_view, 54> kFocusColumns = {"BilledCost",
                                                            "BillingAccountId",
                                                            "BillingAccountName",
                                                            "BillingCurrency",
                                                            "BillingPeriodEnd",
                                                            "BillingPeriodStart",
                                                            "ChargeCategory",
                                                            "ChargeClass",
                                                            "ChargeDescription",
                                                            "ChargeFrequency",
                                                            "ChargePeriodEnd",
                                                            "ChargePeriodStart",
                                                            "ConsumedQuantity",
                                                            "ConsumedUnit",
                                                            "ContractedCost",
                                                            "ContractedUnitPrice",
                                                            "EffectiveCost",
                                                            "HostProviderName",
                                                            "InvoiceIssuerName",
                                                            "ListCost",
                                                            "ListUnitPrice",
                                                            "PricingCategory",
                                                            "PricingQuantity",
                                                            "PricingUnit",
                                                            "ServiceCategory",
                                                            "ServiceName",
                                                            "ServiceProviderName",
                                                            "ServiceSubcategory",
                                                            "SkuId",
                                                            "SkuMeter",
                                                            "SkuPriceDetails",
                                                            "SkuPriceId",
                                                            "SubAccountId",
                                                            "SubAccountName",
                                                            "Tags",
                                                            "x_Basis",
                                                            "x_Byok",
                                                            "x_Category",
                                                            "x_ChargedCost",
                                                            "x_Correction",
                                                            "x_Grain",
                                                            "x_Lines",
                                                            "x_Meter",
                                                            "x_Model",
                                                            "x_Provider",
                                                            "x_ReceiptId",
                                                            "x_RoundingAdjustment",
                                                            "x_Source",
                                                            "x_TokenCacheAction",
                                                            "x_TokenDirection",
                                                            "x_UnitPricePerMillion",
                                                            "x_UnknownLines",
                                                            "x_Unpriced",
                                                            "x_Workflow"};

/// How a meter is spoken of in FOCUS.
struct MeterWords {
  std::string sku_meter;
  std::string unit;         // of ConsumedQuantity
  std::string direction;    // "Input", "Output" or empty
  std::string cache_action; // "Read", "Write" or empty
  bool per_million = true;  // priced per million (tokens), else per item
};

MeterWords words_of(std::string_view meter) {
  static constexpr std::array<std::string_view, model::kMeterCount> kSkuMeters = {"Input Tokens",
                                                                                  "Cache Read Input Tokens",
                                                                                  "Cache Write Input Tokens",
                                                                                  "Cache Write 1h Input Tokens",
                                                                                  "Output Tokens",
                                                                                  "Reasoning Output Tokens",
                                                                                  "Audio Input Tokens",
                                                                                  "Cache Read Audio Input Tokens",
                                                                                  "Audio Output Tokens",
                                                                                  "Image Input Tokens",
                                                                                  "Cache Read Image Input Tokens",
                                                                                  "Image Output Tokens",
                                                                                  "Requests",
                                                                                  "Images",
                                                                                  "Web Searches",
                                                                                  "Code Sessions"};
  const auto known = model::parse_meter(meter);
  if (!known) return {std::string(meter), meter == kReservationMeter ? "Reservations" : "Units", "", "", true};
  MeterWords words{std::string(kSkuMeters[static_cast<size_t>(*known)]), "Tokens", "", "",
                   model::is_token_meter(*known)};
  if (!words.per_million) {
    words.unit = words.sku_meter;
    return words;
  }
  words.direction = model::is_input_meter(*known) ? "Input" : "Output";
  if (words.sku_meter.starts_with("Cache Read")) words.cache_action = "Read";
  if (words.sku_meter.starts_with("Cache Write")) words.cache_action = "Write";
  return words;
}

std::string focus_time(WallTime time) { return to_rfc3339(time).substr(0, 19) + "Z"; }

WallTime period_end(const ExportRow& row) {
  return row.key.period_start + (row.grain == Grain::kDay ? std::chrono::hours(24) : std::chrono::hours(1));
}

std::string json_object(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  model::JsonWriter json(out);
  json.begin_object();
  for (const auto& [key, value] : pairs) {
    if (!value.empty()) json.escaped_key(key).string(value);
  }
  json.end_object();
  return out;
}

/// What a row costs, in every sense of FOCUS; the list price times the quantity is exact, with 15 decimals.
struct Money {
  std::string list_unit_price;
  std::string list_cost;
  std::string billed;
  std::string effective;
  std::string pricing_quantity;
  std::string adjustment; // effective − list: what rounding each line to the picodollar came to; empty: nothing
};

Money money_of(const ExportRow& row, const MeterWords& words, const ExportParties& parties) {
  const PostingTotals& totals = row.totals;
  Money money;
  money.effective = decimal(totals.cost, 12);
  money.billed = row.key.byok ? "0" : decimal(parties.charged_is_billed ? totals.charged : totals.cost, 12);
  if (!row.key.unit_price) {
    // No price per unit: an unpriced quantity costs nothing that is known (x_Unpriced says so), an amount without a
    // price (a reservation; what a reseller's tenant is charged) is one unit at that amount.
    const bool amount = totals.cost != 0;
    const bool negative = totals.cost < 0;
    money.pricing_quantity = amount ? (negative ? "-1" : "1") : decimal(totals.quantity, words.per_million ? 6 : 0);
    money.list_unit_price = amount ? decimal(negative ? -totals.cost : totals.cost, 12) : "0";
    money.list_cost = amount ? money.effective : "0";
    return money;
  }
  // nano-USD per million × quantity: femtodollars.
  const Int128 femto = totals.quantity * row.key.unit_price->value();
  money.list_cost = decimal(femto, 15);
  money.list_unit_price = decimal(row.key.unit_price->value(), words.per_million ? 9 : 15);
  money.pricing_quantity = decimal(totals.quantity, words.per_million ? 6 : 0);
  if (totals.cost * 1000 != femto) money.adjustment = decimal(totals.cost * 1000 - femto, 15);
  return money;
}

/// The cells of one row by column name; a column without an entry is null.
using Cells = std::map<std::string_view, std::string>;

void add_money(Cells& cells, const ExportRow& row, const ExportParties& parties) {
  const MeterWords words = words_of(row.key.meter);
  const Money money = money_of(row, words, parties);
  const bool amount = !row.key.unit_price && row.totals.cost != 0;
  const bool consumed = row.key.unit_price || row.totals.quantity != 0;
  cells["BilledCost"] = money.billed;
  cells["ContractedCost"] = money.list_cost;
  cells["ContractedUnitPrice"] = money.list_unit_price;
  cells["EffectiveCost"] = money.effective;
  cells["ListCost"] = money.list_cost;
  cells["ListUnitPrice"] = money.list_unit_price;
  cells["PricingQuantity"] = money.pricing_quantity;
  cells["PricingUnit"] = amount || !consumed ? "Units" : words.per_million ? "1000000 " + words.unit : words.unit;
  cells["ConsumedQuantity"] = consumed ? decimal(row.totals.quantity, 0) : money.pricing_quantity;
  cells["ConsumedUnit"] = consumed ? words.unit : "Units";
  cells["x_RoundingAdjustment"] = money.adjustment;
  cells["x_ChargedCost"] = decimal(row.totals.charged, 12);
  if (row.key.unit_price) cells["x_UnitPricePerMillion"] = usd_per_million(*row.key.unit_price);
}

void add_sku(Cells& cells, const ExportRow& row) {
  const PostingKey& key = row.key;
  const MeterWords words = words_of(key.meter);
  const std::string provider = key.provider.empty() ? "none" : key.provider;
  const std::string model = key.model_id.empty() ? "none" : key.model_id;
  const std::string sku = provider + "/" + model + "/" + key.meter;
  cells["SkuId"] = csv_text(sku);
  cells["SkuMeter"] = csv_text(words.sku_meter);
  cells["SkuPriceId"] = csv_text(key.unit_price ? sku + "@" + usd_per_million(*key.unit_price) : sku + "@none");
  cells["SkuPriceDetails"] = csv_text(json_object({{"x_ModelId", key.model_id},
                                                   {"x_TokenDirection", words.direction},
                                                   {"x_TokenCacheAction", words.cache_action}}));
  cells["ServiceName"] = csv_text(provider + " inference");
  cells["ServiceProviderName"] = csv_text(provider);
  cells["HostProviderName"] = csv_text(provider);
  cells["x_TokenDirection"] = words.direction;
  cells["x_TokenCacheAction"] = words.cache_action;
  const std::string what = words.sku_meter + " of " + model + " at " + provider;
  cells["ChargeDescription"] = csv_text(key.correction ? "Correction: " + what : what);
}

void add_times(Cells& cells, const ExportRow& row) {
  const PostingKey& key = row.key;
  const PeriodKey month = period_at(Period::kMonth, key.billing_month);
  cells["BillingPeriodStart"] = focus_time(*start_of(month));
  cells["BillingPeriodEnd"] = focus_time(*end_of(month));
  cells["ChargePeriodStart"] = focus_time(key.period_start);
  cells["ChargePeriodEnd"] = focus_time(period_end(row));
  // FOCUS: null for corrections within the billing period that they correct.
  if (key.correction && period_at(Period::kMonth, key.period_start) != month) cells["ChargeClass"] = "Correction";
}

void add_dimensions(Cells& cells, const ExportRow& row, const ExportParties& parties) {
  const PostingKey& key = row.key;
  cells["BillingAccountId"] = csv_text(parties.billing_account_id);
  cells["BillingAccountName"] = csv_text(parties.billing_account_name);
  cells["BillingCurrency"] = "USD";
  cells["ChargeCategory"] = "Usage";
  cells["ChargeFrequency"] = "Usage-Based";
  cells["InvoiceIssuerName"] = csv_text(key.byok && !key.provider.empty() ? key.provider : parties.invoice_issuer);
  cells["PricingCategory"] = key.unit_price ? "Standard" : "Other";
  cells["ServiceCategory"] = "AI and Machine Learning";
  cells["ServiceSubcategory"] = "Generative AI";
  cells["SubAccountId"] = csv_text(key.tenant);
  cells["SubAccountName"] = csv_text(key.tenant);
  auto tags = row.tags;
  if (!key.workflow.empty()) tags.emplace_back("kairosroute/workflow", key.workflow);
  cells["Tags"] = csv_text(json_object(tags));
}

constexpr std::string_view grain_name(Grain grain) { return kGrainNames[static_cast<size_t>(grain)]; }

void add_own(Cells& cells, const ExportRow& row) {
  const PostingKey& key = row.key;
  cells["x_Basis"] = name(key.basis);
  cells["x_Byok"] = key.byok ? "true" : "false";
  cells["x_Category"] = name(key.category);
  cells["x_Correction"] = key.correction ? "true" : "false";
  cells["x_Grain"] = grain_name(row.grain);
  cells["x_Lines"] = std::to_string(row.totals.lines);
  cells["x_Meter"] = csv_text(key.meter);
  cells["x_Model"] = csv_text(key.model_id);
  cells["x_Provider"] = csv_text(key.provider);
  cells["x_ReceiptId"] = csv_text(row.receipt_id);
  cells["x_Source"] = "kairosroute";
  cells["x_UnknownLines"] = std::to_string(row.totals.unknown);
  cells["x_Unpriced"] = row.totals.unknown != 0 ? "true" : "false";
  cells["x_Workflow"] = csv_text(key.workflow);
}

void append_line(std::string& out, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) out.append(i == 0 ? "" : ",").append(cells[i]);
  out += "\r\n";
}

/// What a correction takes out and puts back in unchanged.
bool cancelled(const PostingKey& key, const PostingTotals& totals) {
  return key.correction && totals == PostingTotals{};
}

template <class Source>
std::vector<ExportRow> receipt_rows(const Source& source, const model::Receipt& receipt) {
  // Lines of one class and price are one row here too; to the FOCUS reader a retry of the same model is the same SKU.
  Postings merged;
  for (const auto& [key, totals] : postings_of(source)) merged[key].add(totals);
  std::vector<ExportRow> rows;
  for (const auto& [key, totals] : merged) {
    if (!cancelled(key, totals)) rows.push_back({key, totals, Grain::kReceipt, receipt.receipt_id, receipt.tags});
  }
  return rows;
}

} // namespace

std::span<const std::string_view> focus_columns() { return kFocusColumns; }

std::vector<ExportRow> export_rows(const model::Receipt& receipt) { return receipt_rows(receipt, receipt); }
std::vector<ExportRow> export_rows(const Correction& correction) { return receipt_rows(correction, correction.after); }

std::vector<ExportRow> export_rows(std::span<const PostingLine> postings, Grain grain) {
  std::vector<ExportRow> rows;
  for (const auto& [key, totals] : postings) {
    if (!cancelled(key, totals)) rows.push_back({key, totals, grain, "", {}});
  }
  return rows;
}

std::string focus_header() {
  std::string out;
  append_line(out, std::vector<std::string>(kFocusColumns.begin(), kFocusColumns.end()));
  return out;
}

void append_focus(std::string& out, const ExportRow& row, const ExportParties& parties) {
  Cells cells;
  add_money(cells, row, parties);
  add_sku(cells, row);
  add_times(cells, row);
  add_dimensions(cells, row, parties);
  add_own(cells, row);
  std::vector<std::string> line;
  for (const std::string_view column : kFocusColumns) line.push_back(cells[column]);
  append_line(out, line);
}

std::string plain_header() {
  return "period_start,period_end,grain,receipt_id,tenant,workflow,category,provider,model,meter,basis,byok,correction,"
         "quantity,unit_price_usd_per_million,cost_usd,charged_usd,lines,unknown_lines\r\n";
}

void append_plain(std::string& out, const ExportRow& row) {
  const PostingKey& key = row.key;
  append_line(out,
              {focus_time(key.period_start), focus_time(period_end(row)), std::string(grain_name(row.grain)),
               csv_text(row.receipt_id), csv_text(key.tenant), csv_text(key.workflow), std::string(name(key.category)),
               csv_text(key.provider), csv_text(key.model_id), csv_text(key.meter), std::string(name(key.basis)),
               key.byok ? "true" : "false", key.correction ? "true" : "false", decimal(row.totals.quantity, 0),
               key.unit_price ? usd_per_million(*key.unit_price) : "", decimal(row.totals.cost, 12),
               decimal(row.totals.charged, 12), std::to_string(row.totals.lines), std::to_string(row.totals.unknown)});
}

} // namespace kairos::ledger
