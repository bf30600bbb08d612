// Who may read, erase and search what is kept of prompts and answers, and why there may be nothing.
#pragma once

#include <expected>
#include <string>

#include "api/api.h"
#include "model/receipt.h"

namespace kairos::api {

/// The tenant itself, and operators.
bool may_read_content(const Request& request, std::string_view tenant);
Answer content_forbidden(const Request& request);

/// Why there is no content, in words for programs and for people.
struct WhyNot {
  std::string reason; // policy, expired, erased, lost, pending, sealed, damaged
  std::optional<WallTime> at;
  std::string message;
};

/// The answer in place of a receipt: 404; 410 for one that was dropped with its part of the journal.
struct NoReceipt {
  int status = 404;
  std::string message;
};

/// The receipt as it was closed, within what the asker may see.
std::expected<model::Receipt, NoReceipt> stored_receipt(const ApiContext& context, const Request& request,
                                                        const std::string& id);

/// Blocks: for workers.
std::expected<content::Kept, WhyNot> kept_content(const ApiContext& context, const model::Receipt& receipt);

/// In the audit, before it is done.
Result<> note_content_act(const ApiContext& context, const Request& request, std::string kind,
                          const std::string& tenant, std::string body);

} // namespace kairos::api
