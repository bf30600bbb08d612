// The posting book as lines of text: "c [combination as JSON]" in the order of numbers, then "h" and "d" rows.
#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "ledger/number.h"
#include "ledger/period.h"
#include "ledger/posting_book.h"
#include "model/json_writer.h"

namespace kairos::ledger {
namespace {

namespace json = boost::json;

constexpr size_t kCells = 11;

std::unexpected<Error> corrupt_line(std::string_view line) {
  return fail(Code::kCorrupt, fmt::format("a line of the ledger cannot be read: '{}'", line.substr(0, 80)));
}

void append_combination(std::string& out, const PostingKey& key) {
  out += "c ";
  model::JsonWriter writer(out);
  writer.begin_array().string(to_text(period_at(Period::kMonth, key.billing_month)));
  writer.string(key.tenant)
      .string(key.workflow)
      .string(name(key.category))
      .string(key.provider)
      .string(key.model_id)
      .string(key.meter);
  writer.string(key.unit_price ? std::to_string(key.unit_price->value()) : "").string(name(key.basis));
  writer.boolean(key.byok).boolean(key.correction).end_array();
  out += '\n';
}

std::optional<std::string> text_at(const json::array& cells, size_t index) {
  const json::string* text = cells[index].if_string();
  return text == nullptr ? std::nullopt : std::optional(std::string(*text));
}

} // namespace

void PostingBook::append_text(std::string& out) const {
  out += fmt::format("f {} {} {}\n", hours_.first, days_.first, overflown_ ? 1 : 0);
  for (const PostingKey& key : combinations_) append_combination(out, key);
  const auto totals_text = [](const PostingTotals& totals) {
    return fmt::format("{} {} {} {} {}", decimal(totals.quantity, 0), decimal(totals.cost, 0),
                       decimal(totals.charged, 0), totals.lines, totals.unknown);
  };
  for (const auto& [letter, rows] : {std::pair('h', &hours_), std::pair('d', &days_)}) {
    for (const auto& [key, totals] : rows->rows)
      out += fmt::format("{} {} {} {}\n", letter, key.first, key.second, totals_text(totals));
  }
  out += fmt::format("t 0 0 {}\n", totals_text(total_));
}

Result<> PostingBook::take_line(std::string_view line) {
  if (line.size() < 3 || line[1] != ' ') return corrupt_line(line);
  const std::string_view rest = line.substr(2);
  if (line[0] == 'c') return take_combination(rest);
  if (line[0] == 'h') return take_row(hours_, rest);
  if (line[0] == 'd') return take_row(days_, rest);
  std::string_view numbers = rest;
  if (line[0] == 't') {
    Rows one;
    combinations_.emplace_back(); // so that the row is of a combination
    auto taken = take_row(one, rest);
    combinations_.pop_back();
    if (taken) total_ = one.rows.begin()->second;
    return taken;
  }
  const auto first_hour = next_number(numbers);
  const auto first_day = next_number(numbers);
  const auto overflown = next_number(numbers);
  if (line[0] != 'f' || !first_hour || !first_day || !overflown) return corrupt_line(line);
  hours_.first = static_cast<std::int64_t>(*first_hour);
  days_.first = static_cast<std::int64_t>(*first_day);
  overflown_ = *overflown != 0;
  return {};
}

Result<> PostingBook::take_combination(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  const json::array* cells = error ? nullptr : value.if_array();
  if (cells == nullptr || cells->size() != kCells || !(*cells)[9].is_bool() || !(*cells)[10].is_bool())
    return corrupt_line(text);
  for (size_t i = 0; i < 9; ++i) {
    if (!(*cells)[i].is_string()) return corrupt_line(text);
  }
  PostingKey key;
  const auto month = parse_period(*text_at(*cells, 0));
  const auto price = parse_decimal(text_at(*cells, 7)->empty() ? "0" : *text_at(*cells, 7), 0);
  const bool named = model::parse_name(model::kCategoryNames, *text_at(*cells, 3), key.category) &&
                     model::parse_name(model::kCostBasisNames, *text_at(*cells, 8), key.basis);
  if (!month || !start_of(*month) || !price || !named) return corrupt_line(text);
  key.billing_month = *start_of(*month);
  key.tenant = *text_at(*cells, 1);
  key.workflow = *text_at(*cells, 2);
  key.provider = *text_at(*cells, 4);
  key.model_id = *text_at(*cells, 5);
  key.meter = *text_at(*cells, 6);
  if (!text_at(*cells, 7)->empty()) key.unit_price = UnitPrice(static_cast<std::int64_t>(*price));
  key.byok = (*cells)[9].get_bool();
  key.correction = (*cells)[10].get_bool();
  const auto number = static_cast<std::uint32_t>(combinations_.size());
  if (number >= limits_.combinations || !numbers_.emplace(key, number).second)
    return corrupt_line(text); // too many, or there twice
  combinations_.push_back(std::move(key));
  return {};
}

Result<> PostingBook::take_row(Rows& rows, std::string_view text) {
  std::array<Int128, 7> cells{};
  std::string_view rest = text;
  for (Int128& cell : cells) {
    const auto number = next_number(rest);
    if (!number) return corrupt_line(text);
    cell = *number;
  }
  if (cells[1] < 0 || cells[1] >= static_cast<Int128>(combinations_.size())) return corrupt_line(text);
  const RowKey key{static_cast<std::int64_t>(cells[0]), static_cast<std::uint32_t>(cells[1])};
  const PostingTotals totals{cells[2], cells[3], cells[4], static_cast<std::int64_t>(cells[5]),
                             static_cast<std::int64_t>(cells[6])};
  return rows.rows.emplace(key, totals).second ? Result<>() : corrupt_line(text);
}

} // namespace kairos::ledger
