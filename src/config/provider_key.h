// Keys of providers: the operator's, and those that tenants bring themselves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"

namespace kairos::config {

/// What of an AWS access key stands beside its secret.
struct AwsKey {
  std::string access_key_id;
  std::optional<Secret> session_token; // of temporary credentials
};

struct ProviderKey {
  std::string id; // the name of the variable or file it came from; for logs
  Secret secret;
  std::optional<AwsKey> aws = std::nullopt; // then `secret` is the secret access key, and requests are signed with it
};

/// A tenant's own keys at one provider: a pool. Requests of the tenant to this provider use these and no others, so
/// that it is never a matter of luck whose account pays.
struct OwnKeys {
  std::string provider; // Provider::id
  std::vector<ProviderKey> keys;
};

} // namespace kairos::config
