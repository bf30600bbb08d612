#include "telemetry/receipt_spans.h"

#include <algorithm>
#include <charconv>

namespace kairos::telemetry {
namespace {

using model::Meter;

/// The nearest binary float: dividing rounds once, multiplying by 1e-12, which is none, would round twice.
double dollars(Picodollars amount) { return static_cast<double>(amount.value()) / 1e12; }

bool is_id(std::string_view text, size_t digits) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == digits && std::ranges::all_of(text, hex) && text.find_first_not_of('0') != text.npos;
}

std::int64_t cache_read(const model::Usage& usage) {
  return usage[Meter::kCacheRead] + usage[Meter::kCacheReadAudio] + usage[Meter::kCacheReadImage];
}
std::int64_t cache_write(const model::Usage& usage) { return usage[Meter::kCacheWrite] + usage[Meter::kCacheWrite1h]; }

/// Chosen and ranked ones first, so that what is left out is what mattered least.
std::vector<const model::Candidate*> by_rank(const std::vector<model::Candidate>& candidates, size_t most) {
  std::vector<const model::Candidate*> order;
  order.reserve(candidates.size());
  for (const model::Candidate& one : candidates) order.push_back(&one);
  const auto key = [](const model::Candidate* one) { return one->rank.value_or(INT32_MAX); };
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(std::min(most, order.size()));
  std::ranges::partial_sort(order, middle, {}, key);
  order.erase(middle, order.end());
  return order;
}

/// The receipt's span is in error if the server failed, not if it refused or the caller was wrong.
bool is_error(const model::Receipt& receipt) {
  const model::Execution& execution = receipt.execution;
  if (execution.status == model::Status::kInterrupted) return true;
  const bool failed = execution.status == model::Status::kError || execution.status == model::Status::kRefused;
  return failed && (execution.http_status >= 500 || execution.http_status < 400);
}

std::string_view error_type(const model::Receipt& receipt) {
  const model::Execution& execution = receipt.execution;
  if (execution.status == model::Status::kSuccess || execution.status == model::Status::kCancelled) return {};
  if (execution.status == model::Status::kInterrupted) return "interrupted";
  return execution.error_code.empty() ? "_OTHER" : std::string_view(execution.error_code);
}

/// The attempt whose answer the client got, or would have got. nullptr: none was made for it.
const model::Attempt* answered_by(const model::Receipt& receipt) {
  const model::Attempt* found = nullptr;
  for (const model::Attempt& one : receipt.attempts) {
    if (one.reason == model::AttemptReason::kLookup) continue;
    if (found == nullptr || one.status == "success" || found->status != "success") found = &one;
  }
  return found;
}

} // namespace

bool is_sampled(const model::TraceIds& trace, config::Sampler sampler, double ratio) {
  using config::Sampler;
  const bool by_parent =
      sampler == Sampler::kParentOrOn || sampler == Sampler::kParentOrOff || sampler == Sampler::kParentOrRatio;
  if (by_parent && !trace.parent_span_id.empty()) return trace.sampled;
  if (sampler == Sampler::kOn || sampler == Sampler::kParentOrOn) return true;
  if (sampler == Sampler::kOff || sampler == Sampler::kParentOrOff) return false;
  std::uint64_t low = 0; // the last 7 bytes are the random ones
  const std::string_view digits = std::string_view(trace.trace_id).substr(std::min<size_t>(18, trace.trace_id.size()));
  std::from_chars(digits.data(), digits.data() + digits.size(), low, 16);
  return low < static_cast<std::uint64_t>(ratio * 72057594037927936.0); // 2^56
}

bool has_good_ids(const model::Receipt& receipt) {
  const model::TraceIds& trace = receipt.trace;
  const bool parent = trace.parent_span_id.empty() || is_id(trace.parent_span_id, 16);
  return parent && is_id(trace.trace_id, 32) && is_id(trace.span_id, 16) &&
         std::ranges::all_of(receipt.attempts, [](const model::Attempt& one) { return is_id(one.span_id, 16); });
}

Span& ReceiptSpans::next_span() {
  if (used_ == spans_.size()) spans_.emplace_back();
  Span& span = spans_[used_++];
  span.clear(options_.limits);
  return span;
}

std::span<const Span> ReceiptSpans::of(const model::Receipt& receipt, const SpanContent& content) {
  used_ = 0;
  texts_.clear();
  spans_.reserve(receipt.attempts.size() + 1); // references stay good
  const model::Attempt* answered = answered_by(receipt);
  fill_receipt(next_span(), receipt, answered == nullptr ? content : kNoContent);
  for (const model::Attempt& attempt : receipt.attempts) {
    Span& span = next_span();
    fill_attempt(span, receipt, attempt, &attempt == &receipt.attempts.back());
    if (&attempt == answered) fill_content(span, content);
  }
  return std::span(spans_).first(used_);
}

void ReceiptSpans::fill_ids(Span& span, const model::Receipt& receipt) {
  span.trace_id = receipt.trace.trace_id;
  span.flags = kFlagKnowsRemote | (receipt.trace.sampled ? kFlagSampled : 0);
  span.set("kairosroute.receipt.id", receipt.receipt_id);
  if (options_.receipt_url.empty()) return;
  std::string url = options_.receipt_url;
  url.replace(url.find("{id}"), 4, receipt.receipt_id);
  span.set("kairosroute.receipt.url", texts_.keep(std::move(url)));
}

void ReceiptSpans::fill_content(Span& span, const SpanContent& content) {
  if (content.empty()) return;
  span.set("gen_ai.input.messages", content.input_messages);
  span.set("gen_ai.output.messages", content.output_messages);
  span.set("gen_ai.system_instructions", content.system_instructions);
  if (content.truncated) span.set("kairosroute.content.truncated", true);
}

void ReceiptSpans::fill_receipt(Span& span, const model::Receipt& receipt, const SpanContent& content) {
  fill_ids(span, receipt);
  const std::string_view route = route_of(receipt.request.endpoint);
  span.span_id = receipt.trace.span_id;
  span.parent_span_id = receipt.trace.parent_span_id;
  if (!span.parent_span_id.empty()) span.flags |= kFlagRemoteParent;
  span.name.append("POST ").append(route);
  span.kind = SpanKind::kServer;
  span.start_ns = unix_ns(receipt.created_at);
  span.end_ns = std::max(span.start_ns, unix_ns(receipt.completed_at));
  span.error = is_error(receipt);
  span.set("http.request.method", "POST");
  span.set("http.route", route);
  span.set("url.path", route);
  span.set("url.scheme", options_.scheme);
  if (receipt.execution.http_status > 0)
    span.set("http.response.status_code", std::int64_t{receipt.execution.http_status});
  span.set("error.type", error_type(receipt));
  span.set("kairosroute.status", model::name(receipt.execution.status));
  span.set("kairosroute.tenant.id", receipt.tenant);
  span.set("kairosroute.request.model", receipt.request.model);
  fill_link(span, receipt);
  fill_content(span, content);
  fill_decision(span, receipt);
  fill_money(span, receipt);
  span.set("kairosroute.workflow", receipt.workflow);
  span.set("kairosroute.api_key.id", receipt.api_key_id);
  if (options_.end_user) span.set("enduser.id", receipt.end_user);
  if (receipt.count > 1) span.set("kairosroute.request.count", receipt.count);
  span.set("kairosroute.latency.overhead_ms", static_cast<double>(receipt.execution.overhead_us) / 1000);
  fill_candidates(span, receipt);
}

void ReceiptSpans::fill_decision(Span& span, const model::Receipt& receipt) {
  const model::Decision& decision = receipt.decision;
  span.set("kairosroute.decision.model", decision.model_id);
  span.set("kairosroute.decision.strategy", decision.strategy);
  span.set("kairosroute.decision.reason", decision.reason);
  span.set("kairosroute.policy.version", decision.policy_version);
  if (decision.prompt_rewritten) span.set("kairosroute.decision.prompt_rewritten", true);
  span.set("kairosroute.fallback.chain", TextList(decision.fallback_chain));
  const auto tries = std::ranges::count_if(
      receipt.attempts, [](const model::Attempt& one) { return one.reason != model::AttemptReason::kLookup; });
  if (tries > 1) span.set("kairosroute.fallback.count", static_cast<std::int64_t>(tries) - 1);
  if (receipt.classification.confidence <= 0) return; // not classified
  span.set("kairosroute.classification.category", model::name(receipt.classification.category));
  span.set("kairosroute.classification.confidence", receipt.classification.confidence);
  span.set("kairosroute.classification.classifier", receipt.classification.classifier);
}

void ReceiptSpans::fill_money(Span& span, const model::Receipt& receipt) {
  if (options_.usage == config::GenAiUsage::kReceipt) {
    fill_usage(span, receipt.usage);
  }
  if (receipt.cost.total) span.set("kairosroute.cost.total_usd", dollars(*receipt.cost.total));
  if (receipt.cost.basis != model::CostBasis::kMetered)
    span.set("kairosroute.cost.basis", model::name(receipt.cost.basis));
  span.set("kairosroute.price.version", receipt.cost.price_version);
  if (receipt.savings) {
    span.set("kairosroute.baseline.model", receipt.savings->baseline_model_id);
    if (receipt.savings->baseline_cost)
      span.set("kairosroute.baseline.cost_usd", dollars(*receipt.savings->baseline_cost));
    if (receipt.savings->savings) span.set("kairosroute.savings.usd", dollars(*receipt.savings->savings));
  }
  if (receipt.budget) {
    span.set("kairosroute.budget.id", receipt.budget->id);
    span.set("kairosroute.budget.state", receipt.budget->state);
    span.set("kairosroute.budget.reserved_usd", dollars(receipt.budget->reserved));
  }
  if (receipt.cache && receipt.cache->hit) {
    span.set("kairosroute.cache.hit", true);
    span.set("kairosroute.cache.kind", receipt.cache->kind);
    if (receipt.cache->avoided_cost)
      span.set("kairosroute.cache.avoided_cost_usd", dollars(*receipt.cache->avoided_cost));
  }
}

void ReceiptSpans::fill_link(Span& span, const model::Receipt& receipt) {
  if (!receipt.replay) return;
  span.set("kairosroute.replay.of", receipt.replay->of);
  if (!options_.find_trace) return;
  const auto original = options_.find_trace(receipt.replay->of);
  if (original && is_id(original->trace_id, 32) && is_id(original->span_id, 16)) {
    span.add_link({original->trace_id, original->span_id});
  }
}

void ReceiptSpans::fill_candidates(Span& span, const model::Receipt& receipt) {
  std::int64_t all = static_cast<std::int64_t>(receipt.candidates.size());
  for (const auto& [filter, count] : receipt.omitted) all += count;
  if (all > 0) span.set("kairosroute.candidates.count", all);
  const auto shown = by_rank(receipt.candidates, options_.limits.events);
  span.drop_events(receipt.candidates.size() - shown.size());
  for (const model::Candidate* one : shown) {
    SpanEvent* event = span.add_event("kairosroute.candidate", span.start_ns);
    if (event == nullptr) return;
    span.set_on(*event, "kairosroute.candidate.model", one->model_id);
    span.set_on(*event, "kairosroute.candidate.provider", one->provider);
    if (one->rank) span.set_on(*event, "kairosroute.candidate.rank", std::int64_t{*one->rank});
    if (one->score) span.set_on(*event, "kairosroute.candidate.score", *one->score);
    if (one->est_cost) span.set_on(*event, "kairosroute.candidate.est_cost_usd", dollars(*one->est_cost));
    if (!one->filters.empty())
      span.set_on(*event, "kairosroute.candidate.filtered_out_by", model::name(one->filters.front()));
  }
}

void ReceiptSpans::fill_provider(Span& span, const model::Attempt& attempt) {
  const auto found = options_.providers.find(attempt.provider);
  if (found == options_.providers.end()) return span.set("gen_ai.provider.name", attempt.provider);
  const ProviderFacts& facts = found->second;
  span.set("gen_ai.provider.name", facts.genai_name);
  auto place = facts.by_region.find(attempt.region);
  if (place == facts.by_region.end()) place = facts.by_region.find("");
  if (place == facts.by_region.end()) return;
  span.set("server.address", place->second.host);
  span.set("server.port", place->second.port);
}

void ReceiptSpans::fill_attempt(Span& span, const model::Receipt& receipt, const model::Attempt& attempt, bool last) {
  fill_ids(span, receipt);
  const std::string_view operation = genai_operation(receipt, attempt);
  span.span_id = attempt.span_id;
  span.parent_span_id = receipt.trace.span_id;
  span.name.append(operation).append(" ").append(cut_text(attempt.model_id, 100));
  span.kind = SpanKind::kClient;
  span.start_ns = unix_ns(attempt.started_at);
  span.end_ns = span.start_ns + static_cast<std::uint64_t>(std::max<std::int64_t>(0, attempt.latency_ms)) * 1'000'000;
  const bool failed = attempt.status != "success" && attempt.status != "cancelled";
  span.error = failed;
  span.set("gen_ai.operation.name", operation);
  fill_provider(span, attempt);
  span.set("gen_ai.request.model", attempt.model_id);
  if (failed)
    span.set("error.type", attempt.error_type.empty() ? std::string_view(attempt.status) : attempt.error_type);
  if (attempt.http_status) span.set("http.response.status_code", std::int64_t{*attempt.http_status});
  span.set("kairosroute.attempt.index", std::int64_t{attempt.index});
  span.set("kairosroute.attempt.reason", model::name(attempt.reason));
  span.set("kairosroute.attempt.status", attempt.status);
  if (attempt.status == "cancelled") span.set("kairosroute.attempt.cancelled_for", attempt.error_type); // hedge_lost
  span.set("kairosroute.tenant.id", receipt.tenant);
  span.set("cloud.region", attempt.region);
  if (receipt.request.stream) span.set("gen_ai.request.stream", true);
  if (receipt.request.max_output_tokens) span.set("gen_ai.request.max_tokens", *receipt.request.max_output_tokens);
  fill_answer(span, receipt, attempt, last);
}

void ReceiptSpans::fill_answer(Span& span, const model::Receipt& receipt, const model::Attempt& attempt, bool last) {
  span.set("gen_ai.response.model", attempt.response_model);
  span.set("gen_ai.response.id", attempt.response_id);
  if (last && attempt.reason != model::AttemptReason::kLookup && !receipt.execution.finish_reason.empty()) {
    span.set("gen_ai.response.finish_reasons", TextList(&receipt.execution.finish_reason, 1));
  }
  if (receipt.request.stream && attempt.ttft_ms) {
    span.set("gen_ai.response.time_to_first_chunk", static_cast<double>(*attempt.ttft_ms) / 1000);
  }
  if (options_.usage == config::GenAiUsage::kAttempt) fill_usage(span, attempt.usage);
  span.set("kairosroute.usage.source", model::kUsageSourceNames[static_cast<size_t>(attempt.usage.source)]);
  if (!attempt.cost) return;
  span.set("kairosroute.cost.usd", dollars(*attempt.cost));
  span.set("kairosroute.cost.currency", "USD");
  span.set("kairosroute.cost.source", "computed");
  span.set("kairosroute.price.version", receipt.cost.price_version);
}

void ReceiptSpans::fill_usage(Span& span, const model::Usage& usage) {
  if (usage.source == model::UsageSource::kUnknown) return; // not known is not zero
  const bool latest = options_.conventions == config::GenAiConventions::kLatest;
  span.set("gen_ai.usage.input_tokens", usage.input_total());
  span.set("gen_ai.usage.output_tokens", usage.output_total());
  if (cache_read(usage) > 0) span.set("gen_ai.usage.cache_read.input_tokens", cache_read(usage));
  const std::string_view written =
      latest ? "gen_ai.usage.cache_write.input_tokens" : "gen_ai.usage.cache_creation.input_tokens";
  if (cache_write(usage) > 0) span.set(written, cache_write(usage));
  if (usage[Meter::kReasoning] > 0) span.set("gen_ai.usage.reasoning.output_tokens", usage[Meter::kReasoning]);
}

} // namespace kairos::telemetry
