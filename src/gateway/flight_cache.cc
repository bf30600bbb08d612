// The response cache's part of a request (docs/caching.md): what may be looked up, what is answered from there, what is
// kept. A hit is decided, receipted and accounted for like any other answer; it only costs nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "gateway/flight.h"
#include "policy/cache_key.h"

namespace kairos::gateway {
namespace {

/// The model said all that it wanted to say, in the words of every dialect.
bool is_complete(std::string_view finish_reason) {
  static constexpr std::array<std::string_view, 5> kComplete = {"stop", "STOP", "end_turn", "stop_sequence",
                                                                "completed"};
  return std::ranges::find(kComplete, finish_reason) != kComplete.end();
}

/// Another key of the tenant may use other models: it gets no answer that it could not have got by itself.
std::string rules_of(const config::ApiKey& key) {
  const config::Guardrails& rails = key.guardrails;
  return fmt::format("{}|{}|{}|{}|{}", fmt::join(rails.models.allow, ","), fmt::join(rails.models.deny, ","),
                     fmt::join(rails.providers.allow, ","), fmt::join(rails.providers.deny, ","),
                     rails.min_quality.value_or(0));
}

std::string wishes_of(const model::Constraints& asked) {
  return fmt::format("{}|{}|{}|{}", asked.min_quality.value_or(0), asked.quantizations, asked.deny_data_collection,
                     asked.region);
}

} // namespace

config::CacheMode Flight::cache_mode() const { return owner_.tenant->cache.value_or(snapshot_->cache.mode); }

/// Why this request is not looked up; empty: it is.
std::string_view Flight::uncacheable() const {
  const config::PrivacyPolicy policy = owner_.tenant->privacy;
  if (cache_mode() == config::CacheMode::kOff) return "the cache is off";
  if (options_.cache == CacheUse::kOff) return "the request asks for no cache";
  if (facts_.constraints.zero_retention || policy == config::PrivacyPolicy::kZeroRetention)
    return "nothing may be retained of it";
  if (facts_.needs.tools || facts_.needs.server_tools) return "it has tools";
  if (!request_.previous_response_id.empty() || request_.remote_parts) return "it refers to what is kept elsewhere";
  if (facts_.choices > 1) return "it asks for several answers";
  const bool repeatable = request_.deterministic || receipt_.request.endpoint == model::Endpoint::kEmbeddings;
  if (!repeatable && !snapshot_->cache.any_temperature)
    return "its temperature is not 0 (cache.any_temperature lets those in)";
  return {};
}

/// Of everything that the answer depends on.
std::string Flight::cache_key(std::string_view canonical) const {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", receipt_.tenant, model::name(receipt_.request.endpoint),
                                 snapshot_->version, rules_of(*owner_.key), wishes_of(facts_.constraints));
  const net::Head& head = exchange_.head();
  for (size_t i = 0; i < head.field_count(); ++i) {
    const net::Header field = head.field(i);
    for (const std::string_view name : {"openai-beta", "anthropic-beta", "anthropic-version"}) {
      if (net::same_name(field.name, name)) text.append(name).append(field.value).push_back('\n');
    }
  }
  return sha256_hex(text.append(canonical));
}

/// True if the client has its answer: one that was given before, or that there is none though it asked for nothing
/// else.
net::Task<bool> Flight::answer_from_cache() {
  if (wrong_ && wrong_->http_status != 402) co_return false; // a cap does not stand in the way of what costs nothing
  std::string_view why_not = uncacheable();
  if (why_not.empty()) {
    const auto canonical = policy::canonical_body(body_);
    if (canonical) {
      cache_key_ = cache_key(*canonical);
      cached_ = gateway_.services_.cache.find(cache_key_, gateway_.services_.clock.mono_now());
      receipt_.cache = model::CacheSummary{};
    } else {
      why_not = "its body is too long";
    }
  }
  const std::string_view kind = cached_ ? "exact" : "semantic";
  const bool by_meaning = !cached_ && !cache_key_.empty() && !wrong_ && cache_mode() == config::CacheMode::kSemantic;
  if (by_meaning && !co_await look_up_meaning()) co_return true;
  if (!cache_key_.empty()) count_lookup(cached_ ? kind : "miss");
  if (cached_) {
    co_await send_cached(kind);
    co_return true;
  }
  if (options_.cache != CacheUse::kOnly) co_return false;
  const std::string message = why_not.empty() ? std::string("no answer to this request is kept")
                                              : fmt::format("no answer to this request can be kept: {}", why_not);
  providers::ClientError missing{504, "", message, "", "cache_miss", ""};
  co_await refuse(model::Status::kRefused, std::move(missing));
  co_return true;
}

void Flight::count_lookup(std::string_view result) {
  gateway_.services_.metrics
      .counter("kairosroute_cache_lookups_total", "Requests that were looked up in the response cache",
               {{"result", std::string(result)}})
      .add();
}

net::Task<void> Flight::send_cached(std::string_view kind) {
  const CachedAnswer& answer = *cached_;
  wrong_.reset();
  if (receipt_.budget && !reservation_.open()) receipt_.budget.reset(); // what it was refused by did not matter
  receipt_.cache = model::CacheSummary{true, std::string(kind), answer.cost, answer.receipt_id};
  receipt_.execution.model_id = answer.model_id;
  receipt_.execution.provider = answer.provider;
  receipt_.execution.region = answer.region;
  receipt_.execution.finish_reason = answer.finish_reason;
  finish(model::Status::kSuccess, 200, model::EndedBy::kRouter);
  if (head_.text.empty()) { // no record has told of the decision so far
    explain();
    receipt_.decision.reason =
        fmt::format("Answered from the cache, as {} answered it in {}.", answer.model_id, answer.receipt_id);
  }
  if (!co_await close()) co_return co_await withhold();
  header_texts_.add("X-KairosRoute-Cache", kind);
  const auto headers = answer_headers(answer.content_type, !answer.stream);
  if (!answer.stream) {
    co_await exchange_.respond(200, headers, answer.body);
    co_return;
  }
  if (!co_await exchange_.start_stream(200, headers, answer.body)) co_return;
  const std::string last = last_comment() + answer.terminal;
  co_await exchange_.finish(last);
}

/// In front of a stream's last event.
std::string Flight::last_comment() const {
  const std::string cost = shown_cost() ? usd(*shown_cost()) : "null";
  return fmt::format(": kairosroute {{\"receipt_id\":\"{}\",\"cost_usd\":{}}}\n\n", receipt_.receipt_id, cost);
}

/// What was just passed on of a stream.
void Flight::keep_piece(Leg& leg, std::string_view piece) {
  if (cache_key_.empty() || leg.too_long_to_keep) return;
  leg.kept.append(piece);
  leg.too_long_to_keep = leg.kept.size() > static_cast<size_t>(snapshot_->cache.max_answer_bytes);
  if (leg.too_long_to_keep) leg.kept = std::string();
}

/// Keeps a whole answer, once its receipt is written. `terminal`: of a stream, its last event.
void Flight::keep_answer(const Leg& leg, std::string_view content_type, std::string body, std::string terminal) {
  const providers::AnswerFacts& facts = leg.tap->facts();
  const bool embedded = receipt_.request.endpoint == model::Endpoint::kEmbeddings && facts.finish_reason.empty();
  const auto most = static_cast<size_t>(snapshot_->cache.max_answer_bytes);
  if (cache_key_.empty() || leg.too_long_to_keep || facts.error || facts.malformed ||
      (!embedded && !is_complete(facts.finish_reason)) || body.size() + terminal.size() > most ||
      policy::says_refusal(body) || policy::says_refusal(terminal))
    return;
  auto answer = std::make_shared<CachedAnswer>();
  answer->tenant = receipt_.tenant;
  answer->receipt_id = receipt_.receipt_id;
  answer->content_type = content_type;
  answer->body = std::move(body);
  answer->stream = !terminal.empty();
  answer->terminal = std::move(terminal);
  answer->model_id = leg.record.model_id;
  answer->provider = leg.record.provider;
  answer->region = leg.record.region;
  answer->finish_reason = receipt_.execution.finish_reason;
  answer->usage = leg.record.usage;
  answer->cost = leg.record.cost;
  answer->erasures = erasures_;
  answer->expires = gateway_.services_.clock.mono_now() + snapshot_->cache.ttl;
  const ResponseCache::Limits limits{static_cast<size_t>(snapshot_->cache.max_bytes),
                                     static_cast<size_t>(snapshot_->cache.max_entries)};
  answer->meaning = std::move(meaning_);
  const CachedAnswerPtr kept = std::move(answer);
  gateway_.services_.cache.store(cache_key_, kept, limits);
  if (!context_key_.empty()) gateway_.services_.meanings.add(context_key_, kept);
  report_size();
}

void Flight::report_size() {
  observe::Metrics& metrics = gateway_.services_.metrics;
  const ResponseCache& cache = gateway_.services_.cache;
  metrics.gauge("kairosroute_cache_entries", "Answers in the response cache").set(static_cast<double>(cache.entries()));
  metrics.gauge("kairosroute_cache_bytes", "Size of the response cache").set(static_cast<double>(cache.bytes()));
}

} // namespace kairos::gateway
