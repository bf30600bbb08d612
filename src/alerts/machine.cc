#include "alerts/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hex.h"
#include "journal/sha256.h"
#include "store/time_buckets.h"

namespace kairos::alerts {
namespace {

/// The same firing has the same id however often it is computed.
std::string incident_id(const Rule& rule, const std::string& key, WallTime fired) {
  journal::Sha256 sha256;
  const std::string text = fmt::format("{}\n{}\n{}", rule.spec.id, key, fired.time_since_epoch().count());
  const journal::Hash digest = sha256({journal::as_bytes(text)});
  return "inc_" + to_hex(std::span(digest).first(10));
}

/// What is left of a group when it is quiet again.
Instance quiet(const Instance& before, WallTime now) {
  Instance fresh;
  fresh.labels = before.labels;
  fresh.epoch = before.epoch;
  fresh.seen = now;
  return fresh;
}

/// One group in one step.
class GroupStep {
public:
  GroupStep(const Rule& rule, const std::string& key, Instance& instance, WallTime now, const Muted& muted)
      : rule_(rule), key_(key), instance_(instance), now_(now), muted_(muted) {}

  std::vector<Transition> run(const Reading* reading);

private:
  void take(const Reading* reading);
  bool breached() const;
  bool cleared() const;
  void rise(Duration elapsed);
  void fall(Duration elapsed);
  void resolve(std::string why);
  void remind();
  void say(Change change, bool notify, std::string why = "") {
    said_.push_back({change, key_, instance_, notify, std::move(why)});
  }

  const Rule& rule_;
  const std::string& key_;
  Instance& instance_;
  const WallTime now_;
  const Muted& muted_;
  std::vector<Transition> said_;
};

void GroupStep::take(const Reading* reading) {
  instance_.missing = reading == nullptr || !reading->value || reading->samples < rule_.spec.min_samples;
  if (reading == nullptr) return;
  instance_.samples = reading->samples;
  if (instance_.missing) return;
  instance_.value = reading->value;
  instance_.details = reading->details;
  const bool above = rule_.spec.bound == config::AlertBound::kAbove;
  const Level last = instance_.worst.value_or(*reading->value);
  instance_.worst = above ? std::max(last, *reading->value) : std::min(last, *reading->value);
}

bool GroupStep::breached() const {
  if (instance_.missing) return rule_.spec.no_data == config::AlertNoData::kAlert;
  return rule_.breached(*instance_.value);
}

bool GroupStep::cleared() const {
  if (instance_.missing) return rule_.spec.no_data == config::AlertNoData::kResolve;
  return rule_.cleared(*instance_.value);
}

/// Who was told of the beginning is told of the end, also in a mute window: an open incident would be worse.
void GroupStep::resolve(std::string why) {
  say(Change::kResolved, instance_.notified.has_value() && rule_.spec.notify_resolved, std::move(why));
  instance_ = quiet(instance_, now_);
}

void GroupStep::remind() {
  const bool never_told = !instance_.notified;
  const bool due = rule_.spec.repeat > Duration::zero() && instance_.acknowledged_by.empty() && instance_.notified &&
                   now_ - *instance_.notified >= rule_.spec.repeat;
  if (!(never_told || due) || muted_(instance_.labels)) return;
  instance_.notified = now_;
  say(Change::kReminded, true);
}

void GroupStep::rise(Duration elapsed) {
  if (instance_.phase == Phase::kFiring) {
    instance_.calm = {};
    return remind();
  }
  if (instance_.phase == Phase::kQuiet) {
    instance_.phase = Phase::kPending;
    instance_.since = now_;
    instance_.held = {};
    instance_.worst = instance_.value;
  } else {
    instance_.held += elapsed;
  }
  if (instance_.held < rule_.spec.hold) return;
  instance_.phase = Phase::kFiring;
  instance_.fired = now_;
  instance_.calm = {};
  instance_.incident = incident_id(rule_, key_, now_);
  const bool notify = !muted_(instance_.labels);
  if (notify) instance_.notified = now_;
  say(Change::kFired, notify);
}

void GroupStep::fall(Duration elapsed) {
  if (instance_.phase == Phase::kPending) {
    instance_ = quiet(instance_, now_);
    return;
  }
  if (instance_.phase != Phase::kFiring) return;
  if (!cleared()) { // between the two levels
    instance_.calm = {};
    return remind();
  }
  instance_.calm += elapsed;
  if (instance_.calm >= rule_.spec.resolve_after) resolve(instance_.missing ? "there is no data any more" : "");
}

std::vector<Transition> GroupStep::run(const Reading* reading) {
  // The clock was set back over a period's end: the new period's alert waits for the end to come again.
  const bool set_back = reading != nullptr && reading->epoch < instance_.epoch && instance_.seen > now_;
  if (set_back && instance_.seen - now_ <= std::chrono::hours(24)) return {};
  const Duration elapsed = std::clamp<Duration>(now_ - instance_.seen, Duration::zero(), 2 * rule_.every);
  const bool new_period = reading != nullptr && !instance_.epoch.empty() && reading->epoch != instance_.epoch;
  if (new_period && instance_.phase == Phase::kFiring) resolve("a new period has begun");
  if (new_period) instance_ = quiet(instance_, now_);
  if (reading != nullptr) instance_.epoch = reading->epoch;
  instance_.since = std::min(instance_.since, now_); // the clock was set back
  if (instance_.notified) instance_.notified = std::min(*instance_.notified, now_);
  take(reading);
  breached() ? rise(elapsed) : fall(elapsed);
  instance_.seen = now_;
  return std::move(said_);
}

void append(std::vector<Transition>& all, std::vector<Transition> some) {
  std::ranges::move(some, std::back_inserter(all));
}

bool worth_keeping(const Rule& rule, const Instance& instance) {
  return instance.phase != Phase::kQuiet || rule.spec.no_data == config::AlertNoData::kAlert;
}

constexpr size_t kMaxGroupsOfRule = 2000; // more are not looked at: a rule by end user is a list, not an alert

} // namespace

std::vector<Transition> step(const Rule& rule, RuleState& state, std::span<const Reading> readings, WallTime now,
                             const Muted& muted) {
  std::vector<Transition> all;
  if (state.identity != rule.identity) append(all, close_all(state, now, "the rule measures something else now"));
  state.identity = rule.identity;
  std::set<std::string> present;
  for (const Reading& reading : readings.first(std::min(readings.size(), kMaxGroupsOfRule))) {
    const std::string key = group_key(reading.labels);
    if (!present.insert(key).second) continue;
    const auto [at, fresh] = state.groups.try_emplace(key);
    if (fresh) at->second.labels = reading.labels, at->second.seen = now;
    append(all, GroupStep(rule, key, at->second, now, muted).run(&reading));
    if (!worth_keeping(rule, at->second)) state.groups.erase(at);
  }
  for (auto at = state.groups.begin(); at != state.groups.end();) {
    if (!present.contains(at->first)) append(all, GroupStep(rule, at->first, at->second, now, muted).run(nullptr));
    at = worth_keeping(rule, at->second) ? std::next(at) : state.groups.erase(at);
  }
  return all;
}

std::vector<Transition> close_all(RuleState& state, WallTime now, std::string_view why) {
  std::vector<Transition> all;
  for (auto& [key, instance] : state.groups) {
    if (instance.phase != Phase::kFiring) continue;
    instance.seen = now;
    all.push_back({Change::kResolved, key, instance, instance.notified.has_value(), std::string(why)});
  }
  state.groups.clear();
  return all;
}

bool in_mute_window(const config::AlertRule& rule, WallTime now) {
  using namespace std::chrono;
  for (const config::AlertMute& mute : rule.mute) {
    const auto pieces = store::offset_pieces(mute.time_zone, {now, now + microseconds(1)});
    if (!pieces || pieces->empty()) continue;
    const WallTime local = now + microseconds(pieces->front().offset_us);
    const auto day = floor<days>(local);
    const auto minute = static_cast<int>(duration_cast<minutes>(local - day).count());
    const size_t weekday = (static_cast<size_t>(day.time_since_epoch().count()) + 3) % 7; // 1970-01-01 was a Thursday
    const bool over_midnight = mute.from_minute > mute.to_minute;
    const bool began_today = minute >= mute.from_minute && (over_midnight || minute < mute.to_minute);
    const bool began_yesterday = over_midnight && minute < mute.to_minute;
    if ((began_today && mute.days[weekday]) || (began_yesterday && mute.days[(weekday + 6) % 7])) return true;
  }
  return false;
}

} // namespace kairos::alerts
