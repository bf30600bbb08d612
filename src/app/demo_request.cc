#include "app/demo_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/cost.h"
#include "classify/classifier.h"
#include "gateway/gateway.h"
#include "ledger/price_plan.h"
#include "providers/upstream_request.h"
#include "sim/pace.h"

namespace kairos::app {
namespace {

std::string hex(sim::Random& random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += fmt::format("{:016x}", random.next());
  return text;
}

struct Outage {
  std::string_view provider;
  std::chrono::hours before_end;
  std::chrono::hours lasts;
  double share; // of its requests
  std::string_view error;
};
constexpr std::array kOutages = {
    Outage{"sim-openai", std::chrono::hours(24 * 5 + 4), std::chrono::hours(3), 0.45, "429"},
    Outage{"sim-google", std::chrono::hours(24 * 17 + 9), std::chrono::hours(5), 0.8, "503"},
    Outage{"sim-anthropic", std::chrono::hours(24 * 41 + 2), std::chrono::hours(2), 0.6, "529"},
    Outage{"sim-mistral", std::chrono::hours(24 * 63 + 7), std::chrono::hours(6), 0.7, "connect_timeout"}};

/// Cached share of a prompt, as providers that have a price for it report it for long prompts that begin alike.
std::int64_t cached_part(const catalog::PriceRow* price, std::int64_t input, sim::Random& random) {
  if (price == nullptr || !price->prices[static_cast<size_t>(model::Meter::kCacheRead)]) return 0;
  if (input < 1024 || sim::uniform(random) < 0.45) return 0;
  return static_cast<std::int64_t>(static_cast<double>(input) * (0.3 + 0.4 * sim::uniform(random))) / 128 * 128;
}

} // namespace

PastRequest::PastRequest(PastWorld world, const sim::Workload& load, const Ulid& id, WallTime at)
    : world_(world), load_(load) {
  const config::Tenant* tenant = world_.snapshot.tenant(load.tenant);
  owner_ = {tenant, &tenant->keys.front()};
  receipt_.receipt_id = receipt_id(id);
  receipt_.node_id = world_.snapshot.node_id;
  receipt_.created_at = at;
  receipt_.tenant = tenant->id;
  receipt_.workflow = load.workflow;
  receipt_.api_key_id = owner_.key->id;
  receipt_.tags = {{"demo", "true"}};
}

ledger::Subject PastRequest::subject(std::string_view model_id) const {
  return {receipt_.tenant, receipt_.workflow, receipt_.api_key_id, model_id, receipt_.end_user};
}

void PastRequest::describe() {
  sim::Random& random = world_.random;
  if (load_.end_users > 0)
    receipt_.end_user = fmt::format("user-{}", random.below(static_cast<size_t>(load_.end_users)) + 1);
  const std::string prompt = sim::make_prompt(load_.category, random);
  facts_.endpoint = load_.messages ? model::Endpoint::kMessages : model::Endpoint::kChatCompletions;
  facts_.dialect = load_.messages ? model::Dialect::kAnthropic : model::Dialect::kOpenAi;
  facts_.model = load_.model;
  facts_.stream = load_.stream;
  facts_.needs.tools = load_.tools;
  facts_.input_tokens_est =
      static_cast<std::int64_t>(load_.input_tokens * std::min(6.0, sim::spread(random, 0.6))) + 12;
  facts_.input_tokens_bound = facts_.input_tokens_est * 4;
  facts_.max_output_tokens = load_.output_tokens * 4;
  receipt_.classification = classify::Classifier::embedded().classify(prompt);
  receipt_.trace = {hex(random, 2), hex(random, 1), "", true};
  receipt_.request = {facts_.endpoint,
                      facts_.model,
                      facts_.pinned(),
                      facts_.stream,
                      facts_.input_tokens_est,
                      facts_.max_output_tokens,
                      load_.tools,
                      false,
                      gateway::sha256_hex(receipt_.receipt_id + prompt).substr(0, 32)};
}

void PastRequest::decide() {
  const model::Budgets left = world_.budgets.headrooms(subject(""), receipt_.created_at);
  const model::Health health;
  routing::RouteInput input{facts_, receipt_.classification, world_.snapshot, *owner_.tenant, *owner_.key, health,
                            left,   receipt_.created_at};
  for (size_t i = 0; i < input.dialects.size(); ++i)
    input.dialects[i] = providers::can_serve(facts_.endpoint, static_cast<model::Dialect>(i));
  route_ = routing::route(input);
  receipt_.decision = std::move(route_.decision);
  receipt_.decision.router_version = routing::kRouterVersion;
  receipt_.decision.policy_version = world_.snapshot.version;
  receipt_.cost.price_version = world_.snapshot.catalog->price_version();
  auto explained = routing::explain(route_);
  receipt_.decision.reason = std::move(explained.reason);
  receipt_.candidates = std::move(explained.candidates);
  receipt_.omitted = std::move(explained.omitted);
  show_fewer(world_.candidates);
  receipt_.privacy.policy = route_.privacy_policy;
  receipt_.privacy.dropped = route_.privacy_dropped;
}

/// The first ones only; the others are counted by what filtered them.
void PastRequest::show_fewer(size_t candidates) {
  while (receipt_.candidates.size() > candidates) {
    const auto& filters = receipt_.candidates.back().filters;
    const std::string name(filters.empty() ? "survived" : model::name(filters.front()));
    const auto known = std::ranges::find(receipt_.omitted, name, [](const auto& one) { return one.first; });
    if (known == receipt_.omitted.end())
      receipt_.omitted.emplace_back(name, 1);
    else
      ++known->second;
    receipt_.candidates.pop_back();
  }
}

void PastRequest::refuse(int http_status, std::string code, std::string message, std::string budget_id) {
  receipt_.execution.status = model::Status::kRefused;
  receipt_.execution.http_status = http_status;
  receipt_.execution.ended_by = http_status == 402 ? model::EndedBy::kCap : model::EndedBy::kRouter;
  receipt_.execution.error_code = std::move(code);
  receipt_.execution.error_message = message.substr(0, 500);
  if (!budget_id.empty()) receipt_.budget = model::BudgetSummary{std::move(budget_id), "blocked", {}, {}, {}, {}};
}

std::string PastRequest::failure(const std::string& provider) {
  for (const Outage& outage : kOutages) {
    const WallTime from = world_.end - outage.before_end;
    const bool during = receipt_.created_at >= from && receipt_.created_at < from + outage.lasts;
    if (during && provider == outage.provider && sim::uniform(world_.random) < outage.share)
      return std::string(outage.error);
  }
  const double drawn = sim::uniform(world_.random);
  if (drawn < 0.004) return "503";
  if (drawn < 0.007) return "429";
  return drawn < 0.008 ? "first_byte_timeout" : "";
}

void PastRequest::fail_attempt(model::Attempt& made, const std::string& error) {
  const bool timeout = error.ends_with("timeout");
  made.status = timeout ? "timeout" : "error";
  made.error_type = error;
  if (!timeout) made.http_status = std::stoi(error);
  made.latency_ms = timeout ? 10'000 : 60 + static_cast<std::int64_t>(world_.random.below(400));
  made.usage.source = model::UsageSource::kCounted;
}

void PastRequest::answer(model::Attempt& made, const routing::Choice& choice) {
  sim::Random& random = world_.random;
  const sim::Pace pace = sim::pace_of(made.model_id);
  const auto wanted = static_cast<std::int64_t>(load_.output_tokens * sim::spread(random, 0.5)) + 1;
  const std::int64_t output = std::min(wanted, choice.max_output_tokens);
  const bool reasons = made.model_id.starts_with("o4") || made.model_id.starts_with("gpt-oss") ||
                       made.model_id.starts_with("gemini-2.5-pro");
  const std::int64_t reasoning = reasons ? output / 3 : 0;
  const std::int64_t input = facts_.input_tokens_est * 97 / 100 + 3;
  const std::int64_t cached = cached_part(choice.price, input, random);
  const double first = pace.first_ms * sim::spread(random, 0.35) + static_cast<double>(input) * 0.012;
  made.ttft_ms = static_cast<std::int64_t>(first);
  made.latency_ms = static_cast<std::int64_t>(first + 1000 * static_cast<double>(output) /
                                                          (pace.tokens_per_second * sim::spread(random, 0.2)));
  made.status = "success";
  made.http_status = 200;
  made.response_model = made.model_id;
  made.response_id = "sim-" + hex(random, 1);
  made.usage[model::Meter::kInput] = input - cached;
  made.usage[model::Meter::kCacheRead] = cached;
  made.usage[model::Meter::kOutput] = output - reasoning;
  made.usage[model::Meter::kReasoning] = reasoning;
  made.usage.source = model::UsageSource::kProvider;
  receipt_.execution.finish_reason = wanted > output ? "length" : "stop";
  if (!load_.stream || sim::uniform(random) >= 0.012) return;
  made.status = "cancelled"; // the client left half-way
  made.latency_ms = (made.latency_ms + *made.ttft_ms) / 2;
  made.usage[model::Meter::kOutput] /= 2;
  made.usage.source = model::UsageSource::kEstimated;
}

ledger::Amounts PastRequest::amounts(std::optional<Picodollars> cost, std::span<const model::CostLine> lines) const {
  return {cost, cost ? ledger::charged(owner_.tenant->price_plan, lines, receipt_.attempts) : std::nullopt};
}

void PastRequest::price(model::Attempt made, const routing::Choice& choice, ledger::Reservation& held) {
  auto priced = catalog::cost_of(made.usage, choice.target->model->prices, made.started_at,
                                 catalog::ServiceTier::kStandard, made.index);
  made.cost = priced.total;
  waited_ms_ += made.latency_ms;
  receipt_.execution.model_id = made.model_id;
  receipt_.execution.provider = made.provider;
  receipt_.execution.region = made.region;
  receipt_.attempts.push_back(std::move(made));
  actual_.push_back(amounts(priced.total, priced.lines));
  held.finish_attempt(actual_.size() - 1, actual_.back());
  receipt_.cost.lines.insert(receipt_.cost.lines.end(), priced.lines.begin(), priced.lines.end());
}

/// True: the request is over, well or because its client left.
bool PastRequest::attempt(const routing::Choice& choice, ledger::Reservation& held) {
  model::Attempt made;
  made.index = static_cast<int>(receipt_.attempts.size());
  made.model_id = choice.target->model->id;
  made.provider = choice.target->provider->id;
  made.region = choice.target->endpoint->region;
  made.reason = made.index == 0 ? model::AttemptReason::kFirst : model::AttemptReason::kFallback;
  made.started_at = receipt_.created_at + std::chrono::milliseconds(waited_ms_);
  made.span_id = hex(world_.random, 1);
  const std::string error = failure(made.provider);
  if (error.empty()) answer(made, choice);
  if (!error.empty()) fail_attempt(made, error);
  const bool over = error.empty();
  const bool left = made.status == "cancelled";
  if (over && made.ttft_ms) receipt_.execution.ttft_ms = waited_ms_ + *made.ttft_ms;
  receipt_.execution.status = left ? model::Status::kCancelled : over ? model::Status::kSuccess : model::Status::kError;
  receipt_.execution.ended_by = left ? model::EndedBy::kClient : model::EndedBy::kProvider;
  receipt_.execution.http_status = over ? 200 : made.http_status.value_or(504);
  if (!over) receipt_.execution.error_code = "provider_error";
  if (over) receipt_.execution.error_code.clear();
  price(std::move(made), choice, held);
  return over;
}

void PastRequest::serve() {
  ledger::Reservation held;
  for (const routing::Choice& choice : route_.chain) {
    if (receipt_.attempts.size() >= static_cast<size_t>(world_.snapshot.routing.fallback.max_attempts)) break;
    const std::string& model_id = choice.target->model->id;
    const ledger::Amounts worst{choice.worst_case, ledger::worst_charged(owner_.tenant->price_plan, choice.worst_case)};
    if (receipt_.attempts.empty()) {
      auto reserved = world_.budgets.reserve(subject(model_id), worst, receipt_.created_at);
      if (!reserved) continue;
      held = std::move(*reserved);
    } else if (!held.extend(model_id, worst, receipt_.created_at)) {
      continue;
    }
    if (attempt(choice, held)) break;
  }
  if (receipt_.attempts.empty())
    return refuse(402, "budget_exceeded", "what is left of the budget does not cover the worst case of any candidate",
                  "");
  receipt_.budget = held.summary();
  add_up(held);
}

/// With what the baseline model would have cost.
void PastRequest::compare(const model::Usage& usage) {
  const auto baseline = world_.snapshot.targets_named(owner_.tenant->baseline_model);
  if (baseline.empty()) return;
  const auto lines =
      catalog::cost_of(usage, baseline.front()->model->prices, receipt_.created_at, catalog::ServiceTier::kStandard, 0)
          .lines;
  receipt_.savings = ledger::savings(owner_.tenant->baseline_model, lines, receipt_.cost.total);
}

/// No attempt, no cost: nobody but the cache was asked.
void PastRequest::serve_from(const PastCache::Answer& kept) {
  receipt_.cache = model::CacheSummary{true, "exact", kept.cost, kept.receipt_id};
  receipt_.execution.model_id = kept.model_id;
  receipt_.execution.provider = kept.provider;
  receipt_.execution.region = kept.region;
  receipt_.execution.finish_reason = kept.finish_reason;
  receipt_.execution.http_status = 200;
  receipt_.execution.ended_by = model::EndedBy::kRouter;
  receipt_.cost.total = Picodollars(0);
  waited_ms_ = 1 + static_cast<std::int64_t>(world_.random.below(4));
  compare(kept.usage);
}

void PastRequest::add_up(ledger::Reservation& held) {
  bool provider_said = true;
  std::optional<Picodollars> total = Picodollars(0);
  receipt_.usage = receipt_.attempts.front().usage;
  for (size_t i = 0; i < receipt_.attempts.size(); ++i) {
    const model::Attempt& made = receipt_.attempts[i];
    if (i > 0) receipt_.usage.add(made.usage);
    provider_said = provider_said && made.usage.source == model::UsageSource::kProvider;
    total = total && made.cost ? std::optional(*total + *made.cost) : std::nullopt;
  }
  receipt_.cost.total = total;
  receipt_.cost.basis = provider_said ? model::CostBasis::kMetered : model::CostBasis::kCounted;
  if (owner_.tenant->price_plan) ledger::charge(*owner_.tenant->price_plan, receipt_.cost, receipt_.attempts);
  if (receipt_.execution.status == model::Status::kSuccess) compare(receipt_.attempts.back().usage);
  const ledger::Settlement settled = held.settle(actual_);
  receipt_.budget_charges = settled.charges;
  if (receipt_.budget) receipt_.budget->overrun = settled.overrun;
}

model::Receipt PastRequest::run() {
  describe();
  decide();
  if (route_.refusal) {
    const bool by_cap = route_.refusal->kind == routing::RefusalKind::kBudgetExceeded;
    refuse(by_cap ? 402 : 400, std::string(routing::error_code(route_.refusal->kind)), route_.refusal->message,
           route_.refusal->budget_id);
  } else if (const auto* kept = world_.cache.repeated(load_, receipt_.created_at, world_.random)) {
    serve_from(*kept);
  } else {
    serve();
  }
  world_.cache.keep(load_, receipt_);
  if (receipt_.attempts.empty()) receipt_.cost.total = Picodollars(0);
  if (receipt_.attempts.empty()) receipt_.usage.source = model::UsageSource::kCounted;
  receipt_.execution.overhead_us = 70 + static_cast<std::int64_t>(90 * sim::spread(world_.random, 0.5));
  receipt_.execution.latency_ms = waited_ms_ + receipt_.execution.overhead_us / 1000;
  receipt_.completed_at = receipt_.created_at + std::chrono::milliseconds(receipt_.execution.latency_ms) +
                          std::chrono::microseconds(receipt_.execution.overhead_us % 1000);
  return std::move(receipt_);
}

} // namespace kairos::app
