#include "app/captured_content.h"

#include "api/genai_messages.h"
#include "app/content_parts.h"
#include "base/ulid.h"

namespace kairos::app {
namespace {

/// What the tenant lets be kept of it now, at most what was to be kept then.
model::ContentPolicy policy_of(const config::Snapshot& snapshot, const model::Receipt& receipt) {
  const config::Tenant* tenant = snapshot.tenant(receipt.tenant);
  if (tenant == nullptr || !receipt.content) return model::ContentPolicy::kNone;
  if (receipt.privacy.policy == config::name(config::PrivacyPolicy::kZeroRetention)) return model::ContentPolicy::kNone;
  return std::min(tenant->content, *receipt.content);
}

} // namespace

telemetry::FoundContent captured_content(content::Vault& vault, const config::Snapshot& snapshot,
                                         const model::Receipt& receipt, size_t most_bytes) {
  const model::ContentPolicy policy = policy_of(snapshot, receipt);
  const auto id = parse_receipt_id(receipt.receipt_id);
  if (policy == model::ContentPolicy::kNone || !id) return {};
  auto kept = vault.read(*id);
  if (!kept) return {{}, kept.error().why == content::Gone::kNever};
  const bool take_out = policy == model::ContentPolicy::kRedacted || !receipt.privacy.detected.empty();
  if (take_out && !kept->redacted && !redact_kept(*kept)) return {};
  api::GenAiMessages made = api::genai_messages(*kept, receipt.execution.finish_reason, most_bytes);
  return {{std::move(made.system_instructions), std::move(made.input_messages), std::move(made.output_messages),
           made.truncated},
          false};
}

} // namespace kairos::app
