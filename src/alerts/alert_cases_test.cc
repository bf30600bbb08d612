// Runs tests/cases/alerts/*.txt: one rule, a world that changes with time, and what the rule says about it. Cases are
// separated by lines of '='. Lines before '----':
//   rule {…}                       as in the configuration; further lines until one that begins with a command
//   set TIME GROUP VALUE/REQUESTS  from TIME on (+5m, -7d: relative to 2026-11-23T00:00:00Z, a Monday); "-": no data
//   budget TIME ID SPENT/CAP PROJECTED PERIOD DAYS_LEFT
//   run TIME                       evaluates every 30 s up to TIME
//   jump BY                        the clock is set forwards or back        restart BY    the process is away for BY
//   silence on|off                 groups                                                 ack WHO
// With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "alerts/machine.h"
#include "alerts/state_json.h"
#include "alerts/testing/scripted_world.h"
#include "alerts/wording.h"
#include "base/testing/text_cases.h"

namespace kairos::alerts {
namespace {

using std::chrono::seconds;

const std::filesystem::path kCases = std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/alerts";
const WallTime kStart = *parse_rfc3339("2026-11-23T00:00:00Z");
constexpr seconds kInterval(30);

seconds offset_of(const std::string& text) {
  const std::int64_t number = std::strtoll(text.c_str() + 1, nullptr, 10) * (text[0] == '-' ? -1 : 1);
  switch (text.back()) {
  case 'd':
    return seconds(number * 86'400);
  case 'h':
    return seconds(number * 3'600);
  case 'm':
    return seconds(number * 60);
  default:
    return seconds(number);
  }
}

class Play {
public:
  std::string run(const std::string& script);

private:
  void command(const std::string& line);
  void budget(std::istringstream& words);
  void run_to(WallTime end);
  void step_once();
  void restart();
  void say(const Transition& transition);
  std::string stamp() const;

  RulePtr rule_;
  std::string rule_text_;
  ScriptedWorld world_;
  RuleState state_;
  WallTime now_ = kStart;
  Duration last_{-1};
  bool silent_ = false;
  std::string out_;
};

std::string Play::stamp() const {
  const auto total = std::chrono::duration_cast<seconds>(now_ - kStart).count();
  const auto absolute = std::abs(total);
  return fmt::format("{}{:02}:{:02}:{:02}", total < 0 ? "-" : "+", absolute / 3600, absolute / 60 % 60, absolute % 60);
}

void Play::say(const Transition& transition) {
  static constexpr std::array<std::string_view, 3> kWords = {"fired", "reminded", "resolved"};
  out_ += fmt::format("{} {}{}: {} [{}]{}\n", stamp(), kWords[static_cast<size_t>(transition.change)],
                      transition.notify ? "" : " (silent)", headline(*rule_, transition.instance),
                      figures(*rule_, transition.instance), transition.why.empty() ? "" : "; " + transition.why);
}

void Play::step_once() {
  const Inputs inputs = world_.inputs();
  Evaluation evaluation(inputs, now_, now_);
  evaluation.add(*rule_);
  const auto readings = evaluation.readings(*rule_);
  ASSERT_TRUE(readings) << readings.error().message;
  const auto muted = [&](const Labels&) { return silent_ || in_mute_window(rule_->spec, now_); };
  for (const Transition& transition : step(*rule_, state_, *readings, now_, muted)) say(transition);
}

void Play::run_to(WallTime end) {
  for (; now_ <= end; now_ += kInterval) {
    const Duration slot = now_.time_since_epoch() / rule_->every * rule_->every;
    if (slot == last_) continue;
    last_ = slot;
    step_once();
  }
  now_ -= kInterval;
}

/// Everything that is kept goes through its JSON.
void Play::restart() {
  for (auto& [key, instance] : state_.groups) {
    auto again = instance_from_json(to_json(instance));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), to_json(instance));
    instance = *again;
  }
}

void Play::budget(std::istringstream& words) {
  std::string time, id, amounts, projected, period;
  int days_left = 0;
  words >> time >> id >> amounts >> projected >> period >> days_left;
  ledger::BudgetStatus status;
  status.spec.id = id;
  status.spec.scope.tenant = "acme";
  const size_t slash = amounts.find('/');
  status.spent = *parse_usd(amounts.substr(0, slash));
  status.spec.cap = *parse_usd(amounts.substr(slash + 1));
  if (projected != "-") status.projected = *parse_usd(projected);
  status.period = period;
  status.period_ends = kStart + offset_of(time) + std::chrono::days(days_left);
  world_.set_budget(kStart + offset_of(time), status);
}

void Play::command(const std::string& line) {
  std::istringstream words(line);
  std::string verb, first, second, third;
  words >> verb;
  if (verb == "budget") return budget(words);
  words >> first >> second >> third;
  if (verb == "set") world_.set(kStart + offset_of(first), second, third);
  if (verb == "run") run_to(kStart + offset_of(first));
  if (verb == "jump" || verb == "restart") now_ += offset_of(first);
  if (verb == "restart") restart();
  if (verb == "silence") silent_ = first == "on";
  if (verb != "ack") return;
  for (auto& [key, instance] : state_.groups) instance.acknowledged_by = first;
}

std::string Play::run(const std::string& script) {
  std::istringstream in(script);
  std::vector<std::string> commands;
  bool in_rule = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#") || line.empty()) continue;
    if (line.starts_with("rule "))
      in_rule = true;
    else if (!line.starts_with(" "))
      in_rule = false;
    if (in_rule)
      rule_text_ += (line.starts_with("rule ") ? line.substr(5) : line) + "\n";
    else
      commands.push_back(line);
  }
  const auto spec = config::parse_alert_rule(rule_text_, "rule");
  if (!spec) return "error " + spec.error().message + "\n";
  const auto rule = compile(*spec, kInterval);
  if (!rule) return "error " + rule.error().message + "\n";
  rule_ = *rule;
  for (const std::string& line : commands) command(line);
  return out_.empty() ? "nothing\n" : out_;
}

TEST(Alerts, Cases) {
  EXPECT_GE(testing::run_cases(kCases, [](const std::string& input) { return Play().run(input); }), 35u);
}

} // namespace
} // namespace kairos::alerts
