#include "app/demo_history.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "app/demo_request.h"
#include "app/startup.h"
#include "journal/recover.h"
#include "journal/writer.h"
#include "model/receipt_json.h"
#include "sim/pace.h"

namespace kairos::app {
namespace {

using std::chrono::hours;

/// Of a working day, by UTC hour.
constexpr std::array<double, 24> kHours = {0.25, 0.2, 0.18, 0.18, 0.22, 0.35, 0.6, 1.0, 1.5,  1.8, 1.85, 1.7,
                                           1.5,  1.7, 1.9,  1.9,  1.75, 1.5,  1.2, 0.9, 0.75, 0.6, 0.45, 0.32};
constexpr double kWeekend = 0.38;
constexpr double kGrowth = 0.9; // over the whole history
constexpr int kFlushEvery = 4000;
constexpr std::int64_t kClinicDropsADay =
    14; // candidates that its privacy policy drops, at most, per kDemoReceiptsPerDay: it is a small customer
/// Of a month's cap of nova-labs-prod that is spent when six and a half days are left of it.
constexpr double kNovaShare = 0.89;
constexpr double kNovaDaysLeft = 6.5;

double weight_at(WallTime hour, double progress) {
  const auto day = std::chrono::floor<std::chrono::days>(hour);
  const bool weekend = std::chrono::weekday(day).iso_encoding() >= 6;
  const auto of_day = std::chrono::duration_cast<hours>(hour - day).count();
  return kHours[static_cast<size_t>(of_day)] * (weekend ? kWeekend : 1) * (1 + kGrowth * progress);
}

/// How many requests each hour has.
std::vector<std::pair<WallTime, int>> plan_hours(const HistoryOptions& options, sim::Random& random) {
  const WallTime first = std::chrono::floor<hours>(options.now - hours(24 * options.days));
  std::vector<std::pair<WallTime, double>> weights;
  double sum = 0;
  for (WallTime hour = first; hour < options.now; hour += hours(1)) {
    const double progress =
        static_cast<double>((hour - first).count()) / static_cast<double>((options.now - first).count());
    weights.emplace_back(hour, weight_at(hour, progress) * (0.85 + 0.3 * sim::uniform(random)));
    sum += weights.back().second;
  }
  std::vector<std::pair<WallTime, int>> plan;
  for (const auto& [hour, weight] : weights) {
    const double wanted = weight / sum * options.receipts_per_day * options.days;
    plan.emplace_back(hour, static_cast<int>(wanted + sim::uniform(random)));
  }
  return plan;
}

std::vector<WallTime> times_in(WallTime hour, int count, WallTime end, sim::Random& random) {
  std::vector<WallTime> times;
  for (int i = 0; i < count; ++i) {
    const WallTime at = hour + std::chrono::microseconds(static_cast<std::int64_t>(sim::uniform(random) * 3.6e9));
    if (at < end) times.push_back(at);
  }
  std::ranges::sort(times);
  return times;
}

class Generator {
public:
  Generator(const config::SnapshotPtr& snapshot, const HistoryOptions& options, journal::Writer& writer)
      : snapshot_(*snapshot), options_(options), writer_(writer), random_(options.seed), ids_(options.seed),
        nova_(find_budget("nova-labs-prod-month")),
        clinic_drops_(std::max<std::int64_t>(
            kClinicDropsADay,
            static_cast<std::int64_t>(options.receipts_per_day / kDemoReceiptsPerDay * kClinicDropsADay))),
        cache_(options.now) {}

  Result<std::uint64_t> run();

private:
  const config::Budget* find_budget(std::string_view id) const {
    const auto found = std::ranges::find(snapshot_.budgets, id, &config::Budget::id);
    return found == snapshot_.budgets.end() ? nullptr : &*found;
  }
  const sim::Workload& pick(WallTime at);
  bool over_plan(const sim::Workload& load, WallTime at);
  Result<void> make(WallTime at);
  void remember(const model::Receipt& receipt);

  const config::Snapshot& snapshot_;
  const HistoryOptions options_;
  journal::Writer& writer_;
  sim::Random random_;
  UlidGenerator ids_;
  ledger::EmbeddedBudgets budgets_;
  const config::Budget* nova_;
  const std::int64_t clinic_drops_; // a day
  PastCache cache_;
  std::map<std::string, double, std::less<>> nova_spent_; // by month; only steers what is asked
  std::map<std::int64_t, std::int64_t> clinic_dropped_;   // by day
  std::uint64_t made_ = 0;
};

/// Keeps nova-labs-prod on its way to 89 % of its cap with six days left of a month, and the clinic small.
bool Generator::over_plan(const sim::Workload& load, WallTime at) {
  if (load.tenant == "northwind-clinic")
    return clinic_dropped_[std::chrono::floor<std::chrono::days>(at).time_since_epoch().count()] >= clinic_drops_;
  if (load.tenant != "nova-labs-prod" || nova_ == nullptr) return false;
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  const std::chrono::sys_days first = date.year() / date.month() / 1;
  const std::chrono::sys_days next = (date.year() / date.month() + std::chrono::months(1)) / 1;
  const double elapsed = std::chrono::duration<double, std::ratio<86400>>(at - first).count();
  const double until_then = static_cast<double>((next - first).count()) - kNovaDaysLeft;
  const double share = std::min(0.985, kNovaShare * std::max(elapsed, 0.1) / until_then);
  const double planned = share * static_cast<double>(nova_->cap.value()) * 1e-12;
  return nova_spent_[ledger::to_text(ledger::period_at(ledger::Period::kMonth, at))] > planned;
}

const sim::Workload& Generator::pick(WallTime at) {
  for (int tries = 0; tries < 50; ++tries) {
    const sim::Workload& load = sim::pick_workload(random_);
    if (!over_plan(load, at)) return load;
  }
  return sim::workloads()[4]; // the digests are never over plan
}

void Generator::remember(const model::Receipt& receipt) {
  if (receipt.tenant == "northwind-clinic")
    clinic_dropped_[std::chrono::floor<std::chrono::days>(receipt.created_at).time_since_epoch().count()] +=
        receipt.privacy.dropped;
  if (receipt.tenant == "nova-labs-prod" && receipt.cost.total) {
    nova_spent_[ledger::to_text(ledger::period_at(ledger::Period::kMonth, receipt.created_at))] +=
        static_cast<double>(receipt.cost.total->value()) * 1e-12;
  }
}

Result<void> Generator::make(WallTime at) {
  const Ulid id = ids_.next(at);
  PastRequest request({snapshot_, budgets_, random_, cache_, options_.now, options_.candidates}, pick(at), id, at);
  const model::Receipt receipt = request.run();
  remember(receipt);
  journal::Record record{journal::Kind::kClose, id, receipt.completed_at, model::to_json(receipt)};
  const auto queued = writer_.append(std::move(record), [](const Result<journal::Appended>&) {});
  if (!queued) return std::unexpected(queued.error());
  if (++made_ % kFlushEvery != 0) return {};
  const auto flushed = writer_.flush();
  return flushed ? Result<void>() : std::unexpected(flushed.error());
}

Result<std::uint64_t> Generator::run() {
  if (auto done = budgets_.replace(budget_specs(snapshot_)); !done) return std::unexpected(done.error());
  const WallTime end = options_.now - std::chrono::minutes(1); // the last ones are finished by then
  for (const auto& [hour, count] : plan_hours(options_, random_)) {
    for (const WallTime at : times_in(hour, count, end, random_)) {
      if (auto made = make(at); !made) return std::unexpected(made.error());
    }
  }
  const auto flushed = writer_.flush();
  if (!flushed) return std::unexpected(flushed.error());
  return made_;
}

} // namespace

Result<std::uint64_t> write_history(const config::SnapshotPtr& snapshot, const HistoryOptions& options) {
  journal::PosixFileSystem files;
  journal::RecoverOptions recovery;
  recovery.node_id = snapshot->node_id;
  const auto recovered = journal::recover(files, snapshot->data_dir, recovery);
  if (!recovered) return std::unexpected(recovered.error());
  journal::WriterOptions writing;
  writing.data_dir = snapshot->data_dir;
  writing.segment_bytes = static_cast<std::uint64_t>(snapshot->journal.segment_bytes);
  auto writer = journal::Writer::start(files, writing, *recovered);
  if (!writer) return std::unexpected(writer.error());
  return Generator(snapshot, options, **writer).run();
}

} // namespace kairos::app
