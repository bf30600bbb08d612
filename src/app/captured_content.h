// What of kept prompts and answers may stand on spans (docs/telemetry): made from the vault when a span is made, never
// on a request's path.
#pragma once

#include "config/snapshot.h"
#include "content/vault.h"
#include "telemetry/span_content.h"

namespace kairos::app {

/// Only of a tenant that keeps content today, and no more of it than it keeps today. Where personal data or secrets
/// were found in the request they are taken out, even if the tenant keeps the whole; of requests under zero retention
/// there is nothing. Blocks; any thread.
telemetry::FoundContent captured_content(content::Vault& vault, const config::Snapshot& snapshot,
                                         const model::Receipt& receipt, size_t most_bytes);

} // namespace kairos::app
