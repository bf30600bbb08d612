// /api/v1/receipts/{id}/content, /api/v1/tenants/{id}/content and /api/v1/content: what is kept of prompts and answers.
// Erasing, and reading what is another tenant's, is in the audit before it is done.
#include <fmt/format.h>

#include <charconv>

#include "api/charged_view.h"
#include "api/content_access.h"
#include "api/diff.h"
#include "api/kept_text.h"
#include "api/receipt_json.h"

namespace kairos::api {
namespace {

constexpr std::uint64_t kMostSearched = std::uint64_t{512} << 20;
constexpr std::chrono::seconds kLongestSearch{4};
constexpr std::chrono::days kWidestSearch{92};
constexpr size_t kMostMatches = 200;

void write_why_not(model::JsonWriter& json, const WhyNot& why) {
  json.begin_object();
  json.key("reason").string(why.reason);
  json.key("message").string(why.message);
  json.key("at");
  why.at ? json.string(to_rfc3339(*why.at)) : json.null();
  json.end_object();
}

void write_kept(model::JsonWriter& json, const content::Kept& kept) {
  json.key("redacted").boolean(kept.redacted);
  json.key("request").begin_object();
  write_body(json, kept.request);
  json.end_object();
  json.key("answer").begin_object();
  json.key("http_status").integer(kept.http_status);
  json.key("content_type").string(kept.content_type);
  write_body(json, kept.answer);
  json.key("text").string(output_text(kept.endpoint, kept.content_type, kept.answer.bytes));
  json.end_object();
  json.key("rewritten");
  if (kept.rewritten.size == 0) {
    json.null();
    return;
  }
  json.begin_object();
  write_body(json, kept.rewritten);
  json.key("changes").raw(text_changes_to_json(kept.request.bytes, kept.rewritten.bytes));
  json.end_object();
}

Answer get_content(const ApiContext& context, const Request& request) {
  const auto receipt = stored_receipt(context, request, request.param("id"));
  if (!receipt) return problem(receipt.error().status, receipt.error().message);
  if (!may_read_content(request, receipt->tenant)) return content_forbidden(request);
  const auto kept = kept_content(context, *receipt);
  if (kept && receipt->tenant != request.principal.tenant) {
    std::string act = fmt::format("{{\"receipt_id\":\"{}\"}}", receipt->receipt_id);
    const auto noted = note_content_act(context, request, "content_read", receipt->tenant, std::move(act));
    if (!noted) return problem(noted.error());
  }
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("receipt_id").string(receipt->receipt_id);
  json.key("policy").string(model::name(receipt->content.value_or(model::ContentPolicy::kNone)));
  json.key("kept").boolean(kept.has_value());
  json.key("why_not");
  kept ? json.null() : (write_why_not(json, kept.error()), json);
  if (kept) write_kept(json, *kept);
  json.end_object();
  return answer;
}

/// By the row: what is kept can be erased though the receipt was dropped with its part of the journal.
Answer erase_content(const ApiContext& context, const Request& request) {
  const auto found = context.services.store.find(request.param("id"), request.scope, {});
  if (!found) return problem(found.error());
  const store::ReceiptRow* receipt = &found->row;
  if (!may_read_content(request, receipt->tenant)) return content_forbidden(request);
  std::string act = fmt::format("{{\"receipt_id\":\"{}\"}}", receipt->receipt_id);
  const auto noted = note_content_act(context, request, "content_erasure", receipt->tenant, std::move(act));
  if (!noted) return problem(noted.error());
  context.services.forget(receipt->receipt_id, receipt->tenant);
  const auto erased = context.services.vault.erase(*parse_receipt_id(receipt->receipt_id), receipt->tenant);
  if (!erased) return problem(erased.error());
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("receipt_id").string(receipt->receipt_id);
  json.key("erased").integer(*erased ? 1 : 0);
  json.end_object();
  return answer;
}

Result<WallTime> time_of(const std::map<std::string, std::string, std::less<>>& values, std::string_view name) {
  const auto given = values.find(name);
  if (given == values.end()) return fail(Code::kInvalid, fmt::format("{}: is missing; give a time (RFC 3339)", name));
  const auto time = parse_rfc3339(given->second);
  return time ? time : fail(Code::kInvalid, fmt::format("{}: {}", name, time.error().message));
}

Answer erase_tenant_content(const ApiContext& context, const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return problem(values.error());
  Result<WallTime> before = context.services.clock.wall_now();
  for (const auto& [name, value] : *values) {
    if (name != "before") return problem(400, fmt::format("{}: there is no such parameter", name.substr(0, 64)));
    before = time_of(*values, name);
  }
  if (!before) return problem(before.error());
  before = std::min(*before, context.services.clock.wall_now()); // what is still to come is not erased in advance
  const std::string& tenant = request.param("id");
  if (tenant.empty() || tenant.size() > 128) return problem(400, "id: must be a tenant's id");
  std::string act = fmt::format("{{\"before\":\"{}\"}}", to_rfc3339(*before));
  const auto noted = note_content_act(context, request, "content_erasure", tenant, std::move(act));
  if (!noted) return problem(noted.error());
  context.services.forget("", tenant);
  const auto erased = context.services.vault.erase_tenant(tenant, *before);
  if (!erased) return problem(erased.error());
  Answer answer;
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("tenant").string(tenant);
  json.key("before").string(to_rfc3339(*before));
  json.key("erased").integer(static_cast<std::int64_t>(*erased));
  json.end_object();
  return answer;
}

struct ContentSearch {
  content::Search search;
  std::string contains;
  size_t limit = 50;
};

Result<ContentSearch> parse_content_search(const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return std::unexpected(values.error());
  ContentSearch parsed;
  for (const auto& [name, value] : *values) {
    if (name == "contains") {
      parsed.contains = value;
    } else if (name == "tenant") {
      parsed.search.tenant = value;
    } else if (name == "limit") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed.limit);
      if (error != std::errc() || end != value.data() + value.size() || parsed.limit < 1 || parsed.limit > kMostMatches)
        return fail(Code::kInvalid, fmt::format("limit: must be a whole number from 1 to {}", kMostMatches));
    } else if (name != "from" && name != "to") {
      return fail(Code::kInvalid, fmt::format("{}: there is no such parameter", name.substr(0, 64)));
    }
  }
  if (parsed.contains.size() < 2 || parsed.contains.size() > 1000)
    return fail(Code::kInvalid, "contains: give the text to look for, of 2 to 1000 bytes");
  const auto from = time_of(*values, "from");
  const auto to = time_of(*values, "to");
  if (!from || !to) return std::unexpected((from ? to : from).error());
  if (*to <= *from || *to - *from > kWidestSearch)
    return fail(Code::kInvalid, "to: must be after from, by at most 92 days");
  parsed.search.from = *from;
  parsed.search.to = *to;
  parsed.search.most_bytes = kMostSearched;
  return parsed;
}

void write_found(model::JsonWriter& json, const content::Searched& done, const std::vector<store::ReceiptRow>& rows) {
  json.begin_object();
  json.key("receipts").begin_array();
  for (const store::ReceiptRow& row : rows) write_row(json, row);
  json.end_array();
  json.key("searched").integer(static_cast<std::int64_t>(done.records));
  json.key("bytes").integer(static_cast<std::int64_t>(done.bytes));
  json.key("unreadable").integer(static_cast<std::int64_t>(done.unreadable));
  json.key("complete").boolean(done.complete);
  json.end_object();
}

/// Opens what is kept in the range, newest first, until enough was found or read.
Answer search_content(const ApiContext& context, const Request& request) {
  auto parsed = parse_content_search(request);
  if (!parsed) return problem(parsed.error());
  content::Search& search = parsed->search;
  if (request.principal.role < config::Role::kOperator) {
    if (!search.tenant.empty() && search.tenant != request.principal.tenant) return content_forbidden(request);
    search.tenant = request.principal.tenant;
  } else if (search.tenant != request.principal.tenant) {
    std::string act = fmt::format("{{\"from\":\"{}\",\"to\":\"{}\"}}", to_rfc3339(search.from), to_rfc3339(search.to));
    const std::string whose = search.tenant.empty() ? "*" : search.tenant;
    const auto noted = note_content_act(context, request, "content_search", whose, std::move(act));
    if (!noted) return problem(noted.error());
  }
  const MonoTime until = context.services.clock.mono_now() + kLongestSearch;
  search.go_on = [&] { return !request.cancel.stop_requested() && context.services.clock.mono_now() < until; };
  std::vector<store::ReceiptRow> rows;
  search.visit = [&](const content::Kept& kept) {
    if (!contains_text(kept, parsed->contains)) return true;
    const auto found = context.services.store.find(receipt_id(kept.receipt), request.scope, {});
    if (found) rows.push_back(shown(request, found->row));
    return rows.size() < parsed->limit;
  };
  const auto done = context.services.vault.search(search);
  if (!done) return problem(done.error());
  Answer answer;
  model::JsonWriter json(answer.body);
  write_found(json, *done, rows);
  return answer;
}

} // namespace

void add_content_routes(RouteTable& table) {
  table.add("GET", "/api/v1/receipts/{id}/content", kTenant, get_content);
  table.add("DELETE", "/api/v1/receipts/{id}/content", kTenant, erase_content);
  table.add("DELETE", "/api/v1/tenants/{id}/content", kOperator, erase_tenant_content);
  table.add("GET", "/api/v1/content", kTenant, search_content);
}

} // namespace kairos::api
