// ReceiptMetrics: folds closed receipts into metrics, one receipt at a time: the page's own (kairosroute_*) and
// OpenTelemetry's for GenAI clients (gen_ai.*, over OTLP only). Labels come from the catalog and from closed
// vocabularies, never from what a client wrote, and each family is bounded by observe::kMaxSeries. Counters begin at 0
// with the process. One thread folds; any may read the registries.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "model/receipt.h"
#include "observe/metrics.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {

class ReceiptMetrics {
public:
  /// Both registries outlive it. `genai` has the prefix "gen_ai.".
  ReceiptMetrics(observe::Metrics& own, observe::Metrics& genai, ProviderTable providers);
  void fold(const model::Receipt& receipt);

private:
  /// Counters of one provider and model: looked up once, then kept.
  struct PerModel {
    observe::Counter* cost = nullptr;
    observe::Counter* input = nullptr;
    observe::Counter* output = nullptr;
    observe::Counter* cache_read = nullptr;
    observe::Counter* cache_write = nullptr;
    observe::Counter* reasoning = nullptr;
    observe::Histogram* upstream_time = nullptr;
    observe::Histogram* first_token_time = nullptr;
  };
  void fold_money(const model::Receipt& receipt);
  void fold_attempt(const model::Receipt& receipt, const model::Attempt& attempt);
  void fold_genai(const model::Receipt& receipt, const model::Attempt& attempt);
  PerModel& of(const model::Attempt& attempt);

  observe::Metrics& own_;
  observe::Metrics& genai_;
  const ProviderTable providers_;
  observe::Histogram& overhead_;
  observe::Counter& unpriced_;
  std::map<std::string, PerModel> per_model_; // by provider and model; bounded by kMaxModels
};

} // namespace kairos::telemetry
