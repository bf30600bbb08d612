// The evaluating half of Service.
#include <fmt/format.h>

#include <algorithm>

#include "alerts/service_impl.h"
#include "alerts/wording.h"
#include "model/json_writer.h"
#include "observe/log.h"
#include "observe/threads.h"

namespace kairos::alerts {
namespace {

/// What of an instance is worth a line in the file: its phase, and quarters of `for`.
std::pair<Phase, std::int64_t> kept_part(const Rule& rule, const Instance& instance) {
  const Duration quarter = std::max<Duration>(rule.spec.hold / 4, std::chrono::seconds(1));
  return {instance.phase, instance.phase == Phase::kPending ? instance.held / quarter : 0};
}

std::string_view event_kind(Change change) {
  switch (change) {
  case Change::kFired:
    return "firing";
  case Change::kReminded:
    return "reminder";
  case Change::kResolved:
    break;
  }
  return "resolved";
}

NoticeKind notice_kind(Change change) {
  switch (change) {
  case Change::kFired:
    return NoticeKind::kFiring;
  case Change::kReminded:
    return NoticeKind::kReminder;
  case Change::kResolved:
    break;
  }
  return NoticeKind::kResolved;
}

void write_level(model::JsonWriter& json, std::string_view key, std::optional<Level> level, Unit unit) {
  json.key(key);
  level ? json.string(decimal(*level, unit)) : json.null();
}

constexpr std::array<std::string_view, 9> kUnitNames = {"count",  "ms",     "us",  "s",         "share",
                                                        "factor", "number", "usd", "per_second"};

} // namespace

void write_active(model::JsonWriter& json, const Rule& rule, const Instance& instance) {
  json.begin_object().key("state").string(instance.phase == Phase::kFiring ? "firing" : "pending");
  json.key("incident").string(instance.incident).key("rule").string(rule.spec.id).key("title").string(rule.spec.title);
  json.key("severity").string(config::name(rule.spec.severity)).key("headline").string(headline(rule, instance));
  json.key("figures").string(figures(rule, instance)).key("reason").string(reason(rule));
  json.key("tenant").string(tenant_of(rule, instance.labels)).key("labels").begin_object();
  for (const auto& [key, value] : instance.labels) json.escaped_key(key).string(value);
  json.end_object();
  write_level(json, "value", instance.value, rule.unit);
  write_level(json, "worst", instance.worst, rule.unit);
  write_level(json, "threshold", rule.threshold, rule.unit);
  json.key("unit").string(kUnitNames[static_cast<size_t>(rule.unit)]).key("since").string(to_rfc3339(instance.since));
  json.key("acknowledged_by").string(instance.acknowledged_by);
  json.key("receipts").string("/api/v1/receipts?" + receipts_query(rule, instance, instance.seen)).end_object();
}

Notice Service::Impl::notice_of(const Rule& rule, const Instance& instance, NoticeKind kind, WallTime now) const {
  Notice notice;
  notice.kind = kind;
  notice.severity = rule.spec.severity;
  notice.rule = rule.spec.id;
  notice.title = rule.spec.title;
  notice.headline = headline(rule, instance);
  notice.figures = figures(rule, instance);
  notice.reason = reason(rule);
  notice.incident = instance.incident;
  notice.dedup_key = dedup_key(rule.spec.id, group_key(instance.labels));
  notice.tenant = tenant_of(rule, instance.labels);
  notice.labels = instance.labels;
  notice.since = instance.since;
  notice.at = now;
  if (base_url.empty()) return notice;
  notice.view_url = fmt::format("{}/alerts/{}/{}", base_url, rule.spec.id, instance.incident);
  notice.receipts_url = fmt::format("{}/receipts?{}", base_url, receipts_query(rule, instance, now));
  return notice;
}

void Service::Impl::note_event(std::string_view kind, const Rule& rule, const Notice& notice,
                               const Instance& instance) {
  book.add_event(notice.tenant, [&](std::uint64_t sequence) {
    std::string text;
    model::JsonWriter json(text);
    json.begin_object()
        .key("sequence")
        .integer(static_cast<std::int64_t>(sequence))
        .key("at")
        .string(to_rfc3339(notice.at));
    json.key("kind").string(kind).key("incident").string(notice.incident).key("rule").string(notice.rule);
    json.key("severity").string(config::name(notice.severity)).key("title").string(notice.title);
    json.key("headline")
        .string(notice.headline)
        .key("figures")
        .string(notice.figures)
        .key("reason")
        .string(notice.reason);
    json.key("note").string(notice.why).key("tenant").string(notice.tenant).key("labels").begin_object();
    for (const auto& [key, value] : notice.labels) json.escaped_key(key).string(value);
    json.end_object();
    write_level(json, "value", instance.value, rule.unit);
    write_level(json, "worst", instance.worst, rule.unit);
    write_level(json, "threshold", rule.threshold, rule.unit);
    json.key("unit").string(kUnitNames[static_cast<size_t>(rule.unit)]).key("samples").integer(instance.samples);
    json.key("since").string(to_rfc3339(instance.since)).key("acknowledged_by").string(instance.acknowledged_by);
    json.key("receipts").string("/api/v1/receipts?" + receipts_query(rule, instance, notice.at)).end_object();
    return text;
  });
}

void Service::Impl::send_to_channels(const Notice& notice) {
  for (const auto& [id, channel] : channels) {
    if (!wants(*channel, notice)) continue;
    Delivery delivery;
    delivery.id = delivery_id(notice, id);
    delivery.channel = id;
    delivery.notice = notice;
    delivery.created = notice.at;
    book.enqueue(std::move(delivery));
  }
  while (book.waiting.size() > Book::kMaxWaiting) {
    const auto oldest = std::ranges::find_if(book.waiting, [](const auto& one) { return !one.second.running; });
    if (oldest == book.waiting.end()) return;
    observe::log_error("alerts", "too many messages wait; the oldest is a dead letter now",
                       {{"delivery", oldest->second.id}});
    book.finish(oldest->first, "{\"delivered\":false,\"detail\":\"too many messages were waiting\"}", false);
  }
}

void Service::Impl::handle(const Rule& rule, const Transition& transition, WallTime now) {
  Notice notice = notice_of(rule, transition.instance, notice_kind(transition.change), now);
  notice.why = transition.why;
  note_event(event_kind(transition.change), rule, notice, transition.instance);
  observe::log_info("alerts", subject(notice), {{"rule", rule.spec.id}, {"incident", notice.incident}});
  if (transition.notify) send_to_channels(notice);
}

void Service::Impl::apply(const Rule& rule, std::span<const Reading> readings, WallTime now) {
  RuleState& state = book.states[rule.spec.id];
  std::map<std::string, std::pair<Phase, std::int64_t>> before;
  for (const auto& [key, instance] : state.groups) before.emplace(key, kept_part(rule, instance));
  const bool window = in_mute_window(rule.spec, now);
  const auto muted = [&](const Labels& labels) {
    if (window) return true;
    const std::string tenant = tenant_of(rule, labels);
    return std::ranges::any_of(book.silences,
                               [&](const auto& one) { return one.second.covers(rule.spec.id, tenant, labels, now); });
  };
  std::set<std::string> changed;
  for (const Transition& transition : step(rule, state, readings, now, muted)) {
    handle(rule, transition, now);
    changed.insert(transition.key);
  }
  for (const auto& [key, instance] : state.groups) {
    const auto was = before.find(key);
    const bool same = was != before.end() && was->second == kept_part(rule, instance) && !changed.contains(key);
    if (!same) book.note_state(rule.spec.id, key, &instance);
  }
  for (const auto& [key, kept] : before) {
    if (!state.groups.contains(key)) book.note_state(rule.spec.id, key, nullptr);
  }
  if (state.groups.empty()) book.states.erase(rule.spec.id);
}

void Service::Impl::retire(const std::string& rule_id, const Rule* known, std::string_view why) {
  const auto at = book.states.find(rule_id);
  if (at == book.states.end()) return;
  Rule unknown; // nothing is left of it but its name
  unknown.spec.id = rule_id;
  unknown.spec.title = rule_id;
  const Rule& rule = known != nullptr ? *known : unknown;
  std::vector<std::string> keys;
  for (const auto& [key, instance] : at->second.groups) keys.push_back(key);
  for (const Transition& transition : close_all(at->second, parts.clock.wall_now(), why))
    handle(rule, transition, parts.clock.wall_now());
  for (const std::string& key : keys) book.note_state(rule_id, key, nullptr);
  book.states.erase(rule_id);
}

/// Whether the store has what was closed before `end`. After a start it may have to catch up first, and half of the
/// data would look like a drop of everything; the projection-lag rule speaks meanwhile.
bool Service::Impl::readable_until(WallTime end, WallTime now) const {
  constexpr Duration kTolerance = std::chrono::seconds(5);
  for (const Reading& lag : parts.gauges(config::AlertSignal::kLag, now)) {
    if (lag.value && std::chrono::microseconds(*lag.value) > now - end + kTolerance) return false;
  }
  return true;
}

/// Rules whose slot of time has not been evaluated yet: the same ones whenever it is asked within the slot.
std::vector<RulePtr> Service::Impl::due_rules(WallTime end, bool readable) {
  const std::scoped_lock lock(mutex);
  std::vector<RulePtr> due;
  if (broken) return due;
  for (const RulePtr& rule : rules) {
    if (!rule->spec.enabled || (rule->asks_store() && !readable)) continue;
    const Duration slot = end.time_since_epoch() / rule->every * rule->every;
    const auto [at, first] = evaluated.try_emplace(rule->spec.id, slot);
    if (!first && at->second == slot) continue;
    at->second = slot;
    due.push_back(rule);
  }
  return due;
}

/// Steps the rules that could be judged, and commits.
bool Service::Impl::take_in(const std::vector<RulePtr>& due, const std::vector<Result<std::vector<Reading>>>& results,
                            WallTime now) {
  const std::scoped_lock lock(mutex);
  for (size_t i = 0; i < due.size(); ++i) {
    if (find_rule(due[i]->spec.id) != due[i]) continue; // changed meanwhile
    std::string& trouble = troubles[due[i]->spec.id];
    const std::string now_wrong = results[i] ? "" : results[i].error().message;
    if (!now_wrong.empty() && trouble != now_wrong)
      observe::log_warn("alerts", "a rule could not be evaluated", {{"rule", due[i]->spec.id}, {"why", now_wrong}});
    trouble = now_wrong;
    if (results[i]) apply(*due[i], *results[i], now);
  }
  std::vector<std::string> over;
  for (const auto& [id, silence] : book.silences) {
    if (now >= silence.until) over.push_back(id);
  }
  for (const std::string& id : over) {
    book.drop_silence(id);
    note_change("alert_silence", id, std::nullopt, "alerts: its time was over");
  }
  return (over.empty() ? commit() : commit_change()).has_value();
}

void Service::Impl::tick(WallTime now) {
  Duration interval, settle;
  {
    const std::scoped_lock lock(mutex);
    interval = section.interval;
    settle = section.settle;
  }
  const auto started = parts.clock.mono_now();
  const Duration since = (now.time_since_epoch() - settle) / interval * interval;
  const WallTime end{std::chrono::duration_cast<std::chrono::microseconds>(since)};
  const std::vector<RulePtr> due = due_rules(end, readable_until(end, now));
  const Inputs sources = inputs();
  Evaluation evaluation(sources, now, end);
  for (const RulePtr& rule : due) evaluation.add(*rule);
  std::vector<Result<std::vector<Reading>>> results;
  for (const RulePtr& rule : due) results.push_back(evaluation.readings(*rule));
  if (!take_in(due, results, now)) return;
  parts.metrics
      .histogram("kairosroute_alert_evaluation_seconds", "Time of one evaluation of all alert rules that were due",
                 observe::latency_bounds())
      .observe(std::chrono::duration<double>(parts.clock.mono_now() - started).count());
  parts.metrics.counter("kairosroute_alert_queries_total", "Questions that alert rules asked the store")
      .add(evaluation.queries());
  transport.wake();
}

void Service::Impl::evaluate_on_time(const std::stop_token& stop_token) {
  pthread_setname_np(pthread_self(), "kr-alerts");
  observe::give_way_to_requests();
  std::mutex waiting;
  while (!stop_token.stop_requested()) {
    tick(parts.clock.wall_now());
    Duration interval;
    {
      const std::scoped_lock lock(mutex);
      interval = section.interval;
    }
    const Duration since_epoch = parts.clock.wall_now().time_since_epoch();
    std::unique_lock lock(waiting);
    wake_engine.wait_for(lock, stop_token, interval - since_epoch % interval, [] { return false; });
  }
}

} // namespace kairos::alerts
