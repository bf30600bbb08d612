// Rules as the API shows them: the same keys as in the file.
#include <fmt/format.h>

#include "alerts/rule.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

std::string text_of(Duration duration) {
  using namespace std::chrono;
  if (duration % hours(1) == Duration::zero()) return fmt::format("{}h", duration / hours(1));
  if (duration % minutes(1) == Duration::zero()) return fmt::format("{}m", duration / minutes(1));
  if (duration % seconds(1) == Duration::zero()) return fmt::format("{}s", duration / seconds(1));
  return fmt::format("{}ms", duration / milliseconds(1));
}

void write_mutes(model::JsonWriter& json, const config::AlertRule& spec) {
  static constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const auto time = [](int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); };
  json.key("mute").begin_array();
  for (const config::AlertMute& mute : spec.mute) {
    json.begin_object().key("from").string(time(mute.from_minute)).key("to").string(time(mute.to_minute));
    json.key("days").begin_array();
    for (size_t day = 0; day < kDays.size(); ++day) {
      if (mute.days[day]) json.string(kDays[day]);
    }
    json.end_array().key("time_zone").string(mute.time_zone).end_object();
  }
  json.end_array();
}

void write_conditions(model::JsonWriter& json, const Rule& rule) {
  const config::AlertRule& spec = rule.spec;
  json.key("signal").string(name(spec.signal));
  if (rule.asks_store()) json.key("measure").string(spec.measure);
  json.key(spec.bound == config::AlertBound::kAbove ? "above" : "below").string(decimal(rule.threshold, rule.unit));
  json.key("clear").string(decimal(rule.clear, rule.unit));
  if (rule.least) json.key("least").string(decimal(*rule.least, rule.measure_unit));
  json.key("window").string(text_of(spec.window));
  if (spec.signal == config::AlertSignal::kDrift) json.key("baseline").string(text_of(spec.baseline));
  json.key("for").string(text_of(spec.hold)).key("resolve_after").string(text_of(spec.resolve_after));
  json.key("min_samples").integer(spec.min_samples);
}

} // namespace

std::string to_json(const Rule& rule) {
  const config::AlertRule& spec = rule.spec;
  std::string text;
  model::JsonWriter json(text);
  json.begin_object().key("id").string(spec.id).key("title").string(spec.title);
  write_conditions(json, rule);
  json.key("severity").string(name(spec.severity)).key("group_by").begin_array();
  for (const std::string& one : spec.group_by) json.string(one);
  json.end_array().key("filters").begin_object();
  for (const auto& [dimension, values] : spec.filters) {
    json.escaped_key(dimension).begin_array();
    for (const std::string& value : values) json.string(value);
    json.end_array();
  }
  json.end_object();
  json.key("no_data").string(config::kAlertNoDataNames[static_cast<size_t>(spec.no_data)]);
  json.key("repeat").string(text_of(spec.repeat)).key("notify_resolved").boolean(spec.notify_resolved);
  json.key("enabled").boolean(spec.enabled);
  write_mutes(json, spec);
  json.key("managed").string(name(spec.origin)).end_object();
  return text;
}

} // namespace kairos::alerts
