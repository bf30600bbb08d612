#include "config/read_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/read.h"

namespace kairos::config {
namespace {

constexpr size_t kMostOwnKeys = 256;
constexpr std::string_view kNameIt =
    "name an environment variable with env or a file with file, or give aws_access_key_id_env and "
    "aws_secret_access_key_env";

std::string trimmed_secret(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

/// A key goes into a header, where a line break or another control would end it.
bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<std::string> find_secret(const SecretSource& source, const Environment& environment) {
  Result<std::string> value = fail(Code::kNotFound, fmt::format("the environment variable {} is not set", source.name));
  if (source.env) {
    if (auto found = environment.variable(source.name)) value = std::move(*found);
  } else {
    value = environment.file(source.name);
  }
  if (!value) return value;
  std::string text = trimmed_secret(std::move(*value));
  if (text.empty()) return fail(Code::kInvalid, source.name + " is empty");
  if (!is_header_text(text)) return fail(Code::kInvalid, source.name + " holds more than one line");
  return text;
}

std::optional<SecretSource> read_source(Reader& reader, const std::string& key) {
  const auto env = reader.optional_text(key.empty() ? "env" : key + "_env");
  const auto file = reader.optional_text(key.empty() ? "file" : key + "_file");
  if (env && file) reader.complain_here(fmt::format("give one of {0}env and {0}file", key.empty() ? "" : key + "_"));
  if ((env && env->empty()) || (file && file->empty()))
    reader.complain_here("the name of a key's variable or file is empty");
  if (env) return SecretSource{true, *env};
  if (file) return SecretSource{false, *file};
  return std::nullopt;
}

OwnKeys& pool_of(Tenant& tenant, const std::string& provider) {
  const auto found = std::ranges::find(tenant.provider_keys, provider, &OwnKeys::provider);
  if (found != tenant.provider_keys.end()) return *found;
  return tenant.provider_keys.emplace_back(OwnKeys{provider, {}});
}

void read_own_key(Reader& reader, const std::map<std::string, std::string>& providers, const Environment& environment,
                  Tenant& tenant, std::vector<std::string>& warnings) {
  const std::string provider = reader.id("provider");
  if (!providers.contains(provider)) {
    std::vector<std::string> ids;
    for (const auto& [id, catalog_id] : providers) ids.push_back(id);
    const std::string near = nearest(provider, ids);
    reader.complain("provider",
                    fmt::format("there is no provider {}; {}", provider,
                                near.empty() ? "add it under providers" : fmt::format("did you mean {}?", near)));
  }
  const KeySource source = read_key_source(reader);
  reader.finish();
  if (reader.problem().any()) return;
  OwnKeys& pool = pool_of(tenant, provider);
  auto key = find_key(source, environment);
  if (key) return pool.keys.push_back(std::move(*key));
  warnings.push_back(
      fmt::format("line {}: tenant {}: provider {}: {}: this key is not used, and without any the tenant "
                  "cannot use the provider",
                  reader.line(), tenant.id, provider, key.error().message));
}

} // namespace

KeySource usual_aws_key() {
  return {{true, "AWS_SECRET_ACCESS_KEY"},
          SecretSource{true, "AWS_ACCESS_KEY_ID"},
          SecretSource{true, "AWS_SESSION_TOKEN"},
          true};
}

KeySource read_key_source(Reader& reader) {
  reader.no_secret(
      {"key", "api_key", "value", "secret", "token", "aws_secret_access_key", "aws_access_key_id", "aws_session_token"},
      kNameIt);
  const auto plain = read_source(reader, "");
  const auto access = read_source(reader, "aws_access_key_id");
  const auto secret = read_source(reader, "aws_secret_access_key");
  auto token = read_source(reader, "aws_session_token");
  const bool aws = access || secret || token;
  if (plain ? aws : !(access && secret)) reader.complain_here(std::string(kNameIt));
  if (plain) return {*plain};
  return {secret.value_or(SecretSource{}), access, std::move(token)};
}

Result<ProviderKey> find_key(const KeySource& source, const Environment& environment) {
  auto secret = find_secret(source.secret, environment);
  if (!secret) return std::unexpected(secret.error());
  ProviderKey key{source.secret.name, Secret(std::move(*secret))};
  if (!source.aws_access_key_id) return key;
  auto access = find_secret(*source.aws_access_key_id, environment);
  if (!access) return std::unexpected(access.error());
  key.id = source.aws_access_key_id->name;
  key.aws = AwsKey{std::move(*access), std::nullopt};
  if (!source.aws_session_token) return key;
  auto token = find_secret(*source.aws_session_token, environment);
  if (!token && !source.token_may_lack) return std::unexpected(token.error());
  if (token) key.aws->session_token = Secret(std::move(*token));
  return key;
}

std::vector<std::string> providers_with_own_keys(Reader& root) {
  std::vector<std::string> ids;
  for (Reader& tenant : root.maps("tenants", kMostTenants)) {
    for (Reader& own : tenant.maps("provider_keys", kMostOwnKeys)) {
      ids.push_back(own.optional_text("provider").value_or(""));
    }
  }
  return ids;
}

void read_own_keys(Reader& root, const Environment& environment, Snapshot& into) {
  const auto providers = provider_ids(root);
  size_t i = 0;
  for (Reader& reader : root.maps("tenants", kMostTenants)) {
    Tenant& tenant = into.tenants.at(i++);
    for (Reader& own : reader.maps("provider_keys", kMostOwnKeys))
      read_own_key(own, providers, environment, tenant, into.warnings);
  }
}

} // namespace kairos::config
