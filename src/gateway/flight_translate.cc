// What a flight does differently where the provider speaks another dialect than the client.
#include "gateway/flight.h"

namespace kairos::gateway {

void Flight::note_left_out(const std::vector<std::string>& names) {
  left_out_.clear();
  for (const std::string& name : names) {
    if (!left_out_.empty()) left_out_ += ", ";
    left_out_ += name;
  }
}

/// A whole answer that is not what its dialect promises cannot be told in another one.
Flight::Outcome Flight::not_understood(Leg& leg) {
  leg.record.error_type = "malformed";
  end_leg(leg, "error");
  leg.health->failed(gateway_.services_.clock.mono_now());
  last_refusal_.reset();
  wrong_ = providers::ClientError{
      502, "", "the provider's answer is not the JSON that its dialect promises", "", "upstream_error", ""};
  return Outcome::kTryNext;
}

/// After note_answer: usage that the provider did not report is told as the receipt counts it. A client that asked for
/// a stream gets one, also from a provider that answered at once.
std::string Flight::translated_body(Leg& leg, std::string_view body, std::string& content_type) {
  std::string answer, last;
  leg.translated->on_body(body, answer);
  leg.translated->finish(leg.record.usage, answer, last);
  content_type = request_.stream ? "text/event-stream" : "application/json";
  return answer + last;
}

/// Changes the leg alone, as all that opens one.
void Flight::translate_event(Leg& leg, providers::EventKind kind, std::string_view name, std::string_view data) {
  if (kind == providers::EventKind::kError) {
    const providers::ProviderError error = leg.tap->facts().error.value_or(providers::ProviderError{});
    leg.terminal = providers::error_event(receipt_.request.endpoint, providers::to_client_error(error, 502),
                                          leg.translated->written());
    return;
  }
  leg.translated->on_event(name, data, leg.out);
  if (kind != providers::EventKind::kTerminal) return;
  note_usage(leg, true);
  leg.translated->finish(leg.record.usage, leg.out, leg.terminal);
}

} // namespace kairos::gateway
