// /api/v1/receipts: search, one by id, its neighbours, and the values that filters can take.
#include "api/api.h"
#include "api/charged_view.h"
#include "api/receipt_json.h"
#include "api/search_params.h"

namespace kairos::api {
namespace {

Answer list_receipts(const ApiContext& context, const Request& request) {
  const auto search = parse_search(request.query);
  if (!search) return problem(search.error());
  if (const auto allowed = check_search(request, *search); !allowed) return problem(allowed.error());
  const auto page = context.services.store.search(*search, request.scope, {.cancel = request.cancel});
  if (!page) return problem(page.error());
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("receipts").begin_array();
  for (const store::ReceiptRow& row : page->rows) write_row(json, shown(request, row));
  json.end_array();
  json.key("next");
  page->next.empty() ? json.null() : json.string(page->next);
  json.end_object();
  return answer;
}

Answer get_receipt(const ApiContext& context, const Request& request) {
  const auto found = context.services.store.find(request.param("id"), request.scope, {});
  if (!found) return problem(found.error());
  auto json = receipt_json(*found, *context.services.journal, request.sees_all());
  if (!json) {
    if (const auto dropped = dropped_with_journal(found->row, *context.services.journal)) return problem(410, *dropped);
  }
  if (json && request.charged_only) json = receipt_of_tenant(*json, *context.services.snapshot());
  return json ? json_answer(request, std::move(*json)) : problem(json.error());
}

Answer get_neighbours(const ApiContext& context, const Request& request) {
  const auto found = context.services.store.find(request.param("id"), request.scope, {});
  if (!found) return problem(found.error());
  const auto id_or_null = [](model::JsonWriter& json, const std::string& id) {
    id.empty() ? json.null() : json.string(id);
  };
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("newer");
  id_or_null(json, found->newer);
  json.key("older");
  id_or_null(json, found->older);
  json.end_object();
  return answer;
}

Answer list_facets(const ApiContext& context, const Request& request) {
  const auto facets = context.services.store.facets(request.scope);
  if (!facets) return problem(facets.error());
  std::string body;
  model::JsonWriter json(body);
  json.begin_object();
  json.key("facets").begin_array();
  for (const store::Facet& facet : *facets) {
    json.begin_object();
    json.key("field").string(facet.field);
    json.key("values").begin_array();
    for (const std::string& value : facet.values) json.string(value);
    json.end_array();
    json.key("truncated").boolean(facet.truncated);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json_answer(request, std::move(body));
}

} // namespace

void add_receipt_routes(RouteTable& table) {
  table.add("GET", "/api/v1/receipts", kTenant, list_receipts);
  table.add("GET", "/api/v1/receipts/{id}", kTenant, get_receipt);
  table.add("GET", "/api/v1/receipts/{id}/neighbours", kTenant, get_neighbours);
  table.add("GET", "/api/v1/facets", kTenant, list_facets);
}

} // namespace kairos::api
