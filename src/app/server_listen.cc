// Where the server listens: its port on every loop, and the socket in the data folder.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/server_impl.h"
#include "app/startup.h"
#include "observe/log.h"
#include "providers/client_error.h"

namespace kairos::app {
namespace {

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

gateway::Gateway& Server::Impl::gateway_of(const net::Loop& loop) {
  const auto found = std::ranges::find_if(gateways, [&](const auto& one) { return &one->loop() == &loop; });
  return **found; // each loop has one
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
  start_journal_keeper();
  return {};
}

/// Everybody who follows the journal from a place that is kept. Others (corrections, one receipt, its trace) read
/// single records, and say so where one is gone.
std::vector<ledger::JournalNeed> Server::Impl::journal_needs() {
  if (books->saved_place().segment < writer->reader()->end().segment) books->save();
  const store::JournalPlace loaded = store->mark().next;
  std::vector<ledger::JournalNeed> needs{{"store", {loaded.segment, loaded.offset}}, {"ledger", books->saved_place()}};
  for (const auto& [who, place] : telemetry->needed_places()) needs.push_back({who, place});
  if (const auto live = api->live_place()) needs.push_back({"live_feed", *live});
  return needs;
}

void Server::Impl::start_journal_keeper() {
  auto keep = [this]() -> std::optional<Duration> {
    const auto days = snapshot()->journal.keep_days;
    return days ? std::optional<Duration>(std::chrono::days(*days)) : std::nullopt;
  };
  journal_keeper = std::make_unique<ledger::JournalKeeper>(ledger::JournalKeeper::Parts{
      files, snapshot()->data_dir, *writer, clock, metrics, std::move(keep), [this] { return journal_needs(); }});
  journal_keeper->start();
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

} // namespace kairos::app
