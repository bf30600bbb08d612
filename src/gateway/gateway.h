// The data plane: authenticates, decides, serves and leaves a receipt. One Gateway per loop; what they share is in
// Services. It never waits for a database, an exporter or a browser.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/ulid.h"
#include "config/snapshot.h"
#include "content/vault.h"
#include "gateway/health_board.h"
#include "gateway/key_pools.h"
#include "gateway/refusal_floods.h"
#include "gateway/response_cache.h"
#include "gateway/semantic_index.h"
#include "gateway/trace_context.h"
#include "journal/codec.h"
#include "journal/writer.h"
#include "ledger/budgets.h"
#include "ledger/rate_limits.h"
#include "model/receipt.h"
#include "net/client.h"
#include "net/origin.h"
#include "net/server.h"
#include "observe/metrics.h"

namespace kairos::gateway {

/// Shared by the gateways of all loops; outlives them. All of it is thread-safe.
struct Services {
  const Clock& clock;
  journal::Writer& journal;
  ledger::BudgetAuthority& budgets;
  ledger::RateLimits& rates;
  HealthBoard& health;
  KeyPools& keys;
  observe::Metrics& metrics;
  net::ProxySettings proxies;             // of the environment, for providers that name none
  std::atomic<std::int64_t> in_flight{0}; // requests, all loops
  std::string node_id;
  std::string fingerprint_key; // secret, per data directory: the same body gives the same fingerprint only here
  std::function<config::SnapshotPtr()> snapshot;
  /// Whatever is not the gateway's own: the dashboard API. Called after nothing; it authenticates by itself.
  std::function<net::Task<bool>(net::Exchange&)> other;
  content::Vault* vault = nullptr;       // where prompts and answers are kept; nullptr: nowhere
  std::atomic<std::int64_t> recorded{0}; // bytes of content of the requests that run
  ResponseCache cache{};                 // whoever erases content erases there too
  SemanticIndex meanings{};
};

/// Where a provider's endpoint is; `wrong` says why it cannot be used.
struct Upstream {
  net::Origin origin;
  std::string path;
  std::string wrong;
};

class Flight;
struct InProcessRequest;
struct InProcessAnswer;
class InProcessExchange;

class Gateway {
public:
  Gateway(net::Loop& loop, Services& services);

  /// One request, from its head to the end of its answer. The server's handler.
  net::Task<void> handle(net::Exchange& exchange);

  /// The same for a request that the process asks of itself. On the gateway's loop.
  net::Task<InProcessAnswer> ask(InProcessExchange& exchange, const InProcessRequest& request);
  net::Loop& loop() const { return loop_; }

  /// Writes what is kept back (receipts of coalesced refusals). On the loop, after the last request.
  void finish() { floods_.close_all(); }

private:
  friend class Flight;
  /// What a request is besides its exchange.
  struct Asked {
    config::SnapshotPtr snapshot;
    config::KeyOwner owner;
    model::Endpoint endpoint;
    bool route_only = false;
    bool keep_content = true;
    std::optional<model::Replay> replay;
    model::Receipt* receipt = nullptr; // where the finished one is copied to
  };
  net::Task<void> fly(net::Exchange& exchange, const Asked& asked);
  net::Task<void> fly_recorded(net::Exchange& exchange, const Asked& asked);
  net::Task<void> serve_request(Flight& flight, bool route_only, std::int64_t most);
  net::Task<void> list_models(net::Exchange& exchange, const config::Snapshot& snapshot);
  net::Task<void> health(net::Exchange& exchange, bool ready);
  net::Task<void> count_tokens(net::Exchange& exchange);

  const Upstream& upstream_of(const config::SnapshotPtr& snapshot, const config::Target& target);
  TargetRecord& health_of(const config::Target& target);

  void wake_journal_soon();

  net::Loop& loop_;
  Services& services_;
  bool wakes_journal_ = false; // is going to
  net::Client client_;
  RefusalFloods floods_;
  config::SnapshotPtr upstreams_of_; // whose endpoints upstreams_ are
  std::unordered_map<const config::ProviderEndpoint*, Upstream> upstreams_;
  std::unordered_map<std::string, TargetRecord*> records_; // of the board, looked up once
  double hedge_credit_ = 1;                                // hedges that may be made now; each request adds its share
  journal::Compressor compressor_;                         // of receipts that are written on this loop
  UlidGenerator ids_;
  TraceIdSource trace_ids_;
};

/// The key of a request: `Authorization: Bearer …` or `x-api-key`; empty if there is none.
std::string_view presented_key(const net::Head& head);
/// Whose it is; nullopt: nobody's.
std::optional<config::KeyOwner> authenticate(const net::Head& head, const config::Snapshot& snapshot);
/// The keyed hash of a request's body that receipts have.
std::string fingerprint_of(std::string_view key, std::string_view body);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);
/// Of one text behind the other.
std::string sha256_hex(std::string_view text, std::string_view more);

} // namespace kairos::gateway
