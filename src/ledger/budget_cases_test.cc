// Runs tests/cases/ledger/*.budget: scripts over a clock that stands still, and what they print.
// With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "base/clock.h"
#include "ledger/budgets.h"

namespace kairos::ledger {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& line, char separator = ' ') {
  Words words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, separator);) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

class Script {
public:
  std::string run(const std::string& line) {
    const Words words = split(line);
    const std::string& verb = words.at(0);
    const std::string name = words.size() > 1 ? words[1] : "";
    if (verb == "clock") return clock_ = std::make_unique<FakeClock>(*parse_rfc3339(name)), "";
    if (verb == "advance") return clock_->advance(std::chrono::seconds(std::stoll(name))), "";
    if (verb == "step") return clock_->step_wall(std::chrono::seconds(std::stoll(name))), "";
    if (verb == "budget") return add_budget(words);
    if (verb == "apply") return apply();
    if (verb == "reserve") return reserve(name, fields(words));
    if (verb == "extend") return extend(name, fields(words));
    if (verb == "finish") return open_.at(name).finish_attempt(std::stoul(words.at(2)), amounts(words.at(3))), "";
    if (verb == "settle") return settle(name, words);
    if (verb == "release") return open_.at(name).release(), open_.erase(name), "";
    if (verb == "unblock") return result(budgets_->unblock(name));
    if (verb == "headroom") return headroom(fields(words));
    if (verb == "show") return show();
    if (verb == "restart") return restart();
    return "unknown command " + verb;
  }

private:
  using Fields = std::map<std::string, std::string>;

  static Fields fields(const Words& words) {
    Fields all;
    for (const std::string& word : words) {
      const size_t equals = word.find('=');
      if (equals != std::string::npos) all[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return all;
  }
  static std::string result(const Result<>& result) { return result ? "ok" : result.error().message; }
  static Amounts amounts(const std::string& text) {
    const Words parts = split(text, '/');
    const auto one = [](const std::string& part) {
      const auto amount = parse_usd(part);
      return amount ? std::optional(*amount) : std::nullopt;
    };
    return {one(parts.at(0)), one(parts.back())};
  }
  static Subject subject(Fields& f) { return {f["tenant"], f["workflow"], f["key"], f["model"], f["user"]}; }

  std::string add_budget(const Words& words) {
    Fields f = fields(words);
    BudgetSpec spec;
    spec.id = words.at(1);
    spec.scope = {f["tenant"], f["workflow"], f["key"], f["model"], f["user"]};
    const auto cap = parse_usd(f["cap"]);
    if (!cap) return cap.error().message;
    spec.cap = *cap;
    if (f.count("period") != 0) model::parse_name(kPeriodNames, f["period"], spec.period);
    if (f.count("measure") != 0) model::parse_name(kMeasureNames, f["measure"], spec.measure);
    for (const std::string& level : split(f["warn"], ',')) spec.warn_levels.push_back(std::stoi(level));
    spec.allow_unpriced = f["unpriced"] == "allow";
    specs_.push_back(spec);
    return "";
  }
  std::string apply() { return result(budgets_->replace(std::exchange(specs_, {}))); }

  std::string reserve(const std::string& name, Fields f) {
    auto reservation = budgets_->reserve(subject(f), amounts(f["cost"]), clock_->wall_now());
    if (!reservation) return "refused: " + reservation.error().message();
    open_[name] = std::move(*reservation);
    return "held";
  }
  std::string extend(const std::string& name, Fields f) {
    const auto index = open_.at(name).extend(f["model"], amounts(f["cost"]), clock_->wall_now());
    return index ? fmt::format("held as attempt {}", *index) : "refused: " + index.error().message();
  }
  std::string settle(const std::string& name, const Words& words) {
    std::vector<Amounts> actual;
    for (size_t i = 2; i < words.size(); ++i) actual.push_back(amounts(words[i]));
    const Settlement settlement = open_.at(name).settle(actual);
    open_.erase(name);
    record(settlement.charges, settlement.overrun, settlement.unpriced);
    std::string out = "charged";
    for (const auto& charge : settlement.charges)
      out += fmt::format(" {} {} {};", charge.budget_id, charge.period, usd(charge.amount));
    if (settlement.overrun > Picodollars(0))
      out += fmt::format(" overrun {} in {}", usd(settlement.overrun), settlement.overrun_budget);
    return out;
  }
  void record(const std::vector<model::BudgetCharge>& charges, Picodollars overrun, bool unpriced) {
    model::Receipt closed;
    closed.budget_charges = charges;
    if (!unpriced) closed.cost.total = Picodollars(0);
    if (overrun > Picodollars(0)) closed.budget = model::BudgetSummary{"", "", {}, {}, {}, overrun};
    ASSERT_TRUE(journal_.apply(closed, journal_.position() + 1).has_value());
  }
  std::string headroom(Fields f) {
    std::string out;
    for (const auto& room : budgets_->headrooms(subject(f), clock_->wall_now()).headrooms) {
      out += fmt::format("{}{} {}", out.empty() ? "" : "; ", room.budget_id, usd(room.remaining));
      if (!room.model_id.empty()) out += " for " + room.model_id;
    }
    return out.empty() ? "no budget" : out;
  }
  std::string show() {
    std::string out;
    for (const BudgetStatus& s : budgets_->status(clock_->wall_now())) {
      out += fmt::format("{}{} {} spent {} held {} remaining {} {}", out.empty() ? "" : "\n", s.spec.id, s.period,
                         usd(s.spent), usd(s.held), usd(s.remaining), kairos::ledger::name(s.level));
      if (s.warn_level) out += fmt::format(" at {} %", *s.warn_level);
      if (s.overrun > Picodollars(0)) out += " overrun " + usd(s.overrun);
      if (s.unpriced > 0) out += fmt::format(" unpriced {}", s.unpriced);
      if (s.projected) out += " projected " + usd(*s.projected);
    }
    return out;
  }
  /// The process dies: recovery closes what is open at its reservation, the counters are folded anew.
  std::string restart() {
    for (auto& [name, reservation] : open_) record(reservation.open_charges(), Picodollars(0), false);
    std::vector<BudgetSpec> specs;
    for (const BudgetStatus& status : budgets_->status(clock_->wall_now())) specs.push_back(status.spec);
    const auto read = BudgetState::from_json(journal_.to_json());
    if (!read) return read.error().message;
    if (!(*read == journal_)) return "the checkpoint is not what was written";
    open_.clear();
    budgets_ = std::make_unique<EmbeddedBudgets>(*read);
    return result(budgets_->replace(std::move(specs)));
  }

  std::unique_ptr<FakeClock> clock_ = std::make_unique<FakeClock>(WallTime{});
  std::unique_ptr<EmbeddedBudgets> budgets_ = std::make_unique<EmbeddedBudgets>();
  std::map<std::string, Reservation> open_;
  std::vector<BudgetSpec> specs_;
  BudgetState journal_;
};

/// A case is: commands, "----", what they print, an empty line. Answers the file with the expected parts as they are.
std::string replay(const std::string& text) {
  Script script;
  std::string out;
  std::string printed;
  bool expected = false;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (expected && !line.empty()) continue;
    if (expected) out += printed, printed.clear();
    expected = line == "----";
    out += line + "\n";
    if (expected || line.empty() || line.starts_with('#')) continue;
    const std::string says = script.run(line);
    if (!says.empty()) printed += says + "\n";
  }
  return out + printed;
}

TEST(BudgetCases, EveryScriptPrintsWhatItSays) {
  size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator(KAIROS_SOURCE_DIR "/tests/cases/ledger")) {
    if (file.path().extension() != ".budget") continue;
    ++count;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const std::string actual = replay(text.str());
    if (std::getenv("KAIROS_UPDATE_CASES") != nullptr) std::ofstream(file.path()) << actual;
    EXPECT_EQ(actual, text.str()) << file.path();
  }
  EXPECT_GE(count, 6U);
}

} // namespace
} // namespace kairos::ledger
