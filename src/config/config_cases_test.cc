// Runs tests/cases/config/*.txt: a configuration, and the error or the summary that comes of it. Cases are separated by
// lines of '='; environment variables are set by lines `env NAME=VALUE` and files by `file PATH=CONTENT` before the
// text. With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/testing/text_cases.h"
#include "config/load.h"

namespace kairos::config {
namespace {

const std::filesystem::path kCases = std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/config";

constexpr std::string_view kCatalog =
    R"({"format": "kairosroute.catalog/1", "price_date": "2026-11-01", "sources": [], "providers": [
  {"id": "openai", "name": "OpenAI", "dialects": ["openai"], "base_url": "https://api.openai.com/v1",
   "api_key_env": "OPENAI_API_KEY"},
  {"id": "anthropic", "name": "Anthropic", "dialects": ["anthropic"], "base_url": "https://api.anthropic.com/v1",
   "api_key_env": "ANTHROPIC_API_KEY"},
  {"id": "google", "name": "Google", "dialects": ["gemini", "openai"],
   "base_url": "https://generativelanguage.googleapis.com/v1beta", "api_key_env": "GEMINI_API_KEY"},
  {"id": "bedrock", "name": "Bedrock", "dialects": ["bedrock"], "api_key_env": "AWS_BEARER_TOKEN_BEDROCK"},
  {"id": "azure", "name": "Azure", "dialects": ["openai"], "api_key_env": "AZURE_API_KEY"}],
 "models": [
  {"id": "gpt-small", "provider": "openai", "upstream_id": "gpt-small", "dialects": ["openai"],
   "capabilities": ["tools", "streaming"], "context_length": 128000, "max_output_tokens": 16000,
   "quality": {"code": {"prior": 0.7, "source": "family"}},
   "prices": [{"usd_per_million": {"input_tokens": "0.15", "output_tokens": "0.6"}, "source": "litellm",
               "source_date": "2026-11-01"}]},
  {"id": "gpt-small", "provider": "azure", "upstream_id": "gpt-small", "dialects": ["openai"],
   "capabilities": ["tools", "streaming"]},
  {"id": "claude-big", "provider": "azure", "upstream_id": "claude-big", "dialects": ["anthropic"],
   "capabilities": ["tools", "streaming"]},
  {"id": "gemini-fast", "provider": "google", "upstream_id": "gemini-fast", "dialects": ["gemini", "openai"],
   "capabilities": ["tools", "streaming"]},
  {"id": "claude-big", "provider": "bedrock", "upstream_id": "us.anthropic.claude-big-v1:0", "dialects": ["bedrock"],
   "capabilities": ["tools", "streaming"]},
  {"id": "claude-big", "provider": "anthropic", "upstream_id": "claude-big", "dialects": ["anthropic"],
   "capabilities": ["tools", "streaming"], "context_length": 200000, "max_output_tokens": 64000,
   "quality": {"code": {"prior": 0.9, "source": "family"}},
   "prices": [{"usd_per_million": {"input_tokens": "3", "output_tokens": "15"}, "source": "litellm",
               "source_date": "2026-11-01"}]}]})";

std::shared_ptr<const catalog::Catalog> small_catalog() {
  auto parsed = catalog::Catalog::parse(kCatalog);
  if (!parsed) ADD_FAILURE() << parsed.error().message;
  return std::make_shared<const catalog::Catalog>(std::move(*parsed));
}

std::string signal(std::string_view name, const std::optional<OtlpSignal>& one) {
  if (!one) return "";
  std::string headers;
  for (const auto& [header, value] : one->headers) headers += fmt::format(" {}={}", header, value.reveal());
  return fmt::format(
      " {}=[{} {} {} {}ms{}{}{}{}{}]", name, one->url, kOtlpProtocolNames[static_cast<size_t>(one->protocol)],
      kOtlpCompressionNames[static_cast<size_t>(one->compression)], one->timeout.count() / 1'000'000, headers,
      one->ca_file.empty() ? "" : " ca=" + one->ca_file,
      one->certificate_file.empty() ? "" : " certificate=" + one->certificate_file,
      one->key_file.empty() ? "" : " key=" + one->key_file, one->proxy.empty() ? "" : " proxy=" + one->proxy);
}

std::string key_names(const std::vector<ProviderKey>& keys) {
  std::string names;
  for (const ProviderKey& key : keys) {
    names += " " + key.id;
    if (key.aws) names += fmt::format(" (aws {}{})", key.aws->access_key_id, key.aws->session_token ? " session" : "");
  }
  return names;
}

/// Of a provider that is not like most others.
std::string particular(const Provider& provider) {
  std::string out;
  if (provider.azure) {
    out += fmt::format("azure {} version={}", provider.id, provider.azure->api_version);
    for (const auto& [model, deployment] : provider.azure->deployments) out += fmt::format(" {}={}", model, deployment);
    out += "\n";
  }
  if (provider.own_keys_only) out += fmt::format("own keys only: {}\n", provider.id);
  if (!provider.keys.empty() && provider.keys.front().aws)
    out += fmt::format("keys of {}:{}\n", provider.id, key_names(provider.keys));
  const bool usual = provider.catalog_id == "openai" || provider.azure;
  const bool stated = provider.quirks.output_bound != OutputBound::kAsSent || !provider.quirks.stream_options;
  if (stated && !usual)
    out += fmt::format("quirks {} {} stream_options={}\n", provider.id,
                       kOutputBoundNames[static_cast<size_t>(provider.quirks.output_bound)],
                       provider.quirks.stream_options);
  return out;
}

std::string summary(const Snapshot& snapshot) {
  std::string out = "loaded\n";
  for (const Target& target : snapshot.targets) {
    const auto tri = [](std::optional<bool> value) { return !value ? "unknown" : *value ? "yes" : "no"; };
    out +=
        fmt::format("target {} as {} in {} at {}{} trains={} zero_retention={} keys={}\n", target.health_key,
                    model::name(target.dialect), target.upstream_id, target.endpoint->base_url, target.path_prefix,
                    tri(target.data_use.may_train), tri(target.data_use.zero_retention), target.provider->keys.size());
  }
  for (const Provider& provider : snapshot.providers) out += particular(provider);
  for (const Tenant& tenant : snapshot.tenants) {
    for (const OwnKeys& own : tenant.provider_keys)
      out += fmt::format("own keys of {} at {}:{}\n", tenant.id, own.provider, key_names(own.keys));
    out += fmt::format("tenant {} keys={} privacy={} regions=[{}]\n", tenant.id, tenant.keys.size(),
                       name(tenant.privacy), fmt::join(tenant.regions, ","));
  }
  for (const Budget& budget : snapshot.budgets) {
    const BudgetScope& scope = budget.scope;
    out += fmt::format("budget {} {}/{}/{}/{}/{} {} {} {} {} [{}]\n", budget.id, scope.tenant, scope.workflow,
                       scope.api_key_id, scope.model_id, scope.end_user,
                       kBudgetPeriodNames[static_cast<size_t>(budget.period)], usd(budget.cap),
                       kBudgetMeasureNames[static_cast<size_t>(budget.measure)], model::name(budget.on_exceed),
                       fmt::join(budget.warn_levels, ","));
  }
  for (const AlertRule& rule : snapshot.alerts.rules) {
    out += fmt::format("alert rule {} {} {} {} {} {}\n", rule.id, name(rule.signal), rule.measure,
                       rule.bound == AlertBound::kAbove ? "above" : "below", rule.threshold, name(rule.severity));
  }
  for (const AlertChannel& channel : snapshot.alerts.channels) {
    out += fmt::format("alert channel {} {}\n", channel.id, name(channel.kind));
  }
  if (!snapshot.otlp.propagates) out += "otlp joins no traces\n";
  for (const Provider& one : snapshot.providers) {
    if (one.forward.traceparent != snapshot.otlp.propagates)
      out += fmt::format("provider {} traceparent {}\n", one.id, one.forward.traceparent);
  }
  for (const OtlpDestination& one : snapshot.otlp.destinations) {
    out += fmt::format("otlp {}{}{}{}\n", one.id, signal("traces", one.traces), signal("metrics", one.metrics),
                       one.capture_content ? " content" : "");
  }
  for (const std::string& warning : snapshot.warnings) out += "warning " + warning + "\n";
  return out;
}

std::string run(const std::string& input) {
  std::map<std::string, std::string, std::less<>> variables, files;
  std::string text;
  std::istringstream in(input);
  for (std::string line; std::getline(in, line);) {
    const size_t equals = line.find('=');
    if (line.starts_with("env "))
      variables[line.substr(4, equals - 4)] = line.substr(equals + 1);
    else if (line.starts_with("file "))
      files[line.substr(5, equals - 5)] = line.substr(equals + 1);
    else
      text += line + "\n";
  }
  Environment environment;
  environment.variable = [&](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  environment.file = [&](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return fail(Code::kIo, path + ": cannot be opened");
    return found->second;
  };
  const auto loaded = load(text, "k.yaml", environment, small_catalog());
  return loaded ? summary(**loaded) : "error " + loaded.error().message + "\n";
}

std::string without_comment(const std::string& input) {
  return input.substr(input.starts_with("#") ? input.find('\n') + 1 : 0);
}

TEST(Config, Cases) {
  EXPECT_GE(testing::run_cases(kCases, [](const std::string& input) { return run(without_comment(input)); }), 40u);
}

} // namespace
} // namespace kairos::config
