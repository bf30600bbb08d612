// POST /api/v1/query, and the named views made of it.
#include "api/api.h"
#include "api/charged_view.h"
#include "api/search_params.h"
#include "model/json_writer.h"
#include "store/query_json.h"
#include "store/views.h"

namespace kairos::api {
namespace {

constexpr std::chrono::seconds kWholeView{15}; // all panels together

Answer answer_query(const ApiContext& context, const Request& request) {
  const auto query = store::query_from_json(request.body);
  if (!query) return problem(query.error());
  const auto table = ask(context.services.store, request, *query, {.cancel = request.cancel});
  if (!table) return problem(table.error());
  Answer answer;
  answer.body = store::to_json(*table);
  return answer;
}

Answer list_views(const ApiContext&, const Request& request) {
  std::string body;
  model::JsonWriter json(body);
  json.begin_object();
  json.key("views").begin_array();
  for (const std::string_view name : store::view_names()) json.string(name);
  json.end_array();
  json.end_object();
  return json_answer(request, std::move(body));
}

Answer get_view(const ApiContext& context, const Request& request) {
  const auto wanted = parse_view_request(request.query, context.services.clock.wall_now());
  if (!wanted) return problem(wanted.error());
  auto asked = store::view(request.param("name"), *wanted);
  if (!asked) return problem(asked.error());
  const std::vector<store::NamedQuery> panels = shown(request, std::move(*asked));
  std::vector<store::Query> queries;
  for (const store::NamedQuery& panel : panels) queries.push_back(panel.query);
  const auto tables = ask_all(context.services.store, request, queries, {kWholeView, request.cancel});
  if (!tables) return problem(tables.error());
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("view").string(request.param("name"));
  json.key("from").string(to_rfc3339(wanted->range.from));
  json.key("to").string(to_rfc3339(wanted->range.to));
  json.key("panels").begin_array();
  for (size_t i = 0; i < panels.size(); ++i) {
    json.begin_object();
    json.key("name").string(panels[i].name);
    json.key("query").raw(store::to_json(panels[i].query));
    json.key("table").raw(store::to_json((*tables)[i]));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return answer;
}

} // namespace

void add_query_routes(RouteTable& table) {
  table.add("POST", "/api/v1/query", kTenant, answer_query);
  table.add("GET", "/api/v1/views", kTenant, list_views);
  table.add("GET", "/api/v1/views/{name}", kTenant, get_view);
}

} // namespace kairos::api
