#include "api/api.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "api/charged_view.h"
#include "api/live_feed.h"
#include "api/replay_runs.h"
#include "api/sessions.h"
#include "api/static_files.h"
#include "api/work_pool.h"
#include "gateway/gateway.h"

namespace kairos::api {
namespace {

/// What every answer carries; the dashboard's pages add their own policy (static_files.cc).
constexpr net::Header kSecurity[] = {{"X-Content-Type-Options", "nosniff"},
                                     {"Referrer-Policy", "no-referrer"},
                                     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}};

Principal principal_of(const config::KeyOwner& owner) {
  return {owner.key->role, owner.tenant->id, owner.key->id, false};
}

store::Scope scope_of(const Principal& principal) {
  return principal.role >= config::Role::kViewer ? store::Scope::all() : store::Scope::tenant(principal.tenant);
}

Answer no_such_path(const RouteTable& table, std::string_view path) {
  std::set<std::string> paths;
  for (const Route& route : table.all()) paths.insert(route.method + " " + route.pattern);
  return problem(404, fmt::format("there is no {}; there are: {}", path.substr(0, 200), fmt::join(paths, ", ")));
}

Answer wrong_method(const RouteTable::Match& match, std::string_view method, std::string_view path) {
  Answer answer = problem(405, fmt::format("{} {} is not possible; this path knows {}", method.substr(0, 20),
                                           path.substr(0, 200), fmt::join(match.allowed, ", ")));
  answer.headers.emplace_back("Allow", fmt::format("{}", fmt::join(match.allowed, ", ")));
  return answer;
}

bool is_api(std::string_view path) {
  return path == "/metrics" || path == "/openapi.json" || path == "/api" || path.starts_with("/api/");
}

std::string_view session_secret(const net::Head& head) {
  return cookie_value(head.find("cookie").value_or(""), kSessionCookie);
}

int status_of_body(Code code) { return code == Code::kTimeout ? 408 : status_of(code); }

} // namespace

net::Task<void> respond(net::Exchange& exchange, const Answer& answer) {
  net::ResponseHeaders headers(std::begin(kSecurity), std::end(kSecurity));
  if (!answer.body.empty()) headers.push_back({"Content-Type", answer.content_type});
  headers.push_back({"Cache-Control", "no-store"});
  for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
  co_await exchange.respond(answer.status, headers, answer.body);
}

RouteTable all_routes() {
  RouteTable table;
  add_receipt_routes(table);
  add_live_routes(table);
  add_export_routes(table);
  add_ledger_routes(table);
  add_model_routes(table);
  add_saved_view_routes(table);
  add_query_routes(table);
  add_session_routes(table);
  add_state_routes(table);
  add_system_routes(table);
  add_provider_routes(table);
  add_alert_routes(table);
  add_content_routes(table);
  add_replay_routes(table);
  return table;
}

bool still_valid(const ApiContext& context, const Principal& principal) {
  if (principal.api_key_id.empty()) return true;
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const config::Tenant* tenant = snapshot->tenant(principal.tenant);
  if (tenant == nullptr) return false;
  for (const config::ApiKey& key : tenant->keys) {
    if (key.id == principal.api_key_id) return key.role >= principal.role;
  }
  return false;
}

struct Api::Impl {
  explicit Impl(ApiServices services)
      : context{std::move(services), live, sessions, runs, pool}, sessions(context.services.clock),
        live(context.services.journal) {}

  Result<Principal> identify(const net::Head& head, Door door) const;
  std::optional<Answer> refuse(const RouteTable::Match& match, const net::Head& head,
                               const Result<Principal>& who) const;
  net::Task<void> serve(net::Exchange& exchange, Door door);
  net::Task<Answer> make(net::Exchange& exchange, const Route& route, Request& request);

  const RouteTable table = all_routes();
  const ApiContext context;
  Sessions sessions;
  LiveFeed live;
  ReplayRuns runs;
  WorkPool pool; // last: its jobs use the others
};

/// By a key, else by the cookie of a session. What a browser may send for another site is refused.
Result<Principal> Api::Impl::identify(const net::Head& head, Door door) const {
  if (door == Door::kLocalSocket) return Principal{config::Role::kAdmin, "", "", false};
  const config::SnapshotPtr snapshot = context.services.snapshot();
  if (const auto owner = gateway::authenticate(head, *snapshot)) return principal_of(*owner);
  const auto session = gateway::presented_key(head).empty() ? sessions.find(session_secret(head)) : std::nullopt;
  const auto owner = session ? snapshot->owner_of_key(session->key_sha256) : std::nullopt;
  if (!owner) {
    return fail(Code::kUnauthorized, "no valid key: send one as 'Authorization: Bearer kr-…' or 'x-api-key: kr-…', or "
                                     "log in by POST /api/v1/session");
  }
  const bool reads = head.method() == "GET" || head.method() == "HEAD";
  const bool same_origin = head.find("sec-fetch-site").value_or("") == "same-origin" ||
                           head.find("x-csrf-token").value_or("") == session->csrf_token;
  if (!reads && !same_origin) {
    return fail(
        Code::kForbidden,
        "a request by cookie that changes something needs the header X-CSRF-Token (GET /api/v1/session tells it)");
  }
  Principal principal = principal_of(*owner);
  principal.by_cookie = true;
  return principal;
}

/// Why the request is not answered by its route, if it is not.
std::optional<Answer> Api::Impl::refuse(const RouteTable::Match& match, const net::Head& head,
                                        const Result<Principal>& who) const {
  if (match.allowed.empty()) return no_such_path(table, head.path());
  if (match.route == nullptr) return wrong_method(match, head.method(), head.path());
  const Access& access = match.route->access;
  if (access.open) return std::nullopt;
  if (!who) return problem(who.error());
  if (access.tells_costs && charged_only(*who, *context.services.snapshot()))
    return problem(403, "this holds the platform's costs; this key sees what its tenant is charged");
  if (who->role >= access.least) return std::nullopt;
  return problem(403, fmt::format("this needs a key with the role {}; this key's role is {}",
                                  config::name(access.least), config::name(who->role)));
}

net::Task<Answer> Api::Impl::make(net::Exchange& exchange, const Route& route, Request& request) {
  const auto body = co_await exchange.read_body();
  if (!body) co_return problem(status_of_body(body.error().code), body.error().message);
  request.body = *body;
  std::stop_source gone;
  request.cancel = gone.get_token();
  exchange.on_client_gone([gone]() mutable { gone.request_stop(); });
  std::function<Answer()> ask = [this, &route, &request] { return route.answer(context, request); };
  Answer busy = problem(503, "too many questions at once; try again in a moment");
  auto waiting = on_worker<Answer>(pool, exchange.executor(), Urgency::kInteractive, std::move(ask), std::move(busy));
  co_return co_await std::move(waiting);
}

net::Task<void> Api::Impl::serve(net::Exchange& exchange, Door door) {
  const net::Head& head = exchange.head();
  auto match = table.find(head.method(), head.path());
  const auto who = identify(head, door);
  Answer answer;
  if (auto refused = refuse(match, head, who)) {
    answer = std::move(*refused);
  } else {
    Request request;
    request.method = head.method();
    request.params = std::move(match.params);
    request.query = head.query();
    request.if_none_match = head.find("if-none-match").value_or("");
    request.if_match = head.find("if-match").value_or("");
    request.session_secret = session_secret(head);
    if (who) request.principal = *who;
    request.scope = scope_of(request.principal);
    request.charged_only = charged_only(request.principal, *context.services.snapshot());
    if (match.route->stream) {
      co_await match.route->stream(context, exchange, request);
      co_return;
    }
    answer = co_await make(exchange, *match.route, request);
  }
  co_await respond(exchange, answer);
}

Api::Api(ApiServices services) : impl_(std::make_unique<Impl>(std::move(services))) {}
Api::~Api() = default;

void Api::end_streams() {
  impl_->live.end_streams();
  impl_->runs.stop(); // a run is no connection: draining would not wait for it, and it would go on asking
}

std::optional<journal::Position> Api::live_place() const { return impl_->live.place(); }

size_t Api::waiting() const { return impl_->pool.waiting(); }

void Api::stop() {
  impl_->live.stop();
  impl_->runs.stop();
  impl_->pool.stop();
}

net::Task<bool> Api::handle(net::Exchange& exchange, Door door) {
  if (is_api(exchange.head().path())) {
    co_await impl_->serve(exchange, door);
    co_return true;
  }
  co_return co_await serve_static(exchange);
}

} // namespace kairos::api
