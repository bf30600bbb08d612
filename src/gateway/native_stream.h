// What Gemini's and Bedrock's providers need beside translation: signatures, and frames that are none of server-sent
// events. Internal to gateway.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "config/provider.h"
#include "net/event_stream.h"
#include "net/origin.h"
#include "providers/upstream_request.h"

namespace kairos::gateway {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

/// Adds what proves who sends the request: nothing where the key is a header already, a signature for AWS's keys. The
/// headers that are there must be final but for those that are not covered; `path` is what goes over the wire.
void sign_request(const config::Target& target, const config::ProviderKey* key, const net::Origin& origin,
                  std::string_view path, std::string_view body, WallTime now, providers::Headers& headers);

} // namespace kairos::gateway
