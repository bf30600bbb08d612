#include "api/verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "model/json_writer.h"
#include "model/receipt_json.h"
#include "store/verify.h"

namespace kairos::api {
namespace {

const store::ReadOptions kPatience{std::chrono::minutes(10), {}};

/// Counts the journal once, for everything.
class Count {
public:
  Count(std::shared_ptr<const journal::Reader> journal, std::uint64_t until, std::optional<ledger::JournalBase> base)
      : end_(journal->end()), cursor_(std::move(journal)), until_(until) {
    if (!base) return;
    truth = std::move(base->books);
    begun_at_ = truth.sequence();
    counted_ = base->counted;
    whole_cost = base->cost;
    whole_charged = base->charged;
  }

  Verified verified;
  ledger::Books truth;
  /// With what was dropped.
  PicoSum whole_cost = 0;
  PicoSum whole_charged = 0;
  /// Of receipts that are still there, though the base has them: a drop that was cut short.
  std::uint64_t twice = 0;
  PicoSum twice_cost = 0;

  /// The next closed receipt; nullopt at the end of what was there when counting began.
  Result<std::optional<store::StoredReceipt>> next() {
    while (true) {
      const auto more = cursor_.next(entry_);
      if (!more && more.error().code == Code::kCorrupt && cursor_.skip_damage()) {
        report(more.error().message);
        continue;
      }
      if (!more) return std::unexpected(more.error());
      if (!*more || entry_.position >= end_) return std::nullopt;
      if (entry_.kind == journal::Kind::kCorrection) take_correction();
      if (entry_.kind != journal::Kind::kClose || entry_.erased) continue;
      if (auto receipt = take_receipt()) return receipt;
    }
  }

  void report(std::string problem) {
    if (verified.problems.size() < kMostProblems) verified.problems.push_back(std::move(problem));
  }
  /// Receipts and corrections, added up apart from any posting.
  PicoSum counted() const { return counted_; }

private:
  std::optional<store::StoredReceipt> take_receipt() {
    auto receipt = model::receipt_from_json(entry_.payload);
    if (!receipt) {
      report(fmt::format("the receipt at {}: {}", journal::to_string(entry_.position), receipt.error().message));
      return std::nullopt;
    }
    check_sums(*receipt);
    ++verified.receipts;
    verified.cost += receipt->cost.total ? receipt->cost.total->value() : 0;
    verified.charged += receipt->cost.charged ? receipt->cost.charged->value() : 0;
    if (entry_.sequence > begun_at_) {
      whole_cost += receipt->cost.total ? receipt->cost.total->value() : 0;
      whole_charged += receipt->cost.charged ? receipt->cost.charged->value() : 0;
    } else {
      ++twice;
      twice_cost += receipt->cost.total ? receipt->cost.total->value() : 0;
    }
    if (entry_.sequence <= until_ && entry_.sequence > begun_at_) {
      counted_ += ledger::known_cost(*receipt);
      note(truth.take(entry_, *receipt));
    }
    return store::StoredReceipt{
        std::move(*receipt), entry_.sequence, {entry_.position.segment, entry_.position.offset}};
  }

  void take_correction() {
    const auto correction = ledger::correction_from_json(entry_.payload);
    if (!correction)
      return report(
          fmt::format("the correction at {}: {}", journal::to_string(entry_.position), correction.error().message));
    ++verified.corrections;
    const PicoSum difference = ledger::known_cost(correction->after) - ledger::known_cost(correction->before);
    verified.corrected += difference;
    if (entry_.sequence > until_ || entry_.sequence <= begun_at_) return;
    counted_ += difference;
    note(truth.take(entry_));
  }

  void note(const Result<>& taken) {
    if (!taken) report(taken.error().message);
  }

  /// A receipt's total is the sum of its lines, and what is charged that of what each line is.
  void check_sums(const model::Receipt& receipt) {
    PicoSum cost = 0;
    PicoSum charged = 0;
    bool priced = !receipt.cost.lines.empty();
    bool charged_lines = priced;
    for (const model::CostLine& line : receipt.cost.lines) {
      priced = priced && line.cost;
      charged_lines = charged_lines && line.charged;
      cost += line.cost ? line.cost->value() : 0;
      charged += line.charged ? line.charged->value() : 0;
    }
    const auto differs = [&](std::string_view what, PicoSum lines, Picodollars total) {
      report(fmt::format("receipt {} (sequence {}): {} is {} USD, its lines sum to {} USD", receipt.receipt_id,
                         entry_.sequence, what, usd(total), usd_sum(lines)));
    };
    if (priced && receipt.cost.total && cost != receipt.cost.total->value())
      differs("its total", cost, *receipt.cost.total);
    if (charged_lines && receipt.cost.charged && charged != receipt.cost.charged->value())
      differs("what is charged", charged, *receipt.cost.charged);
  }

  const journal::Position end_;
  journal::Cursor cursor_;
  const std::uint64_t until_;
  std::uint64_t begun_at_ = 0; // the sequence up to which the base has everything
  journal::Entry entry_;
  PicoSum counted_ = 0;
};

/// The views' own sums over all times. Left out while the loader goes on.
Result<> check_views(store::ReceiptStore& store, std::uint64_t last_sequence, Count& count) {
  store::Query query;
  query.measures = {store::Measure::kCost, store::Measure::kCharged};
  query.range = {WallTime{}, store::kLatestTime};
  const auto before = store.mark();
  const auto table = store.query(query, store::Scope::all(), kPatience);
  if (!table) return std::unexpected(table.error());
  if (before.sequence != last_sequence || store.mark() != before || table->rows.empty()) return {};
  const auto sum = [&](size_t column) {
    const auto* money = std::get_if<store::Money>(&table->rows[0][column]);
    return money == nullptr ? PicoSum(0) : money->picodollars;
  };
  const bool all = sum(0) == count.whole_cost && sum(1) == count.whole_charged;
  auto& dropped = count.verified.dropped;
  if (dropped && !all && sum(0) == count.verified.cost && sum(1) == count.verified.charged) {
    dropped->in_store = false; // made anew from what the journal has
    return {};
  }
  if (dropped && all) dropped->in_store = true;
  const auto compare = [&](std::string_view what, PicoSum view, PicoSum receipts) {
    if (view != receipts)
      count.report(fmt::format("the views' {} over all times is {} USD, the receipts' {} USD{}", what, usd_sum(view),
                               usd_sum(receipts), dropped ? ", dropped ones included" : ""));
  };
  compare("cost", sum(0), count.whole_cost);
  compare("charged", sum(1), count.whole_charged);
  return {};
}

/// The journal's beginning, if that is not its first record.
std::optional<DroppedPart> dropped_part(const journal::Reader& journal,
                                        const std::optional<ledger::JournalBase>& base) {
  const auto begin = ledger::dropped_until(journal);
  if (!begin) return std::nullopt;
  return DroppedPart{begin->first_sequence - 1, begin->time, base ? base->receipts : 0, base ? base->cost : 0, {}};
}

/// Days that begin behind the last record of what was dropped have all their receipts in the journal.
std::string first_whole_day(const std::optional<ledger::JournalBase>& base) {
  return base ? to_rfc3339(base->newest + std::chrono::days(1)).substr(0, 10) : "";
}

void check_books(const ledger::Books& books, Count& count) {
  const PicoSum posted = count.truth.postings().total().cost;
  if (posted != count.counted()) {
    count.report(fmt::format("the postings of the receipts sum to {} USD, the receipts themselves to {} USD",
                             usd_sum(posted), usd_sum(count.counted())));
  }
  for (std::string& one : books.differences(count.truth, kMostProblems)) count.report(std::move(one));
}

} // namespace

Result<Verified> verify_money(const std::shared_ptr<const journal::Reader>& journal, store::ReceiptStore& store,
                              const std::optional<ledger::Books>& books, std::optional<ledger::JournalBase> base) {
  const auto dropped = dropped_part(*journal, base);
  const std::string whole_days = first_whole_day(base);
  const bool comparable = books && (!base || books->sequence() >= base->sequence());
  Count count(journal, comparable ? books->sequence() : 0, std::move(base));
  count.verified.dropped = dropped;
  std::uint64_t last = 0;
  const store::NextReceipt next = [&]() -> Result<std::optional<store::StoredReceipt>> {
    auto receipt = count.next();
    if (receipt && *receipt) last = (*receipt)->sequence;
    return receipt;
  };
  const auto compared = store::verify_store(store, next, {dropped ? dropped->last_sequence : 0, whole_days}, kPatience);
  if (!compared && compared.error().code != Code::kCorrupt) return std::unexpected(compared.error());
  if (!compared) count.report(compared.error().message);
  while (true) { // what the store does not have yet, or after the first difference
    const auto receipt = next();
    if (!receipt) return std::unexpected(receipt.error());
    if (!*receipt) break;
  }
  if (auto views = check_views(store, last, count); !views) return std::unexpected(views.error());
  if (comparable) check_books(*books, count);
  count.verified.sequence = comparable ? books->sequence() : 0;
  if (count.verified.dropped) {
    count.verified.dropped->receipts -= std::min(count.twice, count.verified.dropped->receipts);
    count.verified.dropped->cost -= count.twice_cost;
  }
  return std::move(count.verified);
}

std::vector<std::string> counter_problems(ledger::BudgetAuthority& budgets, const ledger::Projection& books,
                                          const Clock& clock, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::vector<std::string> problems;
    for (const ledger::BudgetStatus& status : budgets.status(clock.wall_now())) {
      const auto period = ledger::parse_period(status.period);
      if (!period) continue;
      const PicoSum receipts =
          books.with([&](const ledger::Books& now) { return now.budgets().spent(status.spec.id, *period); });
      if (receipts == status.spent.value()) continue;
      problems.push_back(fmt::format("budget '{}', {}: the running counter says {} USD spent, the receipts say {} USD",
                                     status.spec.id, status.period, usd(status.spent), usd_sum(receipts)));
    }
    if (problems.empty() || std::chrono::steady_clock::now() >= until) return problems;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string to_json(const journal::VerifyReport& journal, const Verified& verified) {
  std::string out;
  model::JsonWriter json(out);
  const auto count = [&](std::string_view key, std::uint64_t value) {
    json.key(key).integer(static_cast<std::int64_t>(value));
  };
  json.begin_object();
  json.key("ok").boolean(journal.ok() && verified.ok());
  json.key("journal").begin_object();
  count("segments", journal.segments);
  count("records", journal.records);
  count("first_sequence", journal.first_sequence);
  count("last_sequence", journal.last_sequence);
  count("problems", journal.problem_count);
  json.end_object();
  json.key("dropped");
  if (const auto& dropped = verified.dropped) {
    json.begin_object();
    count("last_sequence", dropped->last_sequence);
    json.key("begins_at").string(to_rfc3339(dropped->begins_at));
    count("receipts", dropped->receipts);
    json.key("cost_usd").string(usd_sum(dropped->cost));
    json.key("in_store");
    dropped->in_store ? json.boolean(*dropped->in_store) : json.null();
    json.end_object();
  } else {
    json.null();
  }
  count("receipts", verified.receipts);
  count("corrections", verified.corrections);
  count("ledger_sequence", verified.sequence);
  json.key("cost_usd").string(usd_sum(verified.cost));
  json.key("charged_usd").string(usd_sum(verified.charged));
  json.key("corrected_usd").string(usd_sum(verified.corrected));
  json.key("problems").begin_array();
  for (const journal::Problem& one : journal.problems)
    json.string(fmt::format("{}: {}", journal::to_string(one.position), one.what));
  for (const std::string& one : verified.problems) json.string(one);
  json.end_array();
  json.end_object();
  return out;
}

} // namespace kairos::api
