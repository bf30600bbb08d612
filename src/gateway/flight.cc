#include "gateway/flight.h"

#include <fmt/format.h>

#include "classify/classifier.h"
#include "gateway/translation.h"
#include "model/receipt_json.h"
#include "providers/upstream_request.h"
#include "tokens/estimate.h"

namespace kairos::gateway {
namespace {

int status_of(Code code) {
  switch (code) {
  case Code::kInvalid:
    return 400;
  case Code::kTooLarge:
    return 413;
  case Code::kTimeout:
    return 408;
  case Code::kRateLimited:
    return 429;
  case Code::kBudget:
    return 402;
  case Code::kNotFound:
    return 404;
  case Code::kUpstream:
    return 502;
  case Code::kIo:
    return 503;
  default:
    return 500;
  }
}

int status_of(routing::RefusalKind kind) {
  switch (kind) {
  case routing::RefusalKind::kUnknownModel:
    return 404;
  case routing::RefusalKind::kNoModelsAvailable:
    return 400;
  default:
    return 402;
  }
}

} // namespace

ledger::RateLimit limit_of(const config::Guardrails& guardrails) {
  return {guardrails.requests_per_minute, guardrails.tokens_per_minute};
}

Flight::Flight(Gateway& gateway, net::Exchange& exchange, config::SnapshotPtr snapshot, config::KeyOwner owner,
               model::Endpoint endpoint)
    : gateway_(gateway), exchange_(exchange), snapshot_(std::move(snapshot)), owner_(owner),
      started_(gateway.services_.clock.mono_now()) {
  const WallTime now = gateway.services_.clock.wall_now();
  id_ = gateway.ids_.next(now);
  receipt_.receipt_id = receipt_id(id_);
  receipt_.node_id = gateway.services_.node_id;
  receipt_.created_at = now;
  receipt_.tenant = owner.tenant->id;
  receipt_.api_key_id = owner.key->id;
  receipt_.request.endpoint = endpoint;
  receipt_.trace =
      join_trace(snapshot_->otlp.propagates ? caller_context(exchange.head()) : std::string_view(), gateway.trace_ids_);
  if (owner.tenant->content != model::ContentPolicy::kNone) receipt_.content = owner.tenant->content;
  if (cache_mode() != config::CacheMode::kOff) erasures_ = gateway.services_.cache.erasures(owner.tenant->id);
  receipt_.privacy.policy = config::name(owner.tenant->privacy);
  receipt_.decision.router_version = routing::kRouterVersion;
  receipt_.decision.policy_version = snapshot_->version;
  receipt_.cost.price_version = snapshot_->catalog->price_version();
}

net::Task<void> Flight::run(bool route_only) {
  if (!co_await read_request()) {
    if (exchange_.client_gone() && !wrong_) {
      finish(model::Status::kCancelled, 0, model::EndedBy::kClient);
      co_await close();
      co_return;
    }
    co_return co_await refuse(model::Status::kRefused, *wrong_);
  }
  decide();
  if (route_only) {
    explain();
    const net::ResponseHeaders headers = {{"Content-Type", "application/json"}};
    const std::string text = decision_json();
    co_await exchange_.respond(200, headers, text);
    co_return;
  }
  if (may_use_cache() && co_await answer_from_cache()) co_return;
  if (wrong_) co_return co_await refuse(model::Status::kRefused, *wrong_);
  co_await serve();
}

net::Task<void> Flight::turn_away(providers::ClientError error, std::string retry_after_seconds) {
  header_texts_.add("Retry-After", retry_after_seconds);
  co_await refuse(model::Status::kRefused, std::move(error));
}

net::Task<bool> Flight::read_request() {
  const bool options_good = read_options(); // before the body, so that it is named first; the body is read all the same
  auto body = co_await exchange_.read_body();
  if (!body) {
    if (body.error().code != Code::kCancelled) {
      wrong_ = providers::ClientError{status_of(body.error().code), "", body.error().message, "", "", ""};
    }
    co_return false;
  }
  if (!options_good) co_return false;
  body_ = *body;
  co_return parse() && admit();
}

bool Flight::read_options() {
  const net::Head& head = exchange_.head();
  for (size_t i = 0; i < head.field_count(); ++i) {
    const net::Header field = head.field(i);
    if (field.name.size() <= kOptionPrefix.size() ||
        !net::same_name(field.name.substr(0, kOptionPrefix.size()), kOptionPrefix))
      continue;
    const auto set = set_option(options_, field.name.substr(kOptionPrefix.size()), field.value);
    if (set) continue;
    wrong_ = providers::ClientError{400, "", set.error().message, std::string(field.name), "invalid_option", ""};
    return false;
  }
  return true;
}

/// Reads `body_`, also when the privacy filter has made another one of it. False: `wrong_` says why.
bool Flight::parse_body() {
  auto parsed = providers::parse_client_request(receipt_.request.endpoint, body_);
  if (!parsed) {
    wrong_ = providers::ClientError{400, "", parsed.error().error.message, parsed.error().param, "", ""};
    return false;
  }
  request_ = std::move(*parsed);
  return true;
}

bool Flight::parse() {
  if (!parse_body()) return false;
  if (!request_.kairosroute.empty()) {
    auto inside = parse_options_object(request_.kairosroute);
    if (!inside) {
      wrong_ = providers::ClientError{400, "", inside.error().message, "kairosroute", "invalid_option", ""};
      return false;
    }
    options_ = std::move(*inside);
    if (!read_options()) return false; // a header wins over the body
  }
  if (const auto unrouted = providers::must_be_pinned(request_)) {
    wrong_ = providers::ClientError{400, "", unrouted->error.message, unrouted->param, "", ""};
    return false;
  }
  receipt_.workflow = options_.workflow;
  receipt_.tags = options_.tags;
  receipt_.end_user = request_.end_user.substr(0, 256);
  if (owner_.tenant->privacy_filter.detect != 0 && !screen()) return false;
  fill_facts();
  return true;
}

void Flight::fill_facts() {
  facts_ = providers::request_facts(request_);
  facts_.constraints = options_.constraints;
  facts_.input_tokens_est = tokens::estimate(request_.text) + 4 * request_.messages + request_.token_ids;
  bound_input();
  model::RequestSummary& summary = receipt_.request;
  summary.model = request_.model.substr(0, 256);
  summary.pinned = facts_.pinned();
  summary.stream = request_.stream;
  summary.input_tokens_est = facts_.input_tokens_est;
  summary.max_output_tokens = request_.max_output_tokens;
  summary.has_tools = facts_.needs.tools;
  summary.has_images = facts_.needs.images;
  understood_ = true;
}

bool Flight::admit() {
  const ledger::RateLimit limit = limit_of(owner_.key->guardrails);
  if (!limit.requests_per_minute && !limit.tokens_per_minute) return true;
  rate_tokens_ = facts_.input_tokens_est + facts_.max_output_tokens.value_or(0);
  const auto decision =
      gateway_.services_.rates.admit(owner_.key->id, limit, rate_tokens_, gateway_.services_.clock.mono_now());
  for (const auto& [name, value] : decision.headers) header_texts_.add(name, value);
  if (decision.allowed) return true;
  rate_tokens_ = 0; // it consumed nothing, so there is nothing to correct
  wrong_ = providers::ClientError{429, "", decision.reason, "", "rate_limit_exceeded", ""};
  return false;
}

/// Requests whose cost has no bound that we could hold may not run under a hard cap.
std::optional<providers::ClientError> Flight::uncappable() const {
  if (!budgets_.hard_cap()) return std::nullopt;
  const auto refuse_field = [](std::string field, std::string_view why) {
    return providers::ClientError{
        400,
        "",
        fmt::format("{}: {} and cannot be bounded, so it is refused under a hard cap", field, why),
        field,
        "unbounded_cost",
        ""};
  };
  if (!request_.previous_response_id.empty())
    return refuse_field("previous_response_id", "context that is kept at the provider has a size that is not known");
  if (request_.remote_parts)
    return refuse_field("messages", "content given by URL or file id has a size that is not known");
  if (tier_ != catalog::ServiceTier::kStandard) return refuse_field("service_tier", "this tier has prices of its own");
  return std::nullopt;
}

void Flight::decide() {
  const auto tier = catalog::parse_service_tier(request_.service_tier);
  if (!tier) {
    wrong_ =
        providers::ClientError{400,
                               "",
                               fmt::format("service_tier: '{}' is not known here", request_.service_tier.substr(0, 64)),
                               "service_tier",
                               "",
                               ""};
    return;
  }
  tier_ = *tier;
  const std::string prompt = classify::prompt_text(request_.last_user(), request_.system());
  receipt_.classification = classify::Classifier::embedded().classify(prompt);
  if (!snapshot_->routing.rewrite.empty()) cover_rewrites();
  budgets_ = gateway_.services_.budgets.headrooms(subject(""), receipt_.created_at);
  health_ = gateway_.services_.health.picture(started_);
  routing::RouteInput& input =
      route_input_.emplace(routing::RouteInput{facts_, receipt_.classification, *snapshot_, *owner_.tenant, *owner_.key,
                                               *health_, budgets_, receipt_.created_at});
  const Reach reach = find_reach(request_, body_, *snapshot_);
  input.dialects = reach.dialects;
  input.responses_as_chat = reach.responses_as_chat;
  route_ = routing::route(input);
  route_again_if_counting_helps();
  receipt_.decision = route_.decision;
  note_rewrite();
  receipt_.privacy.policy = route_.privacy_policy;
  receipt_.privacy.dropped = route_.privacy_dropped;
  if (route_.refusal) {
    if (const auto field = blame_field(input, reach)) {
      wrong_ = providers::ClientError{400, "", field->error.message, field->param, "", ""};
      return;
    }
    const int status = status_of(route_.refusal->kind);
    wrong_ = providers::ClientError{status,
                                    "",
                                    route_.refusal->message,
                                    status == 404 ? "model" : "",
                                    std::string(routing::error_code(route_.refusal->kind)),
                                    ""};
    if (!route_.refusal->budget_id.empty())
      receipt_.budget = model::BudgetSummary{route_.refusal->budget_id, "blocked", {}, {}, {}, {}};
    return;
  }
  wrong_ = uncappable();
}

ledger::Subject Flight::subject(std::string_view model_id) const {
  return {receipt_.tenant, receipt_.workflow, receipt_.api_key_id, model_id, receipt_.end_user};
}

} // namespace kairos::gateway
