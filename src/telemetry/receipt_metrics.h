// ReceiptMetrics: folds closed receipts into metrics, one receipt at a time: the page's own (kairosroute_*) and
// OpenTelemetry's for GenAI clients (gen_ai.*, over OTLP only). Labels come from the catalog and from closed
// vocabularies, never from what a client wrote, and each family is bounded by observe::kMaxSeries. Counters begin at 0
// with the process. What ordinary receipts need is looked up in the registry once and kept. One thread folds; any may
// read the registries.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "config/otlp.h"
#include "model/receipt.h"
#include "observe/metrics.h"
#include "telemetry/genai_metrics.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {

class ReceiptMetrics {
public:
  /// Both registries outlive it. `genai` has the prefix "gen_ai.".
  ReceiptMetrics(observe::Metrics& own, observe::Metrics& genai, ProviderTable providers,
                 config::GenAiConventions conventions = config::GenAiConventions::kPinned);
  void fold(const model::Receipt& receipt);

private:
  static constexpr size_t kStatuses = model::kStatusNames.size();
  /// Of one endpoint and status.
  struct PerOutcome {
    observe::Counter* receipts = nullptr;
    observe::Histogram* time = nullptr;
  };
  /// Of one provider and model.
  struct PerModel {
    observe::Counter* cost = nullptr;
    observe::Counter* input = nullptr;
    observe::Counter* output = nullptr;
    observe::Counter* cache_read = nullptr;
    observe::Counter* cache_write = nullptr;
    observe::Counter* reasoning = nullptr;
    observe::Counter* first_successes = nullptr; // attempts that were the first and succeeded: nearly all
    observe::Histogram* upstream_time = nullptr;
    observe::Histogram* first_token_time = nullptr;
  };
  using PerProvider = std::map<std::string, PerModel, std::less<>>; // by model

  PerOutcome& of(const model::Receipt& receipt);
  PerModel& of(const model::Attempt& attempt);
  void fill(PerModel& into, const std::string& provider, const std::string& model);
  observe::Counter& tenant_cost(const std::string& tenant);
  observe::Counter& attempts(const std::string& provider, std::string_view outcome, model::AttemptReason reason);
  void fold_money(const model::Receipt& receipt);
  void fold_attempt(const model::Receipt& receipt, const model::Attempt& attempt);

  observe::Metrics& own_;
  GenAiMetrics genai_;
  observe::Histogram& overhead_;
  observe::Counter& unpriced_;
  observe::Counter* baseline_ = nullptr; // with the first receipt that has one
  observe::Counter* baselined_ = nullptr;
  std::array<std::array<PerOutcome, kStatuses>, model::kEndpointNames.size()> outcomes_;
  std::map<std::string, observe::Counter*, std::less<>> tenants_; // bounded by observe::kMaxSeries
  std::map<std::string, PerProvider, std::less<>> per_model_;     // bounded by kMaxModels
  size_t models_ = 0;
};

} // namespace kairos::telemetry
