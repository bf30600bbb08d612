#include "app/demo_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "gateway/gateway.h"

namespace kairos::app {
namespace {

/// Not for tenants that ask for zero retention, although its provider offers that; so is the one model of DeepSeek.
constexpr std::string_view kKeeps = "gemini-2.5-flash-lite";

struct DemoProvider {
  std::string_view id; // in the catalog
  std::string_view variable;
  std::string_view path; // of the simulated one
  std::string_view dialect;
  std::string_view regions; // of the simulated one, YAML
  std::string_view privacy;
  std::vector<std::string_view> models;
};

const std::array<DemoProvider, 6>& demo_providers() {
  static const std::array<DemoProvider, 6> all = {{
      {"openai",
       "OPENAI_API_KEY",
       "/v1",
       "openai",
       "us",
       "{may_train: false, zero_retention: true}",
       {"gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "o4-mini"}},
      {"anthropic",
       "ANTHROPIC_API_KEY",
       "/v1",
       "anthropic",
       "us",
       "{may_train: false, zero_retention: true}",
       {"claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5"}},
      {"google",
       "GEMINI_API_KEY",
       "/v1beta",
       "gemini",
       "us",
       "{may_train: false, zero_retention: true}",
       {"gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro"}},
      {"mistral",
       "MISTRAL_API_KEY",
       "/v1",
       "openai",
       "eu",
       "{may_train: false, zero_retention: true}",
       {"mistral-small-latest", "mistral-large-latest"}},
      {"deepseek",
       "DEEPSEEK_API_KEY",
       "/v1",
       "openai",
       "apac",
       "{may_train: true, zero_retention: false}",
       {"deepseek-chat"}},
      {"groq",
       "GROQ_API_KEY",
       "/v1",
       "openai",
       "us",
       "{may_train: false, zero_retention: true}",
       {"llama-3.3-70b", "gpt-oss-120b"}},
  }};
  return all;
}

std::string providers_part(const DemoPlan& plan) {
  std::string text = "providers:\n";
  for (const DemoProvider& one : demo_providers()) {
    text += fmt::format("  - {{id: sim-{0}, catalog: {0}, dialect: {1}, base_url: \"http://127.0.0.1:{2}{3}\", "
                        "keyless: true, region: {4}, privacy: {5}, "
                        "only_configured_models: true, limits: {{timeouts: {{first_byte: 20s}}}}}}\n",
                        one.id, one.dialect, plan.sim_port, one.path, one.regions, one.privacy);
  }
  for (const std::string& id : plan.real) text += fmt::format("  - {{id: {}, only_configured_models: true}}\n", id);
  text += "models:\n";
  for (const DemoProvider& one : demo_providers()) {
    for (const std::string_view model : one.models) {
      const std::string_view more = model == kKeeps ? ", privacy: {zero_retention: false}" : "";
      text += fmt::format("  - {{id: {}, provider: {}{}}}\n", model, one.id, more);
    }
  }
  return text;
}

/// What a tenant of the traffic has besides its key.
struct DemoTenant {
  std::string_view id;
  std::string_view name;
  std::string_view more; // YAML
};
constexpr std::array kTenants = {
    DemoTenant{"nova-labs-prod", "Nova Labs", "baseline_model: gpt-4.1"},
    DemoTenant{"brightmail", "Brightmail", "baseline_model: gpt-4o, cache: exact"},
    DemoTenant{"quill-apps", "Quill Apps", "baseline_model: gpt-4o-mini, price_plan: {markup_percent: \"20\"}"},
    DemoTenant{"atlas-research", "Atlas Research", "baseline_model: claude-opus-4-5"},
    DemoTenant{"northwind-clinic", "Northwind Clinic", "baseline_model: gpt-4.1, privacy: {policy: zdr}"}};

std::string tenants_part(const DemoPlan& plan) {
  std::string text = "tenants:\n";
  for (const DemoTenant& one : kTenants) {
    text += fmt::format("  - {{id: {0}, name: \"{1}\", {2}, providers: {{allow: [\"sim-*\"]}}, keys: [{{id: {0}-key, "
                        "sha256: {3}}}]}}\n",
                        one.id, one.name, one.more, gateway::sha256_hex(plan.keys.at(std::string(one.id))));
  }
  std::string deny;
  for (const std::string& id : plan.real) deny += fmt::format("{}sim-{}", deny.empty() ? "" : ", ", id);
  text += fmt::format("  - {{id: demo, name: You, baseline_model: gpt-4o, providers: {{deny: [{}]}}, keys: [{{id: "
                      "demo-key, sha256: {}, role: admin}}]}}\n",
                      deny, gateway::sha256_hex(plan.admin_key));
  return text;
}

struct DemoBudget {
  std::string_view id;
  std::string_view scope; // YAML
  std::string_view period;
  int cap_usd;           // for the usual number of requests
  std::string_view more; // YAML
};
constexpr std::array kBudgets = {
    DemoBudget{"nova-labs-prod-month", "tenant: nova-labs-prod", "month", 40,
               "on_exceed: downgrade, warn_levels: [50, 80, 95]"},
    DemoBudget{"nova-release-agent-day", "tenant: nova-labs-prod, workflow: release-agent", "day", 4,
               "on_exceed: refuse, warn_levels: [80]"},
    DemoBudget{"brightmail-month", "tenant: brightmail", "month", 60, "on_exceed: clamp, warn_levels: [50, 80, 95]"},
    DemoBudget{"quill-apps-month", "tenant: quill-apps", "month", 25,
               "measure: charged, on_exceed: refuse, warn_levels: [80, 95]"},
    DemoBudget{"atlas-deep-analysis-day", "tenant: atlas-research, workflow: deep-analysis", "day", 8,
               "on_exceed: refuse, warn_levels: [80]"},
    DemoBudget{"northwind-clinic-month", "tenant: northwind-clinic", "month", 30,
               "on_exceed: refuse, warn_levels: [80]"}};

std::string budgets_part(const DemoPlan& plan) {
  std::string text = "budgets:\n";
  for (const DemoBudget& one : kBudgets) {
    const auto cap = static_cast<std::int64_t>(std::ceil(one.cap_usd * plan.scale));
    text += fmt::format("  - {{id: {}, scope: {{{}}}, period: {}, cap_usd: \"{}\", {}}}\n", one.id, one.scope,
                        one.period, cap, one.more);
  }
  return text;
}

/// A dollar a day on each model that costs real money.
std::string real_budgets(const DemoPlan& plan) {
  std::string text;
  for (const DemoProvider& one : demo_providers()) {
    if (std::ranges::find(plan.real, one.id) == plan.real.end()) continue;
    for (const std::string_view model : one.models) {
      text += fmt::format("  - {{id: real-{0}-day, scope: {{tenant: demo, model: {0}}}, period: day, cap_usd: \"1\", "
                          "on_exceed: refuse}}\n",
                          model);
    }
  }
  return text;
}

} // namespace

std::vector<std::string> demo_tenants() {
  std::vector<std::string> ids;
  for (const DemoTenant& one : kTenants) ids.emplace_back(one.id);
  return ids;
}

std::vector<std::string> real_providers() {
  std::vector<std::string> found;
  for (const DemoProvider& one : demo_providers()) {
    const char* value = std::getenv(std::string(one.variable).c_str());
    if (value != nullptr && *value != 0) found.emplace_back(one.id);
  }
  return found;
}

std::string demo_config(const DemoPlan& plan) {
  std::string text = fmt::format("# Written by `kairosroute demo` at each start; changes are lost.\nserver: {{listen: "
                                 "\"{}\", log: {{level: warn}}}}\ndata_dir: \"{}\"\nnode_id: {}\n"
                                 "journal: {{segment_bytes: 4MiB}}\n", // so that journal.keep_days can be tried on it
                                 plan.listen, plan.data_dir, kDemoNode);
  return text +
         "routing: {floors: {default: 0.82, chat: 0.74, creative: 0.78, summarization: 0.8, extraction: 0.74}}\n" +
         providers_part(plan) + tenants_part(plan) + budgets_part(plan) + real_budgets(plan);
}

} // namespace kairos::app
