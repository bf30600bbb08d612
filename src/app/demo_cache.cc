#include "app/demo_cache.h"

namespace kairos::app {
namespace {

using std::chrono::hours;

constexpr std::string_view kWorkflow = "digest";
constexpr hours kSince(24 * 21);
constexpr hours kLifetime(24);
constexpr double kAtFirst = 0.30;
constexpr double kAtLast = 0.46;
constexpr size_t kKept = 300;

} // namespace

const PastCache::Answer* PastCache::repeated(const sim::Workload& load, WallTime at, sim::Random& random) {
  if (load.workflow != kWorkflow || at < end_ - kSince) return nullptr;
  while (!recent_.empty() && recent_.front().at + kLifetime < at) recent_.pop_front();
  const double progress =
      1 - static_cast<double>((end_ - at).count()) / static_cast<double>(std::chrono::microseconds(kSince).count());
  owed_ += kAtFirst + (kAtLast - kAtFirst) * progress;
  if (owed_ < 1 || recent_.empty()) return nullptr;
  owed_ -= 1;
  return &recent_[random.below(recent_.size())];
}

void PastCache::keep(const sim::Workload& load, const model::Receipt& receipt) {
  const model::Execution& made = receipt.execution;
  if (load.workflow != kWorkflow || made.status != model::Status::kSuccess || receipt.cache) return;
  recent_.push_back({receipt.receipt_id, receipt.created_at, made.model_id, made.provider, made.region,
                     made.finish_reason, receipt.cost.total, receipt.usage});
  if (recent_.size() > kKept) recent_.pop_front();
}

} // namespace kairos::app
