// The simulated providers (sim_engine.h) as a server on src/net:
//   POST /v1/chat/completions, …/responses, …/embeddings, POST /v1/messages
//   POST /v1beta/models/MODEL:generateContent and :streamGenerateContent?alt=sse (Gemini)
//   POST /model/MODEL/converse and /converse-stream (Bedrock)
//   GET  /v1/models   in Anthropic's shape if the request has an anthropic-version header; /v1beta/models
//   GET  /sim/last    the body of the last POST, byte for byte; 404 before the first
//   GET  /sim/count   how many requests to providers' paths were received, those that were refused too, as decimal text
//   POST /sim/hold    from now on answers wait, until as many wait as the body says, or (empty body) until …
//   POST /sim/release … this; GET /sim/held says how many wait
// Controls can be given in the request header X-Sim. Any credentials are accepted. A client that stops sending counts
// as one that left: nothing is delayed for it any more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"

namespace kairos::sim {

struct SimOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; // 0: any
  std::uint64_t seed = 1;
  double latency_scale = 0; // see EngineOptions
  size_t most_words = 39;
  double error_rate = 0;      // share of requests without controls that fail with 500, 502, 503 or 529
  double rate_limit_rate = 0; // … and with 429
};

/// Lives on the loop that it is given; stop the loop before it ends. Not thread-safe but for local_port.
class SimServer {
public:
  SimServer(net::Loop& loop, SimOptions options);
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  /// The error says which address and why.
  Result<void> listen();
  std::uint16_t local_port() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::sim
