#include "api/receipt_json.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "ledger/tenant_view.h"
#include "model/receipt_json.h"

namespace kairos::api {
namespace {

void write_names(model::JsonWriter& json, const store::ReceiptRow& row) {
  json.key("receipt_id").string(row.receipt_id);
  json.key("created_at").string(to_rfc3339(row.created_at));
  json.key("completed_at").string(to_rfc3339(row.completed_at));
  json.key("tenant").string(row.tenant);
  json.key("workflow").string(row.workflow);
  json.key("api_key_id").string(row.api_key_id);
  json.key("end_user").string(row.end_user);
  json.key("requested_model").string(row.requested_model);
  json.key("model_id").string(row.model_id);
  json.key("provider").string(row.provider);
  json.key("region").string(row.region);
  json.key("category").string(model::name(row.category));
  json.key("status").string(model::name(row.status));
  json.key("http_status").integer(row.http_status);
  json.key("error_code").string(row.error_code);
}

} // namespace

std::optional<std::string> dropped_with_journal(const store::ReceiptRow& row, const journal::Reader& journal) {
  const auto its = journal.begin_of(row.place.segment);
  if (its || its.error().code != Code::kNotFound) return std::nullopt;
  const auto begin = journal.begin();
  if (!begin || !*begin || row.place.segment >= (*begin)->segment) return std::nullopt;
  return fmt::format("receipt {}, closed {}, was dropped with its part of the journal, which begins at {} now "
                     "(journal.keep_days); its row stays in search and its sums in the views",
                     row.receipt_id, to_rfc3339(row.completed_at), to_rfc3339((*begin)->time));
}

Result<std::string> receipt_json(const store::Found& found, const journal::Reader& journal, bool with_integrity) {
  const auto entry = journal.read(journal::Position{found.row.place.segment, found.row.place.offset});
  if (!entry) return std::unexpected(entry.error());
  if (entry->erased) return fail(Code::kNotFound, "this receipt was erased");
  if (!with_integrity) return entry->payload;
  return model::with_integrity(entry->payload, {entry->sequence, to_hex(entry->prev_hash), to_hex(entry->hash)});
}

Result<std::string> receipt_of_tenant(std::string_view stored, const config::Snapshot& snapshot) {
  auto receipt = model::receipt_from_json(stored);
  if (!receipt) return std::unexpected(receipt.error());
  return model::to_json(ledger::tenant_view(std::move(*receipt), ledger::charged_budgets(snapshot)));
}

void write_row(model::JsonWriter& json, const store::ReceiptRow& row) {
  const auto money = [&](std::string_view key, const std::optional<Picodollars>& amount) {
    json.key(key);
    amount ? json.string(usd(*amount)) : json.null();
  };
  json.begin_object();
  write_names(json, row);
  money("cost_usd", row.cost);
  money("charged_usd", row.charged);
  money("savings_usd", row.savings);
  json.key("cost_basis").string(model::name(row.basis));
  json.key("latency_ms").integer(row.latency_ms);
  json.key("ttft_ms");
  row.ttft_ms ? json.integer(*row.ttft_ms) : json.null();
  json.key("attempts").integer(row.attempts);
  json.key("count").integer(row.count);
  json.key("cache_hit").boolean(row.cache_hit);
  json.end_object();
}

} // namespace kairos::api
