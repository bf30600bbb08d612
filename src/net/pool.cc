#include "net/pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/call.h"

namespace kairos::net {

namespace asio = boost::asio;

std::unique_ptr<PooledConnection> Client::Impl::take_idle(OriginPool& pool) {
  while (!pool.idle.empty()) {
    auto connection = std::move(pool.idle.back()); // the one used last is the most likely to live
    pool.idle.pop_back();
    connection->idle_watch.clear();
    connection->idle = false;
    // Bytes that nobody asked for would be taken for the next answer.
    if (!connection->stream.closed() && connection->stream.input().empty()) return connection;
    --pool.open;
  }
  return nullptr;
}

Task<Result<std::unique_ptr<PooledConnection>>> Client::Impl::acquire(OriginPool& pool, Turn turn) {
  auto connection = take_idle(pool);
  if (connection) co_return connection;
  if (pool.open < options.connections_per_origin) {
    ++pool.open;
    co_return connection;
  }
  if (pool.waiting.size() >= options.waiting_per_origin)
    co_return fail(Code::kRateLimited, "too many requests wait for a connection");
  const auto waiter = std::make_shared<OriginPool::Waiter>();
  waiter->turn = turn;
  pool.waiting.push_back(waiter);
  co_await turn->wait();
  if (waiter->granted) co_return std::move(waiter->connection);
  std::erase(pool.waiting, waiter);
  co_return fail(Code::kTimeout, "no connection became free in time");
}

void Client::Impl::release_slot(OriginPool& pool) {
  if (pool.waiting.empty()) {
    --pool.open;
    return;
  }
  const auto next = pool.waiting.front();
  pool.waiting.pop_front();
  next->granted = true;
  loop.post([next] { next->turn->notify(); });
}

void Client::Impl::put_back(OriginPool& pool, std::unique_ptr<PooledConnection> connection) {
  if (!pool.waiting.empty()) {
    pool.waiting.front()->connection = std::move(connection);
    return release_slot(pool);
  }
  PooledConnection* raw = connection.get();
  raw->idle = true;
  raw->idle_watch.expire_after(options.idle_time);
  pool.idle.push_back(std::move(connection));
  raw->stream.watch(); // so that a close by the other side is seen while it is idle
}

void Client::Impl::drop_idle(OriginPool& pool, PooledConnection* connection) {
  const auto is_it = [&](const auto& entry) { return entry.get() == connection; };
  const auto found = std::find_if(pool.idle.begin(), pool.idle.end(), is_it);
  if (found == pool.idle.end()) return; // taken meanwhile
  pool.idle.erase(found);
  release_slot(pool);
}

std::unique_ptr<PooledConnection> Client::Impl::make_connection(OriginPool& pool, Stream::Socket socket) {
  auto idle_end = [self = weak_from_this(), &pool](PooledConnection* connection) {
    const auto impl = self.lock();
    if (impl) impl->loop.post([impl, &pool, connection] { impl->drop_idle(pool, connection); });
  };
  return std::make_unique<PooledConnection>(loop, std::move(socket), std::move(idle_end));
}

Result<asio::ssl::context*> Client::Impl::tls_context(const std::string& ca_file) {
  auto& context = tls_contexts[ca_file];
  if (context) return context.get();
  auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  made->set_default_verify_paths(error);
  if (!error && !ca_file.empty()) made->load_verify_file(ca_file, error);
  if (error) return fail(Code::kIo, fmt::format("reading the certificate authority {}: {}", ca_file, error.message()));
  context = std::move(made);
  return context.get();
}

void Client::Impl::close_idle() {
  for (auto& [key, pool] : pools) {
    pool.open -= pool.idle.size();
    pool.idle.clear();
  }
}

void Client::Impl::close_all() {
  const auto running = calls; // ending one changes the set
  for (Call::Impl* call : running) {
    if (calls.contains(call)) call->give_up(NetFailure::kCancelled);
  }
  resolver.cancel();
  close_idle();
}

Client::Client(Loop& loop, ClientOptions options) : impl_(std::make_shared<Impl>(loop, options)) {
  loop.add_closer(impl_.get(), [impl = impl_.get()] { impl->close_all(); });
}
Client::~Client() {
  impl_->loop.remove_closer(impl_.get());
  impl_->close_idle();
}

void Client::close_idle() { impl_->close_idle(); }

size_t Client::open_connections() const {
  size_t open = 0;
  for (const auto& [key, pool] : impl_->pools) open += pool.open;
  return open;
}

} // namespace kairos::net
