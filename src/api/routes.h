// The API's route table: one list of methods, path patterns, the least role that may ask, and the code that answers. A
// topic is a file routes_TOPIC.cc with one function that adds its routes; all_routes() calls them all. Answers are made
// on the API's worker threads, where asking the store is fine; streams are coroutines on the connection's loop, which
// must never wait for anything but net and the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/tenant.h"
#include "net/async.h"
#include "net/server.h"
#include "store/scope.h"

namespace kairos::api {

struct ApiContext;

/// Who asks.
struct Principal {
  config::Role role = config::Role::kTenant;
  std::string tenant;     // of the key; empty for the local socket
  std::string api_key_id; // empty for the local socket
  bool by_cookie = false;
  /// For the audit trail: "key ops-key", "local".
  std::string who() const;
};

struct Request {
  std::string method;
  std::map<std::string, std::string, std::less<>> params; // of the pattern, percent-decoded
  std::string query;                                      // raw, what follows '?'
  std::string body;                                       // "" for streams
  std::string if_none_match;
  std::string if_match;
  std::string session_secret; // of the cookie, or empty
  Principal principal;
  std::stop_token cancel;                        // requested when the client leaves
  store::Scope scope = store::Scope::tenant(""); // all() from viewer upwards, else the principal's tenant

  const std::string& param(std::string_view name) const { return params.find(name)->second; }
  bool charged_only = false; // a reseller's tenant: sees what it is charged, never costs
  bool sees_all() const { return !scope.tenant_id().has_value(); }
};

struct Answer {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers; // besides Content-Type, Cache-Control and the security ones
};

/// RFC 9457. The status is the code's.
Answer problem(const Error& error);
Answer problem(int status, std::string_view detail);
int status_of(Code code);
/// 200 with an ETag of the body; 304 without it if the asker has that already.
Answer json_answer(const Request& request, std::string body);

/// Sends it, with the headers that every answer carries.
net::Task<void> respond(net::Exchange& exchange, const Answer& answer);

/// The version in If-Match, bare or quoted; nullopt: any.
std::optional<std::uint64_t> expected_version(std::string_view if_match);
/// The last event that a stream's client has seen: Last-Event-ID, or the parameter last_event_id of one that has lost
/// its connection and cannot set headers. Empty: none.
std::string last_event_id(const net::Head& head, std::string_view query);

/// The values of a query string by name. kInvalid: a broken escape, or a name twice.
Result<std::map<std::string, std::string, std::less<>>> query_values(std::string_view query);

using Handler = std::function<Answer(const ApiContext&, const Request&)>;
/// Answers by start_stream() … finish(), or by respond(). Context and request live until it ends.
using StreamHandler = std::function<net::Task<void>(const ApiContext&, net::Exchange&, const Request&)>;

/// Who may ask without a key at all, or with one of at least some role.
struct Access {
  bool open = false;
  config::Role least = config::Role::kTenant;
  bool tells_costs = false; // not for a reseller's tenant, whatever its role
};
inline constexpr Access kOpen{true, config::Role::kTenant};
inline constexpr Access kTenant{false, config::Role::kTenant};
inline constexpr Access kTenantOfCosts{false, config::Role::kTenant, true};
inline constexpr Access kViewer{false, config::Role::kViewer};
inline constexpr Access kOperator{false, config::Role::kOperator};
inline constexpr Access kAdmin{false, config::Role::kAdmin};

struct Route {
  std::string method;
  std::string pattern; // "/api/v1/receipts/{id}"; a literal segment wins over a {parameter}
  Access access;
  Handler answer; // one of the two is set
  StreamHandler stream;
};

class RouteTable {
public:
  void add(std::string method, std::string pattern, Access access, Handler answer);
  void add_stream(std::string method, std::string pattern, Access access, StreamHandler stream);

  struct Match {
    const Route* route = nullptr; // nullptr: see `allowed`
    std::map<std::string, std::string, std::less<>> params;
    std::vector<std::string> allowed; // methods that the path has; empty: there is no such path
  };
  /// HEAD finds GET's route.
  Match find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& all() const { return routes_; }

private:
  std::vector<Route> routes_;
};

/// Every route there is. Those of one topic are added by its file.
RouteTable all_routes();
void add_receipt_routes(RouteTable& table);
void add_export_routes(RouteTable& table);
void add_live_routes(RouteTable& table);
void add_ledger_routes(RouteTable& table);
void add_model_routes(RouteTable& table);
void add_query_routes(RouteTable& table);
void add_saved_view_routes(RouteTable& table);
void add_session_routes(RouteTable& table);
void add_state_routes(RouteTable& table);
void add_system_routes(RouteTable& table);
void add_provider_routes(RouteTable& table);
void add_alert_routes(RouteTable& table);
void add_content_routes(RouteTable& table);
void add_replay_routes(RouteTable& table);

} // namespace kairos::api
