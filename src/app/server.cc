#include "app/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "api/managed.h"
#include "app/content_parts.h"
#include "app/server_impl.h"
#include "app/startup.h"
#include "config/load.h"
#include "observe/log.h"

namespace kairos::app {

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
  if (reloaded) impl_->journal_keeper->wake();
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
