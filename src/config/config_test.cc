// The documented configuration, defaults, versions and bounds.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/document.h"
#include "config/load.h"
#include "config/units.h"

namespace kairos::config {
namespace {

const std::string kMasterKey(64, 'a');

Environment all_keys_set() {
  Environment environment;
  environment.variable = [](std::string_view name) {
    if (name.starts_with("OTEL_")) return std::optional<std::string>();
    return std::optional<std::string>(name.find("CONTENT") == name.npos ? "a-key" : kMasterKey);
  };
  environment.file = [](const std::string& path) -> Result<std::string> {
    if (path.find("content") != path.npos) return kMasterKey;
    return path.ends_with("pagerduty") ? "0123456789abcdef0123456789abcdef\n" : "a-key\n";
  };
  return environment;
}

std::string documented() {
  std::ifstream in(KAIROS_SOURCE_DIR "/config/kairosroute.yaml");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The file with its examples switched on: lines that begin with '#' and then look like YAML.
std::string with_examples(const std::string& text) {
  static const std::regex kExample(R"(^( *)# ( *(?:- )?(?:[a-z_0-9]+:|\{).*)$)");
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# Example:") || line.find("# Everything") != line.npos) continue;
    out += std::regex_replace(line, kExample, "$1$2") + "\n";
  }
  return out;
}

TEST(Documented, LoadsAsItIs) {
  const auto snapshot = load(documented(), "config/kairosroute.yaml", all_keys_set());
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ((*snapshot)->providers.size(), 2u);
  EXPECT_GT((*snapshot)->targets.size(), 50u);
  EXPECT_EQ((*snapshot)->version.size(), 16u);
}

TEST(Documented, SaysTheTruthAboutDefaults) {
  const auto written = load(documented(), "k", all_keys_set());
  const auto empty = load("", "k", all_keys_set());
  ASSERT_TRUE(written && empty);
  EXPECT_TRUE(needs_restart(**empty, **written).empty());
  const Snapshot& a = **written;
  const Snapshot& b = **empty;
  EXPECT_TRUE(same(a.otlp, b.otlp));
  EXPECT_EQ(a.server.log_levels, b.server.log_levels);
  EXPECT_EQ(a.server.log_json, b.server.log_json);
  EXPECT_EQ(a.content.body_bytes, b.content.body_bytes);
  EXPECT_EQ(a.content.queue_bytes, b.content.queue_bytes);
  const auto limits = [](const ServerLimits& l) {
    return std::tuple(l.head_bytes, l.head_fields, l.body_bytes, l.connections, l.requests, l.head_time, l.body_time,
                      l.idle_time, l.write_time, l.request_time, l.drain_time);
  };
  EXPECT_EQ(limits(a.server.limits), limits(b.server.limits));
  const auto routing = [](const Routing& r) {
    return std::tuple(r.strategy, r.fallback.max_attempts, r.default_max_output_tokens, r.min_clamped_output_tokens,
                      r.expected_output_tokens, r.allow_unpriced, r.floors[0].relative, r.floors[0].value);
  };
  EXPECT_EQ(routing(a.routing), routing(b.routing));
  EXPECT_TRUE(a.routing.rewrite.empty());
  const auto cache = [](const Cache& c) {
    return std::tuple(c.mode, c.ttl, c.max_bytes, c.max_entries, c.max_answer_bytes, c.any_temperature,
                      c.semantic.has_value());
  };
  EXPECT_EQ(cache(a.cache), cache(b.cache));
  EXPECT_NEAR(a.routing.weights.quality, b.routing.weights.quality, 1e-12);
}

TEST(Documented, ExamplesLoadToo) {
  std::string text = with_examples(documented());
  for (const char* other : {"    regions:\n      - {id: us}\n      - {id: eu, base_url: https://eu.example.com}\n",
                            "    api_key_file: /run/secrets/anthropic   # or a file with it\n"}) {
    if (const size_t place = text.find(other); place != text.npos) text.erase(place, std::string_view(other).size());
  }
  const auto snapshot = load(text, "examples", all_keys_set());
  ASSERT_TRUE(snapshot) << snapshot.error().message << "\n" << text;
  EXPECT_EQ((*snapshot)->tenants.size(), 1u);
  EXPECT_EQ((*snapshot)->budgets.size(), 1u);
  EXPECT_EQ((*snapshot)->routing.rewrite.size(), 1u);
  EXPECT_EQ((*snapshot)->tenants[0].privacy_filter.detect, kAllPrivateKinds);
  EXPECT_TRUE((*snapshot)->cache.semantic);
  EXPECT_FALSE((*snapshot)->targets_named("my-llama").empty());
  EXPECT_FALSE((*snapshot)->targets_named("llama").empty());
  EXPECT_FALSE((*snapshot)->targets_named("openai/my-llama").empty());
  const auto owner = (*snapshot)->owner_of_key("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->tenant->id, "acme");
  EXPECT_EQ(owner->key->guardrails.max_cost_per_request, Picodollars(500'000'000'000));
  EXPECT_EQ(owner->tenant->price_plan->markup, 20'000'000);
}

TEST(Snapshot, VersionFollowsTheContent) {
  const auto one = load("node_id: a", "k", all_keys_set());
  const auto same = load("node_id: a", "another name", all_keys_set());
  const auto other = load("node_id: b", "k", all_keys_set());
  ASSERT_TRUE(one && same && other);
  EXPECT_EQ((*one)->version, (*same)->version);
  EXPECT_NE((*one)->version, (*other)->version);
}

TEST(Snapshot, SaysWhatNeedsARestart) {
  const auto one = load("server: {listen: \"127.0.0.1:1\"}", "k", all_keys_set());
  const auto other =
      load("{data_dir: /x, server: {listen: \"127.0.0.1:2\", log: {level: debug}}}", "k", all_keys_set());
  ASSERT_TRUE(one && other);
  EXPECT_EQ(needs_restart(**one, **other), (std::vector<std::string>{"server.listen", "data_dir"}));
}

TEST(File, IsRefusedWhileItIsEmpty) {
  const auto path = std::filesystem::temp_directory_path() / ("kairos-config-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << " \r\n\t\n";
  const auto empty = load_file(path, all_keys_set());
  std::ofstream(path) << "# nothing to be configured\n";
  const auto remark = load_file(path, all_keys_set());
  std::filesystem::remove(path);
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error().code, Code::kInvalid);
  EXPECT_NE(empty.error().message.find(path.string() + " is empty"), std::string::npos) << empty.error().message;
  EXPECT_TRUE(remark.has_value());
}

TEST(Document, IsBounded) {
  EXPECT_FALSE(parse_document(std::string(kMaxText + 1, ' '), "k"));
  EXPECT_FALSE(parse_document("a: [" + std::string(2 * kMaxValues, ',') + "]", "k"));
  std::string wide = "a:\n", many = "a: [";
  for (size_t i = 0; i <= kMaxKeys; ++i) wide += " k" + std::to_string(i) + ": 1\n";
  for (size_t i = 0; i <= kMaxValues; ++i) many += "1,";
  EXPECT_EQ(parse_document(wide, "k").error().message, "k:1002: more than 1000 keys in one map");
  EXPECT_EQ(parse_document(many + "1]", "k").error().message, "k:1: more than 100000 values");
  EXPECT_FALSE(parse_document(std::string(100'000, '['), "k"));
  EXPECT_FALSE(parse_document("a: " + std::string(100'000, '{'), "k"));
  EXPECT_FALSE(parse_document(std::string("a: b\0c", 6), "k"));
}

TEST(Units, Limits) {
  EXPECT_EQ(parse_duration("720h"), Duration(std::chrono::hours(720)));
  for (const char* wrong : {"721h", "", "s", "-1s", "1.5s", "1 s", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
  EXPECT_EQ(parse_size("1024KiB").value(), 1 << 20);
  EXPECT_FALSE(parse_size("9223372036854775807GiB"));
  EXPECT_EQ(parse_percent("-100").value(), -100'000'000);
  EXPECT_FALSE(parse_percent("0.0000001"));
  EXPECT_FALSE(parse_real("inf"));
}

} // namespace
} // namespace kairos::config
