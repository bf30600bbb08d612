// Where keys of providers are to be found, and getting them from there. Internal to config.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/provider_key.h"
#include "config/reader.h"

namespace kairos::config {

/// An environment variable or a file.
struct SecretSource {
  bool env = true;
  std::string name;
};

/// One key: a secret, or for AWS a secret access key with what stands beside it.
struct KeySource {
  SecretSource secret;
  std::optional<SecretSource> aws_access_key_id = std::nullopt;
  std::optional<SecretSource> aws_session_token = std::nullopt;
  bool token_may_lack = false; // the session token's variable is a guess
};

inline constexpr std::string_view kBedrockToken = "AWS_BEARER_TOKEN_BEDROCK";
/// The variables that AWS's own tools read.
KeySource usual_aws_key();

/// What a map of a pool names: one of env, file, or the AWS variables or files.
KeySource read_key_source(Reader& reader);
/// The error says what is missing, and never a value.
Result<ProviderKey> find_key(const KeySource& source, const Environment& environment);

/// Ids of providers for which some tenant of the file brings keys.
std::vector<std::string> providers_with_own_keys(Reader& root);
/// `provider_keys` of the file's tenants, which have been read in its order. A tenant whose own key is not there gets
/// an empty pool and so cannot use the provider: nobody else pays for it by accident.
void read_own_keys(Reader& root, const Environment& environment, Snapshot& into);

} // namespace kairos::config
