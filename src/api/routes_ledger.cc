// Corrections of receipts, and POST /api/v1/verify.
#include <boost/json.hpp>
#include <fmt/format.h>

#include "api/api.h"
#include "api/json_body.h"
#include "api/receipt_json.h"
#include "api/verification.h"
#include "api/work_pool.h"
#include "ledger/number.h"

namespace kairos::api {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kSettling{3};

Result<Int128> count_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return Int128{0};
  if (value->is_int64() && value->get_int64() >= 0) return Int128{value->get_int64()};
  return fail(Code::kInvalid, fmt::format("usage.{}: must be a whole number, not negative", name));
}

Result<std::optional<ledger::TokenSums>> tokens_in(const json::object& body) {
  const json::value* usage = body.if_contains("usage");
  if (usage == nullptr) return std::nullopt;
  if (!usage->is_object()) return fail(Code::kInvalid, "usage: must be an object");
  ledger::TokenSums sums;
  const std::array<std::pair<std::string_view, Int128*>, 4> fields = {{{"input_tokens", &sums.input},
                                                                       {"cache_read_tokens", &sums.cache_read},
                                                                       {"cache_write_tokens", &sums.cache_write},
                                                                       {"output_tokens", &sums.output}}};
  for (const auto& [name, into] : fields) {
    const auto count = count_in(usage->get_object(), name);
    if (!count) return std::unexpected(count.error());
    *into = *count;
  }
  return sums;
}

Result<std::optional<Picodollars>> cost_in(const json::object& body) {
  const json::value* cost = body.if_contains("cost_usd");
  if (cost == nullptr) return std::nullopt;
  const auto amount = cost->is_string() ? parse_usd(std::string_view(cost->get_string())) : fail(Code::kInvalid, "");
  if (!amount) return fail(Code::kInvalid, "cost_usd: must be a decimal as text, like \"0.0125\"");
  return *amount;
}

struct Wanted {
  ledger::AttemptTruth truth;
  std::string reason;
};

Result<Wanted> wanted_in(const std::string& text) {
  const auto body = parse_object(text);
  if (!body) return std::unexpected(body.error());
  Wanted wanted;
  for (const auto& [name, value] : *body) {
    const bool known = name == "response_id" || name == "reason" || name == "usage" || name == "cost_usd";
    if (!known)
      return fail(Code::kInvalid,
                  fmt::format("{}: there is no such field; there are response_id, usage, cost_usd, reason",
                              std::string_view(name).substr(0, 64)));
  }
  for (const auto& [name, into] : {std::pair<std::string_view, std::string*>("response_id", &wanted.truth.response_id),
                                   {"reason", &wanted.reason}}) {
    const json::value* value = body->if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string() || value->get_string().size() > 500)
      return fail(Code::kInvalid, fmt::format("{}: must be text of at most 500 bytes", name));
    *into = value->get_string();
  }
  const auto tokens = tokens_in(*body);
  if (!tokens) return std::unexpected(tokens.error());
  const auto cost = cost_in(*body);
  if (!cost) return std::unexpected(cost.error());
  wanted.truth.tokens = *tokens;
  wanted.truth.cost = *cost;
  return wanted;
}

void write(model::JsonWriter& out, const ledger::Correction& one) {
  const auto amount = [&](std::string_view key, const std::optional<Picodollars>& value) {
    out.key(key);
    value ? out.string(usd(*value)) : out.null();
  };
  out.begin_object();
  out.key("receipt_id").string(one.after.receipt_id);
  out.key("corrected_at").string(to_rfc3339(one.corrected_at));
  out.key("reason").string(one.reason);
  amount("cost_before_usd", one.before.cost.total);
  amount("cost_usd", one.after.cost.total);
  out.end_object();
}

Answer correct(const ApiContext& context, const Request& request) {
  auto wanted = wanted_in(request.body);
  if (!wanted) return problem(wanted.error());
  const auto found = context.services.store.find(request.param("id"), request.scope, {});
  if (!found) return problem(found.error());
  if (const auto dropped = dropped_with_journal(found->row, *context.services.journal)) return problem(410, *dropped);
  const auto done = context.services.correct({found->row.place.segment, found->row.place.offset}, wanted->truth,
                                             fmt::format("{} ({})", wanted->reason, request.principal.who()));
  if (!done) return problem(done.error());
  Answer answer;
  answer.status = 201;
  model::JsonWriter out(answer.body);
  write(out, *done);
  return answer;
}

Answer list_corrections(const ApiContext& context, const Request& request) {
  const auto found = context.services.store.find(request.param("id"), request.scope, {});
  if (!found) return problem(found.error());
  if (const auto dropped = dropped_with_journal(found->row, *context.services.journal)) return problem(410, *dropped);
  const auto corrections = context.services.corrections(request.param("id"));
  if (!corrections) return problem(corrections.error());
  Answer answer;
  model::JsonWriter out(answer.body);
  out.begin_object().key("corrections").begin_array();
  for (const ledger::Correction& one : *corrections) write(out, one);
  out.end_array().end_object();
  return answer;
}

Result<std::string> verify_all(const ApiContext& context) {
  journal::PosixFileSystem files;
  const auto report = journal::verify(files, context.services.snapshot()->data_dir);
  if (!report) return std::unexpected(report.error());
  const std::optional<ledger::Books> books = context.services.books.with([](const ledger::Books& now) { return now; });
  auto base = ledger::needed_base(files, context.services.snapshot()->data_dir, context.services.journal);
  if (!base && base.error().code != Code::kCorrupt) return std::unexpected(base.error());
  auto verified =
      verify_money(context.services.journal, context.services.store, books, base ? std::move(*base) : std::nullopt);
  if (!verified) return std::unexpected(verified.error());
  if (!base) verified->problems.push_back(base.error().message);
  for (std::string& one :
       counter_problems(context.services.budgets, context.services.books, context.services.clock, kSettling))
    verified->problems.push_back(std::move(one));
  return to_json(*report, *verified);
}

/// Takes minutes on a long journal, so it goes where exports go.
net::Task<void> verify(const ApiContext& context, net::Exchange& exchange, const Request&) {
  std::function<Answer()> work = [&context] {
    auto text = verify_all(context);
    if (!text && text.error().code == Code::kNotFound) text = verify_all(context); // segments were dropped meanwhile
    if (!text) return problem(text.error());
    Answer answer;
    answer.body = std::move(*text);
    return answer;
  };
  Answer busy = problem(503, "too many exports at once; try again in a moment");
  auto waiting =
      on_worker<Answer>(context.pool, exchange.executor(), Urgency::kExport, std::move(work), std::move(busy));
  const Answer answer = co_await std::move(waiting);
  co_await respond(exchange, answer);
}

} // namespace

void add_ledger_routes(RouteTable& table) {
  table.add("GET", "/api/v1/receipts/{id}/corrections", kViewer, list_corrections);
  table.add("POST", "/api/v1/receipts/{id}/corrections", kAdmin, correct);
  table.add_stream("POST", "/api/v1/verify", kAdmin, verify);
}

} // namespace kairos::api
