// The cap as a theorem, with a journal and a disk that fails: random schedules of requests as the gateway runs them
// (OPEN, ATTEMPT and CLOSE records around reservations), with fallbacks, hedges, aborts, full disks and crashes at any
// write; then recovery. At every record of every journal: spent + held ≤ cap, for every budget and period; at rest
// nothing is held.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "journal/testing/journal_fixture.h"
#include "ledger/books.h"
#include "ledger/budgets.h"
#include "ledger/projection.h"
#include "model/receipt_json.h"

namespace kairos::ledger {
namespace {

using journal::Kind;
using Key = std::pair<std::string, std::string>; // budget and period
using Sums = std::map<Key, Int128>;

const char* const kTheoremModels[] = {"opus", "haiku", "flash"};

class World {
public:
  explicit World(unsigned seed) : random_(seed), files_(seed), clock_(*parse_rfc3339("2026-11-30T20:00:00Z")) {
    for (int i = 0; i < 5; ++i) specs_.push_back(random_budget(i));
    mode_ = static_cast<journal::CrashMode>(below(3));
    start_again();
  }

  void run(int lives) {
    for (int life = 0; life < lives && !testing::Test::HasFailure(); ++life) {
      if (below(2) == 0) files_.die_after_changes(below(60));
      for (int i = 0; i < 40 && !files_.dead(); ++i) step();
      crash();
    }
    while (!open_.empty()) settle();
    check_at_rest();
  }

private:
  struct Open {
    Ulid id;
    model::Receipt receipt;
    Reservation reservation;
    std::vector<std::int64_t> worst;
  };

  size_t below(size_t n) { return random_() % n; }

  BudgetSpec random_budget(int i) {
    BudgetSpec spec;
    spec.id = "b" + std::to_string(i);
    if (below(3) == 0) spec.scope.model_id = kTheoremModels[below(3)];
    if (below(3) == 0) spec.scope.end_user = "u1";
    spec.period = static_cast<Period>(below(3));
    spec.cap = Picodollars(static_cast<std::int64_t>(200 + below(1500)));
    return spec;
  }

  void step() {
    switch (below(10)) {
    case 0:
      return clock_.advance(std::chrono::hours(below(9)));
    case 1:
      return clock_.step_wall(-std::chrono::hours(below(30)));
    case 2:
      return files_.set_capacity(below(2) == 0 ? std::optional<std::uint64_t>(200'000) : std::nullopt);
    case 3:
    case 4:
      return settle();
    case 5:
      return attempt_again();
    default:
      return begin();
    }
  }

  bool write(Kind kind, const Open& one) {
    return journal::append(*writer_, {kind, one.id, clock_.wall_now(), model::to_json(one.receipt)}).has_value();
  }

  void begin() {
    Open one;
    one.id = journal::ulid(++requests_);
    one.receipt.receipt_id = receipt_id(one.id);
    one.receipt.created_at = clock_.wall_now();
    const auto worst = static_cast<std::int64_t>(1 + below(300));
    auto held = budgets_->reserve({"acme", "w", "k", kTheoremModels[below(3)], below(2) == 0 ? "u1" : "u2"},
                                  {Picodollars(worst), {}}, clock_.wall_now());
    if (!held) return;
    one.reservation = std::move(*held);
    one.worst.push_back(worst);
    one.receipt.budget_charges = one.reservation.open_charges();
    if (!write(Kind::kOpen, one)) return one.reservation.release(); // refused: nothing was sent
    open_.push_back(std::move(one));
  }

  /// A failed attempt that cost less, or one beside it (a hedge), or one that is not afforded.
  void attempt_again() {
    if (open_.empty()) return;
    Open& one = open_[below(open_.size())];
    const Ulid id = one.id;
    if (below(3) != 0) {
      one.worst.back() = static_cast<std::int64_t>(below(static_cast<size_t>(one.worst.back()) + 1));
      one.reservation.finish_attempt(one.worst.size() - 1, {Picodollars(one.worst.back()), {}});
    }
    if (below(2) == 0) begin(); // somebody else takes what looks free before the ATTEMPT record is there
    Open& same = *std::ranges::find(open_, id, &Open::id);
    const auto worst = static_cast<std::int64_t>(1 + below(300));
    if (!same.reservation.extend(kTheoremModels[below(3)], {Picodollars(worst), {}}, clock_.wall_now())) return;
    same.worst.push_back(worst);
    same.receipt.budget_charges = same.reservation.open_charges();
    if (write(Kind::kAttempt, same)) return;
    same.worst.back() = 0; // not dispatched: costs nothing
    same.reservation.finish_attempt(same.worst.size() - 1, {Picodollars(0), {}});
  }

  void settle() {
    if (open_.empty()) return;
    std::swap(open_[below(open_.size())], open_.back());
    Open one = std::move(open_.back());
    open_.pop_back();
    std::vector<Amounts> actual;
    for (const std::int64_t worst : one.worst)
      actual.push_back({Picodollars(static_cast<std::int64_t>(below(static_cast<size_t>(worst) + 1))), {}});
    if (below(4) == 0) actual.clear(); // aborted, nothing is known: all that is held
    one.receipt.cost.total = Picodollars(0);
    one.receipt.budget_charges = one.reservation.preview(actual).charges;
    if (write(Kind::kClose, one)) one.reservation.settle(actual); // else it stays held, until the next start
  }

  void crash() {
    files_.crash(mode_);
    writer_.reset();
    open_.clear();
    files_.set_capacity(std::nullopt);
    start_again();
  }

  /// As the server starts: recover, close what was open, count, define the budgets.
  void start_again() {
    const auto recovered = journal::recover(files_, journal::kDir, {"node-1", false});
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    journal::WriterOptions options;
    options.data_dir = journal::kDir;
    options.durability =
        mode_ == journal::CrashMode::kKill ? journal::Durability::kProcess : journal::Durability::kFsync;
    auto writer = journal::Writer::start(files_, options, *recovered);
    ASSERT_TRUE(writer.has_value()) << writer.error().message;
    writer_ = std::move(*writer);
    for (const journal::Unclosed& open : recovered->unclosed) {
      ASSERT_TRUE(
          journal::append(*writer_, {Kind::kClose, open.receipt, clock_.wall_now(), open.last_payload()}).has_value());
    }
    const auto books = Projection::open(files_, journal::kDir, writer_->reader()); // saved now and then, and read again
    ASSERT_TRUE(books.has_value()) << books.error().message;
    (*books)->with([&](const Books& now) { budgets_ = std::make_unique<EmbeddedBudgets>(now.budgets()); });
    ASSERT_TRUE(budgets_->replace(specs_).has_value());
    check_journal();
    check_at_rest();
  }

  Int128 cap_of(const std::string& budget) const {
    return std::ranges::find(specs_, budget, &BudgetSpec::id)->cap.value();
  }

  /// Every instant that the journal has: what is closed is spent, what is open is held as its last record says.
  void check_journal() {
    Sums sums;
    std::map<Ulid, Sums> open;
    for (const journal::Entry& entry : journal::read_all(files_)) {
      const auto receipt = model::receipt_from_json(entry.payload);
      ASSERT_TRUE(receipt.has_value());
      for (const auto& [key, amount] : open[entry.receipt]) sums[key] -= amount;
      open.erase(entry.receipt);
      for (const model::BudgetCharge& charge : receipt->budget_charges) {
        const Key key{charge.budget_id, charge.period};
        sums[key] += charge.amount.value();
        if (entry.kind != Kind::kClose) open[entry.receipt][key] += charge.amount.value();
        ASSERT_TRUE(sums[key] <= cap_of(charge.budget_id))
            << charge.budget_id << " " << charge.period << " at " << journal::to_string(entry.position);
      }
    }
    for (const auto& [id, held] : open) EXPECT_TRUE(held.empty()) << "still open after recovery";
  }

  void check_at_rest() {
    for (const BudgetStatus& status : budgets_->status(clock_.wall_now())) {
      EXPECT_EQ(status.held, Picodollars(0)) << status.spec.id;
      EXPECT_LE(status.spent, status.spec.cap) << status.spec.id;
    }
  }

  std::mt19937 random_;
  journal::FaultyFileSystem files_;
  FakeClock clock_;
  journal::CrashMode mode_ = journal::CrashMode::kKill;
  std::vector<BudgetSpec> specs_;
  std::unique_ptr<EmbeddedBudgets> budgets_;
  std::unique_ptr<journal::Writer> writer_;
  std::vector<Open> open_;
  std::uint64_t requests_ = 0;
};

TEST(CapTheorem, HoldsAtEveryJournalledInstantOfAThousandSchedulesWithCrashes) {
  for (unsigned seed = 0; seed < 1000 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    World(seed).run(3);
  }
}

} // namespace
} // namespace kairos::ledger
