// The ledger as JSON, for checkpoints.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "ledger/number.h"
#include "ledger/postings.h"
#include "model/json_writer.h"

namespace kairos::ledger {
namespace {

namespace json = boost::json;

std::unexpected<Error> corrupt(std::string_view why) {
  return fail(Code::kCorrupt, fmt::format("ledger checkpoint: {}", why));
}

/// Reads the fields of one row; the first thing that is wrong is remembered, later reads give defaults.
struct RowReader {
  const json::object& row;
  bool wrong = false;

  std::string text(std::string_view field) {
    const json::value* value = row.if_contains({field.data(), field.size()});
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    wrong = true;
    return {};
  }
  Int128 sum(std::string_view field) {
    const auto value = parse_decimal(text(field), 0);
    wrong |= !value;
    return value.value_or(0);
  }
  std::int64_t small(std::string_view field) { return static_cast<std::int64_t>(sum(field)); }
  bool flag(std::string_view field) { return text(field) == "yes"; }
  WallTime time(std::string_view field) {
    const auto value = parse_rfc3339(text(field));
    wrong |= !value;
    return value.value_or(WallTime{});
  }
};

void write_row(model::JsonWriter& out, const PostingKey& key, const PostingTotals& totals) {
  out.begin_object().key("period_start").string(to_rfc3339(key.period_start));
  out.key("billing_month").string(to_rfc3339(key.billing_month));
  out.key("tenant").string(key.tenant).key("workflow").string(key.workflow);
  out.key("category").string(name(key.category)).key("provider").string(key.provider).key("model").string(key.model_id);
  out.key("meter").string(key.meter);
  out.key("unit_price").string(key.unit_price ? std::to_string(key.unit_price->value()) : "");
  out.key("basis").string(name(key.basis)).key("byok").string(key.byok ? "yes" : "no");
  out.key("correction").string(key.correction ? "yes" : "no");
  out.key("quantity").string(decimal(totals.quantity, 0)).key("cost").string(decimal(totals.cost, 0));
  out.key("charged").string(decimal(totals.charged, 0)).key("lines").string(std::to_string(totals.lines));
  out.key("unknown").string(std::to_string(totals.unknown)).end_object();
}

Result<std::pair<PostingKey, PostingTotals>> read_row(const json::value& value) {
  if (!value.is_object()) return corrupt("a row is not an object");
  RowReader read{value.get_object()};
  PostingKey key;
  key.period_start = read.time("period_start");
  key.billing_month = read.time("billing_month");
  key.tenant = read.text("tenant");
  key.workflow = read.text("workflow");
  read.wrong |= !model::parse_name(model::kCategoryNames, read.text("category"), key.category);
  key.provider = read.text("provider");
  key.model_id = read.text("model");
  key.meter = read.text("meter");
  if (!read.text("unit_price").empty()) key.unit_price = UnitPrice(read.small("unit_price"));
  read.wrong |= !model::parse_name(model::kCostBasisNames, read.text("basis"), key.basis);
  key.byok = read.flag("byok");
  key.correction = read.flag("correction");
  const PostingTotals totals{read.sum("quantity"), read.sum("cost"), read.sum("charged"), read.small("lines"),
                             read.small("unknown")};
  if (read.wrong) return corrupt("a row has a field that is missing or cannot be read");
  return std::pair(std::move(key), totals);
}

} // namespace

std::string Ledger::to_json() const {
  std::string out;
  model::JsonWriter writer(out);
  writer.begin_object().key("position").string(std::to_string(position_)).key("rows").begin_array();
  for (const auto& [key, totals] : rows_) write_row(writer, key, totals);
  writer.end_array().end_object();
  return out;
}

Result<Ledger> Ledger::from_json(std::string_view text) {
  json::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : root.if_object();
  const json::value* rows = object == nullptr ? nullptr : object->if_contains("rows");
  if (rows == nullptr || !rows->is_array()) return corrupt("not an object with rows");
  RowReader read{*object};
  const Int128 position = read.sum("position");
  if (read.wrong || position < 0 || position > UINT64_MAX) return corrupt("'position' is not a sequence");
  Ledger ledger;
  ledger.position_ = static_cast<std::uint64_t>(position);
  for (const json::value& value : rows->get_array()) {
    auto row = read_row(value);
    if (!row) return std::unexpected(row.error());
    ledger.rows_[std::move(row->first)].add(row->second);
  }
  return ledger;
}

} // namespace kairos::ledger
