// Who am I, metrics, the API's description, how loading stands.
#include "api/api.h"
#include "api/openapi_document.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

Answer metrics(const ApiContext& context, const Request&) {
  Answer answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = context.services.metrics.exposition();
  return answer;
}

Answer openapi(const ApiContext&, const Request& request) { return json_answer(request, std::string(openapi_document())); }

Answer status(const ApiContext& context, const Request&) {
  const store::LoaderState loader = context.services.loader.state();
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("node_id").string(context.services.snapshot()->node_id);
  json.key("policy_version").string(context.services.snapshot()->version);
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

void add_system_routes(RouteTable& table) {
  table.add("GET", "/metrics", kViewer, metrics);
  table.add("GET", "/openapi.json", kOpen, openapi);
  table.add("GET", "/api/v1/status", kViewer, status);
}

} // namespace kairos::api
