#include "alerts/state_json.h"

#include <boost/json.hpp>

#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

void write_labels(model::JsonWriter& out, std::string_view key, const Labels& labels) {
  out.key(key).begin_array();
  for (const auto& [name, value] : labels) out.begin_array().string(name).string(value).end_array();
  out.end_array();
}

void write_time(model::JsonWriter& out, std::string_view key, WallTime time) {
  out.key(key).integer(time.time_since_epoch().count());
}

/// Looks fields up and remembers whether one was not as it must be.
class Fields {
public:
  explicit Fields(const json::object& object) : object_(object) {}

  std::int64_t integer(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    const bool fits = value != nullptr && value->is_int64();
    good_ = good_ && fits;
    return fits ? value->get_int64() : 0;
  }
  std::optional<std::int64_t> optional(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return integer(key);
  }
  std::string text(std::string_view key) {
    const json::value* value = object_.if_contains(key);
    const bool fits = value != nullptr && value->is_string();
    good_ = good_ && fits;
    return fits ? std::string(value->get_string()) : std::string();
  }
  WallTime time(std::string_view key) { return WallTime(std::chrono::microseconds(integer(key))); }
  Labels labels(std::string_view key) {
    Labels labels;
    const json::value* value = object_.if_contains(key);
    if (value == nullptr || !value->is_array()) return good_ = false, labels;
    for (const json::value& pair : value->get_array()) {
      const json::array* two = pair.if_array();
      if (two == nullptr || two->size() != 2 || !(*two)[0].is_string() || !(*two)[1].is_string())
        return good_ = false, labels;
      labels.emplace_back(std::string((*two)[0].get_string()), std::string((*two)[1].get_string()));
    }
    return labels;
  }
  bool good() const { return good_; }

private:
  const json::object& object_;
  bool good_ = true;
};

} // namespace

std::string to_json(const Instance& instance) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object();
  write_labels(out, "labels", instance.labels);
  write_labels(out, "details", instance.details);
  out.key("phase").integer(static_cast<int>(instance.phase)).key("epoch").string(instance.epoch);
  out.key("incident").string(instance.incident);
  write_time(out, "since", instance.since);
  write_time(out, "fired", instance.fired);
  write_time(out, "seen", instance.seen);
  out.key("held").integer(instance.held.count()).key("calm").integer(instance.calm.count());
  out.key("missing").integer(instance.missing ? 1 : 0).key("samples").integer(instance.samples);
  if (instance.value) out.key("value").integer(*instance.value);
  if (instance.worst) out.key("worst").integer(*instance.worst);
  if (instance.notified) write_time(out, "notified", *instance.notified);
  out.key("acknowledged_by").string(instance.acknowledged_by);
  write_time(out, "acknowledged", instance.acknowledged);
  out.end_object();
  return text;
}

Result<Instance> instance_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return fail(Code::kCorrupt, "the state of an alert is not a JSON object");
  Fields fields(document.get_object());
  Instance instance;
  instance.labels = fields.labels("labels");
  instance.details = fields.labels("details");
  const std::int64_t phase = fields.integer("phase");
  instance.phase = static_cast<Phase>(phase);
  instance.epoch = fields.text("epoch");
  instance.incident = fields.text("incident");
  instance.since = fields.time("since");
  instance.fired = fields.time("fired");
  instance.seen = fields.time("seen");
  instance.held = Duration(fields.integer("held"));
  instance.calm = Duration(fields.integer("calm"));
  instance.missing = fields.integer("missing") != 0;
  instance.samples = fields.integer("samples");
  instance.value = fields.optional("value");
  instance.worst = fields.optional("worst");
  if (const auto notified = fields.optional("notified"))
    instance.notified = WallTime(std::chrono::microseconds(*notified));
  instance.acknowledged_by = fields.text("acknowledged_by");
  instance.acknowledged = fields.time("acknowledged");
  const bool known = phase >= 0 && phase <= static_cast<int>(Phase::kFiring);
  if (!fields.good() || !known) return fail(Code::kCorrupt, "the state of an alert lacks a field or holds a wrong one");
  return instance;
}

} // namespace kairos::alerts
