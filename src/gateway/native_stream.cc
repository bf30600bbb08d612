#include "gateway/native_stream.h"

#include <algorithm>

#include "gateway/flight.h"
#include "model/json_writer.h"
#include "providers/aws_sigv4.h"

namespace kairos::gateway {

void sign_request(const config::Target& target, const config::ProviderKey* key, const net::Origin& origin,
                  std::string_view path, std::string_view body, WallTime now, providers::Headers& headers) {
  if (key == nullptr || !key->aws) return;
  providers::AwsRequest request;
  request.path = path;
  request.region = target.endpoint->region;
  request.service = "bedrock";
  request.headers = {{"host", origin.authority()}, {"content-type", "application/json"}};
  request.body = body;
  providers::AwsCredentials credentials{key->aws->access_key_id, key->secret.reveal(), {}};
  if (key->aws->session_token) credentials.session_token = key->aws->session_token->reveal();
  const providers::Headers proof = providers::sign_aws(request, credentials, now);
  headers.insert(headers.end(), proof.begin(), proof.end());
}

KeyPool Flight::pool_of(const Leg& leg) const {
  if (leg.own_keys != nullptr) return {owner_.tenant->id, *leg.own_keys};
  return *leg.choice->target->provider;
}

/// Messages of an event stream as far as they are complete. False: this is no event stream.
bool Flight::take_frames(Leg& leg, std::string_view bytes) {
  leg.frames->feed(bytes);
  while (true) {
    const auto message = leg.frames->next();
    if (!message) return false;
    if (!*message) return true;
    const bool error = (*message)->message_type == "error"; // says what went wrong in its head
    std::string data((*message)->payload);
    if (error) {
      data = "{\"message\":";
      model::append_json_string(data, (*message)->error_message);
      data += "}";
    }
    take_event(leg, error ? "serviceError" : (*message)->name, data, {});
  }
}

/// Gemini's and Bedrock's streams have no last event: they end, and are complete if they said why they stopped.
bool Flight::end_without_last_event(Leg& leg) {
  const providers::AnswerFacts& facts = leg.tap->facts();
  const bool inside = leg.frames != nullptr && leg.frames->inside_message();
  const model::Dialect dialect = leg.choice->target->dialect;
  const bool native = dialect == model::Dialect::kGemini || dialect == model::Dialect::kBedrock;
  if (!leg.translated || !native || inside || facts.error || !facts.saw_terminal) return false;
  note_usage(leg, true);
  leg.translated->finish(leg.record.usage, leg.out, leg.terminal);
  return true;
}

} // namespace kairos::gateway
