#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/read.h"

namespace kairos::config {
namespace {

constexpr size_t kMostProviders = 256;
constexpr size_t kMostKeys = 256;
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

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return text;
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

void read_limits(Reader& provider, ProviderLimits& into) {
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
  const std::string base = read_url(reader, "base_url", known == nullptr ? "" : known->base_url);
  std::string region;
  reader.text("region", region);
  for (Reader& place : reader.maps("regions", 64)) {
    into.endpoints.push_back({place.id("id"), read_url(place, "base_url", base)});
    place.finish();
    const auto same = [&](const ProviderEndpoint& one) { return one.region == into.endpoints.back().region; };
    if (std::ranges::count_if(into.endpoints, same) > 1)
      place.complain("id", "is there twice; regions need names of their own");
  }
  if (!into.endpoints.empty() && !region.empty()) reader.complain("region", "give either region or regions");
  if (into.endpoints.empty()) into.endpoints.push_back({region, base});
  const bool complete = std::ranges::none_of(into.endpoints, [](const auto& one) { return one.base_url.empty(); });
  if (!complete) reader.complain("base_url", "is missing; give the URL that the API's paths are added to");
}

/// Where a key is to be found.
struct KeySource {
  bool env = true;
  std::string name;
};

std::vector<KeySource> read_key_sources(Reader& reader, const catalog::Provider* known) {
  std::vector<KeySource> sources;
  const auto add = [&](Reader& from, std::string_view env_key, std::string_view file_key) {
    if (const auto name = from.optional_text(env_key)) sources.push_back({true, *name});
    if (const auto path = from.optional_text(file_key)) sources.push_back({false, *path});
  };
  add(reader, "api_key_env", "api_key_file");
  for (Reader& one : reader.maps("api_keys", kMostKeys)) {
    const size_t before = sources.size();
    one.no_secret({"key", "api_key", "value", "secret"}, "name an environment variable with env, or a file with file");
    add(one, "env", "file");
    if (sources.size() != before + 1) one.complain_here("give one of env and file");
    one.finish();
  }
  const bool keyless = reader.optional_flag("keyless").value_or(false);
  if (keyless && !sources.empty()) reader.complain("keyless", "contradicts the keys that are named");
  if (sources.empty() && !keyless && known != nullptr && !known->api_key_env.empty()) {
    sources.push_back({true, known->api_key_env});
  }
  for (const KeySource& source : sources) {
    if (source.name.empty()) reader.complain_here("the name of a key's variable or file is empty");
  }
  return sources;
}

std::string trimmed(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

/// Fills the pool; false and a warning if no key at all was found.
bool resolve_keys(const std::vector<KeySource>& sources, const Environment& environment, int line, Provider& into,
                  std::vector<std::string>& warnings) {
  std::string missing;
  for (const KeySource& source : sources) {
    Result<std::string> value =
        fail(Code::kNotFound, fmt::format("the environment variable {} is not set", source.name));
    if (source.env) {
      if (auto found = environment.variable(source.name)) value = std::move(*found);
    } else {
      value = environment.file(source.name);
    }
    const std::string key = value ? trimmed(std::move(*value)) : "";
    if (!key.empty())
      into.keys.push_back({source.name, Secret(key)});
    else
      missing += (missing.empty() ? "" : "; ") + (value ? source.name + " is empty" : value.error().message);
  }
  if (missing.empty()) return true;
  const char* effect = into.keys.empty() ? "the provider is not used" : "its other keys are used";
  warnings.push_back(fmt::format("line {}: provider {}: {}: {}", line, into.id, missing, effect));
  return !into.keys.empty();
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
  auto sources = read_key_sources(reader, known);
  into.data_use = read_data_use(reader);
  read_limits(reader, into.limits);
  read_headers(reader, into);
  reader.text("ca_file", into.ca_file);
  into.proxy = read_url(reader, "proxy", "");
  into.responses = into.catalog_id == "openai";
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
  for (Reader& reader : root.maps("providers", kMostProviders)) {
    Provider provider;
    const auto sources = read_provider(reader, catalog, provider);
    if (root.problem().any()) return;
    if (resolve_keys(sources, environment, reader.line(), provider, into.warnings)) {
      into.providers.push_back(std::move(provider));
    }
  }
}

} // namespace kairos::config
