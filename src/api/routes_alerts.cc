// Alert rules, channels, what fires, events and messages (src/alerts). Rules and channels are JSON with the keys of the
// configuration file; secrets of channels can be written, never read.
#include <fmt/format.h>

#include <charconv>

#include "api/api.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

using alerts::Service;

constexpr size_t kMostEvents = 500;
constexpr Duration kLook = std::chrono::milliseconds(500);
constexpr Duration kHeartbeat = std::chrono::seconds(10);

Answer json_or_problem(Result<std::string> body, int status = 200) {
  if (!body) return problem(body.error());
  Answer answer;
  answer.status = status;
  answer.body = std::move(*body);
  return answer;
}

Answer nothing_or_problem(const Result<>& done) {
  if (!done) return problem(done.error());
  Answer answer;
  answer.status = 204;
  return answer;
}

const std::string* tenant_of(const Request& request) {
  return request.scope.tenant_id() ? &*request.scope.tenant_id() : nullptr;
}

/// The body with the path's id in it, whatever the body says: PUT and PATCH name the object in the path.
std::string with_id(const std::string& body, const std::string& id) {
  const size_t brace = body.rfind('}');
  if (brace == body.npos || brace == 0) return body;
  const size_t last = body.find_last_not_of(" \t\r\n", brace - 1);
  const bool empty = last == body.npos || body[last] == '{';
  std::string member = empty ? "\"id\":" : ",\"id\":"; // of equal keys the last one counts
  model::append_json_string(member, id);
  return body.substr(0, brace) + member + body.substr(brace);
}

Result<std::uint64_t> number_of(const std::map<std::string, std::string, std::less<>>& values, std::string_view name,
                                std::uint64_t fallback) {
  const auto found = values.find(name);
  if (found == values.end()) return fallback;
  std::uint64_t number = 0;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(Code::kInvalid, fmt::format("{}: must be a whole number", name));
}

Answer list_events(const Service& service, const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return problem(values.error());
  for (const auto& [name, value] : *values) {
    if (name != "before" && name != "limit")
      return problem(400,
                     fmt::format("{}: there is no such parameter; there are before and limit", name.substr(0, 60)));
  }
  const auto before = number_of(*values, "before", 0);
  const auto limit = number_of(*values, "limit", 50);
  if (!before || !limit) return problem(before ? limit.error() : before.error());
  if (*limit == 0 || *limit > kMostEvents) return problem(400, "limit: from 1 to 500");
  const std::vector<alerts::Event> events = service.feed().before(*before, *limit, tenant_of(request));
  std::string body = "{\"events\":[";
  for (const alerts::Event& event : events) body += (body.back() == '[' ? "" : ",") + event.json;
  const bool more = events.size() == *limit;
  body += fmt::format("],\"next\":{}}}", more ? fmt::format("{}", events.back().sequence) : "null");
  return json_or_problem(std::move(body));
}

std::string event_text(const alerts::Event& event) {
  return fmt::format("id: {}\nevent: alert\ndata: {}\n\n", event.sequence, event.json);
}

/// Events as they happen, after the one that was seen last. What has left the feed meanwhile is said as `gap`.
net::Task<void> stream_events(const ApiContext& context, net::Exchange& exchange, const Request& request) {
  const alerts::EventFeed& feed = context.services.alerts.feed();
  std::uint64_t last = feed.last();
  const std::string seen = last_event_id(exchange.head(), request.query);
  std::from_chars(seen.data(), seen.data() + seen.size(), last);
  const std::optional<std::string> tenant = request.scope.tenant_id();
  const auto wake = std::make_shared<net::Event>();
  exchange.on_client_gone([wake] { wake->notify(); });
  const net::ResponseHeaders headers = {
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
  std::string text = "retry: 2000\n\n";
  if (last + 1 < feed.oldest())
    text += fmt::format("event: gap\ndata: {{\"from\":{},\"to\":{}}}\n\n", last + 1, feed.oldest() - 1);
  bool here = co_await exchange.start_stream(200, headers, text);
  MonoTime written = net::coarse_now();
  while (here && !exchange.client_gone() && !feed.closed() && still_valid(context, request.principal)) {
    text.clear();
    for (const alerts::Event& event : feed.after(last, 100, tenant ? &*tenant : nullptr)) {
      text += event_text(event);
      last = event.sequence;
    }
    if (text.empty() && net::coarse_now() - written > kHeartbeat) text = ": still here\n\n";
    if (!text.empty()) {
      here = co_await exchange.write(text);
      written = net::coarse_now();
      continue;
    }
    exchange.loop().after(kLook, [wake] { wake->notify(); });
    co_await wake->wait();
  }
  if (here) co_await exchange.finish();
}

using Call = Answer (*)(Service&, const Request&);
Handler with(Call call) {
  return [call](const ApiContext& context, const Request& request) { return call(context.services.alerts, request); };
}

void add_rule_routes(RouteTable& table) {
  const std::string rules = "/api/v1/alerts/rules";
  table.add("GET", rules, kViewer,
            with([](Service& service, const Request& request) { return json_answer(request, service.rules_json()); }));
  table.add("POST", rules, kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(
                  service.put_rule(request.body, alerts::RuleWrite::kCreate, request.principal.who()), 201);
            }));
  table.add("GET", rules + "/{id}", kViewer, with([](Service& service, const Request& request) {
              return json_or_problem(service.rule_json(request.param("id")));
            }));
  table.add("PUT", rules + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.put_rule(with_id(request.body, request.param("id")),
                                                      alerts::RuleWrite::kReplace, request.principal.who()));
            }));
  table.add("PATCH", rules + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.put_rule(with_id(request.body, request.param("id")),
                                                      alerts::RuleWrite::kMerge, request.principal.who()));
            }));
  table.add("DELETE", rules + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return nothing_or_problem(service.delete_rule(request.param("id"), request.principal.who()));
            }));
  table.add("POST", "/api/v1/alerts/preview", kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.preview(request.body));
            }));
}

void add_channel_routes(RouteTable& table) {
  const std::string channels = "/api/v1/alerts/channels";
  table.add("GET", channels, kViewer, with([](Service& service, const Request& request) {
              return json_answer(request, service.channels_json());
            }));
  table.add("POST", channels, kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.put_channel(request.body, true, request.principal.who()), 201);
            }));
  table.add("GET", channels + "/{id}", kViewer, with([](Service& service, const Request& request) {
              return json_or_problem(service.channel_json(request.param("id")));
            }));
  table.add("PUT", channels + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(
                  service.put_channel(with_id(request.body, request.param("id")), false, request.principal.who()));
            }));
  table.add("DELETE", channels + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return nothing_or_problem(service.delete_channel(request.param("id"), request.principal.who()));
            }));
  table.add("POST", channels + "/{id}/test", kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.test_channel(request.param("id")));
            }));
  table.add("GET", "/api/v1/alerts/deliveries", kViewer,
            with([](Service& service, const Request&) { return json_or_problem(service.deliveries_json()); }));
  table.add("POST", "/api/v1/alerts/deliveries/{id}/retry", kOperator,
            with([](Service& service, const Request& request) {
              return nothing_or_problem(service.retry_dead(request.param("id")));
            }));
}

} // namespace

void add_alert_routes(RouteTable& table) {
  table.add("GET", "/api/v1/alerts", kTenantOfCosts, with([](Service& service, const Request& request) {
              return json_or_problem(service.active_json(tenant_of(request)));
            }));
  add_rule_routes(table);
  add_channel_routes(table);
  table.add("GET", "/api/v1/alerts/events", kTenantOfCosts,
            with([](Service& service, const Request& request) { return list_events(service, request); }));
  table.add_stream("GET", "/api/v1/alerts/events/live", kTenantOfCosts, stream_events);
  table.add("POST", "/api/v1/alerts/incidents/{id}/acknowledge", kOperator,
            with([](Service& service, const Request& request) {
              return nothing_or_problem(
                  service.acknowledge(request.param("id"), request.principal.who(), tenant_of(request)));
            }));
  const std::string silences = "/api/v1/alerts/silences";
  table.add("GET", silences, kViewer,
            with([](Service& service, const Request&) { return json_or_problem(service.silences_json()); }));
  table.add("POST", silences, kOperator, with([](Service& service, const Request& request) {
              return json_or_problem(service.add_silence(request.body, request.principal.who()), 201);
            }));
  table.add("DELETE", silences + "/{id}", kOperator, with([](Service& service, const Request& request) {
              return nothing_or_problem(service.drop_silence(request.param("id"), request.principal.who()));
            }));
}

} // namespace kairos::api
