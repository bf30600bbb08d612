#include "ledger/correction.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/money.h"
#include "model/json_writer.h"
#include "model/receipt_json.h"

namespace kairos::ledger {
namespace {

std::unexpected<Error> corrupt_correction(std::string_view why) {
  return fail(Code::kCorrupt, fmt::format("correction record: {}", why));
}

Result<model::Receipt> receipt_in(simdjson::ondemand::document& document, std::string_view field) {
  simdjson::ondemand::object object;
  std::string_view raw;
  if (document[field].get_object().get(object) != simdjson::SUCCESS || object.raw_json().get(raw) != simdjson::SUCCESS)
    return corrupt_correction(fmt::format("'{}' is not a receipt", field));
  auto receipt = model::receipt_from_json(raw);
  if (!receipt) return fail_in(fmt::format("correction record: '{}'", field), receipt.error());
  return receipt;
}

Result<std::string> text_in(simdjson::ondemand::document& document, std::string_view field) {
  std::string_view text;
  if (document[field].get_string().get(text) != simdjson::SUCCESS)
    return corrupt_correction(fmt::format("'{}' is not a string", field));
  return std::string(text);
}

} // namespace

Correction make_correction(const model::Receipt& before, model::Usage usage, model::Cost cost,
                           const std::vector<std::string>& charged_budgets, std::string reason, WallTime now,
                           std::optional<std::vector<model::Attempt>> attempts) {
  Correction correction{now, std::move(reason), before, before};
  model::Receipt& after = correction.after;
  after.usage = std::move(usage);
  after.cost = std::move(cost);
  if (attempts) after.attempts = std::move(*attempts);
  for (model::BudgetCharge& charge : after.budget_charges) {
    const bool charged =
        std::find(charged_budgets.begin(), charged_budgets.end(), charge.budget_id) != charged_budgets.end();
    const auto& was = charged ? before.cost.charged : before.cost.total;
    const auto& is = charged ? after.cost.charged : after.cost.total;
    // Budgets bound to one model take a part of the total only: the difference is put on those that took all of it.
    if (is && (!was || charge.amount == *was)) charge.amount = *is;
  }
  return correction;
}

std::string to_json(const Correction& correction) {
  std::string out;
  model::JsonWriter json(out);
  json.begin_object();
  json.key("schema").string(kCorrectionSchema);
  json.key("receipt_id").string(correction.after.receipt_id);
  json.key("corrected_at").string(to_rfc3339(correction.corrected_at));
  json.key("reason").string(correction.reason);
  json.key("delta_usd");
  const auto& was = correction.before.cost.total;
  const auto& is = correction.after.cost.total;
  was&& is ? json.usd(*is - *was) : json.null();
  json.key("before").raw(model::to_json(correction.before));
  json.key("after").raw(model::to_json(correction.after));
  json.end_object();
  return out;
}

Result<Correction> correction_from_json(std::string_view text) {
  const simdjson::padded_string padded(text);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return corrupt_correction("not JSON");
  const auto schema = text_in(document, "schema");
  if (!schema) return std::unexpected(schema.error());
  if (*schema != kCorrectionSchema) return corrupt_correction(fmt::format("unknown schema '{:.60}'", *schema));
  const auto at = text_in(document, "corrected_at");
  auto reason = text_in(document, "reason");
  if (!at || !reason) return std::unexpected(at ? reason.error() : at.error());
  const auto time = parse_rfc3339(*at);
  if (!time) return fail_in("correction record: 'corrected_at'", time.error());
  auto before = receipt_in(document, "before");
  if (!before) return std::unexpected(before.error());
  auto after = receipt_in(document, "after");
  if (!after) return std::unexpected(after.error());
  if (before->receipt_id != after->receipt_id) return corrupt_correction("'before' and 'after' are different receipts");
  return Correction{*time, std::move(*reason), std::move(*before), std::move(*after)};
}

} // namespace kairos::ledger
