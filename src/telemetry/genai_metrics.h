// GenAiMetrics: OpenTelemetry's metrics of GenAI clients, for OTLP, one attempt at a time. By the pinned conventions
// (1.41): histograms of operations' durations, first chunks and tokens. By the newest ones, for everything but
// embeddings, gen_ai.client.inference.*: duration, first chunk, counters of usage by modality, tokens per operation.
// Bounded by observe::kMaxSeries. One thread folds.
#pragma once

#include <map>
#include <string>

#include "config/otlp.h"
#include "model/receipt.h"
#include "observe/metrics.h"
#include "telemetry/receipt_spans.h"

namespace kairos::telemetry {

class GenAiMetrics {
public:
  /// `metrics` has the prefix "gen_ai." and outlives it.
  GenAiMetrics(observe::Metrics& metrics, ProviderTable providers, config::GenAiConventions conventions)
      : metrics_(metrics), providers_(std::move(providers)), conventions_(conventions) {}
  void fold(const model::Receipt& receipt, const model::Attempt& attempt);

private:
  /// Of one operation, provider and model: looked up once, then kept.
  struct Series {
    observe::Histogram* duration = nullptr; // without an error
    observe::Histogram* first_chunk = nullptr;
    observe::Histogram* input = nullptr;
    observe::Histogram* output = nullptr;
  };
  using ByModel = std::map<std::string, Series, std::less<>>;

  bool is_newest(const model::Receipt& receipt) const;
  observe::Labels labels(const model::Receipt& receipt, const model::Attempt& attempt) const;
  Series& of(const model::Receipt& receipt, const model::Attempt& attempt);
  observe::Histogram& duration(const model::Receipt& receipt, observe::Labels labels);
  observe::Histogram& first_chunk(const model::Receipt& receipt, const observe::Labels& labels);
  observe::Histogram& tokens(const model::Receipt& receipt, observe::Labels labels, const std::string& type);
  void count_usage(const model::Receipt& receipt, const model::Attempt& attempt);

  observe::Metrics& metrics_;
  const ProviderTable providers_;
  const config::GenAiConventions conventions_;
  std::map<std::string_view, std::map<std::string, ByModel, std::less<>>> series_; // operation, provider, model
  size_t kept_ = 0;
  Series spare_; // when too many are kept: looked up each time
};

} // namespace kairos::telemetry
