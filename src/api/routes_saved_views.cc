// /api/v1/saved-views: addresses of the dashboard that somebody keeps. One belongs to the key that made it; a shared
// one is seen by all of its tenant. Three ship with the product.
#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

#include "api/api.h"
#include "api/json_body.h"
#include "api/sessions.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

namespace json = boost::json;

struct SavedView {
  std::string id;
  std::string name;
  std::string page;
  std::string query;
  std::string owner; // key id; empty: it ships
  std::string tenant;
  bool shared = false;
  std::uint64_t version = 0;
};

std::vector<SavedView> shipped() {
  return {{"finance", "Finance: spend by tenant", "spend", "group=tenant", "", "", true, 0},
          {"on-call", "On call: errors and slow answers", "receipts", "status=error,interrupted", "", "", true, 0},
          {"security", "Security: refused requests", "receipts", "status=refused", "", "", true, 0}};
}

std::string text_of(const json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<SavedView> view_of(const store::Document& document) {
  const auto body = parse_object(document.body);
  if (!body) return std::nullopt;
  const auto* shared = body->if_contains("shared");
  return SavedView{document.id,
                   text_of(*body, "name"),
                   text_of(*body, "page"),
                   text_of(*body, "query"),
                   text_of(*body, "owner"),
                   text_of(*body, "tenant"),
                   shared != nullptr && shared->is_bool() && shared->as_bool(),
                   document.version};
}

bool is_mine(const SavedView& view, const Principal& who) {
  return who.api_key_id == view.owner && who.tenant == view.tenant;
}

/// All that the asker may see, by id.
std::vector<SavedView> visible(const ApiContext& context, const Principal& who) {
  std::vector<SavedView> all = shipped();
  for (const store::Document& document : context.services.state.list("view")) {
    auto view = view_of(document);
    if (view && (is_mine(*view, who) || (view->shared && view->tenant == who.tenant))) all.push_back(std::move(*view));
  }
  std::ranges::sort(all, {}, &SavedView::id);
  return all;
}

std::optional<SavedView> find_view(const ApiContext& context, const Request& request, const std::string& id) {
  for (SavedView& view : visible(context, request.principal)) {
    if (view.id == id) return std::move(view);
  }
  return std::nullopt;
}

std::string json_of(const SavedView& view) {
  std::string out;
  model::JsonWriter json(out);
  json.begin_object();
  json.key("id").string(view.id);
  json.key("name").string(view.name);
  json.key("page").string(view.page);
  json.key("query").string(view.query);
  json.key("shared").boolean(view.shared);
  json.key("owner");
  view.version == 0 ? json.null() : json.string(view.owner);
  json.key("managed").string(view.version == 0 ? "built-in" : "api");
  json.key("version");
  view.version == 0 ? json.null() : json.integer(static_cast<std::int64_t>(view.version));
  json.end_object();
  return out;
}

Answer missing(const Request& request) {
  return problem(404, fmt::format("there is no saved view '{}'", request.param("id").substr(0, 128)));
}

Answer list_saved_views(const ApiContext& context, const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return problem(values.error());
  Answer answer;
  model::JsonWriter out(answer.body);
  out.begin_object();
  out.key("views").begin_array();
  for (const SavedView& view : visible(context, request.principal)) out.raw(json_of(view));
  out.end_array();
  out.key("next").null();
  out.end_object();
  return answer;
}

Answer get_saved_view(const ApiContext& context, const Request& request) {
  const auto view = find_view(context, request, request.param("id"));
  return view ? json_answer(request, json_of(*view)) : missing(request);
}

/// The body as it is kept: what the asker said, and whose it is.
Result<std::string> kept_body(const Request& request) {
  const auto body = parse_object(request.body);
  if (!body) return std::unexpected(body.error());
  static constexpr std::array<std::string_view, 4> kKnown = {"name", "page", "query", "shared"};
  for (const auto& [key, value] : *body) {
    if (std::ranges::find(kKnown, std::string_view(key)) == kKnown.end())
      return fail(Code::kInvalid,
                  fmt::format("{}: unknown; there are name, page, query, shared", std::string_view(key).substr(0, 64)));
    const bool good = key == "shared" ? value.is_bool() : value.is_string() && value.as_string().size() <= 4096;
    if (!good)
      return fail(Code::kInvalid, fmt::format("{}: must be {}", std::string_view(key),
                                              key == "shared" ? "true or false" : "text of at most 4096 bytes"));
  }
  if (text_of(*body, "name").empty() || text_of(*body, "page").empty())
    return fail(Code::kInvalid, "name and page: are needed");
  json::object kept = *body;
  kept["owner"] = request.principal.api_key_id;
  kept["tenant"] = request.principal.tenant;
  return json::serialize(kept);
}

Answer commit(const ApiContext& context, const Request& request, store::Change change, int status) {
  const std::string id = change.id;
  const auto done = context.services.change({std::move(change)}, request.principal.who());
  if (!done) return problem(done.error());
  const auto view = find_view(context, request, id);
  Answer answer;
  answer.status = status;
  if (view && status != 204) answer.body = json_of(*view);
  return answer;
}

constexpr size_t kMostPerKey = 500;

Answer create(const ApiContext& context, const Request& request) {
  auto body = kept_body(request);
  if (!body) return problem(body.error());
  size_t mine = 0;
  for (const SavedView& view : visible(context, request.principal)) mine += is_mine(view, request.principal) ? 1 : 0;
  if (mine >= kMostPerKey)
    return problem(409, fmt::format("this key has {} saved views already: delete one first", kMostPerKey));
  return commit(context, request, {"view", "view-" + random_secret().substr(0, 16), std::move(*body), 0}, 201);
}

/// What stands in the way of changing it, if anything.
std::optional<Answer> obstacle(const ApiContext& context, const Request& request) {
  const auto view = find_view(context, request, request.param("id"));
  if (!view) return missing(request);
  if (view->version == 0) return problem(409, "this saved view ships with the product and cannot be changed");
  if (!is_mine(*view, request.principal)) return problem(403, "only the key that made a saved view may change it");
  return std::nullopt;
}

Answer replace(const ApiContext& context, const Request& request) {
  if (auto stop = obstacle(context, request)) return std::move(*stop);
  auto body = kept_body(request);
  if (!body) return problem(body.error());
  return commit(context, request, {"view", request.param("id"), std::move(*body), expected_version(request.if_match)},
                200);
}

Answer remove(const ApiContext& context, const Request& request) {
  if (auto stop = obstacle(context, request)) return std::move(*stop);
  return commit(context, request, {"view", request.param("id"), std::nullopt, expected_version(request.if_match)}, 204);
}

} // namespace

void add_saved_view_routes(RouteTable& table) {
  table.add("GET", "/api/v1/saved-views", kTenant, list_saved_views);
  table.add("POST", "/api/v1/saved-views", kTenant, create);
  table.add("GET", "/api/v1/saved-views/{id}", kTenant, get_saved_view);
  table.add("PUT", "/api/v1/saved-views/{id}", kTenant, replace);
  table.add("DELETE", "/api/v1/saved-views/{id}", kTenant, remove);
}

} // namespace kairos::api
