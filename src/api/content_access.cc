#include "api/content_access.h"

#include <fmt/format.h>

#include "api/receipt_json.h"
#include "model/receipt_json.h"

namespace kairos::api {
namespace {

constexpr std::chrono::seconds kStillComing{30};

WhyNot why(std::string_view reason, std::string message, std::optional<WallTime> at = std::nullopt) {
  return {std::string(reason), at, std::move(message)};
}

/// The vault knows nothing of a receipt whose content was to be kept.
WhyNot nothing_known(const ApiContext& context, const model::Receipt& receipt) {
  const WallTime now = context.services.clock.wall_now();
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const config::Tenant* tenant = snapshot->tenant(receipt.tenant);
  const auto days = tenant == nullptr ? std::nullopt : tenant->keep_content_days;
  if (now - receipt.completed_at < kStillComing) return why("pending", "it is not written yet; ask again in a moment");
  if (days && now - receipt.created_at > std::chrono::days(*days))
    return why("expired", fmt::format("what this tenant keeps goes after {} days", *days));
  return why("lost", "it was to be kept, but was not written: the process ended, or the disk refused");
}

} // namespace

bool may_read_content(const Request& request, std::string_view tenant) {
  return request.principal.role >= config::Role::kOperator || request.principal.tenant == tenant;
}

Answer content_forbidden(const Request& request) {
  return problem(403,
                 fmt::format("prompts and answers are for the tenant itself and for operators; this key's role is {}",
                             config::name(request.principal.role)));
}

std::expected<model::Receipt, NoReceipt> stored_receipt(const ApiContext& context, const Request& request,
                                                        const std::string& id) {
  const auto none = [](const Error& error) { return std::unexpected(NoReceipt{status_of(error.code), error.message}); };
  const auto found = context.services.store.find(id, request.scope, {});
  if (!found) return none(found.error());
  const auto entry = context.services.journal->read({found->row.place.segment, found->row.place.offset});
  if (!entry) {
    auto dropped = dropped_with_journal(found->row, *context.services.journal);
    return dropped ? std::unexpected(NoReceipt{410, std::move(*dropped)}) : none(entry.error());
  }
  if (entry->erased) return none({Code::kNotFound, "this receipt was erased"});
  auto receipt = model::receipt_from_json(entry->payload);
  if (!receipt) return none(receipt.error());
  return std::move(*receipt);
}

std::expected<content::Kept, WhyNot> kept_content(const ApiContext& context, const model::Receipt& receipt) {
  const auto id = parse_receipt_id(receipt.receipt_id);
  if (!receipt.content || !id)
    return std::unexpected(why("policy", "nothing was to be kept: the tenant's content policy was none, or the request "
                                         "was asked by another tenant's replay"));
  auto kept = context.services.vault.read(*id);
  if (kept) return std::move(*kept);
  const std::optional<WallTime> at = kept.error().at;
  switch (kept.error().why) {
  case content::Gone::kErased:
    return std::unexpected(why("erased", "it was erased on demand", at));
  case content::Gone::kExpired:
    return std::unexpected(why("expired", "its time was over", at));
  case content::Gone::kLost:
    return std::unexpected(why("lost", "it could not be kept: too much came at once, or the disk refused", at));
  case content::Gone::kSealed:
    return std::unexpected(
        why("sealed", "it is sealed with a master key that is not configured: add it under content.old_keys"));
  case content::Gone::kDamaged:
    return std::unexpected(why("damaged", "its bytes on the disk are not those that were written"));
  case content::Gone::kNever:
    break;
  }
  return std::unexpected(nothing_known(context, receipt));
}

Result<> note_content_act(const ApiContext& context, const Request& request, std::string kind,
                          const std::string& tenant, std::string body) {
  const auto noted =
      context.services.change({{std::move(kind), tenant, std::move(body), std::nullopt}}, request.principal.who());
  return noted ? Result<>() : std::unexpected(noted.error());
}

} // namespace kairos::api
