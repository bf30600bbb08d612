// The cap as a theorem: random schedules of everything that can happen to budgets, checked after each step against an
// independent account of what is open and what the journal says; and many threads at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <random>
#include <thread>

#include "base/clock.h"
#include "ledger/budgets.h"

namespace kairos::ledger {
namespace {

const char* const kTenants[] = {"acme", "nova"};
const char* const kScheduleModels[] = {"opus", "haiku", "flash"};

class Schedule {
public:
  explicit Schedule(unsigned seed, bool overruns)
      : random_(seed), overruns_(overruns), clock_(*parse_rfc3339("2026-11-29T12:00:00Z")) {
    for (int i = 0; i < 8; ++i) specs_.push_back(random_budget(i));
    EXPECT_TRUE(budgets_->replace(specs_).has_value());
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      check();
    }
    while (!open_.empty()) settle_last();
    check();
    for (const BudgetStatus& status : budgets_->status(clock_.wall_now())) EXPECT_EQ(status.held, Picodollars(0));
    EXPECT_EQ(budgets_->abandoned(), 0U);
  }

private:
  struct Open {
    Reservation reservation;
    std::vector<std::int64_t> bounds; // what each attempt may still cost
  };

  size_t below(size_t n) { return random_() % n; }
  Picodollars amount() { return Picodollars(static_cast<std::int64_t>(1 + below(400))); }

  BudgetSpec random_budget(int i) {
    BudgetSpec spec;
    spec.id = "b" + std::to_string(i);
    if (below(4) != 0) spec.scope.tenant = kTenants[below(2)];
    if (below(3) == 0) spec.scope.model_id = kScheduleModels[below(3)];
    if (below(3) == 0) spec.scope.end_user = "u1";
    if (below(4) == 0) spec.scope.api_key_id = "k1";
    spec.period = static_cast<Period>(below(3));
    spec.cap = Picodollars(static_cast<std::int64_t>(200 + below(3000)));
    return spec;
  }

  void step() {
    switch (below(12)) {
    case 0:
      return clock_.advance(std::chrono::hours(below(20)));
    case 1:
      return clock_.step_wall(-std::chrono::hours(below(60)));
    case 2:
      return below(4) == 0 ? crash() : checkpoint();
    case 3:
      return release_last();
    case 4:
    case 5:
      return settle_last();
    case 6:
    case 7:
      return attempt_again();
    default:
      return reserve();
    }
  }

  void reserve() {
    const Subject subject{kTenants[below(2)], "w", below(2) == 0 ? "k1" : "k2", kScheduleModels[below(3)],
                          below(2) == 0 ? "u1" : "u2"};
    const Picodollars worst = amount();
    auto reservation = budgets_->reserve(subject, {worst, {}}, clock_.wall_now());
    if (reservation) open_.push_back({std::move(*reservation), {worst.value()}});
  }
  void attempt_again() {
    if (open_.empty()) return;
    auto& [reservation, bounds] = open_[below(open_.size())];
    if (below(2) == 0) {
      bounds.back() /= 3;
      reservation.finish_attempt(reservation.attempts() - 1, {Picodollars(bounds.back()), {}});
    }
    const auto before = reservation.open_charges();
    const Picodollars worst = amount();
    if (reservation.extend(kScheduleModels[below(3)], {worst, {}}, clock_.wall_now())) {
      bounds.push_back(worst.value());
    } else {
      EXPECT_EQ(total(reservation.open_charges()), total(before)); // a refusal leaves everything as it was
    }
  }
  void settle_last() {
    if (open_.empty()) return;
    std::swap(open_[below(open_.size())], open_.back());
    auto& [reservation, bounds] = open_.back();
    std::vector<Amounts> actual;
    for (const std::int64_t bound : bounds) {
      const auto cost = static_cast<std::int64_t>(below(static_cast<size_t>(bound) + 1));
      actual.push_back({Picodollars(overruns_ && below(20) == 0 ? bound + 500 : cost), {}});
    }
    if (below(3) == 0) actual.clear(); // nothing is known: all that is held
    const Settlement preview = reservation.preview(actual);
    const Settlement settlement = reservation.settle(actual);
    EXPECT_EQ(total(preview.charges), total(settlement.charges));
    record(settlement.charges, settlement.overrun);
    open_.pop_back();
  }
  void release_last() {
    if (open_.empty()) return;
    open_.back().reservation.release();
    open_.pop_back();
  }
  void record(std::vector<model::BudgetCharge> charges, Picodollars overrun) {
    model::Receipt closed;
    closed.budget_charges = std::move(charges);
    closed.cost.total = Picodollars(0);
    if (overrun > Picodollars(0))
      closed.budget = model::BudgetSummary{"", "", {}, {}, {}, overrun}, overrun_ += overrun;
    ASSERT_TRUE(journal_.apply(closed, journal_.position() + 1).has_value());
  }
  void checkpoint() {
    const auto read = BudgetState::from_json(journal_.to_json());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, journal_);
    journal_ = *read;
  }
  /// Recovery closes every open reservation at what its last record says, then counters are folded from records alone.
  void crash() {
    for (const Open& open : open_) record(open.reservation.open_charges(), Picodollars(0));
    open_.clear();
    budgets_ = std::make_unique<EmbeddedBudgets>(journal_);
    ASSERT_TRUE(budgets_->replace(specs_).has_value());
  }

  static std::int64_t total(const std::vector<model::BudgetCharge>& charges) {
    std::int64_t sum = 0;
    for (const auto& charge : charges) sum += charge.amount.value();
    return sum;
  }
  std::int64_t held_in(const std::string& id, const std::string& period) const {
    std::int64_t sum = 0;
    for (const Open& open : open_) {
      for (const auto& charge : open.reservation.held_charges()) {
        if (charge.budget_id == id && charge.period == period) sum += charge.amount.value();
      }
    }
    return sum;
  }
  PicoSum folded(const std::string& id, const std::string& period) const {
    const auto budget = journal_.budgets().find(id);
    if (budget == journal_.budgets().end()) return 0;
    const auto known = budget->second.find(*parse_period(period));
    return known == budget->second.end() ? 0 : known->second.spent;
  }
  void check() {
    for (const BudgetStatus& status : budgets_->status(clock_.wall_now())) {
      EXPECT_LE(status.spent + status.held, status.spec.cap + overrun_) << status.spec.id;
      EXPECT_EQ(status.held.value(), held_in(status.spec.id, status.period)) << status.spec.id;
      EXPECT_TRUE(status.spent.value() == folded(status.spec.id, status.period)) << status.spec.id;
    }
  }

  std::mt19937 random_;
  bool overruns_;
  FakeClock clock_;
  std::vector<BudgetSpec> specs_;
  std::unique_ptr<EmbeddedBudgets> budgets_ = std::make_unique<EmbeddedBudgets>();
  std::vector<Open> open_;
  BudgetState journal_;
  Picodollars overrun_;
};

TEST(BudgetSchedules, NoScheduleOfAThousandPassesACapOrLeaksOrDisagreesWithTheJournal) {
  for (unsigned seed = 0; seed < 1000 && !HasFailure(); ++seed) Schedule(seed, false).run(60);
}

TEST(BudgetSchedules, OverrunsAreTheOnlyExcessAndAreRecorded) {
  for (unsigned seed = 0; seed < 200 && !HasFailure(); ++seed) Schedule(seed, true).run(60);
}

BudgetSpec budget(std::string id, std::string tenant, std::int64_t cap) {
  BudgetSpec spec;
  spec.id = std::move(id);
  spec.scope.tenant = std::move(tenant);
  spec.cap = Picodollars(cap);
  return spec;
}

const WallTime kNow = *parse_rfc3339("2026-11-23T12:00:00Z");

TEST(BudgetThreads, TwoHundredAtOnceAdmitExactlyAsManyAsFit) {
  EmbeddedBudgets budgets;
  ASSERT_TRUE(budgets.replace({budget("tenant", "acme", 37 * 1000 + 999), budget("all", "", 100'000)}).has_value());
  std::barrier start(200);
  std::vector<Reservation> held(200);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 200; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      if (auto got = budgets.reserve({"acme", "", "k", "m", ""}, {Picodollars(1000), {}}, kNow))
        held[i] = std::move(*got);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count_if(held.begin(), held.end(), [](const Reservation& r) { return r.open(); }), 37);
  for (Reservation& reservation : held) reservation.release();
  for (const BudgetStatus& status : budgets.status(kNow)) EXPECT_EQ(status.held, Picodollars(0));
}

TEST(BudgetThreads, NoReaderEverSeesACapPassedWhileSpecificationsChange) {
  EmbeddedBudgets budgets;
  const std::vector<BudgetSpec> specs = {budget("a", "acme", 5000), budget("n", "nova", 5000), budget("all", "", 8000)};
  ASSERT_TRUE(budgets.replace(specs).has_value());
  std::atomic<bool> stop{false};
  std::atomic<int> passed{0};
  std::thread reader([&] {
    while (!stop) {
      for (const BudgetStatus& s : budgets.status(kNow)) passed += s.spent + s.held > s.spec.cap ? 1 : 0;
      if (!budgets.replace(specs)) ++passed;
    }
  });
  std::vector<std::thread> workers;
  for (unsigned w = 0; w < 4; ++w) {
    workers.emplace_back([&, w] {
      for (int i = 0; i < 400; ++i) {
        auto got = budgets.reserve({w % 2 == 0 ? "acme" : "nova", "", "k", "m", ""}, {Picodollars(700), {}}, kNow);
        if (!got) continue;
        const bool more = got->extend("other", {Picodollars(900), {}}, kNow).has_value();
        const std::vector<Amounts> actual(more ? 2 : 1, Amounts{Picodollars(1), {}});
        i % 3 == 0 ? got->release() : static_cast<void>(got->settle(actual));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  stop = true;
  reader.join();
  EXPECT_EQ(passed, 0);
  for (const BudgetStatus& status : budgets.status(kNow)) EXPECT_EQ(status.held, Picodollars(0));
}

TEST(Reservations, EndExactlyOnceAndStayHeldIfLost) {
  EmbeddedBudgets budgets;
  ASSERT_TRUE(budgets.replace({budget("a", "acme", 1000)}).has_value());
  const Subject subject{"acme", "", "k", "m", ""};
  auto first = budgets.reserve(subject, {Picodollars(400), {}}, kNow);
  ASSERT_TRUE(first.has_value());
  const std::vector<Amounts> actual{{Picodollars(100), {}}};
  EXPECT_EQ(first->settle(actual).charges.size(), 1U);
  EXPECT_TRUE(first->settle(actual).charges.empty());
  first->release();
  EXPECT_EQ(budgets.status(kNow).front().spent, Picodollars(100));
  {
    auto lost = budgets.reserve(subject, {Picodollars(300), {}}, kNow);
  }
  EXPECT_EQ(budgets.status(kNow).front().held, Picodollars(300));
  EXPECT_EQ(budgets.abandoned(), 1U);
}

} // namespace
} // namespace kairos::ledger
