// Who am I, metrics, the API's description, how loading stands.
#include "api/api.h"
#include "api/openapi_document.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

Answer metrics(const ApiServices& services, const Request&) {
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = services.metrics.exposition();
  return answer;
}

Answer openapi(const ApiServices&, const Request& request) { return json_answer(request, std::string(openapi_document())); }

Answer status(const ApiServices& services, const Request&) {
  const store::LoaderState loader = services.loader.state();
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("node_id").string(services.snapshot()->node_id);
  json.key("policy_version").string(services.snapshot()->version);
  json.key("store").begin_object();
  json.key("loaded").integer(static_cast<std::int64_t>(loader.loaded));
  json.key("commits").integer(static_cast<std::int64_t>(loader.commits));
  json.key("failures").integer(static_cast<std::int64_t>(loader.failures));
  json.key("last_error").string(loader.last_error);
  json.key("last_lag_ms").integer(loader.last_lag.count());
  json.end_object();
  json.end_object();
  return answer;
}

} // namespace

void add_system_routes(RouteTable& table, const ApiServices& services) {
  const auto with = [&services](Answer (*answer)(const ApiServices&, const Request&)) -> Handler {
    return [&services, answer](const Request& request) { return answer(services, request); };
  };
  table.add("GET", "/metrics", kViewer, with(metrics));
  table.add("GET", "/openapi.json", kOpen, with(openapi));
  table.add("GET", "/api/v1/status", kViewer, with(status));
}

} // namespace kairos::api
