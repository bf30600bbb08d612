#include "app/server.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "alerts/service.h"
#include "api/api.h"
#include "api/managed.h"
#include "app/alerts_parts.h"
#include "app/content_parts.h"
#include "app/corrector.h"
#include "app/ledger_check.h"
#include "app/startup.h"
#include "base/guarded.h"
#include "config/load.h"
#include "content/vault.h"
#include "gateway/gateway.h"
#include "journal/data_dir_lock.h"
#include "model/receipt_json.h"
#include "observe/log.h"
#include "observe/threads.h"
#include "providers/client_error.h"
#include "store/duckdb/duckdb_store.h"
#include "store/embedded_state.h"
#include "store/journal_source.h"
#include "store/retention_keeper.h"
#include "telemetry/telemetry.h"

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

net::ServerLimits limits_of(const config::ServerLimits& from) {
  net::ServerLimits limits;
  limits.head.head_bytes = static_cast<std::uint32_t>(from.head_bytes);
  limits.head.fields = static_cast<std::uint32_t>(from.head_fields);
  limits.body_bytes = static_cast<std::uint64_t>(from.body_bytes);
  limits.connections = static_cast<size_t>(from.connections);
  limits.head_time = from.head_time;
  limits.body_time = from.body_time;
  limits.idle_time = from.idle_time;
  limits.write_time = from.write_time;
  return limits;
}

/// Lower case wins, as in curl; HTTP_PROXY in upper case is not read, since CGI servers let clients set it.
net::ProxySettings environment_proxies() {
  const auto first_of = [](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (const char* value = std::getenv(name); value != nullptr && *value != 0) return std::string(value);
    }
    return std::string();
  };
  return {first_of({"http_proxy"}), first_of({"https_proxy", "HTTPS_PROXY"}), first_of({"no_proxy", "NO_PROXY"})};
}

net::HttpBody net_error(int status, std::string_view message) {
  const providers::ClientError error{status, "", std::string(message), "", "", ""};
  return {"application/json", providers::error_body(model::Dialect::kOpenAi, error)};
}

bool is_local_host(std::string_view host) {
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "[::1]" ||
         (name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// For servers whose key is public: a page of another site, whatever name it gave this address, gets nothing.
net::Task<void> handle_local(gateway::Gateway& gateway, net::Exchange& exchange) {
  if (is_local_host(exchange.head().find("host").value_or(""))) {
    co_await gateway.handle(exchange);
    co_return;
  }
  const net::HttpBody refusal = net_error(403, "Host: this server answers only to localhost, 127.0.0.1 and [::1]");
  const net::ResponseHeaders headers = {{"Content-Type", refusal.content_type}};
  co_await exchange.respond(403, headers, refusal.body);
}

} // namespace

std::vector<store::RetentionRule> retention_rules(const config::Snapshot& snapshot) {
  std::vector<store::RetentionRule> rules;
  for (const config::Tenant& tenant : snapshot.tenants) {
    if (tenant.keep_receipts_days) rules.push_back({tenant.id, std::chrono::days(*tenant.keep_receipts_days)});
  }
  return rules;
}

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
  std::unique_ptr<net::Server> local; // the socket in the data folder

  config::SnapshotPtr snapshot() {
    return current.with([](const config::SnapshotPtr& now) { return now; });
  }
};

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

Result<config::SnapshotPtr> Server::Impl::load_with(std::span<const store::Change> changes) {
  const auto objects = api::managed_objects(*state, changes);
  if (!objects) return std::unexpected(objects.error());
  return config::load(config_text, config_path, config::process_environment(), nullptr, *objects);
}

Result<void> Server::Impl::use(config::SnapshotPtr next) {
  auto replaced = budgets->replace(budget_specs(*next));
  if (!replaced) return replaced;
  use_content_settings(*vault, *next);
  current.with([&](config::SnapshotPtr& now) { now = std::move(next); });
  return {};
}

/// Puts config_text to use, or nothing of it.
Result<void> Server::Impl::use_file() {
  auto loaded = load_with({});
  if (!loaded) return std::unexpected(loaded.error());
  if (auto good = alerts::check((*loaded)->alerts); !good) return good;
  for (const std::string& warning : (*loaded)->warnings) observe::log_warn("config", warning);
  for (const std::string& what : config::needs_restart(*snapshot(), **loaded)) {
    observe::log_warn("config", "changed, but takes effect only after a restart", {{"key", what}});
  }
  const config::SnapshotPtr next = std::move(*loaded);
  if (auto used = use(next); !used) return used;
  return alerts->reload(next->alerts);
}

/// Checks the whole configuration as it would be, commits, and puts it to use: for requests that begin from then on.
Result<std::vector<store::Document>> Server::Impl::change(const std::vector<store::Change>& changes,
                                                          std::string_view who) {
  const std::scoped_lock one_at_a_time(changing);
  const auto configures = [](const store::Change& one) {
    return one.kind == "tenant" || one.kind == "key" || one.kind == "budget";
  };
  if (std::ranges::none_of(changes, configures)) return state->commit(changes, who);
  auto next = load_with(changes);
  if (!next) return std::unexpected(next.error());
  for (const ledger::BudgetSpec& spec : budget_specs(**next)) {
    if (auto valid = ledger::validate(spec); !valid) return std::unexpected(valid.error());
  }
  auto committed = state->commit(changes, who);
  if (!committed) return committed;
  if (auto used = use(std::move(*next)); !used) return std::unexpected(used.error());
  return committed;
}

gateway::Gateway& Server::Impl::gateway_of(const net::Loop& loop) {
  const auto found = std::ranges::find_if(gateways, [&](const auto& one) { return &one->loop() == &loop; });
  return **found; // each loop has one
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
  options.file = std::filesystem::path(snapshot()->data_dir) / "receipts.duckdb";
  const observe::NewThreadsAre database("kr-duckdb");
  auto opened = store::open_duckdb(options);
  if (!opened) return std::unexpected(opened.error());
  store = std::move(*opened);
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
        receipt_id.empty() ? services->cache.erase_tenant(tenant) : services->cache.erase_receipt(receipt_id);
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
  auto gauges = [this](config::AlertSignal signal, WallTime now) {
    if (signal == config::AlertSignal::kLag) return lag_readings(*writer->reader(), *loader, now);
    return provider_readings(health, clock.mono_now());
  };
  auto status = [this](WallTime now) { return budgets->status(now); };
  auto opened = alerts::Service::open(
      {config->data_dir, files, clock, *store, *state, std::move(status), std::move(gauges), metrics}, config->alerts);
  if (!opened) return std::unexpected(opened.error());
  alerts = std::move(*opened);
  return {};
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

Result<void> Server::Impl::start_telemetry() {
  telemetry::HealthProbes probes;
  probes.projections = [this] {
    const store::JournalPlace next = loader->state().mark.next;
    return std::vector<std::pair<std::string, journal::Position>>{{"store", {next.segment, next.offset}}};
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
                            [this](const std::string& id) { return find_trace(*store, *writer->reader(), id); }};
  auto started = telemetry::Telemetry::start(*snapshot(), std::move(parts));
  if (!started) return std::unexpected(started.error());
  telemetry = std::move(*started);
  return {};
}

Result<void> Server::Impl::listen() {
  const config::SnapshotPtr config = snapshot();
  auto key = fingerprint_key(config->data_dir);
  if (!key) return std::unexpected(key.error());
  services = std::unique_ptr<gateway::Services>(new gateway::Services{
      clock, *writer, *budgets, rates, health, keys, metrics, environment_proxies(), 0, config->node_id, *key,
      [this] { return snapshot(); }, [this](net::Exchange& exchange) { return api->handle(exchange); }, vault.get()});
  const auto cores = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  const auto count = static_cast<size_t>(config->server.threads > 0 ? config->server.threads : cores);
  loops = std::make_unique<net::LoopGroup>("kr-loop", count);
  if (auto started = start_telemetry(); !started) return started;
  for (size_t i = 0; i < count; ++i) {
    gateways.push_back(std::make_unique<gateway::Gateway>((*loops)[i], *services));
    net::Server::Options options;
    options.address = config->server.listen.host;
    options.port = i == 0 ? config->server.listen.port : servers.front()->local_port();
    options.join_port = i > 0;
    options.limits = limits_of(config->server.limits);
    options.error_body = net_error;
    if (config->server.tls) {
      options.certificate_file = config->server.tls->certificate_file;
      options.private_key_file = config->server.tls->key_file;
    }
    gateway::Gateway* gateway = gateways.back().get();
    servers.push_back(std::make_unique<net::Server>(
        (*loops)[i], std::move(options), [gateway, local = start_options.local_hosts_only](net::Exchange& exchange) {
          return local ? handle_local(*gateway, exchange) : gateway->handle(exchange);
        }));
    auto listening = servers.back()->listen();
    if (!listening) return listening;
  }
  listen_locally();
  return {};
}

/// The API without a key for who may open the data folder's socket. The server runs without it where it cannot be made.
void Server::Impl::listen_locally() {
  net::Server::Options options;
  options.unix_path = std::filesystem::path(snapshot()->data_dir) / "kairosroute.sock";
  options.error_body = net_error;
  local = std::make_unique<net::Server>((*loops)[0], std::move(options),
                                        [this](net::Exchange& exchange) { return serve_locally(exchange); });
  const mode_t before = ::umask(0177); // never open to others, not even between bind and chmod
  const auto listening = local->listen();
  ::umask(before);
  if (!listening) observe::log_warn("server", listening.error().message);
}

net::Task<void> Server::Impl::serve_locally(net::Exchange& exchange) {
  co_await api->handle(exchange, api::Door::kLocalSocket);
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  if (impl_->api) impl_->api->stop();     // its workers give their answers to loops that still run
  if (impl_->loops) impl_->loops->stop(); // handlers end before what they use goes …
  if (impl_->writer)
    impl_->writer->wait_until_idle(); // … and the journal no longer reads what a broken one left behind
}

Result<std::unique_ptr<Server>> Server::start(const std::string& config_path, const StartOptions& options) {
  const auto text = config::read_config_file(config_path);
  if (!text) return std::unexpected(text.error());
  auto loaded = config::load(*text, config_path, config::process_environment());
  if (!loaded) return std::unexpected(loaded.error());
  observe::set_log_format((*loaded)->server.log_json ? observe::LogFormat::kJson : observe::LogFormat::kLogfmt);
  if (auto levels = observe::set_log_levels((*loaded)->server.log_levels); !levels)
    return std::unexpected(levels.error());
  for (const std::string& warning : (*loaded)->warnings) observe::log_warn("config", warning);
  auto lock = journal::DataDirLock::acquire((*loaded)->data_dir);
  if (!lock) return std::unexpected(lock.error());
  std::unique_ptr<Server> server(new Server(std::make_unique<Impl>(std::move(*lock))));
  Impl& impl = *server->impl_;
  impl.config_path = config_path;
  impl.config_text = *text;
  impl.start_options = options;
  impl.current.with([&](config::SnapshotPtr& now) { now = *loaded; });
  if (auto done = impl.open_state(); !done) return std::unexpected(done.error());
  if (auto done = impl.open_journal(); !done) return std::unexpected(done.error());
  if (auto done = impl.open_vault(); !done) return std::unexpected(done.error());
  if (auto done = impl.open_store(); !done) return std::unexpected(done.error());
  if (auto done = impl.listen(); !done) return std::unexpected(done.error());
  impl.alerts->start(server->address());
  return server;
}

std::string Server::address() const {
  const config::SnapshotPtr config = impl_->snapshot();
  return fmt::format("{}://{}:{}", config->server.tls ? "https" : "http", config->server.listen.host,
                     impl_->servers.front()->local_port());
}

Result<void> Server::reload() {
  const std::scoped_lock lock(impl_->changing);
  auto text = config::read_config_file(impl_->config_path);
  if (!text) return std::unexpected(text.error());
  std::string before = std::exchange(impl_->config_text, std::move(*text));
  auto reloaded = impl_->use_file();
  if (!reloaded) impl_->config_text = std::move(before); // the next change by API must not pick up what was refused
  return reloaded;
}

void Server::drain() {
  impl_->alerts->end_streams();
  impl_->api->end_streams();
  std::mutex mutex;
  std::condition_variable ended;
  size_t left = impl_->servers.size();
  for (size_t i = 0; i < impl_->servers.size(); ++i) {
    impl_->servers[i]->drain([&, gateway = impl_->gateways[i].get()] {
      gateway->finish();
      const std::scoped_lock lock(mutex);
      --left;
      ended.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  if (ended.wait_for(lock, impl_->snapshot()->server.limits.drain_time, [&] { return left == 0; })) return;
  lock.unlock();
  for (const auto& server : impl_->servers) server->abort_all();
  lock.lock();
  ended.wait(lock, [&] { return left == 0; }); // the callbacks use this frame
}

} // namespace kairos::app
