// /api/v1/session: log in with a key for a cookie, who am I, log out.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "api/api.h"
#include "api/charged_view.h"
#include "api/json_body.h"
#include "api/sessions.h"
#include "gateway/gateway.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

std::string cookie(const ApiContext& context, std::string_view value, std::int64_t seconds) {
  const bool tls = context.services.snapshot()->server.tls.has_value();
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", kSessionCookie, value, seconds,
                     tls ? "; Secure" : "");
}

void write_session(std::string& body, const Principal& principal, const config::Snapshot& snapshot,
                   const std::optional<Session>& session) {
  model::JsonWriter json(body);
  const auto text = [&](std::string_view key, const std::string& value) {
    json.key(key);
    value.empty() ? json.null() : json.string(value);
  };
  json.begin_object();
  text("api_key_id", principal.api_key_id);
  text("tenant", principal.tenant);
  json.key("role").string(config::name(principal.role));
  json.key("sees_all").boolean(principal.role >= config::Role::kViewer);
  json.key("charged_only").boolean(charged_only(principal, snapshot));
  text("expires_at", session ? to_rfc3339(session->expires_at) : "");
  text("csrf_token", session ? session->csrf_token : "");
  json.end_object();
}

Answer log_in(const ApiContext& context, const Request& request) {
  const auto body = parse_object(request.body);
  if (!body) return problem(body.error());
  const auto* key = body->if_contains("key");
  if (key == nullptr || !key->is_string()) return problem(400, "key: is missing; give the key as text");
  const std::string sha256 = gateway::sha256_hex(std::string_view(key->as_string()));
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const auto owner = snapshot->owner_of_key(sha256);
  if (!owner) return problem(401, "there is no such key");
  const auto opened = context.sessions.open(sha256);
  Answer answer;
  write_session(answer.body, {owner->key->role, owner->tenant->id, owner->key->id, true}, *snapshot, opened.session);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kSessionTime).count();
  answer.headers.emplace_back("Set-Cookie", cookie(context, opened.secret, seconds));
  return answer;
}

Answer who_am_i(const ApiContext& context, const Request& request) {
  Answer answer;
  write_session(answer.body, request.principal, *context.services.snapshot(),
                request.principal.by_cookie ? context.sessions.find(request.session_secret) : std::nullopt);
  return answer;
}

Answer log_out(const ApiContext& context, const Request& request) {
  if (!request.session_secret.empty()) context.sessions.close(request.session_secret);
  Answer answer;
  answer.status = 204;
  answer.headers.emplace_back("Set-Cookie", cookie(context, "", 0));
  return answer;
}

} // namespace

void add_session_routes(RouteTable& table) {
  table.add("POST", "/api/v1/session", kOpen, log_in);
  table.add("GET", "/api/v1/session", kTenant, who_am_i);
  table.add("DELETE", "/api/v1/session", kTenant, log_out);
}

} // namespace kairos::api
