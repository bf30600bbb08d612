// CRUD of /api/v1/tenants, /keys and /budgets, and /audit. What a change would make of the whole configuration is
// checked before it is committed, so that neither a restart nor a reload can fail for it.
#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <map>

#include "api/api.h"
#include "api/json_body.h"
#include "api/managed.h"
#include "api/sessions.h"
#include "gateway/gateway.h"

namespace kairos::api {
namespace {

namespace json = boost::json;

/// One object as it is in the snapshot, whoever made it.
struct Known {
  std::string id;
  config::ManagedBy managed = config::ManagedBy::kFile;
  std::uint64_t version = 0;
  bool in_use = false; // a tenant that has keys
  std::function<void(model::JsonWriter&)> write;
};
using AllKnown = std::map<std::string, Known>;

bool may_see(const Request& request, const std::string& tenant) {
  return request.sees_all() || tenant == *request.scope.tenant_id();
}

AllKnown tenants_of(const ApiContext&, const Request& request, const config::Snapshot& snapshot) {
  AllKnown all;
  for (const config::Tenant& one : snapshot.tenants) {
    if (!may_see(request, one.id)) continue;
    all[one.id] = {one.id, one.managed, one.version, !one.keys.empty(),
                   [&one, plan = !request.charged_only](model::JsonWriter& out) { write_fields(out, one, plan); }};
  }
  return all;
}

AllKnown keys_of(const ApiContext&, const Request& request, const config::Snapshot& snapshot) {
  AllKnown all;
  for (const config::Tenant& owner : snapshot.tenants) {
    if (!may_see(request, owner.id)) continue;
    for (const config::ApiKey& one : owner.keys) {
      all[one.id] = {one.id, one.managed, one.version, false,
                     [&owner, &one](model::JsonWriter& out) { write_fields(out, owner, one); }};
    }
  }
  return all;
}

AllKnown budgets_of(const ApiContext& context, const Request& request, const config::Snapshot& snapshot) {
  std::map<std::string, ledger::BudgetStatus> states;
  for (ledger::BudgetStatus& status : context.services.budgets.status(context.services.clock.wall_now())) {
    std::string id = status.spec.id;
    states.emplace(std::move(id), std::move(status));
  }
  AllKnown all;
  for (const config::Budget& one : snapshot.budgets) {
    if (!may_see(request, one.scope.tenant)) continue;
    if (request.charged_only && one.measure == config::BudgetMeasure::kCost) continue; // what is spent of it is cost
    all[one.id] = {one.id, one.managed, one.version, false,
                   [&one, state = states[one.id]](model::JsonWriter& out) { write_fields(out, one, state); }};
  }
  return all;
}

/// One of the three kinds of objects.
struct Kind {
  std::string name;   // in the state store and in messages
  std::string plural; // in paths
  AllKnown (*all)(const ApiContext&, const Request&, const config::Snapshot&);
};
const Kind kTenants{"tenant", "tenants", tenants_of};
const Kind kKeys{"key", "keys", keys_of};
const Kind kBudgets{"budget", "budgets", budgets_of};

std::string json_of(const Known& known, std::string_view new_key = {}) {
  std::string body;
  model::JsonWriter out(body);
  out.begin_object();
  known.write(out);
  if (!new_key.empty()) out.key("key").string(new_key);
  out.end_object();
  return body;
}

Answer not_found(const Kind& kind, const std::string& id) {
  return problem(404, fmt::format("there is no {} '{}'", kind.name, id.substr(0, 128)));
}

Answer read_only(const Kind& kind, const std::string& id) {
  return problem(409, fmt::format("{} {} comes from the configuration file (managed: file): change it there and reload",
                                  kind.name, id));
}

struct Paging {
  size_t limit = 100;
  std::string after;
};

Result<Paging> paging_of(std::string_view query) {
  const auto values = query_values(query);
  if (!values) return std::unexpected(values.error());
  Paging paging;
  for (const auto& [name, value] : *values) {
    if (name == "limit") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), paging.limit);
      const bool whole = error == std::errc() && end == value.data() + value.size();
      if (!whole || paging.limit < 1 || paging.limit > 1000)
        return fail(Code::kInvalid, "limit: must be a whole number from 1 to 1000");
    } else if (name == "after") {
      paging.after = value;
    } else {
      return fail(Code::kInvalid, fmt::format("{}: there is no such parameter", name.substr(0, 64)));
    }
  }
  return paging;
}

Answer list_all(const Kind& kind, const ApiContext& context, const Request& request) {
  const auto paging = paging_of(request.query);
  if (!paging) return problem(paging.error());
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = kind.all(context, request, *snapshot);
  Answer answer;
  model::JsonWriter out(answer.body);
  out.begin_object();
  out.key(kind.plural).begin_array();
  auto at = all.upper_bound(paging->after);
  std::string last;
  for (size_t i = 0; i < paging->limit && at != all.end(); ++i, ++at) {
    out.raw(json_of(at->second));
    last = at->first;
  }
  out.end_array();
  out.key("next");
  at == all.end() ? out.null() : out.string(last);
  out.end_object();
  return answer;
}

Answer get_one(const Kind& kind, const ApiContext& context, const Request& request) {
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = kind.all(context, request, *snapshot);
  const auto found = all.find(request.param("id"));
  return found == all.end() ? not_found(kind, request.param("id")) : json_answer(request, json_of(found->second));
}

/// Commits and answers with the object as it is now.
Answer commit(const Kind& kind, const ApiContext& context, const Request& request, store::Change change, int status,
              std::string_view new_key = {}) {
  const std::string id = change.id;
  const auto done = context.services.change({std::move(change)}, request.principal.who());
  if (!done) return problem(done.error());
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = kind.all(context, request, *snapshot);
  const auto found = all.find(id);
  if (found == all.end()) return not_found(kind, id); // somebody has deleted it since
  Answer answer;
  answer.status = status;
  answer.body = json_of(found->second, new_key);
  return answer;
}

std::string generated_id(const Kind& kind) { return kind.name + "-" + random_secret().substr(0, 12); }

Answer create(const Kind& kind, const ApiContext& context, const Request& request) {
  auto body = parse_object(request.body);
  if (!body) return problem(body.error());
  const auto* given = body->if_contains("id");
  if (given != nullptr && !given->is_string()) return problem(400, "id: must be text");
  const std::string id = given != nullptr ? std::string(given->as_string()) : generated_id(kind);
  if (given == nullptr && kind.name == "tenant") return problem(400, "id: is missing; give the tenant a name");
  body->erase("id");
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = kind.all(context, request, *snapshot);
  if (const auto twin = all.find(id); twin != all.end()) {
    if (twin->second.managed == config::ManagedBy::kFile) return read_only(kind, id);
    return problem(409, fmt::format("{} {} exists already", kind.name, id));
  }
  std::string key;
  if (kind.name == "key") {
    const auto* tenant = body->if_contains("tenant");
    const std::string owner = tenant != nullptr && tenant->is_string() ? std::string(tenant->as_string()) : "";
    if (snapshot->tenant(owner) == nullptr)
      return problem(400, fmt::format("tenant: there is no tenant '{}'", owner.substr(0, 128)));
    if (body->contains("sha256")) return problem(400, "sha256: the key is made here, and shown once");
    key = "kr-" + random_secret();
    (*body)["sha256"] = gateway::sha256_hex(key);
  }
  return commit(kind, context, request, {kind.name, id, json::serialize(*body), 0}, 201, key);
}

/// What stands in the way of changing the object, if anything.
std::optional<Answer> obstacle(const Kind& kind, const AllKnown& all, const std::string& id) {
  const auto found = all.find(id);
  if (found == all.end()) return not_found(kind, id);
  if (found->second.managed == config::ManagedBy::kFile) return read_only(kind, id);
  return std::nullopt;
}

Answer replace(const Kind& kind, const ApiContext& context, const Request& request) {
  auto body = parse_object(request.body);
  if (!body) return problem(body.error());
  const std::string& id = request.param("id");
  const config::SnapshotPtr snapshot = context.services.snapshot();
  if (auto stop = obstacle(kind, kind.all(context, request, *snapshot), id)) return std::move(*stop);
  body->erase("id");
  if (kind.name == "key") {
    const auto before = context.services.state.get("key", id);
    const auto old = before ? parse_object(before->body) : fail(Code::kNotFound, "the key is not there any more");
    if (!old) return problem(old.error());
    for (const std::string_view fixed : {"tenant", "sha256"}) {
      if (body->contains(fixed)) return problem(400, fmt::format("{}: cannot be changed; make another key", fixed));
      (*body)[fixed] = old->at(fixed);
    }
  }
  return commit(kind, context, request, {kind.name, id, json::serialize(*body), expected_version(request.if_match)},
                200);
}

Answer remove(const Kind& kind, const ApiContext& context, const Request& request) {
  const std::string& id = request.param("id");
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = kind.all(context, request, *snapshot);
  if (auto stop = obstacle(kind, all, id)) return std::move(*stop);
  if (all.at(id).in_use) return problem(409, fmt::format("tenant {} has keys: delete them first", id));
  const auto done = context.services.change({{kind.name, id, std::nullopt, expected_version(request.if_match)}},
                                            request.principal.who());
  if (!done) return problem(done.error());
  Answer answer;
  answer.status = 204;
  return answer;
}

Answer unblock(const ApiContext& context, const Request& request) {
  const config::SnapshotPtr snapshot = context.services.snapshot();
  const AllKnown all = budgets_of(context, request, *snapshot);
  if (!all.contains(request.param("id"))) return not_found(kBudgets, request.param("id"));
  const auto done = context.services.budgets.unblock(request.param("id"));
  if (!done) return problem(done.error());
  return get_one(kBudgets, context, request);
}

/// Hashes of keys are for nobody's eyes.
void write_version(model::JsonWriter& out, std::string_view key, const std::optional<std::string>& body) {
  out.key(key);
  auto object = body ? parse_object(*body) : fail(Code::kNotFound, "");
  if (!object) {
    out.null();
    return;
  }
  object->erase("sha256");
  out.raw(json::serialize(*object));
}

Answer audit(const ApiContext& context, const Request& request) {
  const auto values = query_values(request.query);
  if (!values) return problem(values.error());
  std::uint64_t before = 0;
  std::uint64_t limit = 100;
  for (const auto& [name, value] : *values) {
    if (name != "before" && name != "limit")
      return problem(400, fmt::format("{}: there is no such parameter", name.substr(0, 64)));
    auto& into = name == "before" ? before : limit;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), into);
    if (error != std::errc() || end != value.data() + value.size())
      return problem(400, fmt::format("{}: must be a whole number", name));
  }
  if (limit < 1 || limit > 1000) return problem(400, "limit: must be a whole number from 1 to 1000");
  const auto entries = context.services.state.audit(before, limit);
  if (!entries) return problem(entries.error());
  Answer answer;
  model::JsonWriter out(answer.body);
  out.begin_object();
  out.key("entries").begin_array();
  for (const store::AuditEntry& entry : *entries) {
    out.begin_object();
    out.key("number").integer(static_cast<std::int64_t>(entry.number));
    out.key("at").string(to_rfc3339(entry.at));
    out.key("who").string(entry.who);
    out.key("kind").string(entry.kind);
    out.key("id").string(entry.id);
    write_version(out, "before", entry.before);
    write_version(out, "after", entry.after);
    out.end_object();
  }
  out.end_array();
  out.key("next");
  entries->size() == limit ? out.integer(static_cast<std::int64_t>(entries->back().number)) : out.null();
  out.end_object();
  return answer;
}

void add_kind(RouteTable& table, const Kind& kind, Access write) {
  const auto bind = [&kind](Answer (*answer)(const Kind&, const ApiContext&, const Request&)) -> Handler {
    return
        [&kind, answer](const ApiContext& context, const Request& request) { return answer(kind, context, request); };
  };
  const std::string all = "/api/v1/" + kind.plural;
  table.add("GET", all, kTenant, bind(list_all));
  table.add("POST", all, write, bind(create));
  table.add("GET", all + "/{id}", kTenant, bind(get_one));
  table.add("PUT", all + "/{id}", write, bind(replace));
  table.add("DELETE", all + "/{id}", write, bind(remove));
}

} // namespace

void add_state_routes(RouteTable& table) {
  add_kind(table, kTenants, kAdmin);
  add_kind(table, kKeys, kAdmin);
  add_kind(table, kBudgets, kOperator);
  table.add("POST", "/api/v1/budgets/{id}/unblock", kOperator, unblock);
  table.add("GET", "/api/v1/audit", kOperator, audit);
}

} // namespace kairos::api
