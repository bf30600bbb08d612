#include "ledger/books.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "journal/frame.h"
#include "ledger/number.h"
#include "model/receipt_json.h"

namespace kairos::ledger {
namespace {

constexpr std::string_view kBooksHead = "kairosroute-ledger/1 ";
constexpr std::string_view kEnd = "end ";

std::unexpected<Error> corrupt_books(std::string_view why) {
  return fail(Code::kCorrupt, fmt::format("the saved ledger is damaged: {}", why));
}

/// Whole numbers behind each other; false if there are not as many.
bool read_numbers(std::string_view text, std::initializer_list<std::uint64_t*> into) {
  for (std::uint64_t* number : into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return true;
}

using Periods = std::map<std::string, BudgetState::Periods, std::less<>>;

void compare_budgets(const Periods& mine, const Periods& truth, size_t most, std::vector<std::string>& out) {
  const auto amounts = [](const Periods& all, const std::string& id, PeriodKey period) {
    const auto budget = all.find(id);
    if (budget == all.end()) return SpentInPeriod{};
    const auto found = budget->second.find(period);
    return found == budget->second.end() ? SpentInPeriod{} : found->second;
  };
  std::map<std::pair<std::string, PeriodKey>, bool> keys;
  for (const Periods* side : {&mine, &truth}) {
    for (const auto& [id, periods] : *side) {
      for (const auto& [period, spent] : periods) keys[{id, period}] = true;
    }
  }
  for (const auto& [key, there] : keys) {
    const SpentInPeriod is = amounts(mine, key.first, key.second);
    const SpentInPeriod must = amounts(truth, key.first, key.second);
    if (is == must || out.size() >= most) continue;
    out.push_back(fmt::format(
        "budget '{}', {}: the counter says {} USD spent, {} USD overrun, {} unpriced; the receipts say {}, {}, {}",
        key.first, to_text(key.second), decimal(is.spent, 12), decimal(is.overrun, 12), is.unpriced,
        decimal(must.spent, 12), decimal(must.overrun, 12), must.unpriced));
  }
}

} // namespace

Result<> Books::note(const journal::Entry& entry) {
  next_ = std::max(next_, entry.next);
  if (!journal::is_chained(entry.kind) || entry.sequence <= sequence_)
    return fail(Code::kConflict, "counted already, or not to be counted");
  sequence_ = entry.sequence;
  last_ = entry.position;
  hash_ = entry.hash;
  erased_ += entry.erased ? 1 : 0;
  return {};
}

Result<> Books::take(const journal::Entry& entry) {
  const bool counts = journal::is_chained(entry.kind) && entry.sequence > sequence_ && !entry.erased;
  if (!counts || entry.kind == journal::Kind::kCorrection) {
    if (!note(entry) || !counts) return {};
    const auto correction = correction_from_json(entry.payload);
    if (!correction)
      return fail_in(fmt::format("the correction at {}", journal::to_string(entry.position)), correction.error());
    postings_.add(postings_of(*correction));
    corrections_[correction->after.receipt_id].push_back(entry.position);
    return budgets_.apply(*correction, entry.sequence);
  }
  const auto receipt = model::receipt_from_json(entry.payload, model::ReceiptPart::kBooked);
  if (receipt) return take(entry, *receipt);
  static_cast<void>(note(entry));
  return fail_in(fmt::format("the receipt at {}", journal::to_string(entry.position)), receipt.error());
}

Result<> Books::take(const journal::Entry& entry, const model::Receipt& closed) {
  if (!note(entry)) return {};
  postings_.add(postings_of(closed));
  return budgets_.apply(closed, entry.sequence);
}

std::span<const journal::Position> Books::corrections_of(std::string_view receipt_id) const {
  const auto found = corrections_.find(receipt_id);
  if (found == corrections_.end()) return {};
  return found->second;
}

std::vector<std::string> Books::differences(const Books& truth, size_t most) const {
  std::vector<std::string> out;
  if (sequence_ != truth.sequence_)
    out.push_back(
        fmt::format("the ledger is of sequence {}, the receipts were read up to {}", sequence_, truth.sequence_));
  compare_budgets(budgets_.budgets(), truth.budgets_.budgets(), most, out);
  for (std::string& one : postings_.differences(truth.postings_, most)) out.push_back(std::move(one));
  out.resize(std::min(out.size(), most));
  return out;
}

std::string Books::summary() const {
  std::string out = fmt::format("{}{} {} {} {} {} {} {}\n", kBooksHead, sequence_, erased_, next_.segment, next_.offset,
                                last_.segment, last_.offset, to_hex(hash_));
  return out + "b " + budgets_.to_json() + '\n';
}

std::string Books::to_text() const {
  std::string out = summary();
  for (const auto& [id, positions] : corrections_) {
    for (const journal::Position& one : positions) out += fmt::format("x {} {} {}\n", one.segment, one.offset, id);
  }
  postings_.append_text(out);
  return out + fmt::format("{}{:016x}\n", kEnd, journal::checksum(out));
}

Result<> Books::take_head(std::string_view line) {
  if (!line.starts_with(kBooksHead)) return corrupt_books("it does not begin as one");
  line.remove_prefix(kBooksHead.size());
  const auto hash = from_hex(line.substr(std::min(line.rfind(' ') + 1, line.size())));
  const bool numbers =
      read_numbers(line, {&sequence_, &erased_, &next_.segment, &next_.offset, &last_.segment, &last_.offset});
  if (!numbers || !hash || hash->size() != hash_.size()) return corrupt_books("its first line");
  std::ranges::copy(*hash, hash_.begin());
  return {};
}

Result<> Books::take_line(std::string_view line) {
  if (line.starts_with("b ")) {
    auto budgets = BudgetState::from_json(line.substr(2));
    if (!budgets) return std::unexpected(budgets.error());
    budgets_ = std::move(*budgets);
    return {};
  }
  if (!line.starts_with("x ")) return postings_.take_line(line);
  journal::Position position;
  if (!read_numbers(line.substr(2), {&position.segment, &position.offset})) return corrupt_books(line.substr(0, 80));
  corrections_[std::string(line.substr(line.rfind(' ') + 1))].push_back(position);
  return {};
}

Result<Books> Books::from_text(std::string_view text, BookLimits limits) {
  const size_t end = text.size() < 2 ? std::string_view::npos : text.rfind('\n', text.size() - 2);
  if (end == std::string_view::npos || !text.ends_with('\n')) return corrupt_books("it is cut off");
  const std::string_view body = text.substr(0, end + 1);
  if (text.substr(end + 1) != fmt::format("{}{:016x}\n", kEnd, journal::checksum(body)))
    return corrupt_books("its checksum is another");
  Books books(limits);
  bool head = true;
  for (std::string_view rest = body; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    auto taken = std::exchange(head, false) ? books.take_head(line) : books.take_line(line);
    if (!taken) return std::unexpected(taken.error());
  }
  return books;
}

} // namespace kairos::ledger
