// How prompts and answers are kept, for tenants that want it (Tenant::content). Part of the Snapshot; a reload may
// change all of it. docs/content.md.
#pragma once

#include <cstdint>
#include <vector>

#include "config/secret.h"

namespace kairos::config {

struct Content {
  /// 32 bytes each. The first one seals what is kept from now on; the others are older ones that still open what they
  /// sealed. Empty: no tenant keeps content.
  std::vector<Secret> master_keys;
  std::int64_t body_bytes = 4 * 1024 * 1024;   // of a request or an answer; what is longer is kept up to here
  std::int64_t queue_bytes = 64 * 1024 * 1024; // waiting to be written; what comes beyond is not kept
};

} // namespace kairos::config
