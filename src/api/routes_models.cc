// GET /api/v1/models: what requests can be sent to, with the quality that routing expects of each model by category.
#include "api/api.h"
#include "model/category.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

/// Categories of which nothing is known are left out: no guess is made here.
void write_quality(model::JsonWriter& json, const catalog::Model& model) {
  json.key("quality").begin_object();
  for (size_t i = 0; i < model::kCategoryCount; ++i) {
    if (!model.quality[i]) continue;
    json.key(model::kCategoryNames[i]).begin_object();
    json.key("value").real(*model.quality[i]);
    json.key("source").string(model.quality_source[i]);
    json.end_object();
  }
  json.end_object();
}

Answer list_models(const ApiContext& context, const Request& request) {
  const config::SnapshotPtr snapshot = context.services.snapshot();
  std::string body;
  model::JsonWriter json(body);
  json.begin_object();
  json.key("models").begin_array();
  for (const config::Target& target : snapshot->targets) {
    json.begin_object();
    json.key("id").string(target.model->id);
    json.key("provider").string(target.provider->id);
    json.key("region").string(target.endpoint->region);
    write_quality(json, *target.model);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json_answer(request, std::move(body));
}

} // namespace

void add_model_routes(RouteTable& table) { table.add("GET", "/api/v1/models", kTenant, list_models); }

} // namespace kairos::api
