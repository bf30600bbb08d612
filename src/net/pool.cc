#include "net/pool.h"

#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace kairos::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {
constexpr Duration kResolvedFor = std::chrono::seconds(30);
constexpr size_t kMaxResolved = 1000;
}

std::unique_ptr<PooledConnection> Client::Impl::take_idle(const std::string& key) {
  Pool& pool = pools[key];
  if (pool.idle.empty()) return nullptr;
  auto connection = std::move(pool.idle.back()); // the one used last is the most likely to live
  pool.idle.pop_back();
  connection->idle_watch.clear();
  connection->stream.on_close(nullptr);
  return connection;
}

Task<bool> Client::Impl::reserve_slot(const std::string& key, Event& turn) {
  Pool& pool = pools[key];
  if (pool.open < options.connections_per_origin) {
    ++pool.open;
    co_return true;
  }
  if (pool.waiting.size() >= options.waiting_per_origin) co_return false;
  pool.waiting.push_back(&turn);
  co_await turn.wait(); // the slot is handed over by release_slot; a cancelled waiter is notified too
  const auto still = std::find(pool.waiting.begin(), pool.waiting.end(), &turn);
  if (still == pool.waiting.end()) co_return true;
  pool.waiting.erase(still);
  co_return false;
}

void Client::Impl::release_slot(const std::string& key) {
  Pool& pool = pools[key];
  if (pool.waiting.empty()) {
    --pool.open;
    return;
  }
  Event* next = pool.waiting.front();
  pool.waiting.pop_front();
  loop.post([next] { next->notify(); });
}

void Client::Impl::put_back(const std::string& key, std::unique_ptr<PooledConnection> connection) {
  Pool& pool = pools[key];
  if (!pool.waiting.empty()) { // somebody waits for room: a fresh connection for him, this one goes
    connection.reset();
    return release_slot(key);
  }
  PooledConnection* raw = connection.get();
  raw->used_before = true;
  raw->stream.on_close([self = weak_from_this(), key, raw] {
    if (const auto impl = self.lock()) impl->loop.post([impl, key, raw] { impl->drop_idle(key, raw); });
  });
  raw->idle_watch.expire_after(options.idle_time);
  pool.idle.push_back(std::move(connection));
  raw->stream.watch(); // so that a close by the other side is seen while it is idle
}

void Client::Impl::drop_idle(const std::string& key, PooledConnection* connection) {
  Pool& pool = pools[key];
  const auto found = std::find_if(pool.idle.begin(), pool.idle.end(), [&](const auto& entry) { return entry.get() == connection; });
  if (found == pool.idle.end()) return; // taken meanwhile
  pool.idle.erase(found);
  release_slot(key);
}

Task<CallResult<std::vector<tcp::endpoint>>> Client::Impl::resolve(std::string host, std::uint16_t port) {
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(host, error);
  if (!error) {
    std::vector<tcp::endpoint> one(1, tcp::endpoint(literal, port));
    co_return one;
  }
  const std::string key = fmt::format("{}:{}", host, port);
  const auto known = resolved.find(key);
  if (known != resolved.end() && known->second.until > std::chrono::steady_clock::now()) co_return known->second.endpoints;
  auto [failed, results] = co_await resolver.async_resolve(host, std::to_string(port), asio::as_tuple(asio::use_awaitable));
  if (failed) co_return std::unexpected(CallError{NetFailure::kConnect, fmt::format("looking up {}: {}", host, failed.message())});
  if (resolved.size() >= kMaxResolved) resolved.clear();
  Resolved& entry = resolved[key];
  entry.endpoints.clear();
  for (const auto& result : results) entry.endpoints.push_back(result.endpoint());
  entry.until = std::chrono::steady_clock::now() + kResolvedFor;
  co_return entry.endpoints;
}

CallResult<asio::ssl::context*> Client::Impl::tls_context(const std::string& ca_file) {
  auto& context = tls_contexts[ca_file];
  if (context) return context.get();
  auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  made->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) made->load_verify_file(ca_file, error);
  if (error) return std::unexpected(CallError{NetFailure::kTls, fmt::format("reading the certificate authority {}: {}", ca_file, error.message())});
  context = std::move(made);
  return context.get();
}

Client::Client(Loop& loop, ClientOptions options) : impl_(std::make_shared<Impl>(loop, options)) {}
Client::~Client() = default;

void Client::close_idle() {
  for (auto& [key, pool] : impl_->pools) {
    pool.open -= pool.idle.size();
    pool.idle.clear();
  }
}

size_t Client::open_connections() const {
  size_t open = 0;
  for (const auto& [key, pool] : impl_->pools) open += pool.open;
  return open;
}

} // namespace kairos::net
