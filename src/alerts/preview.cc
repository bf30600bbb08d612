#include "alerts/preview.h"

#include <algorithm>

#include "alerts/machine.h"
#include "alerts/wording.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

using std::chrono::microseconds;

constexpr Duration kPast = std::chrono::hours(24 * 7);
constexpr Duration kShortestStep = std::chrono::minutes(30);
constexpr Duration kPatience = std::chrono::seconds(20);
constexpr size_t kMaxFires = 200;

struct Fire {
  WallTime from{};
  WallTime to{};
  bool open = true;
  Labels labels;
  std::string headline;
};

class Preview {
public:
  Preview(RulePtr rule, WallTime end) : rule_(std::move(rule)), end_(end) {}

  Result<> run(const Inputs& inputs, const std::function<MonoTime()>& mono_now) {
    const MonoTime patience = mono_now() + kPatience;
    const auto step_length = std::chrono::duration_cast<microseconds>(rule_->every);
    for (WallTime at = end_ - std::chrono::duration_cast<microseconds>(kPast); at <= end_; at += step_length) {
      if (mono_now() > patience) return fail(Code::kTimeout, "the preview takes longer than 20 s; use a longer window");
      Evaluation evaluation(inputs, at, at);
      evaluation.add(*rule_);
      const auto readings = evaluation.readings(*rule_);
      if (!readings) return std::unexpected(readings.error());
      for (Transition& one : step(*rule_, state_, *readings, at, [](const Labels&) { return false; })) note(one, at);
    }
    for (Fire& fire : fires_) fire.to = fire.open ? end_ : fire.to;
    return {};
  }

  std::string json() const {
    Duration firing{};
    for (const Fire& fire : fires_) firing += fire.to - fire.from;
    std::string text;
    model::JsonWriter out(text);
    out.begin_object().key("fired").integer(static_cast<std::int64_t>(fires_.size()));
    out.key("minutes")
        .integer(firing / std::chrono::minutes(1))
        .key("step_s")
        .integer(rule_->every / std::chrono::seconds(1));
    out.key("from")
        .string(to_rfc3339(end_ - std::chrono::duration_cast<microseconds>(kPast)))
        .key("to")
        .string(to_rfc3339(end_));
    out.key("fires").begin_array();
    for (size_t i = 0; i < std::min(fires_.size(), kMaxFires); ++i) {
      const Fire& fire = fires_[i];
      out.begin_object().key("from").string(to_rfc3339(fire.from)).key("to").string(to_rfc3339(fire.to));
      out.key("still").boolean(fire.open).key("headline").string(fire.headline).key("labels").begin_object();
      for (const auto& [key, value] : fire.labels) out.escaped_key(key).string(value);
      out.end_object().end_object();
    }
    out.end_array().end_object();
    return text;
  }

private:
  void note(const Transition& one, WallTime at) {
    if (one.change == Change::kFired)
      fires_.push_back({at, at, true, one.instance.labels, headline(*rule_, one.instance)});
    if (one.change != Change::kResolved) return;
    const auto same = [&](const Fire& fire) { return fire.open && fire.labels == one.instance.labels; };
    const auto found = std::ranges::find_if(fires_, same);
    if (found == fires_.end()) return;
    found->open = false;
    found->to = at;
  }

  const RulePtr rule_;
  const WallTime end_;
  RuleState state_;
  std::vector<Fire> fires_;
};

} // namespace

Result<std::string> preview_json(const config::AlertRule& spec, const Inputs& inputs, WallTime end,
                                 const std::function<MonoTime()>& mono_now) {
  const auto checked = compile(spec, std::chrono::seconds(30));
  if (!checked) return std::unexpected(checked.error());
  if (!(*checked)->asks_store())
    return fail(Code::kInvalid, "signal: only signals over receipts have a past that can be previewed");
  Rule slower = **checked;
  slower.every = std::max<Duration>(spec.window / 2, kShortestStep);
  Preview preview(std::make_shared<const Rule>(std::move(slower)), end);
  if (auto done = preview.run(inputs, mono_now); !done) return std::unexpected(done.error());
  return preview.json();
}

} // namespace kairos::alerts
