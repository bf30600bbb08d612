// What the running server is made of. server_open.cc makes what is in the data folder, server_listen.cc what faces the
// network, server.cc starts, changes and stops it.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/service.h"
#include "api/api.h"
#include "app/corrector.h"
#include "app/ledger_check.h"
#include "app/server.h"
#include "base/guarded.h"
#include "content/vault.h"
#include "gateway/gateway.h"
#include "journal/data_dir_lock.h"
#include "ledger/journal_keeper.h"
#include "store/retention_keeper.h"
#include "store/state_store.h"
#include "telemetry/telemetry.h"

namespace kairos::app {

/// Members in the order in which they are made; they go in reverse.
struct Server::Impl {
  explicit Impl(journal::DataDirLock lock_in) : lock(std::move(lock_in)) {}

  Result<void> open_journal();
  void checkpoint(std::string folds);
  Result<void> open_vault();
  gateway::Gateway& gateway_of(const net::Loop& loop);
  Result<void> open_store();
  Result<void> open_alerts();
  Result<void> start_telemetry();
  void start_journal_keeper();
  std::vector<ledger::JournalNeed> journal_needs();
  Result<void> listen();
  void listen_locally();
  net::Task<void> serve_locally(net::Exchange& exchange);
  Result<void> open_state();
  Result<config::SnapshotPtr> load_with(std::span<const store::Change> changes);
  Result<void> use(config::SnapshotPtr next);
  Result<void> use_file();
  Result<std::vector<store::Document>> change(const std::vector<store::Change>& changes, std::string_view who);

  std::string config_path;
  std::mutex changing;     // one reload or change at a time
  std::string config_text; // of the running snapshot: a change by API does not pick up an edited file
  StartOptions start_options;
  journal::DataDirLock lock;
  SystemClock clock;
  observe::Metrics metrics;
  journal::PosixFileSystem files;
  Guarded<config::SnapshotPtr> current;
  std::unique_ptr<journal::Writer> writer;
  journal::Position started_at; // in the journal
  std::unique_ptr<ledger::EmbeddedBudgets> budgets;
  std::unique_ptr<ledger::Projection> books;
  std::unique_ptr<Corrector> corrector;
  std::unique_ptr<LedgerCheck> ledger_check;
  std::unique_ptr<content::Vault> vault;
  ledger::RateLimits rates;
  gateway::HealthBoard health;
  gateway::KeyPools keys;
  std::unique_ptr<store::StateStore> state;
  std::unique_ptr<store::ReceiptStore> store;
  std::unique_ptr<store::Loader> loader;
  std::unique_ptr<store::RetentionKeeper> retention;
  std::unique_ptr<alerts::Service> alerts;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<gateway::Services> services;
  std::unique_ptr<net::LoopGroup> loops;
  std::unique_ptr<telemetry::Telemetry> telemetry; // looks at the loops
  std::vector<std::unique_ptr<gateway::Gateway>> gateways;
  std::vector<std::unique_ptr<net::Server>> servers;
  std::unique_ptr<net::Server> local;                    // the socket in the data folder
  std::unique_ptr<ledger::JournalKeeper> journal_keeper; // looks at all that follows the journal

  config::SnapshotPtr snapshot() {
    return current.with([](const config::SnapshotPtr& now) { return now; });
  }
};

} // namespace kairos::app
