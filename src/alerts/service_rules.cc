// Rules of Service as the API shows them, with how they stand.
#include <fmt/format.h>

#include "alerts/service_impl.h"
#include "model/json_writer.h"

namespace kairos::alerts {

/// The rule and how it stands: when it was last looked at, what fires, why it could not be judged.
std::string Service::Impl::shown(const Rule& rule) const {
  std::string text = to_json(rule);
  const auto at = evaluated.find(rule.spec.id);
  const auto trouble = troubles.find(rule.spec.id);
  const auto groups = book.states.find(rule.spec.id);
  std::int64_t firing = 0, pending = 0;
  if (groups != book.states.end()) {
    for (const auto& [key, instance] : groups->second.groups) {
      firing += instance.phase == Phase::kFiring ? 1 : 0;
      pending += instance.phase == Phase::kPending ? 1 : 0;
    }
  }
  std::string state = ",\"state\":";
  model::JsonWriter json(state);
  json.begin_object().key("firing").integer(firing).key("pending").integer(pending).key("evaluated");
  if (at == evaluated.end())
    json.null();
  else
    json.string(to_rfc3339(WallTime(std::chrono::duration_cast<std::chrono::microseconds>(at->second))));
  json.key("trouble").string(trouble == troubles.end() ? "" : trouble->second).end_object();
  text.insert(text.size() - 1, state);
  return text;
}

std::string Service::rules_json() const {
  const std::scoped_lock lock(impl_->mutex);
  std::string text = "{\"rules\":[";
  for (const RulePtr& rule : impl_->rules) text += (rule == impl_->rules.front() ? "" : ",") + impl_->shown(*rule);
  return text + "]}";
}

Result<std::string> Service::rule_json(const std::string& id) const {
  const std::scoped_lock lock(impl_->mutex);
  const RulePtr rule = impl_->find_rule(id);
  if (rule == nullptr) return fail(Code::kNotFound, fmt::format("there is no alert rule '{}'", id.substr(0, 100)));
  return impl_->shown(*rule);
}

} // namespace kairos::alerts
