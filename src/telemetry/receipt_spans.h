// A receipt as OpenTelemetry spans: one SERVER span for the request, one CLIENT span for each attempt below it.
// GenAI semantic conventions 1.41 (or `latest`), own attributes under kairosroute.*; docs/telemetry/README.md lists
// them. Usage and cost stand on the attempts only, so that summing them over spans is right; what stands on the
// receipt's span is a roll-up under names of its own. Ids are those of the receipt: encoding it twice gives the same
// spans.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/otlp.h"
#include "config/provider.h"
#include "model/receipt.h"
#include "telemetry/span.h"
#include "telemetry/span_content.h"

namespace kairos::telemetry {

struct ServerAddress {
  std::string host;
  std::int64_t port = 0;
};
/// "https://api.example.com/v1" → api.example.com, 443. nullopt if it is no URL.
std::optional<ServerAddress> address_of(std::string_view base_url);

/// The name OpenTelemetry has for a provider of the catalog; else the provider's own id.
std::string_view genai_provider_name(std::string_view catalog_id);
std::string_view genai_operation(model::Endpoint endpoint);
/// … of one attempt: a look-up of the response cache embeds, whatever is asked for.
std::string_view genai_operation(const model::Receipt& receipt, const model::Attempt& attempt);
std::string_view route_of(model::Endpoint endpoint);

/// What a provider is called and where it is reached, by the id that receipts have.
struct ProviderFacts {
  std::string genai_name;
  std::map<std::string, ServerAddress, std::less<>> by_region; // "" is the first endpoint
};
using ProviderTable = std::map<std::string, ProviderFacts, std::less<>>;
ProviderTable provider_table(std::span<const config::Provider> providers);

/// Trace and span of an earlier receipt, for the link of a replay; nullopt: not known.
using FindTrace = std::function<std::optional<model::TraceIds>(const std::string& receipt_id)>;

struct SpanOptions {
  SpanLimits limits;
  config::GenAiUsage usage = config::GenAiUsage::kAttempt;
  config::GenAiConventions conventions = config::GenAiConventions::kPinned;
  std::string receipt_url; // with {id}; empty: none
  std::string_view scheme = "http";
  bool end_user = false;
  ProviderTable providers;
  FindTrace find_trace; // may be empty
};

/// True if the trace is to be exported. Receipts are made whatever this says.
bool is_sampled(const model::TraceIds& trace, config::Sampler sampler, double ratio);
/// Well-formed ids everywhere: receivers refuse a whole batch for one that is not.
bool has_good_ids(const model::Receipt& receipt);

/// Turns receipts into spans; what it hands out is valid until the next call and while the receipt lives. One thread.
class ReceiptSpans {
public:
  explicit ReceiptSpans(SpanOptions options) : options_(std::move(options)) {}
  /// The receipt's span first, then its attempts. has_good_ids() must be true. `content` goes on the attempt whose
  /// answer the client got, or on the receipt's span where there was no attempt (answers of the cache); it must live as
  /// long as the receipt.
  std::span<const Span> of(const model::Receipt& receipt, const SpanContent& content);
  std::span<const Span> of(const model::Receipt& receipt) { return of(receipt, kNoContent); }

private:
  Span& next_span();
  void fill_receipt(Span& span, const model::Receipt& receipt, const SpanContent& content);
  void fill_decision(Span& span, const model::Receipt& receipt);
  void fill_money(Span& span, const model::Receipt& receipt);
  void fill_candidates(Span& span, const model::Receipt& receipt);
  void fill_link(Span& span, const model::Receipt& receipt);
  void fill_attempt(Span& span, const model::Receipt& receipt, const model::Attempt& attempt, bool last);
  void fill_answer(Span& span, const model::Receipt& receipt, const model::Attempt& attempt, bool last);
  void fill_provider(Span& span, const model::Attempt& attempt);
  void fill_usage(Span& span, const model::Usage& usage);
  void fill_ids(Span& span, const model::Receipt& receipt);
  static void fill_content(Span& span, const SpanContent& content);

  static inline const SpanContent kNoContent{};
  SpanOptions options_;
  std::vector<Span> spans_;
  size_t used_ = 0;
  SpanTexts texts_;
};

} // namespace kairos::telemetry
