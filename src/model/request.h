// What routing knows about a request: facts taken from the client's bytes and headers, no bytes themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "model/enums.h"

namespace kairos::model {

/// What a model must be able to do to serve the request.
struct Needs {
  bool tools = false;
  bool images = false;
  bool audio = false;
  bool json_schema = false;
  bool reasoning = false;    // asked for explicitly
  bool embeddings = false;   // an embedding model is wanted, and nothing else will do
  bool server_tools = false; // web search and the like, run by the provider
  bool operator==(const Needs&) const = default;
};

enum class Variant : std::uint8_t { kNone, kFree, kThinking, kExtended };

/// Wishes of the client, from X-KairosRoute-* headers or the body's `kairosroute` object. They narrow, never widen.
struct Constraints {
  std::optional<Picodollars> max_cost;
  std::optional<double> min_quality;
  std::optional<std::int64_t> preferred_max_latency_ms;
  std::optional<std::int64_t> preferred_min_throughput; // output tokens per second
  Quantizations quantizations = 0;                      // accepted ones; 0: all
  bool deny_data_collection = false;
  bool zero_retention = false;
  std::string region; // empty: any
};

struct RequestFacts {
  Endpoint endpoint = Endpoint::kChatCompletions;
  Dialect dialect = Dialect::kOpenAi; // of the client
  std::string model;                  // as asked, without the variant suffix
  Variant variant = Variant::kNone;
  bool stream = false;
  Needs needs;
  std::int64_t input_tokens_est = 0;             // for choosing
  std::int64_t input_tokens_bound = 0;           // for reserving: never below the truth
  std::optional<std::int64_t> max_output_tokens; // as asked
  std::int64_t choices = 1;                      // n / best_of
  Constraints constraints;

  /// "auto" and "kr-auto" let the router choose; any other id pins.
  bool pinned() const { return model != "auto" && model != "kr-auto"; }
};

} // namespace kairos::model
