// What the server has in its data folder, opened in the order in which one needs the other.
#include <filesystem>

#include "app/alerts_parts.h"
#include "app/captured_content.h"
#include "app/content_parts.h"
#include "app/server_impl.h"
#include "app/startup.h"
#include "model/receipt_json.h"
#include "observe/log.h"
#include "observe/threads.h"
#include "store/duckdb/duckdb_store.h"
#include "store/embedded_state.h"
#include "store/journal_source.h"

namespace kairos::app {
namespace {

constexpr std::string_view kVersion = KAIROS_VERSION;

journal::WriterOptions writer_options(const config::Snapshot& snapshot) {
  journal::WriterOptions options;
  options.data_dir = snapshot.data_dir;
  options.durability = snapshot.journal.durability == config::Durability::kFsync ? journal::Durability::kFsync
                                                                                 : journal::Durability::kProcess;
  options.segment_bytes = static_cast<std::uint64_t>(snapshot.journal.segment_bytes);
  return options;
}

std::vector<store::RetentionRule> retention_rules(const config::Snapshot& snapshot) {
  std::vector<store::RetentionRule> rules;
  for (const config::Tenant& tenant : snapshot.tenants) {
    if (tenant.keep_receipts_days) rules.push_back({tenant.id, std::chrono::days(*tenant.keep_receipts_days)});
  }
  return rules;
}

/// The trace of an earlier receipt, which a replay's span links to.
std::optional<model::TraceIds> find_trace(store::ReceiptStore& store, const journal::Reader& journal,
                                          const std::string& receipt_id) {
  const auto found = store.find(receipt_id, store::Scope::all(), {});
  if (!found) return std::nullopt;
  const auto entry = journal.read({found->row.place.segment, found->row.place.offset});
  const auto receipt = entry ? model::receipt_from_json(entry->payload) : std::unexpected(entry.error());
  return receipt ? std::optional(receipt->trace) : std::nullopt;
}

} // namespace

Result<void> Server::Impl::open_journal() {
  const config::SnapshotPtr config = snapshot();
  journal::RecoverOptions options;
  options.node_id = config->node_id;
  auto recovered = journal::recover(files, config->data_dir, options);
  if (!recovered) return std::unexpected(recovered.error());
  if (recovered->cut) observe::log_warn("journal", recovered->cut->what);
  auto started = journal::Writer::start(files, writer_options(*config), *recovered);
  if (!started) return std::unexpected(started.error());
  writer = std::move(*started);
  started_at = writer->reader()->end();
  const auto closed = close_interrupted(*writer, *recovered, clock);
  if (!closed) return std::unexpected(closed.error());
  if (*closed > 0)
    observe::log_warn("journal",
                      "requests were running when the last process ended; their receipts are now 'interrupted'",
                      {{"receipts", *closed}});
  auto opened = ledger::Projection::open(files, config->data_dir, writer->reader(),
                                         [this](std::string summary) { checkpoint(std::move(summary)); });
  if (!opened) return std::unexpected(opened.error());
  books = std::move(*opened);
  budgets =
      books->with([](const ledger::Books& now) { return std::make_unique<ledger::EmbeddedBudgets>(now.budgets()); });
  {
    const observe::NewThreadsAre keeps("kr-ledger");
    books->start();
  }
  ledger_check = std::make_unique<LedgerCheck>(*budgets, *books, clock);
  corrector = std::make_unique<Corrector>(
      Corrector::Parts{*writer, *books, clock, [this] { return ledger::charged_budgets(*snapshot()); },
                       [this](const ledger::Correction& correction) { budgets->apply(correction); }});
  return budgets->replace(budget_specs(*config));
}

/// So that the next start reads the journal from here on only.
void Server::Impl::checkpoint(std::string folds) {
  const auto written = writer->checkpoint(clock.wall_now(), std::move(folds));
  if (!written)
    observe::log_warn("journal", "no checkpoint could be written; the next start reads more of the journal",
                      {{"error", written.error().message}});
}

/// What was made through the API, and the configuration with it.
Result<void> Server::Impl::open_state() {
  const std::string file = std::filesystem::path(snapshot()->data_dir) / "state.log";
  auto opened = store::open_embedded_state({file, &clock});
  if (!opened) return fail_in(file, opened.error());
  state = std::move(*opened);
  auto loaded = load_with({});
  if (!loaded) return std::unexpected(loaded.error());
  current.with([&](config::SnapshotPtr& now) { now = *loaded; });
  return {};
}

Result<void> Server::Impl::open_vault() {
  auto opened = content::Vault::open(files, content_options(*snapshot()), clock, metrics);
  if (!opened) return fail_in("opening what is kept of prompts and answers", opened.error());
  vault = std::move(*opened);
  use_content_settings(*vault, *snapshot());
  finish_erasures(*vault, *state);
  return {};
}

Result<void> Server::Impl::open_store() {
  store::DuckDbOptions options;
  options.file = std::filesystem::path(snapshot()->data_dir) / store::kStoreFile;
  options.memory_bytes = snapshot()->store.memory_bytes;
  const observe::NewThreadsAre database("kr-duckdb");
  auto opened = store::open_duckdb(options);
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
  if (const auto begin = ledger::dropped_until(*writer->reader()); begin && store->mark().sequence == 0)
    observe::log_warn("store", "the store is new, and has nothing of receipts that the journal no longer has",
                      {{"journal", ledger::dropped_text(*begin)}});
  const observe::NewThreadsAre loads("kr-loader");
  loader = std::make_unique<store::Loader>(*store, store::follow_journal(writer->reader()), clock);
  retention = std::make_unique<store::RetentionKeeper>(*store, [this] { return retention_rules(*snapshot()); }, clock);
  if (auto done = open_alerts(); !done) return done;
  const observe::NewThreadsAre answers("kr-api");
  api = std::make_unique<api::Api>(api::ApiServices{
      [this] { return snapshot(); }, *store, *loader, writer->reader(), metrics, clock, *budgets, *books,
      [this](const journal::Position& closed, const ledger::AttemptTruth& truth, std::string reason) {
        return corrector->correct(closed, truth, std::move(reason));
      },
      [this](std::string_view receipt_id) { return corrections_of(*writer->reader(), *books, receipt_id); }, *state,
      [this](const std::vector<store::Change>& changes, std::string_view who) { return change(changes, who); }, *alerts,
      [this] { return health.picture(clock.mono_now()); }, *vault,
      [this](const std::string& receipt_id, const std::string& tenant) {
        receipt_id.empty() ? services->cache.erase_tenant(tenant) : services->cache.erase_receipt(tenant, receipt_id);
      },
      [this](std::string_view body) { return gateway::fingerprint_of(services->fingerprint_key, body); },
      [this](gateway::InProcessExchange& exchange, const gateway::InProcessRequest& request) {
        return gateway_of(exchange.loop()).ask(exchange, request);
      },
      [this]() -> net::Loop& { return (*loops)[0]; }});
  return {};
}

Result<void> Server::Impl::open_alerts() {
  const config::SnapshotPtr config = snapshot();
  auto gauges = [this, started = clock.wall_now()](config::AlertSignal signal, WallTime now) {
    if (signal == config::AlertSignal::kLag) return lag_readings(*writer->reader(), *loader, started, now);
    return provider_readings(health, clock.mono_now());
  };
  auto status = [this](WallTime now) { return budgets->status(now); };
  auto opened = alerts::Service::open(
      {config->data_dir, files, clock, *store, *state, std::move(status), std::move(gauges), metrics}, config->alerts);
  if (!opened) return std::unexpected(opened.error());
  alerts = std::move(*opened);
  return {};
}

Result<void> Server::Impl::start_telemetry() {
  telemetry::HealthProbes probes;
  probes.projections = [this] {
    const store::JournalPlace next = loader->state().mark.next;
    const journal::Position counted = books->with([](const ledger::Books& now) { return now.next(); });
    return std::vector<std::pair<std::string, journal::Position>>{{"store", {next.segment, next.offset}},
                                                                  {"ledger", counted}};
  };
  probes.queues = [this] {
    return std::vector<std::pair<std::string, size_t>>{
        {"api", api->waiting()}, {"content", vault->waiting()}, {"alerts", alerts->waiting_deliveries()}};
  };
  probes.journal = [this] { return writer->stats(); };
  probes.loop_lags = [this] {
    std::vector<Duration> lags;
    for (size_t i = 0; i < loops->size(); ++i) lags.push_back((*loops)[i].take_worst_lag());
    return lags;
  };
  probes.ledger_drift = [this] { return ledger_check->drift(); };
  telemetry::Services parts{writer->reader(),
                            started_at,
                            files,
                            metrics,
                            clock,
                            std::string(kVersion),
                            std::move(probes),
                            [this](const std::string& id) { return find_trace(*store, *writer->reader(), id); },
                            [this](const model::Receipt& receipt, size_t most_bytes) {
                              return captured_content(*vault, *snapshot(), receipt, most_bytes);
                            }};
  auto started = telemetry::Telemetry::start(*snapshot(), std::move(parts));
  if (!started) return std::unexpected(started.error());
  telemetry = std::move(*started);
  return {};
}

} // namespace kairos::app
