#include "ledger/posting_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ledger/number.h"
#include "ledger/period.h"

namespace kairos::ledger {
namespace {

using std::chrono::hours;

constexpr std::int64_t kDayHours = 24;

std::int64_t hour_number(WallTime time) { return std::chrono::floor<hours>(time).time_since_epoch().count(); }
WallTime time_of(std::int64_t hour) { return WallTime(hours(hour)); }
std::int64_t day_of(std::int64_t hour) { return hour - ((hour % kDayHours) + kDayHours) % kDayHours; }
bool whole_hour(const std::optional<WallTime>& time) { return !time || time_of(hour_number(*time)) == *time; }
bool whole_day(const std::optional<WallTime>& time) { return !time || time_of(day_of(hour_number(*time))) == *time; }

std::string posting_text(const PostingTotals& totals) {
  return fmt::format("quantity {}, cost {} USD, charged {} USD, {} lines, {} unknown", decimal(totals.quantity, 0),
                     decimal(totals.cost, 12), decimal(totals.charged, 12), totals.lines, totals.unknown);
}

std::string posting_text(Grain grain, std::int64_t hour, const PostingKey& key) {
  return fmt::format("{} {}, tenant '{}', workflow '{}', {}, {}/{}, {}{}", kGrainNames[static_cast<size_t>(grain)],
                     to_rfc3339(time_of(hour)).substr(0, 13), key.tenant, key.workflow, model::name(key.category),
                     key.provider, key.model_id, key.meter, key.correction ? ", correction" : "");
}

} // namespace

std::optional<std::uint32_t> PostingBook::number_of(const PostingKey& combination) {
  const auto known = numbers_.find(combination);
  if (known != numbers_.end()) return known->second;
  overflown_ = overflown_ || combinations_.size() >= limits_.combinations;
  if (overflown_) return std::nullopt;
  const auto number = static_cast<std::uint32_t>(combinations_.size());
  combinations_.push_back(combination);
  numbers_.emplace(combination, number);
  return number;
}

void PostingBook::add(std::span<const PostingLine> lines) {
  for (const auto& [key, totals] : lines) {
    total_.add(totals);
    const std::int64_t hour = hour_number(key.period_start);
    PostingKey combination = key;
    combination.period_start = {};
    const auto number = number_of(combination);
    if (!number) continue;
    add(hours_, hour, *number, totals);
    add(days_, day_of(hour), *number, totals);
  }
}

void PostingBook::add(Rows& rows, std::int64_t hour, std::uint32_t combination, const PostingTotals& totals) {
  if (hour < rows.first) return;
  rows.rows[{hour, combination}].add(totals);
  while (rows.rows.size() > limits_.rows) {
    rows.first = day_of(rows.rows.begin()->first.first) + kDayHours;
    rows.rows.erase(rows.rows.begin(), rows.rows.lower_bound({rows.first, 0}));
  }
}

std::optional<std::vector<PostingLine>> PostingBook::read(const Rows& from, const HourRange& range,
                                                          const std::optional<std::string>& tenant) const {
  if (overflown_ || (from.first != INT64_MIN && (!range.from || hour_number(*range.from) < from.first)))
    return std::nullopt;
  std::vector<std::uint32_t> order(combinations_.size()); // by key; then the rank of each combination
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return combinations_[a] < combinations_[b]; });
  std::vector<std::uint32_t> rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  const auto begin = range.from ? from.rows.lower_bound({hour_number(*range.from), 0}) : from.rows.begin();
  const auto end = range.to ? from.rows.lower_bound({hour_number(*range.to), 0}) : from.rows.end();
  std::vector<std::pair<RowKey, const PostingTotals*>> found;
  for (auto row = begin; row != end && (!range.to || row->first.first < hour_number(*range.to)); ++row) {
    if (tenant && combinations_[row->first.second].tenant != *tenant) continue;
    found.push_back({{row->first.first, rank[row->first.second]}, &row->second});
  }
  std::ranges::sort(found, {}, &std::pair<RowKey, const PostingTotals*>::first);
  std::vector<PostingLine> lines;
  lines.reserve(found.size());
  for (const auto& [key, totals] : found) {
    lines.emplace_back(combinations_[order[key.second]], *totals);
    lines.back().first.period_start = time_of(key.first);
  }
  return lines;
}

std::optional<std::vector<PostingLine>> PostingBook::rows(Grain grain, const HourRange& range,
                                                          const std::optional<std::string>& tenant) const {
  if (grain == Grain::kReceipt || !whole_hour(range.from) || !whole_hour(range.to)) return std::nullopt;
  if (grain == Grain::kHour) return read(hours_, range, tenant);
  if (whole_day(range.from) && whole_day(range.to)) return read(days_, range, tenant);
  const auto hourly = read(hours_, range, tenant);
  if (!hourly) return std::nullopt;
  const Postings daily = by_day(Postings(hourly->begin(), hourly->end()));
  return std::vector<PostingLine>(daily.begin(), daily.end());
}

std::map<std::pair<std::int64_t, PostingKey>, PostingTotals> PostingBook::by_key(const Rows& rows) const {
  std::map<std::pair<std::int64_t, PostingKey>, PostingTotals> all;
  for (const auto& [key, totals] : rows.rows) all.emplace(std::pair(key.first, combinations_[key.second]), totals);
  return all;
}

void PostingBook::compare(const Rows& mine, const Rows& truth, const PostingBook& book, const PostingBook& other,
                          Grain grain, size_t most, std::vector<std::string>& out) {
  const auto have = book.by_key(mine);
  auto should = other.by_key(truth);
  const auto report = [&](const auto& key, const std::string& is, const std::string& must) {
    if (out.size() < most)
      out.push_back(fmt::format("{}: the ledger has {}; the receipts say {}",
                                posting_text(grain, key.first, key.second), is, must));
  };
  for (const auto& [key, totals] : have) {
    const auto found = should.find(key);
    const bool equal = found != should.end() && found->second == totals;
    if (!equal) report(key, posting_text(totals), found == should.end() ? "nothing" : posting_text(found->second));
    if (found != should.end()) should.erase(found);
  }
  for (const auto& [key, totals] : should) report(key, "nothing", posting_text(totals));
}

std::vector<std::string> PostingBook::differences(const PostingBook& truth, size_t most) const {
  std::vector<std::string> out;
  compare(hours_, truth.hours_, *this, truth, Grain::kHour, most, out);
  compare(days_, truth.days_, *this, truth, Grain::kDay, most, out);
  const bool sums = total_ == truth.total_;
  if (!sums && out.size() < most)
    out.push_back(fmt::format("the sum of all postings: the ledger has {}; the receipts say {}", posting_text(total_),
                              posting_text(truth.total_)));
  return out;
}

} // namespace kairos::ledger
