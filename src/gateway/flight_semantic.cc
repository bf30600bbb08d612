// The semantic cache's part of a request (docs/caching.md): the last message is embedded, at a provider like any other,
// under the request's own policies, budgets and receipt; an answer whose prompt means about the same is what the client
// gets.
#include <fmt/format.h>
#include <simdjson.h>

#include "gateway/flight.h"
#include "policy/cache_key.h"
#include "policy/json_strings.h"
#include "providers/upstream_request.h"
#include "tokens/counter.h"
#include "tokens/estimate.h"

namespace kairos::gateway {
namespace {

constexpr size_t kMostEmbeddingAnswer = 1024 * 1024;
constexpr size_t kMostDimensions = 8192;

/// data[0].embedding of OpenAI's answer; empty: there is none.
std::vector<float> read_embedding(std::string_view json) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::array numbers;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return {};
  if (document["data"].at(0)["embedding"].get_array().get(numbers) != simdjson::SUCCESS) return {};
  std::vector<float> vector;
  for (auto element : numbers) {
    double number = 0;
    if (element.get_double().get(number) != simdjson::SUCCESS || vector.size() == kMostDimensions) return {};
    vector.push_back(static_cast<float>(number));
  }
  return vector;
}

std::string embedding_body(std::string_view model, std::string_view prompt) {
  std::string input;
  policy::escape(prompt, input);
  return fmt::format(R"({{"model":"{}","input":"{}","encoding_format":"float"}})", model, input);
}

} // namespace

/// The embedding model as routing sees it: the same policies, health and budgets decide whether the prompt may go
/// there.
routing::RouteOutcome Flight::route_embedding(std::string_view prompt) {
  const config::SemanticCache& semantic = *snapshot_->cache.semantic;
  model::RequestFacts facts;
  facts.endpoint = model::Endpoint::kEmbeddings;
  facts.model = semantic.provider + "/" + semantic.model;
  facts.needs.embeddings = true;
  facts.constraints = facts_.constraints;
  facts.constraints.min_quality.reset(); // of answers
  facts.input_tokens_est = tokens::estimate(prompt);
  facts.input_tokens_bound = tokens::byte_bound(prompt) + tokens::framing_bound(1);
  routing::RouteInput input{facts,    receipt_.classification, *snapshot_, *owner_.tenant, *owner_.key, *health_,
                            budgets_, receipt_.created_at};
  for (size_t i = 0; i < input.dialects.size(); ++i)
    input.dialects[i] = static_cast<model::Dialect>(i) == model::Dialect::kOpenAi;
  routing::RouteOutcome outcome = routing::route(input);
  outcome.field.reset(); // it refers to what ends here
  return outcome;
}

/// Looks for an answer to a prompt that means the same. False: the request is over, and the client has its answer.
net::Task<bool> Flight::look_up_meaning() {
  const config::SemanticCache& semantic = *snapshot_->cache.semantic;
  const std::string_view prompt = request_.last_user();
  if (prompt.empty() || static_cast<std::int64_t>(prompt.size()) > semantic.max_prompt_bytes) co_return true;
  const auto context = policy::canonical_context(body_);
  if (!context) co_return true;
  const routing::RouteOutcome routed = route_embedding(prompt);
  if (routed.chain.empty()) co_return true;
  const routing::Choice choice = routed.chain.front();
  TargetRecord& health = gateway_.health_of(*choice.target);
  if (!health.admit(gateway_.services_.clock.mono_now())) co_return true;
  if (hold(choice)) { // no budget for it: the request goes on without
    health.abandoned();
    co_return true;
  }
  worst_unknown_ = worst_unknown_ || !choice.worst_case;
  worst_so_far_ += choice.worst_case.value_or(Picodollars(0));
  Leg leg;
  start_lookup(leg, choice, health);
  const auto announced = co_await announce(leg);
  if (!announced) {
    health.abandoned();
    if (!opened_) reservation_.release();
    providers::ClientError lost = no_receipt(announced.error());
    co_await refuse(model::Status::kRefused, std::move(lost));
    co_return false;
  }
  opened_ = true;
  leg.started = leg.waited_since = gateway_.services_.clock.mono_now();
  meaning_ = co_await embed(leg, prompt);
  ++lookups_;
  receipt_.execution.model_id.clear(); // it did not serve the request
  receipt_.execution.provider.clear();
  receipt_.execution.region.clear();
  if (exchange_.client_gone()) {
    finish(model::Status::kCancelled, 0, model::EndedBy::kClient);
    co_await close();
    co_return false;
  }
  context_key_ = cache_key(*context);
  const MonoTime now = gateway_.services_.clock.mono_now();
  const auto match = gateway_.services_.meanings.find(context_key_, meaning_, semantic.threshold, now);
  if (match) cached_ = match->answer;
  co_return true;
}

void Flight::start_lookup(Leg& leg, const routing::Choice& choice, TargetRecord& health) {
  leg.choice = &choice;
  leg.health = &health;
  leg.record.index = static_cast<int>(receipt_.attempts.size());
  leg.record.model_id = choice.target->model->id;
  leg.record.provider = choice.target->provider->id;
  leg.record.region = choice.target->endpoint->region;
  leg.record.started_at = gateway_.services_.clock.wall_now();
  leg.recorded = gateway_.services_.clock.mono_now();
  leg.record.reason = model::AttemptReason::kLookup;
  leg.record.span_id = gateway_.trace_ids_.span_id();
  leg.own_keys = owner_.tenant->own_keys(choice.target->provider->id);
  leg.record.byok = leg.own_keys != nullptr;
  leg.tap = std::make_unique<providers::AnswerTap>(model::Endpoint::kEmbeddings, choice.target->dialect);
}

/// One call to the embedding model. Empty: it failed; the attempt says how.
net::Task<std::vector<float>> Flight::embed(Leg& leg, std::string_view prompt) {
  const config::Target& target = *leg.choice->target;
  const std::string body = embedding_body(target.upstream_id, prompt);
  const Upstream& upstream = gateway_.upstream_of(snapshot_, target);
  const config::ProviderKey* pooled = gateway_.services_.keys.pick(pool_of(leg), leg.started);
  if (pooled != nullptr) leg.key_id = pooled->id;
  const std::string_view key = pooled == nullptr ? std::string_view{} : std::string_view(pooled->secret.reveal());
  const providers::UpstreamTarget place = upstream_target(*leg.choice);
  const providers::Headers from_client;
  providers::Headers headers = providers::upstream_headers(place, key, from_client);
  headers.insert(headers.end(), target.provider->headers.begin(), target.provider->headers.end());
  forward_trace(target.provider->forward, receipt_.trace, leg.record.span_id, exchange_.head(), headers);
  const std::string path = upstream.path + providers::upstream_path(model::Endpoint::kEmbeddings, place, false);
  net::ClientRequest request;
  request.target = path;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  const config::ProviderLimits& limits = target.provider->limits;
  const net::CallTimeouts timeouts{limits.connect, limits.first_byte, limits.idle, std::min(limits.total, time_left())};
  net::Call call(gateway_.client_, upstream.origin, timeouts);
  exchange_.on_client_gone([&call] { call.cancel(); });
  std::vector<float> meaning;
  const auto sent = co_await call.send(request);
  if (sent) {
    leg.record.http_status = call.head().status();
    auto answer = co_await call.read_all(kMostEmbeddingAnswer);
    if (answer) meaning = take_embedding(leg, *answer);
    if (!answer) leg.record.error_type = net::name(answer.error().failure);
  } else {
    leg.record.error_type = net::name(sent.error().failure);
    if (net::never_arrived(sent.error().failure)) leg.record.usage.source = model::UsageSource::kCounted;
  }
  exchange_.on_client_gone([] {});
  end_lookup(leg, !meaning.empty());
  co_return meaning;
}

std::vector<float> Flight::take_embedding(Leg& leg, std::string_view answer) {
  const int status = *leg.record.http_status;
  if (status / 100 != 2) {
    const auto error = providers::read_error(leg.choice->target->dialect, status, answer);
    leg.record.error_type = providers::name(error.error);
    leg.record.usage.source = model::UsageSource::kCounted; // a refusal is not billed
    leg.as = Opened::kRefused;
    static_cast<void>(blame(leg, error.error)); // with which key the next look-up is made is the pool's business
    return {};
  }
  leg.tap->on_body(answer);
  const providers::AnswerFacts& facts = leg.tap->facts();
  leg.record.usage = facts.usage;
  leg.record.response_id = facts.response_id.substr(0, 256);
  leg.record.response_model = facts.response_model.substr(0, 256);
  std::vector<float> meaning = normalized(read_embedding(answer));
  if (meaning.empty()) leg.record.error_type = "invalid";
  return meaning;
}

void Flight::end_lookup(Leg& leg, bool good) {
  if (leg.record.usage.source == model::UsageSource::kUnknown) { // it may have been billed
    leg.record.usage[model::Meter::kInput] = tokens::estimate(request_.last_user());
    leg.record.usage.source = model::UsageSource::kEstimated;
  }
  const bool gone = exchange_.client_gone();
  end_leg(leg, good ? "success" : gone ? "cancelled" : "error");
  const MonoTime now = gateway_.services_.clock.mono_now();
  if (leg.as == Opened::kRefused) return; // blamed already
  if (good) {
    leg.health->succeeded(now, now - leg.started, std::nullopt, 0);
  } else if (gone) {
    leg.health->abandoned();
  } else {
    leg.health->failed(now);
  }
}

} // namespace kairos::gateway
