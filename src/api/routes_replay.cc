// POST /api/v1/receipts/{id}/replay, and /api/v1/replays for many at once.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "api/charged_view.h"
#include "api/json_body.h"
#include "api/replay_runs.h"
#include "api/search_params.h"
#include "api/work_pool.h"

namespace kairos::api {
namespace {

namespace json = boost::json;
using Prepared = std::expected<PreparedReplay, ReplayRefusal>;

net::Task<Answer> replay_it(const ApiContext& context, net::Exchange& exchange, const Request& request,
                            const ReplayWish& wish) {
  std::function<Prepared()> prepare = [&] { return prepare_replay(context, request, request.param("id"), wish); };
  Prepared busy = std::unexpected(ReplayRefusal{503, "too many questions at once; try again in a moment"});
  auto preparing = on_worker<Prepared>(context.pool, exchange.executor(), Urgency::kInteractive, std::move(prepare),
                                       std::move(busy));
  const Prepared prepared = co_await std::move(preparing);
  if (!prepared) co_return problem(prepared.error().status, prepared.error().message);
  auto inner = gateway::InProcessExchange::make(exchange.loop(), prepared->request);
  if (!inner) co_return problem(inner.error());
  exchange.on_client_gone([asked = inner->get()] { asked->leave(); });
  const gateway::InProcessAnswer answer = co_await context.services.ask(**inner, prepared->request);
  exchange.on_client_gone([] {});
  std::function<Answer()> tell = [&] {
    Answer told;
    told.body = replay_json(*prepared, answer, request.charged_only);
    return told;
  };
  Answer untold = problem(503, "the replay was made, but the server is too busy to compare; its receipt is " +
                                   answer.receipt.receipt_id);
  auto telling =
      on_worker<Answer>(context.pool, exchange.executor(), Urgency::kInteractive, std::move(tell), std::move(untold));
  co_return co_await std::move(telling);
}

net::Task<void> replay_one(const ApiContext& context, net::Exchange& exchange, const Request& request) {
  const auto body = co_await exchange.read_body();
  if (!body && body.error().code == Code::kCancelled) co_return;
  const auto wish = body ? parse_replay_wish(*body) : Result<ReplayWish>(std::unexpected(body.error()));
  Answer answer;
  if (wish) {
    answer = co_await replay_it(context, exchange, request, *wish);
  } else {
    answer = problem(wish.error());
  }
  co_await respond(exchange, answer);
}

Result<std::vector<std::string>> texts_of(const json::object& body, std::string_view key, size_t most) {
  std::vector<std::string> out;
  const auto* list = body.if_contains(key);
  if (list == nullptr) return out;
  if (!list->is_array() || list->get_array().size() > most)
    return fail(Code::kInvalid, fmt::format("{}: must be a list of at most {} texts", key, most));
  for (const json::value& one : list->get_array()) {
    if (!one.is_string() || one.get_string().size() > 256)
      return fail(Code::kInvalid, fmt::format("{}: must be a list of texts", key));
    out.emplace_back(one.get_string());
  }
  return out;
}

/// The receipts that a search finds, newest first.
Result<std::vector<std::string>> search_ids(const ApiContext& context, const Request& request,
                                            std::string_view filter) {
  auto search = parse_search(filter);
  if (!search) return fail_in("filter", search.error());
  if (auto allowed = check_search(request, *search); !allowed) return std::unexpected(allowed.error());
  search->limit = std::min(search->limit, ReplayRuns::kMostReceipts);
  const auto page = context.services.store.search(*search, request.scope, {.cancel = request.cancel});
  if (!page) return std::unexpected(page.error());
  std::vector<std::string> ids;
  for (const store::ReceiptRow& row : page->rows) ids.push_back(row.receipt_id);
  return ids;
}

Result<ReplayOrder> parse_order(const ApiContext& context, const Request& request) {
  const auto body = parse_object(request.body);
  if (!body) return std::unexpected(body.error());
  for (const auto& member : *body) {
    static constexpr std::array<std::string_view, 5> kKnown = {"filter", "receipts", "models", "max_cost_usd",
                                                               "allow_tools"};
    if (std::ranges::find(kKnown, std::string_view(member.key())) == kKnown.end())
      return fail(Code::kInvalid, fmt::format("{}: is not known; there are filter, receipts, models, max_cost_usd, "
                                              "allow_tools",
                                              std::string_view(member.key()).substr(0, 64)));
  }
  ReplayOrder order;
  auto models = texts_of(*body, "models", ReplayRuns::kMostModels);
  auto receipts = texts_of(*body, "receipts", ReplayRuns::kMostReceipts);
  if (!models || !receipts) return std::unexpected((models ? receipts : models).error());
  if (models->empty()) return fail(Code::kInvalid, "models: name one to five models");
  const auto* cap = body->if_contains("max_cost_usd");
  const auto amount =
      cap != nullptr && cap->is_string()
          ? parse_usd(std::string_view(cap->get_string()))
          : Result<Picodollars>(fail(Code::kInvalid, "is missing; give the most that all of it may cost, "
                                                     "as text such as \"0.50\""));
  if (!amount) return fail_in("max_cost_usd", amount.error());
  if (amount->value() <= 0) return fail(Code::kInvalid, "max_cost_usd: must be above 0");
  const auto* filter = body->if_contains("filter");
  if (filter != nullptr && !filter->is_string()) return fail(Code::kInvalid, "filter: must be a query string");
  if ((filter != nullptr) == !receipts->empty())
    return fail(Code::kInvalid, "give either filter (a query string of GET /api/v1/receipts) or receipts");
  if (filter != nullptr) receipts = search_ids(context, request, std::string_view(filter->get_string()));
  if (!receipts) return std::unexpected(receipts.error());
  const auto* tools = body->if_contains("allow_tools");
  if (tools != nullptr && !tools->is_bool()) return fail(Code::kInvalid, "allow_tools: must be true or false");
  return ReplayOrder{std::move(*receipts), std::move(*models), *amount, tools != nullptr && tools->get_bool()};
}

Answer told(Result<std::string> run, int status = 200) {
  if (!run) return problem(run.error());
  Answer answer;
  answer.status = status;
  answer.body = std::move(*run);
  return answer;
}

Answer start_runs(const ApiContext& context, const Request& request) {
  auto order = parse_order(context, request);
  if (!order) return problem(order.error());
  return told(context.runs.start(context, context.services.loop(), request, std::move(*order)), 202);
}

Answer list_runs(const ApiContext& context, const Request& request) { return told(context.runs.list(request)); }

Answer show_run(const ApiContext& context, const Request& request) {
  return told(context.runs.show(request, request.param("id")));
}

Answer cancel_run(const ApiContext& context, const Request& request) {
  return told(context.runs.cancel(request, request.param("id")));
}

} // namespace

void add_replay_routes(RouteTable& table) {
  table.add_stream("POST", "/api/v1/receipts/{id}/replay", kTenant, replay_one);
  table.add("POST", "/api/v1/replays", kTenantOfCosts, start_runs);
  table.add("GET", "/api/v1/replays", kTenantOfCosts, list_runs);
  table.add("GET", "/api/v1/replays/{id}", kTenantOfCosts, show_run);
  table.add("DELETE", "/api/v1/replays/{id}", kTenantOfCosts, cancel_run);
}

} // namespace kairos::api
