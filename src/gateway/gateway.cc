#include "gateway/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hex.h"
#include "gateway/flight.h"
#include "journal/sha256.h"
#include "providers/client_error.h"
#include "providers/client_request.h"
#include "tokens/estimate.h"

namespace kairos::gateway {
namespace {

model::Dialect dialect_of_path(std::string_view path) {
  return path.starts_with("/v1/messages") ? model::Dialect::kAnthropic : model::Dialect::kOpenAi;
}

net::Task<void> answer_error(net::Exchange& exchange, providers::ClientError error) {
  const std::string body = providers::error_body(dialect_of_path(exchange.head().path()), error);
  const net::ResponseHeaders headers = {{"Content-Type", "application/json"}};
  co_await exchange.respond(error.http_status, headers, body);
}

struct Route {
  std::string_view path;
  model::Endpoint endpoint;
};
constexpr std::array kRoutes = {Route{"/v1/chat/completions", model::Endpoint::kChatCompletions},
                                Route{"/v1/messages", model::Endpoint::kMessages},
                                Route{"/v1/responses", model::Endpoint::kResponses},
                                Route{"/v1/embeddings", model::Endpoint::kEmbeddings},
                                Route{"/v1/completions", model::Endpoint::kCompletions},
                                Route{"/v1/route", model::Endpoint::kChatCompletions}};
constexpr std::string_view kExisting =
    "GET /v1/models, and POST /v1/ with chat/completions, responses, embeddings, completions, messages, "
    "messages/count_tokens, route";

} // namespace

std::string sha256_hex(std::string_view text) { return sha256_hex(text, {}); }

std::string sha256_hex(std::string_view text, std::string_view more) {
  journal::Sha256 sha256;
  const auto digest = sha256({journal::as_bytes(text), journal::as_bytes(more)});
  return to_hex(digest);
}

std::string fingerprint_of(std::string_view key, std::string_view body) { return sha256_hex(key, body).substr(0, 32); }

std::string_view presented_key(const net::Head& head) {
  if (const auto bearer = head.find("authorization");
      bearer && bearer->size() > 7 && net::same_name(bearer->substr(0, 7), "Bearer ")) {
    return bearer->substr(7);
  }
  return head.find("x-api-key").value_or(std::string_view{});
}

std::optional<config::KeyOwner> authenticate(const net::Head& head, const config::Snapshot& snapshot) {
  const std::string_view key = presented_key(head);
  if (key.empty()) return std::nullopt;
  return snapshot.owner_of_key(sha256_hex(key));
}

Gateway::Gateway(net::Loop& loop, Services& services)
    : loop_(loop), services_(services), client_(loop, net::ClientOptions{}),
      floods_(loop, services.journal, services.clock) {}

/// Once the loop has done what is ready now: that may hand the journal more, and waking a thread costs more than a
/// record.
void Gateway::wake_journal_soon() {
  if (std::exchange(wakes_journal_, true)) return;
  loop_.post([this] {
    wakes_journal_ = false;
    services_.journal.wake();
  });
}

/// The reference is valid until this loop's next request under another snapshot; a Call copies what it needs.
const Upstream& Gateway::upstream_of(const config::SnapshotPtr& snapshot, const config::Target& target) {
  if (upstreams_of_ != snapshot) {
    upstreams_.clear();
    upstreams_of_ = snapshot;
  }
  const auto [place, fresh] = upstreams_.try_emplace(target.endpoint);
  if (!fresh) return place->second;
  Upstream& upstream = place->second;
  auto url = net::parse_url(target.endpoint->base_url);
  if (!url) {
    upstream.wrong = url.error().message;
    return upstream;
  }
  upstream.origin = std::move(url->origin);
  upstream.path = std::move(url->path);
  upstream.origin.ca_file = target.provider->ca_file;
  const std::string& own = target.provider->proxy;
  const net::ProxySettings proxies = own.empty() ? services_.proxies : net::ProxySettings{own, own, ""};
  if (auto applied = net::apply_proxy(proxies, upstream.origin); !applied) upstream.wrong = applied.error().message;
  return upstream;
}

TargetRecord& Gateway::health_of(const config::Target& target) {
  TargetRecord*& record = records_[target.health_key];
  if (record == nullptr) record = &services_.health.of(target.health_key);
  return *record;
}

net::Task<void> Gateway::health(net::Exchange& exchange, bool ready) {
  const auto journal = services_.journal.health();
  const bool good = !ready || journal.has_value();
  const std::string body = good ? "ok\n" : "not ready: " + journal.error().message + "\n";
  const net::ResponseHeaders headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  const int status = good ? 200 : 503;
  co_await exchange.respond(status, headers, body);
}

net::Task<void> Gateway::list_models(net::Exchange& exchange, const config::Snapshot& snapshot) {
  std::vector<providers::ModelEntry> models;
  models.push_back({"auto", "kairosroute", 0});
  for (const config::Target& target : snapshot.targets) {
    if (!models.empty() && models.back().id == target.model->id) continue;
    const auto released = target.model->released.value_or(WallTime{}).time_since_epoch();
    models.push_back(
        {target.model->id, target.provider->id, std::chrono::duration_cast<std::chrono::seconds>(released).count()});
  }
  const bool anthropic = exchange.head().find("anthropic-version").has_value();
  const std::string body =
      providers::models_list(anthropic ? model::Dialect::kAnthropic : model::Dialect::kOpenAi, models);
  const net::ResponseHeaders headers = {{"Content-Type", "application/json"}};
  co_await exchange.respond(200, headers, body);
}

/// An estimate of our own: asks no provider, costs nothing and leaves no receipt.
net::Task<void> Gateway::count_tokens(net::Exchange& exchange) {
  const auto body = co_await exchange.read_body();
  if (!body && body.error().code == Code::kCancelled) co_return;
  const auto parsed =
      body ? providers::parse_count_request(*body)
           : providers::WireResult<providers::ParsedRequest>(std::unexpected(providers::WireError{body.error(), ""}));
  if (!parsed) {
    const int status = parsed.error().error.code == Code::kTooLarge ? 413 : 400;
    providers::ClientError wrong{status, "", parsed.error().error.message, parsed.error().param, "", ""};
    co_return co_await answer_error(exchange, std::move(wrong));
  }
  const std::string answer =
      fmt::format("{{\"input_tokens\":{}}}", tokens::estimate(parsed->text) + 4 * parsed->messages);
  const net::ResponseHeaders headers = {{"Content-Type", "application/json"}};
  co_await exchange.respond(200, headers, answer);
}

net::Task<void> Gateway::handle(net::Exchange& exchange) {
  const std::string path(exchange.head().path());
  const bool post = exchange.head().method() == "POST";
  if (path == "/healthz") co_return co_await health(exchange, false);
  if (path == "/readyz") co_return co_await health(exchange, true);
  if (!path.starts_with("/v1/")) {
    if (services_.other && co_await services_.other(exchange)) co_return;
    providers::ClientError missing{404, "", fmt::format("there is no {}", path.substr(0, 200)), "", "not_found", ""};
    co_return co_await answer_error(exchange, std::move(missing));
  }
  const config::SnapshotPtr snapshot = services_.snapshot();
  const auto owner = authenticate(exchange.head(), *snapshot);
  if (!owner) {
    providers::ClientError refused{
        401, "", "no valid key: send one as 'Authorization: Bearer kr-…' or 'x-api-key: kr-…'", "", "invalid_api_key",
        ""};
    co_return co_await answer_error(exchange, std::move(refused));
  }
  if (path == "/v1/models" && !post) co_return co_await list_models(exchange, *snapshot);
  if (path == "/v1/messages/count_tokens" && post) co_return co_await count_tokens(exchange);
  const auto* const route = std::ranges::find(kRoutes, path, &Route::path);
  if (!post || route == kRoutes.end()) {
    providers::ClientError missing{
        404,
        "",
        fmt::format("there is no {} {}; there are: {}", exchange.head().method(), path.substr(0, 200), kExisting),
        "",
        "not_found",
        ""};
    co_return co_await answer_error(exchange, std::move(missing));
  }
  const Asked asked{snapshot, *owner, route->endpoint, path == "/v1/route", true, std::nullopt};
  co_await fly(exchange, asked);
}

net::Task<void> Gateway::serve_request(Flight& flight, bool route_only, std::int64_t most) {
  struct Counted {
    std::atomic<std::int64_t>& count;
    const std::int64_t before = count.fetch_add(1, std::memory_order_relaxed);
    ~Counted() { count.fetch_sub(1, std::memory_order_relaxed); }
  };
  const Counted counted{services_.in_flight};
  if (counted.before >= most) {
    providers::ClientError busy{
        503,
        "",
        fmt::format("{} requests are running already (server.limits.requests); try again in a moment", most),
        "",
        "overloaded",
        ""};
    co_return co_await flight.turn_away(std::move(busy), "1");
  }
  co_await flight.run(route_only);
}

} // namespace kairos::gateway
