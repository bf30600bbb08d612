// The dashboard and its API (/api/v1, docs/openapi.json), metrics and the dashboard's files. Finds the route
// (routes.h), decides who asks and whether they may, and has the answer made on a worker, so that no event loop ever
// waits for the database. Any loop may call handle().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "alerts/service.h"
#include "api/routes.h"
#include "base/clock.h"
#include "config/snapshot.h"
#include "content/vault.h"
#include "gateway/in_process.h"
#include "journal/reader.h"
#include "ledger/amend.h"
#include "ledger/budgets.h"
#include "ledger/projection.h"
#include "model/views.h"
#include "net/server.h"
#include "observe/metrics.h"
#include "store/loader.h"
#include "store/receipt_store.h"
#include "store/state_store.h"

namespace kairos::api {

/// All of it outlives the Api.
struct ApiServices {
  std::function<config::SnapshotPtr()> snapshot;
  store::ReceiptStore& store;
  const store::Loader& loader;
  std::shared_ptr<const journal::Reader> journal;
  observe::Metrics& metrics;
  const Clock& clock;
  ledger::BudgetAuthority& budgets;
  const ledger::Projection& books;
  /// Corrects the receipt whose CLOSE record is there; blocks.
  std::function<Result<ledger::Correction>(const journal::Position& closed, const ledger::AttemptTruth& truth,
                                           std::string reason)>
      correct;
  std::function<Result<std::vector<ledger::Correction>>(std::string_view receipt_id)> corrections;
  const store::StateStore& state;
  /// Commits these changes if the whole configuration with them is sound, and makes it count for the next request.
  std::function<Result<std::vector<store::Document>>(const std::vector<store::Change>& changes, std::string_view who)>
      change;
  alerts::Service& alerts;
  /// How the targets do; what is not in it is unmeasured.
  std::function<std::shared_ptr<const model::Health>()> health;
  content::Vault& vault;
  /// Drops cached answers: of this receipt, or where that is empty of the whole tenant.
  std::function<void(const std::string& receipt_id, const std::string& tenant)> forget;
  /// The keyed hash of a request's body, as receipts have it.
  std::function<std::string(std::string_view body)> fingerprint;
  /// Asks the gateway of the exchange's loop.
  std::function<net::Task<gateway::InProcessAnswer>(gateway::InProcessExchange&, const gateway::InProcessRequest&)> ask;
  std::function<net::Loop&()> loop; // for what goes on after its request
};

class LiveFeed;
class ReplayRuns;
class Sessions;
class WorkPool;

/// What handlers are given (routes.h).
struct ApiContext {
  ApiServices services;
  LiveFeed& live;
  Sessions& sessions;
  ReplayRuns& runs;
  WorkPool& pool; // for streams: on_worker() asks the store without holding the loop up
};

/// Whether the asker's key is still there with the role that it had: a stream ends for one that was revoked.
bool still_valid(const ApiContext& context, const Principal& principal);

/// Where a request came in.
enum class Door : std::uint8_t {
  kNetwork,
  kLocalSocket, // mode 0600 in the data folder: whoever may open it may do everything
};

class Api {
public:
  explicit Api(ApiServices services);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Answers the request; false if its path is none of the API's or the dashboard's.
  net::Task<bool> handle(net::Exchange& exchange, Door door = Door::kNetwork);
  /// Ends streams that would never end by themselves, and runs of replays; the first thing of a drain.
  void end_streams();
  /// Before the loops stop: ends streams, finishes what was asked; what is asked later gets 503.
  void stop();
  /// Where the live feed reads the journal, while somebody watches. Any thread.
  std::optional<journal::Position> live_place() const;
  /// Questions that wait for a worker. Any thread.
  size_t waiting() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::api
