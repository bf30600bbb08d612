// Runs tests/cases/route/*.route. A file begins with a configuration; then come cases, each after a line "====": a
// description, what the world and the request are like, and after "----" what route() makes of it. Every case is run
// twice, and the outcomes must be the same; so must what explain() and explain_written() say of them.
// With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catalog/testing/no_models.h"
#include "config/load.h"
#include "model/candidate_json.h"
#include "model/receipt_json.h"
#include "routing/route.h"

namespace kairos::routing {
namespace {

const std::filesystem::path kCases = std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/route";

struct Request {
  model::RequestFacts facts;
  model::Classification classification;
  model::Health health;
  model::Budgets budgets;
  std::string tenant = "acme";
  std::string key;
  WallTime now = *parse_rfc3339("2026-11-23T12:00:00Z");
  std::array<bool, 4> dialects{true, true, true, true};
};

double number(const std::string& text) { return std::stod(text); }

void set_category(Request& request, const std::string& text) {
  std::istringstream in(text);
  request.classification = {};
  for (std::string part; std::getline(in, part, ',');) {
    const size_t colon = part.find(':');
    const double p = colon == part.npos ? 1 : number(part.substr(colon + 1));
    model::Category category = model::Category::kOther;
    if (!model::parse_name(model::kCategoryNames, part.substr(0, colon), category)) ADD_FAILURE() << part;
    request.classification.probabilities[static_cast<size_t>(category)] = p;
    if (p <= request.classification.confidence) continue;
    request.classification.confidence = p;
    request.classification.category = category;
  }
}

bool set_flag(model::RequestFacts& facts, const std::string& word) {
  const std::map<std::string, bool*> flags = {
      {"stream", &facts.stream},
      {"tools", &facts.needs.tools},
      {"images", &facts.needs.images},
      {"audio", &facts.needs.audio},
      {"json_schema", &facts.needs.json_schema},
      {"reasoning", &facts.needs.reasoning},
      {"embeddings", &facts.needs.embeddings},
      {"server_tools", &facts.needs.server_tools},
      {"deny_data_collection", &facts.constraints.deny_data_collection},
      {"zdr", &facts.constraints.zero_retention},
  };
  const auto found = flags.find(word);
  if (found == flags.end()) return false;
  return *found->second = true;
}

void set_value(Request& request, const std::string& name, const std::string& value) {
  model::RequestFacts& facts = request.facts;
  static constexpr std::array<std::string_view, 4> kVariants = {"none", "free", "thinking", "extended"};
  if (name == "model")
    facts.model = value;
  else if (name == "category")
    set_category(request, value);
  else if (name == "input")
    facts.input_tokens_est = facts.input_tokens_bound = std::stoll(value);
  else if (name == "output")
    facts.max_output_tokens = std::stoll(value);
  else if (name == "n")
    facts.choices = std::stoll(value);
  else if (name == "variant")
    EXPECT_TRUE(model::parse_name(kVariants, value, facts.variant));
  else if (name == "max_cost")
    facts.constraints.max_cost = *parse_usd(value);
  else if (name == "min_quality")
    facts.constraints.min_quality = number(value);
  else if (name == "prefer_ms")
    facts.constraints.preferred_max_latency_ms = std::stoll(value);
  else if (name == "prefer_tps")
    facts.constraints.preferred_min_throughput = std::stoll(value);
  else if (name == "quantization") {
    model::Quantization one{};
    EXPECT_TRUE(model::parse_name(model::kQuantizationNames, value, one));
    facts.constraints.quantizations |= model::bit(one);
  } else if (name == "region")
    facts.constraints.region = value;
  else if (name == "tenant")
    request.tenant = value;
  else if (name == "key")
    request.key = value;
  else if (name == "now")
    request.now = *parse_rfc3339(value);
  else
    ADD_FAILURE() << "unknown word " << name << "=" << value;
}

void read_line(Request& request, const std::string& line) {
  std::istringstream in(line);
  std::string verb, first, second, third, fourth;
  in >> verb;
  if (verb == "health") { // health KEY down | MS [TOKENS_PER_SECOND]
    in >> first >> second >> third;
    model::TargetHealth& health = request.health.targets[first];
    if (second == "down")
      health.available = false;
    else
      health.latency_p50_ms = std::stoll(second);
    if (!third.empty()) health.tokens_per_second = std::stod(third);
  } else if (verb == "budget") { // budget ID REMAINING ON_EXCEED [MODEL]
    in >> first >> second >> third >> fourth;
    model::BudgetHeadroom headroom{first, fourth, *parse_usd(second), model::OnExceed::kRefuse};
    EXPECT_TRUE(model::parse_name(model::kOnExceedNames, third, headroom.on_exceed));
    request.budgets.headrooms.push_back(headroom);
  } else if (verb == "speak") { // speak DIALECT…: the only ones
    request.dialects = {};
    for (model::Dialect dialect{}; in >> first && model::parse_name(model::kDialectNames, first, dialect);) {
      request.dialects[static_cast<size_t>(dialect)] = true;
    }
  } else if (verb == "ask") {
    for (std::string word; in >> word;) {
      const size_t equals = word.find('=');
      if (equals != word.npos)
        set_value(request, word.substr(0, equals), word.substr(equals + 1));
      else
        EXPECT_TRUE(set_flag(request.facts, word)) << word;
    }
  } else {
    ADD_FAILURE() << "unknown line " << line;
  }
}

std::string money(const std::optional<Picodollars>& amount) { return amount ? usd(*amount) : "unknown"; }

std::string place(const std::string& model, const std::string& provider, const std::string& region) {
  return model + "@" + provider + (region.empty() ? "" : "/" + region);
}

std::string show(const model::Candidate& candidate) {
  std::string line =
      fmt::format("candidate {} {} est={}", candidate.rank ? std::to_string(*candidate.rank) : "-",
                  place(candidate.model_id, candidate.provider, candidate.region), money(candidate.est_cost));
  if (candidate.quality) line += fmt::format(" quality={:.3f}", *candidate.quality);
  if (candidate.est_latency_ms) line += fmt::format(" ms={}", *candidate.est_latency_ms);
  if (candidate.score) line += fmt::format(" score={:.3f}", *candidate.score);
  std::vector<std::string_view> filters;
  for (const model::Filter filter : candidate.filters) filters.push_back(model::name(filter));
  if (!filters.empty()) line += fmt::format(" [{}]", fmt::join(filters, " "));
  if (!candidate.reasons.empty()) line += fmt::format(": {}", fmt::join(candidate.reasons, "; "));
  return line + "\n";
}

void expect_written_alike(const RouteOutcome& outcome, const Explanation& explained) {
  const WrittenExplanation written = explain_written(outcome);
  EXPECT_EQ(written.reason, explained.reason);
  EXPECT_EQ(written.omitted, explained.omitted);
  model::Receipt receipt;
  receipt.candidates = explained.candidates;
  EXPECT_EQ(model::json_head(receipt, written.candidates), model::json_head(receipt));
}

std::string show(const RouteOutcome& outcome) {
  const model::Decision& decision = outcome.decision;
  const Explanation explained = explain(outcome);
  expect_written_alike(outcome, explained);
  std::string out;
  if (outcome.refusal) {
    const RouteRefusal& refusal = *outcome.refusal;
    out += fmt::format("refused {}{}: {}\n", error_code(refusal.kind),
                       refusal.budget_id.empty() ? "" : " " + refusal.budget_id, refusal.message);
    EXPECT_TRUE(decision.model_id.empty() && outcome.chain.empty());
    EXPECT_EQ(explained.reason, refusal.message);
  } else {
    out += fmt::format("{} to {}, then [{}]\n{}\n", decision.strategy,
                       place(decision.model_id, decision.provider, decision.region),
                       fmt::join(decision.fallback_chain, " "), explained.reason);
    EXPECT_FALSE(outcome.chain.empty());
  }
  for (const Choice& choice : outcome.chain) {
    out += fmt::format("send {} output={}{} worst={}\n",
                       place(choice.target->model->id, choice.target->provider->id, choice.target->endpoint->region),
                       choice.max_output_tokens, choice.clamped ? " clamped" : "", money(choice.worst_case));
  }
  for (const model::Candidate& candidate : explained.candidates) out += show(candidate);
  for (const auto& [filter, count] : explained.omitted) out += fmt::format("omitted {} {}\n", count, filter);
  if (outcome.privacy_policy != "none") {
    out += fmt::format("privacy {} dropped {}\n", outcome.privacy_policy, outcome.privacy_dropped);
  }
  return out;
}

std::string run(const config::Snapshot& snapshot, const std::string& text) {
  Request request;
  request.facts.model = "auto";
  request.facts.input_tokens_est = request.facts.input_tokens_bound = 1000;
  set_category(request, "chat");
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') read_line(request, line);
  }
  const config::Tenant* tenant = snapshot.tenant(request.tenant);
  if (tenant == nullptr) return "no tenant " + request.tenant + "\n";
  config::ApiKey key;
  key.id = "none";
  for (const config::ApiKey& one : tenant->keys) {
    if (one.id == request.key) key = one;
  }
  const RouteInput input{request.facts,  request.classification, snapshot,    *tenant,         key,
                         request.health, request.budgets,        request.now, request.dialects};
  const std::string shown = show(route(input));
  EXPECT_EQ(shown, show(route(input))) << "the same input must give the same outcome";
  return shown;
}

config::SnapshotPtr load(const std::string& yaml, const std::string& name) {
  auto catalog = catalog::Catalog::parse(catalog::testing::kNoModels);
  if (!catalog) ADD_FAILURE() << catalog.error().message;
  config::Environment environment;
  environment.variable = [](std::string_view) { return std::nullopt; };
  environment.file = [](const std::string& path) { return fail(Code::kIo, path); };
  auto snapshot = config::load(yaml, name, environment, std::make_shared<const catalog::Catalog>(std::move(*catalog)));
  if (snapshot) return *snapshot;
  ADD_FAILURE() << snapshot.error().message;
  return nullptr;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find("====\n", begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 5;
  }
  return parts;
}

TEST(Route, Cases) {
  const bool update = std::getenv("KAIROS_UPDATE_CASES") != nullptr;
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
    const std::string name = entry.path().filename();
    std::ifstream in(entry.path());
    const auto parts = split({std::istreambuf_iterator<char>(in), {}});
    const auto snapshot = load(parts.at(0), name);
    if (snapshot == nullptr) continue;
    std::string written = parts[0];
    for (size_t i = 1; i < parts.size(); ++i, ++count) {
      const size_t rule = parts[i].find("----\n");
      const std::string input = parts[i].substr(0, rule);
      const std::string output = run(*snapshot, input);
      const std::string expected = rule == parts[i].npos ? "" : parts[i].substr(rule + 5);
      if (!update) {
        EXPECT_EQ(output, expected) << name << ": " << input;
      }
      written += "====\n" + input + "----\n" + output;
    }
    if (update) std::ofstream(entry.path()) << written;
  }
  EXPECT_GE(count, 40u);
}

} // namespace
} // namespace kairos::routing
