// A flight, and what is kept of it.
#include "gateway/flight.h"
#include "gateway/in_process.h"
#include "gateway/recording_exchange.h"

namespace kairos::gateway {
namespace {

/// What asking again needs of the client's headers.
std::string headers_to_keep(const net::Head& head, model::Dialect dialect) {
  std::string lines;
  for (size_t i = 0; i < head.field_count(); ++i) {
    const net::Header field = head.field(i);
    const bool option = field.name.size() > kOptionPrefix.size() &&
                        net::same_name(field.name.substr(0, kOptionPrefix.size()), kOptionPrefix);
    if (!option && !providers::forwarded_header(dialect, field.name)) continue;
    lines.append(field.name).append(": ").append(field.value).append("\n");
  }
  return lines;
}

} // namespace

net::Task<void> Gateway::fly(net::Exchange& exchange, const Asked& asked) {
  const bool keeps = services_.vault != nullptr && asked.keep_content && !asked.route_only &&
                     asked.owner.tenant->content != model::ContentPolicy::kNone;
  if (keeps) co_return co_await fly_recorded(exchange, asked);
  Flight flight(*this, exchange, asked.snapshot, asked.owner, asked.endpoint);
  if (asked.replay) flight.is_replay(*asked.replay);
  if (!asked.keep_content) flight.keeps_nothing();
  co_await serve_request(flight, asked.route_only, asked.snapshot->server.limits.requests);
  if (asked.receipt != nullptr) *asked.receipt = flight.receipt();
}

/// Content goes to the vault when the answer is out: nobody waits for it.
net::Task<void> Gateway::fly_recorded(net::Exchange& exchange, const Asked& asked) {
  const config::Content& content = asked.snapshot->content;
  RecordingExchange recorded(exchange, static_cast<size_t>(content.body_bytes), services_.recorded,
                             content.queue_bytes);
  Flight flight(*this, recorded, asked.snapshot, asked.owner, asked.endpoint);
  if (asked.replay) flight.is_replay(*asked.replay);
  co_await serve_request(flight, false, asked.snapshot->server.limits.requests);
  if (asked.receipt != nullptr) *asked.receipt = flight.receipt();
  if (!flight.has_own_receipt()) co_return;
  content::Kept kept;
  kept.receipt = flight.id();
  kept.tenant = asked.owner.tenant->id;
  if (recorded.overflowed()) co_return services_.vault->cannot_keep(std::move(kept));
  recorded.take(kept);
  if (flight.was_redacted()) { // what the privacy filter took out is not kept either
    kept.request = {};
    kept.request.append(flight.body(), static_cast<size_t>(content.body_bytes));
  }
  if (const auto rewritten = flight.rewritten_body()) {
    kept.rewritten.append(*rewritten, static_cast<size_t>(content.body_bytes));
  }
  kept.request_headers = headers_to_keep(exchange.head(), providers::client_dialect(asked.endpoint));
  kept.endpoint = asked.endpoint;
  kept.redacted = asked.owner.tenant->content == model::ContentPolicy::kRedacted;
  services_.vault->keep(std::move(kept));
}

net::Task<InProcessAnswer> Gateway::ask(InProcessExchange& exchange, const InProcessRequest& request) {
  model::Receipt receipt;
  const Asked asked{request.snapshot,     request.owner,  request.endpoint, false,
                    request.keep_content, request.replay, &receipt};
  co_await fly(exchange, asked);
  InProcessAnswer answer = exchange.take();
  answer.receipt = std::move(receipt);
  co_return answer;
}

} // namespace kairos::gateway
