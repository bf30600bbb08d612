#include "api/api.h"

#include <fmt/format.h>

#include <thread>

#include "base/bounded_queue.h"
#include "base/hex.h"
#include "api/search_params.h"
#include "gateway/gateway.h"
#include "model/json_writer.h"
#include "model/receipt_json.h"
#include "store/query_json.h"

namespace kairos::api {
namespace {

constexpr std::string_view kReceipts = "/api/v1/receipts";

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

int status_of(Code code) {
  switch (code) {
  case Code::kInvalid: return 400;
  case Code::kNotFound: return 404;
  case Code::kTooLarge: return 413;
  case Code::kTimeout: return 504;
  default: return 500;
  }
}

/// RFC 9457.
Answer problem(int status, std::string_view detail) {
  Answer answer{status, "application/problem+json", ""};
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("type").string("about:blank");
  json.key("title").string(net::reason_phrase(status));
  json.key("status").integer(status);
  json.key("detail").string(detail);
  json.end_object();
  return answer;
}
Answer problem(const Error& error) { return problem(status_of(error.code), error.message); }

void write_row(model::JsonWriter& json, const store::ReceiptRow& row) {
  const auto money = [&](std::string_view key, const std::optional<Picodollars>& amount) {
    json.key(key);
    amount ? json.string(usd(*amount)) : json.null();
  };
  json.begin_object();
  json.key("receipt_id").string(row.receipt_id);
  json.key("created_at").string(to_rfc3339(row.created_at));
  json.key("tenant").string(row.tenant);
  json.key("workflow").string(row.workflow);
  json.key("api_key_id").string(row.api_key_id);
  json.key("end_user").string(row.end_user);
  json.key("requested_model").string(row.requested_model);
  json.key("model_id").string(row.model_id);
  json.key("provider").string(row.provider);
  json.key("region").string(row.region);
  json.key("category").string(model::name(row.category));
  json.key("status").string(model::name(row.status));
  json.key("http_status").integer(row.http_status);
  json.key("error_code").string(row.error_code);
  money("cost_usd", row.cost);
  money("charged_usd", row.charged);
  money("savings_usd", row.savings);
  json.key("cost_basis").string(model::name(row.basis));
  json.key("latency_ms").integer(row.latency_ms);
  json.key("ttft_ms");
  row.ttft_ms ? json.integer(*row.ttft_ms) : json.null();
  json.key("attempts").integer(row.attempts);
  json.key("count").integer(row.count);
  json.end_object();
}

Answer page_answer(const store::Page& page) {
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("receipts").begin_array();
  for (const store::ReceiptRow& row : page.rows) write_row(json, row);
  json.end_array();
  json.key("next");
  page.next.empty() ? json.null() : json.string(page.next);
  json.end_object();
  return answer;
}

} // namespace

Result<std::string> receipt_json(const store::Found& found, const journal::Reader& journal, bool with_integrity) {
  const auto entry = journal.read(journal::Position{found.row.place.segment, found.row.place.offset});
  if (!entry) return std::unexpected(entry.error());
  if (entry->erased) return fail(Code::kNotFound, "this receipt was erased");
  if (!with_integrity) return entry->payload;
  return model::with_integrity(entry->payload, {entry->sequence, to_hex(entry->prev_hash), to_hex(entry->hash)});
}

struct Api::Impl {
  using Job = std::move_only_function<void()>;

  explicit Impl(ApiServices services_in) : services(std::move(services_in)), worker([this] { work(); }) {}
  ~Impl() {
    jobs.close();
    worker.join();
  }

  void work() {
    std::vector<Job> taken;
    while (jobs.take_all(taken, std::chrono::seconds(1))) {
      for (Job& job : taken) job();
    }
  }

  Answer list(const std::string& query, const store::Scope& scope);
  Answer get(const std::string& id, const store::Scope& scope, bool admin);
  Answer ask(const std::string& body, const store::Scope& scope);
  Answer answer(const std::string& path, const std::string& query, const std::string& body, const store::Scope& scope, bool admin);

  ApiServices services;
  BoundedQueue<Job> jobs{1000};
  std::thread worker;
};

Answer Api::Impl::list(const std::string& query, const store::Scope& scope) {
  const auto search = parse_search(query);
  if (!search) return problem(search.error());
  const auto page = services.store.search(*search, scope, {});
  return page ? page_answer(*page) : problem(page.error());
}

Answer Api::Impl::get(const std::string& id, const store::Scope& scope, bool admin) {
  const auto found = services.store.find(id, scope, {});
  if (!found) return problem(found.error());
  auto json = receipt_json(*found, *services.journal, admin);
  if (!json) return problem(json.error());
  return {200, "application/json", std::move(*json)};
}

Answer Api::Impl::ask(const std::string& body, const store::Scope& scope) {
  const auto query = store::query_from_json(body);
  if (!query) return problem(query.error());
  const auto table = services.store.query(*query, scope, {});
  if (!table) return problem(table.error());
  return {200, "application/json", store::to_json(*table)};
}

Answer Api::Impl::answer(const std::string& path, const std::string& query, const std::string& body, const store::Scope& scope, bool admin) {
  if (path == kReceipts) return list(query, scope);
  if (path == "/api/v1/query") return ask(body, scope);
  if (path.starts_with(std::string(kReceipts) + "/")) return get(path.substr(kReceipts.size() + 1), scope, admin);
  return problem(404, "there is no such path; there are: GET /api/v1/receipts, GET /api/v1/receipts/{id}, POST /api/v1/query");
}

Api::Api(ApiServices services) : impl_(std::make_unique<Impl>(std::move(services))) {}
Api::~Api() = default;

net::Task<bool> Api::handle(net::Exchange& exchange) {
  const std::string path(exchange.head().path());
  const bool metrics = path == "/metrics";
  if (!metrics && !path.starts_with("/api/v1/")) co_return false;
  const config::SnapshotPtr snapshot = impl_->services.snapshot();
  const auto owner = gateway::authenticate(exchange.head(), *snapshot);
  Answer answer;
  if (!owner) {
    answer = problem(401, "no valid key: send one as 'Authorization: Bearer kr-…' or 'x-api-key: kr-…'");
  } else if (metrics && !owner->key->admin) {
    answer = problem(403, "metrics are for admin keys");
  } else if (metrics) {
    answer = Answer{200, "text/plain; version=0.0.4; charset=utf-8", impl_->services.metrics.exposition()};
  } else {
    const auto body = co_await exchange.read_body();
    const bool admin = owner->key->admin;
    const store::Scope scope = admin ? store::Scope::all() : store::Scope::tenant(owner->tenant->id);
    const std::string query(exchange.head().query());
    const std::string text = body ? std::string(*body) : std::string();
    std::move_only_function<void(std::move_only_function<void(Answer)>)> start =
        [this, path, query, text, scope, admin](std::move_only_function<void(Answer)> deliver) mutable {
          auto shared = std::make_shared<std::move_only_function<void(Answer)>>(std::move(deliver));
          Impl::Job job = [this, path, query, text, scope, admin, shared] { (*shared)(impl_->answer(path, query, text, scope, admin)); };
          if (!impl_->jobs.push(std::move(job))) (*shared)(problem(503, "too many questions at once; try again in a moment"));
        };
    auto waiting = net::await_from_thread<Answer>(exchange.executor(), std::move(start));
    answer = co_await std::move(waiting);
  }
  const net::ResponseHeaders headers = {{"Content-Type", answer.content_type}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  co_await exchange.respond(answer.status, headers, answer.body);
  co_return true;
}

} // namespace kairos::api
