#include "alerts/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "alerts/preview.h"
#include "alerts/service_impl.h"
#include "alerts/wording.h"
#include "base/hex.h"
#include "config/tenant.h"
#include "model/json_writer.h"
#include "observe/log.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

constexpr size_t kMaxApiRules = 5'000;
constexpr size_t kMaxSilences = 1'000;

/// A body of the API as an object, without what the API adds when it shows one.
Result<json::object> object_of(std::string_view body) {
  if (body.size() > kMaxBody) return fail(Code::kTooLarge, "the body is longer than 64 KiB");
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value document = json::parse(body, error, {}, options);
  if (error || !document.is_object()) return fail(Code::kInvalid, "the body is not a JSON object");
  for (const char* added : {"managed", "state"}) document.get_object().erase(added);
  return std::move(document.get_object());
}

/// The same reader as for the file; JSON is YAML once escapes are plain UTF-8.
Result<config::AlertRule> read_rule(const json::object& object) {
  auto rule = config::parse_alert_rule(json::serialize(object), "body");
  if (rule) rule->line = 0;
  return rule;
}

} // namespace

Inputs Service::Impl::inputs() const {
  Inputs inputs;
  inputs.query = [this](const store::Query& query) {
    return parts.store.query(query, store::Scope::all(), {std::chrono::seconds(20), stopping.get_token()});
  };
  inputs.budgets = parts.budgets;
  inputs.gauges = parts.gauges;
  return inputs;
}

RulePtr Service::Impl::find_rule(const std::string& id) const {
  const auto found = std::ranges::find(rules, id, [](const RulePtr& rule) { return rule->spec.id; });
  return found == rules.end() ? nullptr : *found;
}

Result<> Service::Impl::commit() {
  if (broken) return fail(Code::kIo, "the file of alerts cannot be written; see the log");
  auto done = book.commit();
  if (done) return done;
  broken = true;
  observe::log_error("alerts", "nothing is evaluated or sent any more until a restart",
                     {{"why", done.error().message}});
  return done;
}

Result<> Service::Impl::load() {
  if (auto loaded = book.load(); !loaded) return loaded;
  for (const auto& [id, text] : book.documents("rule")) {
    boost::system::error_code error;
    const json::value document = json::parse(text, error);
    auto rule = error || !document.is_object() ? fail(Code::kCorrupt, "it is not a JSON object")
                                               : read_rule(document.get_object());
    if (!rule) return fail_in(fmt::format("alert rule {} in the file of alerts", id), rule.error());
    api_rules.emplace(id, std::move(*rule));
  }
  return {};
}

/// Compiles all rules; what was firing for rules that are gone or off is over.
Result<> Service::Impl::replace_rules(std::map<std::string, config::AlertRule> from_api) {
  std::vector<config::AlertRule> list;
  for (const auto& [id, rule] : from_api) list.push_back(rule);
  auto compiled = compile_all(section, list);
  if (!compiled) return std::unexpected(compiled.error());
  const std::vector<RulePtr> before = std::exchange(rules, std::move(*compiled));
  api_rules = std::move(from_api);
  std::vector<std::string> gone;
  for (const auto& [id, state] : book.states) {
    const RulePtr now = find_rule(id);
    if (now == nullptr || !now->spec.enabled) gone.push_back(id);
  }
  for (const std::string& id : gone) {
    const auto old = std::ranges::find(before, id, [](const RulePtr& rule) { return rule->spec.id; });
    retire(id, old == before.end() ? nullptr : old->get(), "the rule was removed or switched off");
  }
  evaluated.clear();
  return {};
}

Result<> Service::Impl::configure(const config::Alerts& next) {
  auto networks = AddressGuard::make(next.allow_networks);
  if (!networks) return std::unexpected(networks.error());
  std::vector<config::AlertRule> list;
  for (const auto& [id, rule] : api_rules) list.push_back(rule);
  if (auto good = compile_all(next, list); !good) return std::unexpected(good.error());
  auto next_guard = std::make_shared<const AddressGuard>(std::move(*networks));
  const auto guard_before = std::exchange(guard, std::move(next_guard));
  if (auto loaded = load_channels(next); !loaded) {
    guard = guard_before;
    return loaded;
  }
  section = next;
  base_url = next.public_url.empty() ? address : next.public_url;
  if (auto replaced = replace_rules(api_rules); !replaced) return replaced;
  if (auto done = commit(); !done) return done;
  tell_audit(); // what a crash left untold
  return {};
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Service::~Service() {
  impl_->stopping.request_stop();
  impl_->engine.request_stop();
  impl_->deliverer.request_stop();
  impl_->transport.wake();
  if (impl_->engine.joinable()) impl_->engine.join();
  if (impl_->deliverer.joinable()) impl_->deliverer.join();
}

Result<std::unique_ptr<Service>> Service::open(ServiceParts parts, const config::Alerts& section) {
  auto file = StateFile::open(parts.files, parts.folder);
  if (!file) return std::unexpected(file.error());
  std::unique_ptr<Service> service(new Service(std::make_unique<Impl>(std::move(parts), std::move(*file))));
  if (auto loaded = service->impl_->load(); !loaded) return std::unexpected(loaded.error());
  const std::scoped_lock lock(service->impl_->mutex);
  if (auto done = service->impl_->configure(section); !done) return std::unexpected(done.error());
  return service;
}

Result<> check(const config::Alerts& section) {
  if (const auto networks = AddressGuard::make(section.allow_networks); !networks)
    return std::unexpected(networks.error());
  const auto rules = compile_all(section, {});
  return rules ? Result<>() : std::unexpected(rules.error());
}

void Service::end_streams() { impl_->book.feed.close(); }

void Service::start(const std::string& address) {
  Impl* impl = impl_.get();
  {
    const std::scoped_lock lock(impl->mutex);
    impl->address = address;
    if (impl->section.public_url.empty()) impl->base_url = address;
  }
  impl->engine = std::jthread([impl](const std::stop_token& stop) { impl->evaluate_on_time(stop); });
  impl->deliverer = std::jthread([impl](const std::stop_token& stop) { impl->deliver(stop); });
}

Result<> Service::reload(const config::Alerts& section) {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->configure(section);
}

void Service::tick(WallTime now) { impl_->tick(now); }
const EventFeed& Service::feed() const { return impl_->book.feed; }

Result<std::string> Service::put_rule(std::string_view body, RuleWrite how, const std::string& who) {
  auto object = object_of(body);
  if (!object) return std::unexpected(object.error());
  const std::scoped_lock lock(impl_->mutex);
  const json::value* named = object->if_contains("id");
  const std::string id = named != nullptr && named->is_string() ? std::string(named->get_string()) : std::string();
  const RulePtr there = impl_->find_rule(id);
  if (how == RuleWrite::kMerge) {
    if (there == nullptr) return fail(Code::kNotFound, fmt::format("there is no alert rule '{}'", id.substr(0, 100)));
    json::object merged = std::move(*object_of(to_json(*there)));
    if (object->contains("above") || object->contains("below")) {
      for (const char* key : {"above", "below", "clear"}) merged.erase(key);
    }
    for (auto& [key, value] : *object) merged[key] = value;
    *object = std::move(merged);
  }
  auto rule = read_rule(*object);
  if (!rule) return std::unexpected(rule.error());
  if (there != nullptr && there->spec.origin == config::AlertOrigin::kFile)
    return fail(Code::kConflict,
                fmt::format("alert rule {} comes from the configuration file (managed: file); change it there", id));
  if (how == RuleWrite::kCreate && impl_->api_rules.contains(id))
    return fail(Code::kConflict, fmt::format("there is an alert rule {} already", id));
  auto next = impl_->api_rules;
  next.insert_or_assign(id, std::move(*rule));
  if (next.size() > kMaxApiRules) return fail(Code::kTooLarge, fmt::format("at most {} rules", kMaxApiRules));
  if (auto replaced = impl_->replace_rules(std::move(next)); !replaced) return std::unexpected(replaced.error());
  impl_->book.put("rule", id, json::serialize(*object));
  std::string shown = to_json(*impl_->find_rule(id));
  impl_->note_change("alert_rule", id, shown, who);
  if (auto done = impl_->commit_change(); !done) return std::unexpected(done.error());
  return shown;
}

Result<> Service::delete_rule(const std::string& id, const std::string& who) {
  const std::scoped_lock lock(impl_->mutex);
  const RulePtr there = impl_->find_rule(id);
  if (there == nullptr) return fail(Code::kNotFound, fmt::format("there is no alert rule '{}'", id.substr(0, 100)));
  if (there->spec.origin == config::AlertOrigin::kFile)
    return fail(Code::kConflict,
                fmt::format("alert rule {} comes from the configuration file (managed: file); remove it there", id));
  if (there->spec.origin == config::AlertOrigin::kBuiltIn)
    return fail(Code::kConflict, fmt::format("alert rule {} is built in; switch it off with enabled: false", id));
  auto next = impl_->api_rules;
  next.erase(id);
  if (auto replaced = impl_->replace_rules(std::move(next)); !replaced) return replaced;
  impl_->book.put("rule", id, std::nullopt);
  impl_->note_change("alert_rule", id, std::nullopt, who);
  return impl_->commit_change();
}

Result<std::string> Service::preview(std::string_view body) const {
  const auto object = object_of(body);
  if (!object) return std::unexpected(object.error());
  const auto spec = read_rule(*object);
  if (!spec) return std::unexpected(spec.error());
  Duration settle;
  {
    const std::scoped_lock lock(impl_->mutex);
    settle = impl_->section.settle;
  }
  const SlowQuestion alone(impl_->slow_question);
  if (!alone) return SlowQuestion::refusal();
  const auto end = impl_->parts.clock.wall_now() - std::chrono::duration_cast<std::chrono::microseconds>(settle);
  return preview_json(*spec, impl_->inputs(), end, [this] { return impl_->parts.clock.mono_now(); });
}

std::string Service::active_json(const std::string* tenant) const {
  const std::scoped_lock lock(impl_->mutex);
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("alerts").begin_array();
  for (const auto& [rule_id, state] : impl_->book.states) {
    const RulePtr rule = impl_->find_rule(rule_id);
    for (const auto& [key, instance] : state.groups) {
      const bool mine = rule != nullptr && (tenant == nullptr || tenant_of(*rule, instance.labels) == *tenant);
      if (mine && instance.phase != Phase::kQuiet) write_active(out, *rule, instance);
    }
  }
  out.end_array()
      .key("last_event")
      .integer(tenant == nullptr ? static_cast<std::int64_t>(feed().last()) : 0)
      .end_object();
  return text;
}

Result<> Service::acknowledge(const std::string& incident, const std::string& who, const std::string* tenant) {
  const std::scoped_lock lock(impl_->mutex);
  const WallTime now = impl_->parts.clock.wall_now();
  for (auto& [rule_id, state] : impl_->book.states) {
    const RulePtr rule = impl_->find_rule(rule_id);
    for (auto& [key, instance] : state.groups) {
      const bool mine = rule != nullptr && instance.phase == Phase::kFiring && instance.incident == incident &&
                        (tenant == nullptr || tenant_of(*rule, instance.labels) == *tenant);
      if (!mine) continue;
      instance.acknowledged_by = who;
      instance.acknowledged = now;
      impl_->book.note_state(rule_id, key, &instance);
      Notice notice = impl_->notice_of(*rule, instance, NoticeKind::kAcknowledged, now);
      notice.why = "acknowledged by " + who;
      impl_->note_event("acknowledged", *rule, notice, instance);
      if (instance.notified) impl_->send_to_channels(notice);
      auto done = impl_->commit();
      impl_->transport.wake();
      return done;
    }
  }
  return fail(Code::kNotFound, fmt::format("nothing fires under '{}'", incident.substr(0, 100)));
}

Result<std::string> Service::add_silence(std::string_view body, const std::string& who) {
  auto silence = silence_from_json(body.substr(0, kMaxBody));
  if (!silence) return std::unexpected(silence.error());
  const std::scoped_lock lock(impl_->mutex);
  if (impl_->book.silences.size() >= kMaxSilences)
    return fail(Code::kTooLarge, fmt::format("at most {} silences", kMaxSilences));
  const WallTime now = impl_->parts.clock.wall_now();
  if (silence->until <= now) return fail(Code::kInvalid, "until: lies in the past");
  silence->id = fmt::format("sil_{:x}_{}", now.time_since_epoch().count(), ++impl_->silence_number);
  silence->by = who;
  impl_->book.put_silence(*silence);
  impl_->note_change("alert_silence", silence->id, to_json(*silence), who);
  if (auto done = impl_->commit_change(); !done) return std::unexpected(done.error());
  return to_json(*silence);
}

Result<> Service::drop_silence(const std::string& id, const std::string& who) {
  const std::scoped_lock lock(impl_->mutex);
  if (!impl_->book.silences.contains(id))
    return fail(Code::kNotFound, fmt::format("there is no silence '{}'", id.substr(0, 100)));
  impl_->book.drop_silence(id);
  impl_->note_change("alert_silence", id, std::nullopt, who);
  return impl_->commit_change();
}

std::string Service::silences_json() const {
  const std::scoped_lock lock(impl_->mutex);
  std::string text = "{\"silences\":[";
  for (const auto& [id, silence] : impl_->book.silences) text += (text.back() == '[' ? "" : ",") + to_json(silence);
  return text + "]}";
}

} // namespace kairos::alerts
