// The privacy filter of the request's tenant (docs/privacy.md): what is found in the prompt is counted, and narrows the
// candidates, is replaced before anybody else sees it, or refuses the request. Values go nowhere: not on the receipt,
// not into messages.
#include <fmt/format.h>

#include "gateway/echoes.h"
#include "gateway/flight.h"
#include "policy/redact.h"

namespace kairos::gateway {
namespace {

std::string listed(const model::PrivacySummary& privacy) {
  std::string text;
  for (const auto& [kind, count] : privacy.detected)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", kind, count);
  return text;
}

} // namespace

/// False: the request is refused, and `wrong_` says why.
bool Flight::screen() {
  const config::PrivacyFilter& filter = owner_.tenant->privacy_filter;
  const bool redacts = filter.action == config::PrivacyAction::kRedact;
  policy::Redacted done;
  if (redacts) {
    done = policy::redact_json(body_, filter.detect);
  } else {
    done.counts = policy::detect_json(body_, filter.detect);
  }
  if (done.counts.total() == 0) return true;
  receipt_.privacy.detected = done.counts.named();
  receipt_.privacy.action = config::name(filter.action);
  if (filter.action == config::PrivacyAction::kNarrow) {
    options_.constraints.deny_data_collection = true;
    options_.constraints.zero_retention = options_.constraints.zero_retention || filter.narrow_to_zdr;
  }
  if (redacts) { // the request is another one from here on
    body_ = std::move(done.text);
    return parse_body();
  }
  if (filter.action != config::PrivacyAction::kRefuse) return true;
  wrong_ = providers::ClientError{
      400,
      "",
      fmt::format("the request holds {}, which the privacy filter does not let through; take it out",
                  listed(receipt_.privacy)),
      "",
      "private_data",
      ""};
  return false;
}

/// A message for the receipt: providers quote what they complain about.
std::string Flight::screened(std::string_view message) const {
  const std::string start = without_echo(message.substr(0, 500), request_.text);
  const config::PrivacyFilter& filter = owner_.tenant->privacy_filter;
  return filter.detect == 0 ? start : policy::redact(start, filter.detect).text;
}

} // namespace kairos::gateway
