#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/read.h"
#include "config/read_keys.h"
#include "config/read_provider_kinds.h"

namespace kairos::config {
namespace {

constexpr size_t kMostApiKeys = 256;
constexpr std::string_view kUseEnv = "name an environment variable with api_key_env, or a file with api_key_file";

bool is_url(std::string_view url) {
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  return http && url.size() > url.find("//") + 2 && std::ranges::all_of(url, printable);
}

std::string read_url(Reader& reader, std::string_view key, std::string fallback) {
  const auto url = reader.optional_text(key);
  if (!url) return fallback;
  const std::string_view authority = std::string_view(*url).substr(0, url->find('/', 8));
  if (authority.find('@') != authority.npos)
    reader.complain(key, "must not hold a user or password");
  else if (!is_url(*url))
    reader.complain(key, "must begin with http:// or https:// and a host");
  std::string plain = *url;
  while (plain.ends_with('/')) plain.pop_back();
  return plain;
}

bool is_token(std::string_view name) {
  const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; };
  return !name.empty() && std::ranges::all_of(name, allowed);
}

void read_headers(Reader& provider, Provider& into) {
  auto reader = provider.map("headers");
  if (!reader) return;
  static constexpr std::array<std::string_view, 4> kSecret = {"authorization", "x-api-key", "api-key",
                                                              "proxy-authorization"};
  static constexpr std::array<std::string_view, 4> kOurs = {"host", "content-length", "transfer-encoding",
                                                            "connection"};
  for (const std::string& name : reader->keys()) {
    const std::string value = reader->optional_text(name).value_or("");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    const std::string low = lower(name);
    if (std::ranges::find(kSecret, low) != kSecret.end()) {
      reader->complain(name, fmt::format("a secret does not belong in this file; {}", kUseEnv));
    }
    if (!is_token(name) || std::ranges::any_of(value, control)) reader->complain(name, "is not a valid header");
    if (std::ranges::find(kOurs, low) != kOurs.end()) reader->complain(name, "is set by the router itself");
    into.headers.emplace_back(name, value);
  }
}

void read_provider_limits(Reader& provider, ProviderLimits& into) {
  auto reader = provider.map("limits");
  if (!reader) return;
  reader->whole("max_connections", into.max_connections, 1, 100'000);
  if (auto timeouts = reader->map("timeouts")) {
    timeouts->duration("connect", into.connect);
    timeouts->duration("first_byte", into.first_byte);
    timeouts->duration("idle", into.idle);
    timeouts->duration("total", into.total);
    timeouts->finish();
  }
  reader->finish();
}

void read_endpoints(Reader& reader, const catalog::Provider* known, Provider& into) {
  const bool bedrock = is_bedrock(into, known);
  const std::string base = read_url(reader, "base_url", known == nullptr ? "" : known->base_url);
  const auto base_in = [&](std::string_view region) { return base.empty() && bedrock ? bedrock_url(region) : base; };
  std::string region;
  reader.text("region", region);
  for (Reader& place : reader.maps("regions", 64)) {
    const std::string id = place.id("id");
    into.endpoints.push_back({id, read_url(place, "base_url", base_in(id))});
    place.finish();
    const auto same = [&](const ProviderEndpoint& one) { return one.region == into.endpoints.back().region; };
    if (std::ranges::count_if(into.endpoints, same) > 1)
      place.complain("id", "is there twice; regions need names of their own");
  }
  if (!into.endpoints.empty() && !region.empty()) reader.complain("region", "give either region or regions");
  if (into.endpoints.empty()) into.endpoints.push_back({region, base_in(region)});
  const bool placed = std::ranges::none_of(into.endpoints, [](const auto& one) { return one.region.empty(); });
  if (bedrock && !placed)
    return reader.complain("region", "is missing; give the AWS region, such as us-east-1, which signatures name");
  const bool complete = std::ranges::none_of(into.endpoints, [](const auto& one) { return one.base_url.empty(); });
  if (!complete) reader.complain("base_url", "is missing; give the URL that the API's paths are added to");
}

std::vector<KeySource> read_key_sources(Reader& reader, const catalog::Provider* known, Provider& into) {
  std::vector<KeySource> sources;
  if (const auto name = reader.optional_text("api_key_env")) sources.push_back({{true, *name}});
  if (const auto path = reader.optional_text("api_key_file")) sources.push_back({{false, *path}});
  for (const KeySource& source : sources) {
    if (source.secret.name.empty()) reader.complain_here("the name of a key's variable or file is empty");
  }
  for (Reader& one : reader.maps("api_keys", kMostApiKeys)) {
    sources.push_back(read_key_source(one));
    one.finish();
  }
  const bool keyless = reader.optional_flag("keyless").value_or(false);
  reader.flag("own_keys_only", into.own_keys_only);
  if (keyless && !sources.empty()) reader.complain("keyless", "contradicts the keys that are named");
  if (into.own_keys_only && (keyless || !sources.empty()))
    reader.complain("own_keys_only", "means that the operator has no key; name none, and not keyless");
  if (sources.empty() && !keyless && !into.own_keys_only && known != nullptr && !known->api_key_env.empty()) {
    sources.push_back({{true, known->api_key_env}});
  }
  return sources;
}

/// Fills the pool; false and a warning if no key at all was found.
bool resolve_keys(const std::vector<KeySource>& sources, const Environment& environment, int line, Provider& into,
                  std::vector<std::string>& warnings) {
  std::string missing;
  for (KeySource source : sources) {
    const bool token = source.secret.env && source.secret.name == kBedrockToken;
    if (token && !environment.variable(kBedrockToken) && environment.variable("AWS_ACCESS_KEY_ID"))
      source = usual_aws_key();
    auto key = find_key(source, environment);
    if (key)
      into.keys.push_back(std::move(*key));
    else
      missing += (missing.empty() ? "" : "; ") + key.error().message;
  }
  if (missing.empty()) return true;
  const char* effect = !into.keys.empty()   ? "its other keys are used"
                       : into.own_keys_only ? "it serves only tenants with keys of their own"
                                            : "the provider is not used";
  warnings.push_back(fmt::format("line {}: provider {}: {}: {}", line, into.id, missing, effect));
  return !into.keys.empty() || into.own_keys_only;
}

const catalog::Provider* known_provider(Reader& reader, const catalog::Catalog& catalog, Provider& into) {
  into.catalog_id = into.id;
  const auto named = reader.optional_text("catalog");
  if (named) into.catalog_id = *named;
  const catalog::Provider* known = catalog.provider(into.catalog_id);
  if (named && known == nullptr) {
    std::vector<std::string> ids;
    for (const catalog::Provider& one : catalog.providers()) ids.push_back(one.id);
    const std::string near = nearest(*named, ids);
    reader.complain("catalog",
                    "the catalog has no such provider" + (near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  return known;
}

void read_forwarding(Reader& provider, TraceForwarding& into) {
  auto reader = provider.map("forward");
  if (!reader) return;
  reader->flag("traceparent", into.traceparent);
  reader->flag("tracestate", into.tracestate);
  reader->flag("baggage", into.baggage);
  reader->finish();
}

std::vector<KeySource> read_provider(Reader& reader, const catalog::Catalog& catalog, Provider& into) {
  into.id = reader.id("id");
  const catalog::Provider* known = known_provider(reader, catalog, into);
  model::Dialect dialect = model::Dialect::kOpenAi;
  if (reader.has("dialect") || known == nullptr) into.dialect = dialect;
  reader.choice("dialect", model::kDialectNames, dialect);
  if (into.dialect) into.dialect = dialect;
  reader.no_secret({"api_key", "key", "secret", "token", "password"}, kUseEnv);
  read_endpoints(reader, known, into);
  auto sources = read_key_sources(reader, known, into);
  into.data_use = read_data_use(reader);
  into.quantization = read_quantization(reader).value_or(model::Quantization::kUnknown);
  read_provider_limits(reader, into.limits);
  read_headers(reader, into);
  reader.text("ca_file", into.ca_file);
  into.proxy = read_url(reader, "proxy", "");
  read_quirks(reader, into);
  read_azure(reader, into);
  into.responses = into.catalog_id == "openai" || into.azure.has_value();
  reader.flag("responses", into.responses);
  reader.flag("only_configured_models", into.only_configured_models);
  read_forwarding(reader, into.forward);
  reader.finish();
  return sources;
}

} // namespace

DataUse read_data_use(Reader& parent) {
  DataUse use;
  auto reader = parent.map("privacy");
  if (!reader) return use;
  use.may_train = reader->optional_flag("may_train");
  use.zero_retention = reader->optional_flag("zero_retention");
  reader->texts("regions", use.regions);
  reader->finish();
  return use;
}

std::optional<model::Quantization> read_quantization(Reader& parent) {
  if (parent.scalar("quantization") == nullptr) return std::nullopt;
  model::Quantization quantization = model::Quantization::kUnknown;
  parent.choice("quantization", model::kQuantizationNames, quantization);
  return quantization;
}

model::Quantizations read_quantizations(Reader& parent) {
  std::vector<std::string> names;
  parent.texts("quantizations", names);
  model::Quantizations accepted = 0;
  for (const std::string& name : names) {
    model::Quantization one{};
    if (!model::parse_name(model::kQuantizationNames, name, one)) {
      parent.complain("quantizations", fmt::format("\"{}\" is not one of {}", name.substr(0, 60),
                                                   fmt::join(model::kQuantizationNames, ", ")));
    }
    accepted |= model::bit(one);
  }
  return accepted;
}

std::map<std::string, std::string> provider_ids(Reader& root) {
  std::map<std::string, std::string> ids;
  for (Reader& reader : root.maps("providers", kMostProviders)) {
    const std::string id = reader.id("id");
    if (!ids.emplace(id, reader.optional_text("catalog").value_or(id)).second) {
      reader.complain("id", fmt::format("{} is there twice; ids are unique", id));
    }
  }
  return ids;
}

void read_providers(Reader& root, const Environment& environment, const catalog::Catalog& catalog, Snapshot& into) {
  const auto brought = providers_with_own_keys(root);
  for (Reader& reader : root.maps("providers", kMostProviders)) {
    Provider provider;
    provider.forward.traceparent = into.otlp.propagates;
    const auto sources = read_provider(reader, catalog, provider);
    if (root.problem().any()) return;
    if (!sources.empty() && std::ranges::find(brought, provider.id) != brought.end()) provider.own_keys_only = true;
    if (resolve_keys(sources, environment, reader.line(), provider, into.warnings)) {
      provider.own_keys_only = provider.own_keys_only && provider.keys.empty();
      into.providers.push_back(std::move(provider));
    }
  }
}

} // namespace kairos::config
