#include "api/replay.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

#include "api/diff.h"
#include "api/kept_text.h"
#include "gateway/gateway.h"
#include "policy/redact.h"
#include "providers/client_request.h"
#include "providers/json.h"
#include "providers/splice.h"

namespace kairos::api {
namespace {

namespace json = boost::json;
using Refused = std::unexpected<ReplayRefusal>;

constexpr size_t kMostOverrides = 64;

Refused refuse(int status, std::string message) { return Refused(ReplayRefusal{status, std::move(message)}); }
Refused refuse(const Error& error) { return refuse(status_of(error.code), error.message); }

/// Who pays: the asker's key; over the socket of the data folder, whose owner has no key, the one that asked first.
std::optional<config::KeyOwner> payer(const config::Snapshot& snapshot, const Principal& principal,
                                      const model::Receipt& original) {
  const bool local = principal.api_key_id.empty();
  const config::Tenant* tenant = snapshot.tenant(local ? original.tenant : principal.tenant);
  if (tenant == nullptr) return std::nullopt;
  const std::string& id = local ? original.api_key_id : principal.api_key_id;
  const auto key = std::ranges::find(tenant->keys, id, &config::ApiKey::id);
  return key == tenant->keys.end() ? std::nullopt : std::optional(config::KeyOwner{tenant, &*key});
}

/// Tools can act; only those that a client runs itself can be left out of a replay.
std::optional<ReplayRefusal> side_effects(model::Endpoint endpoint, std::string_view body, bool allow_tools) {
  const auto parsed = providers::parse_client_request(endpoint, body);
  if (!parsed) return ReplayRefusal{422, "the request cannot be asked again: " + parsed.error().error.message};
  if (parsed->needs.server_tools)
    return ReplayRefusal{422, "the request has tools that the provider runs (web search and the like): a replay would "
                              "run them again, so it is refused"};
  if (!parsed->previous_response_id.empty())
    return ReplayRefusal{422, "the request goes on from a response that is kept at the provider, which may have "
                              "changed or be gone since; replay needs a request that is whole in itself"};
  if (parsed->needs.tools && !allow_tools)
    return ReplayRefusal{422, "the request offers tools: with allow_tools: true it is asked again, and calls that the "
                              "model proposes are told and not run"};
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> header_lines(std::string_view lines) {
  std::vector<std::pair<std::string, std::string>> headers;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t colon = line.find(": ");
    if (colon != line.npos) headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return headers;
}

void set_header(std::vector<std::pair<std::string, std::string>>& headers, std::string_view name, std::string value) {
  std::erase_if(headers, [&](const auto& one) { return net::same_name(one.first, name); });
  headers.emplace_back(name, std::move(value));
}

/// The lower of this and what the client asked for.
void limit_cost(std::vector<std::pair<std::string, std::string>>& headers, Picodollars most) {
  static constexpr std::string_view kName = "X-KairosRoute-Max-Cost-Usd";
  for (const auto& [name, value] : headers) {
    const auto asked = net::same_name(name, kName) ? parse_usd(value) : Result<Picodollars>(most);
    if (asked) most = std::min(most, *asked);
  }
  set_header(headers, kName, usd(most));
}

/// What the privacy filter of the tenant whose data it is says of the request; that of the asker comes in the flight.
std::optional<ReplayRefusal> screen(const config::Tenant& tenant, gateway::InProcessRequest& request) {
  const config::PrivacyFilter& filter = tenant.privacy_filter;
  if (filter.detect == 0 || filter.action == config::PrivacyAction::kReport) return std::nullopt;
  policy::Redacted done = policy::redact_json(request.body, filter.detect);
  if (done.counts.total() == 0) return std::nullopt;
  if (filter.action == config::PrivacyAction::kRefuse)
    return ReplayRefusal{
        409, fmt::format("the request holds what the privacy filter of tenant {} does not let through", tenant.id)};
  if (filter.action == config::PrivacyAction::kRedact) {
    request.body = std::move(done.text);
    return std::nullopt;
  }
  set_header(request.headers, "X-KairosRoute-Data-Collection", "deny");
  if (filter.narrow_to_zdr) set_header(request.headers, "X-KairosRoute-Zdr", "true");
  return std::nullopt;
}

/// Another tenant's data stays under that tenant's rules, whoever asks again.
std::optional<ReplayRefusal> keep_rules(const config::Snapshot& snapshot, const model::Receipt& original,
                                        gateway::InProcessRequest& request) {
  if (original.tenant == request.owner.tenant->id) return std::nullopt;
  request.keep_content = false; // erasing what is the tenant's must leave no copy with somebody else
  const config::Tenant* tenant = snapshot.tenant(original.tenant);
  if (tenant == nullptr)
    return ReplayRefusal{409, "the receipt's tenant is not configured any more, so its rules for data are not known"};
  const config::AllowList& providers = tenant->providers;
  if (!tenant->regions.empty() || !providers.allow.empty() || !providers.deny.empty())
    return ReplayRefusal{
        409, fmt::format("tenant {} restricts where its data may go; replay with one of its own keys", tenant->id)};
  if (tenant->privacy >= config::PrivacyPolicy::kDenyTraining)
    set_header(request.headers, "X-KairosRoute-Data-Collection", "deny");
  if (tenant->privacy == config::PrivacyPolicy::kZeroRetention)
    set_header(request.headers, "X-KairosRoute-Zdr", "true");
  return screen(*tenant, request);
}

/// The body that is kept, or the one that the asker gives, which must be the same.
std::expected<std::string, ReplayRefusal> body_of(const ApiContext& context, const PreparedReplay& prepared,
                                                  const ReplayWish& wish) {
  if (wish.body) {
    const std::string fingerprint = context.services.fingerprint(*wish.body);
    if (fingerprint != prepared.original.request.fingerprint)
      return refuse(409, "body: is not the request of this receipt: its fingerprint differs. Give the exact bytes that "
                         "were sent, as a string");
    return *wish.body;
  }
  if (!prepared.kept)
    return refuse(409, fmt::format("the request is not kept: {}. Give its exact bytes as body; their fingerprint is "
                                   "compared with the receipt's",
                                   prepared.why_no_output));
  if (prepared.kept->redacted)
    return refuse(409, "what is kept of the request is redacted, so it is not what was asked; give its exact bytes as "
                       "body");
  if (prepared.kept->request.truncated() || prepared.kept->request.bytes.empty())
    return refuse(409, "the request was longer than what is kept (content.body_bytes); give its exact bytes as body");
  return prepared.kept->request.bytes;
}

std::optional<Picodollars> cost_of(const model::Receipt& receipt, bool charged_only) {
  return charged_only ? receipt.cost.charged : receipt.cost.total;
}

struct Side {
  const model::Receipt& receipt;
  const std::optional<std::string>& output;
  std::optional<std::string_view> answer;
  std::string_view why_no_output;
};

void write_side(model::JsonWriter& json, const Side& side, bool charged_only) {
  const auto text = [&](std::string_view key, std::string_view value) {
    json.key(key);
    value.empty() ? json.null() : json.string(value);
  };
  const model::Execution& execution = side.receipt.execution;
  const auto cost = cost_of(side.receipt, charged_only);
  json.begin_object();
  text("receipt_id", side.receipt.receipt_id);
  text("model_id", execution.model_id);
  text("provider", execution.provider);
  json.key("status").string(model::name(execution.status));
  json.key("http_status").integer(execution.http_status);
  json.key("cost_usd");
  cost ? json.string(usd(*cost)) : json.null();
  json.key("latency_ms").integer(execution.latency_ms);
  json.key("output");
  side.output ? json.string(*side.output) : json.null();
  json.key("answer");
  side.answer ? json.string(*side.answer) : json.null();
  text("why_no_output", side.why_no_output);
  json.end_object();
}

} // namespace

Result<ReplayWish> parse_replay_wish(std::string_view body) {
  ReplayWish wish;
  if (body.empty()) return wish;
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  const json::value value = json::parse(body, error, {}, options);
  if (error) return fail(Code::kInvalid, "the body is not JSON: " + error.message());
  if (!value.is_object()) return fail(Code::kInvalid, "the body must be a JSON object");
  for (const auto& [key, member] : value.get_object()) {
    if (key == "model_id" && member.is_string()) {
      wish.model_id = member.get_string();
    } else if (key == "body" && member.is_string()) {
      wish.body = std::string(member.get_string());
    } else if (key == "allow_tools" && member.is_bool()) {
      wish.allow_tools = member.get_bool();
    } else if (key == "overrides" && member.is_object() && member.get_object().size() <= kMostOverrides) {
      for (const auto& [name, with] : member.get_object())
        wish.overrides.emplace_back(name, with.is_null() ? "null" : json::serialize(with));
    } else {
      return fail(Code::kInvalid,
                  fmt::format("{}: is not known, or of the wrong type; there are model_id (text), "
                              "overrides (object of at most 64), body (text), allow_tools (true, false)",
                              std::string_view(key).substr(0, 64)));
    }
  }
  if (wish.model_id.size() > 256) return fail(Code::kInvalid, "model_id: is too long");
  return wish;
}

Result<std::string> with_overrides(std::string_view body, const std::string& model_id,
                                   const std::vector<std::pair<std::string, std::string>>& overrides) {
  std::vector<std::pair<std::string, std::string>> all = overrides;
  if (!model_id.empty()) {
    std::erase_if(all, [](const auto& one) { return one.first == "model"; });
    all.emplace_back("model", json::serialize(json::value(json::string(model_id))));
  }
  if (all.empty()) return std::string(body);
  const auto valid = providers::parse_json(body);
  if (!valid || !valid->is_object()) return fail(Code::kInvalid, "the request's body is not a JSON object");
  const auto members = providers::locate_members(body);
  std::string out = "{";
  const auto add = [&](std::string_view member) {
    if (out.size() > 1) out += ",";
    out += member;
  };
  std::vector<bool> used(all.size(), false);
  for (const providers::Member& member : members) {
    const std::string_view whole = member.whole.of(body);
    boost::system::error_code error;
    const size_t key_end = whole.find_last_of('"', member.value.begin - member.whole.begin - 1);
    const auto key = json::parse(whole.substr(0, key_end + 1), error);
    const auto found = std::ranges::find_if(all, [&](const auto& one) {
      return !error && key.is_string() && std::string_view(key.get_string()) == one.first;
    });
    if (found == all.end()) {
      add(whole);
      continue;
    }
    used[static_cast<size_t>(found - all.begin())] = true;
    if (found->second != "null") add(fmt::format("{}:{}", whole.substr(0, key_end + 1), found->second));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (!used[i] && all[i].second != "null")
      add(json::serialize(json::value(json::string(all[i].first))) + ":" + all[i].second);
  }
  return out + "}";
}

std::expected<PreparedReplay, ReplayRefusal> prepare_replay(const ApiContext& context, const Request& request,
                                                            const std::string& receipt_id, const ReplayWish& wish) {
  auto original = stored_receipt(context, request, receipt_id);
  if (!original) return refuse(original.error().status, original.error().message);
  if (!may_read_content(request, original->tenant))
    return refuse(403, "prompts and answers are for the tenant itself and for operators; so is replaying them");
  if (original->count > 1) return refuse(409, "this receipt counts several refusals; it is no single request");
  if (original->tenant != request.principal.tenant) {
    std::string act = fmt::format("{{\"receipt_id\":\"{}\"}}", original->receipt_id);
    const auto noted = note_content_act(context, request, "content_replay", original->tenant, std::move(act));
    if (!noted) return refuse(noted.error());
  }
  PreparedReplay prepared;
  prepared.original = std::move(*original);
  if (auto kept = kept_content(context, prepared.original)) {
    prepared.kept = std::move(*kept);
  } else {
    prepared.why_no_output = kept.error().message;
  }
  auto body = body_of(context, prepared, wish);
  if (!body) return Refused(body.error());
  gateway::InProcessRequest& ask = prepared.request;
  ask.snapshot = context.services.snapshot();
  const auto owner = payer(*ask.snapshot, request.principal, prepared.original);
  if (!owner) return refuse(409, "the key that would pay for it is not there any more");
  ask.owner = *owner;
  ask.endpoint = prepared.original.request.endpoint;
  ask.replay = {prepared.original.receipt_id, wish.body ? "supplied" : "stored"};
  auto changed = with_overrides(*body, wish.model_id, wish.overrides);
  if (!changed) return refuse(changed.error());
  ask.body = std::move(*changed);
  if (auto stop = side_effects(ask.endpoint, ask.body, wish.allow_tools)) return Refused(std::move(*stop));
  if (prepared.kept) ask.headers = header_lines(prepared.kept->request_headers);
  if (!prepared.kept && !prepared.original.workflow.empty())
    set_header(ask.headers, "X-KairosRoute-Workflow", prepared.original.workflow);
  set_header(ask.headers, "X-KairosRoute-Cache", "off"); // it is asked again, not looked up
  if (auto stop = keep_rules(*ask.snapshot, prepared.original, ask)) return Refused(std::move(*stop));
  if (wish.max_cost) limit_cost(ask.headers, *wish.max_cost);
  return prepared;
}

ReplayOutcome outcome_of(const PreparedReplay& prepared, const gateway::InProcessAnswer& answer, bool charged_only) {
  ReplayOutcome outcome;
  if (prepared.kept)
    outcome.before = output_text(prepared.kept->endpoint, prepared.kept->content_type, prepared.kept->answer.bytes);
  if (answer.whole && answer.status / 100 == 2)
    outcome.after = output_text(prepared.request.endpoint, answer.content_type, answer.body);
  outcome.cost_before = cost_of(prepared.original, charged_only);
  outcome.cost_after = cost_of(answer.receipt, charged_only);
  return outcome;
}

std::string replay_json(const PreparedReplay& prepared, const gateway::InProcessAnswer& answer, bool charged_only) {
  const ReplayOutcome outcome = outcome_of(prepared, answer, charged_only);
  std::string out;
  model::JsonWriter json(out);
  json.begin_object();
  json.key("original");
  const auto before = prepared.kept ? std::optional(std::string_view(prepared.kept->answer.bytes)) : std::nullopt;
  write_side(json, {prepared.original, outcome.before, before, prepared.why_no_output}, charged_only);
  json.key("replay");
  const std::string& told = answer.receipt.execution.error_message; // with the platform's amounts in it
  const std::string why = outcome.after ? "" : charged_only ? "it failed; the receipt says why" : told;
  write_side(json, {answer.receipt, outcome.after, std::string_view(answer.body), why}, charged_only);
  json.key("content").string(prepared.request.replay.content);
  json.key("diff");
  outcome.before&& outcome.after ? json.raw(diff_to_json(*outcome.before, *outcome.after)) : json.null();
  json.key("delta").begin_object();
  json.key("cost_usd");
  outcome.cost_before&& outcome.cost_after ? json.string(usd(*outcome.cost_after - *outcome.cost_before)) : json.null();
  json.key("latency_ms").integer(answer.receipt.execution.latency_ms - prepared.original.execution.latency_ms);
  json.end_object();
  json.end_object();
  return out;
}

} // namespace kairos::api
