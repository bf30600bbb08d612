// POST /api/v1/query, several of them as POST /api/v1/queries, and the named views made of them.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/api.h"
#include "api/charged_view.h"
#include "api/json_body.h"
#include "api/search_params.h"
#include "model/json_writer.h"
#include "store/query_json.h"
#include "store/views.h"

namespace kairos::api {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kWholeView{15}; // all panels together
constexpr size_t kMostQueries = 16;
constexpr size_t kMostBytes = 1024 * 1024; // of all of them

Answer answer_query(const ApiContext& context, const Request& request) {
  const auto query = store::query_from_json(request.body);
  if (!query) return problem(query.error());
  const auto table = ask(context.services.store, request, *query, {.cancel = request.cancel});
  if (!table) return problem(table.error());
  Answer answer;
  answer.body = store::to_json(*table);
  return answer;
}

/// The queries as they were sent. Only what makes none of them readable is an error.
Result<std::vector<Result<store::Query>>> queries_of(std::string_view body) {
  const auto object = parse_object(body, kMostBytes);
  if (!object) return std::unexpected(object.error());
  for (const auto& [key, value] : *object) {
    if (key != "queries")
      return fail(Code::kInvalid,
                  fmt::format("{}: no such field; there is queries", std::string_view(key).substr(0, 64)));
  }
  const json::value* list = object->if_contains("queries");
  if (list == nullptr || !list->is_array() || list->get_array().empty() || list->get_array().size() > kMostQueries)
    return fail(Code::kInvalid, fmt::format("queries: must be an array of 1 to {} queries", kMostQueries));
  std::vector<Result<store::Query>> queries;
  for (const json::value& one : list->get_array()) queries.push_back(store::query_from_json(json::serialize(one)));
  return queries;
}

/// Answers stand in memory together: they may have as many rows as one may have alone.
Result<> check_rows(const std::vector<Result<store::Query>>& queries) {
  size_t rows = 0;
  for (const auto& query : queries) rows += query ? query->limit : 0;
  if (queries.size() == 1 || rows <= store::kMaxGroups) return {};
  return fail(Code::kInvalid, fmt::format("queries: their limits add up to {} rows; together at most {} (limit is {} "
                                          "where it is not given)",
                                          rows, store::kMaxGroups, store::Query{}.limit));
}

/// As long as they would have one after the other, and no longer than a view.
std::chrono::milliseconds time_for(size_t queries) {
  return std::min<std::chrono::milliseconds>(kWholeView, store::ReadOptions{}.timeout * queries);
}

void write_error(model::JsonWriter& json, const Error& error) {
  json.begin_object();
  json.key("error").raw(problem(error).body);
  json.end_object();
}

Answer answer_queries(const ApiContext& context, const Request& request) {
  const auto queries = queries_of(request.body);
  if (!queries) return problem(queries.error());
  if (const auto checked = check_rows(*queries); !checked) return problem(checked.error());
  std::vector<store::Query> sound;
  for (const auto& query : *queries) {
    if (query) sound.push_back(*query);
  }
  const auto tables = ask_all(context.services.store, request, sound, {time_for(sound.size()), request.cancel});
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("results").begin_array();
  auto table = tables.begin();
  for (const auto& query : *queries) {
    if (!query) {
      write_error(json, query.error());
    } else if (const Result<store::Table>& answered = *table++; answered) {
      json.raw(store::to_json(*answered));
    } else {
      write_error(json, answered.error());
    }
  }
  json.end_array();
  json.end_object();
  return answer;
}

Answer list_ready_views(const ApiContext&, const Request& request) {
  std::string body;
  model::JsonWriter json(body);
  json.begin_object();
  json.key("views").begin_array();
  for (const std::string_view name : store::view_names()) json.string(name);
  json.end_array();
  json.end_object();
  return json_answer(request, std::move(body));
}

Answer get_ready_view(const ApiContext& context, const Request& request) {
  const auto wanted = parse_view_request(request.query, context.services.clock.wall_now());
  if (!wanted) return problem(wanted.error());
  auto asked = store::view(request.param("name"), *wanted);
  if (!asked) return problem(asked.error());
  const std::vector<store::NamedQuery> panels = shown(request, std::move(*asked));
  std::vector<store::Query> queries;
  for (const store::NamedQuery& panel : panels) queries.push_back(panel.query);
  const auto tables = ask_all(context.services.store, request, queries, {kWholeView, request.cancel});
  for (const auto& table : tables) {
    if (!table) return problem(table.error());
  }
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
    json.key("table").raw(store::to_json(*tables[i]));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return answer;
}

} // namespace

void add_query_routes(RouteTable& table) {
  table.add("POST", "/api/v1/query", kTenant, answer_query);
  table.add("POST", "/api/v1/queries", kTenant, answer_queries);
  table.add("GET", "/api/v1/views", kTenant, list_ready_views);
  table.add("GET", "/api/v1/views/{name}", kTenant, get_ready_view);
}

} // namespace kairos::api
