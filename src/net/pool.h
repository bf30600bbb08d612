// Connections to upstreams, kept open between calls. Internal to net; one loop.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "net/client.h"
#include "net/resolver.h"
#include "net/stream.h"

namespace kairos::net {

/// One upstream connection; in the pool while idle, owned by a Call while in use.
struct PooledConnection {
  /// `end_idle` is called when it should leave the pool: the other side closed it, or its idle time is over.
  PooledConnection(Loop& loop, Stream::Socket socket, std::function<void(PooledConnection*)> end_idle)
      : stream(std::move(socket)), end(std::move(end_idle)), idle_watch(loop, [this] { end(this); }) {
    stream.on_close([this] {
      if (idle) end(this);
    });
  }
  Stream stream;
  const std::function<void(PooledConnection*)> end;
  Watchdog idle_watch;
  bool idle = false;
};

/// The connections to one origin. Never removed, so that calls may point at it.
struct OriginPool {
  /// A call that waits for room: it gets a connection, or the right to open one.
  struct Waiter {
    Turn turn;
    bool granted = false;
    std::unique_ptr<PooledConnection> connection;
  };
  std::vector<std::unique_ptr<PooledConnection>> idle;
  size_t open = 0; // idle ones, those in use, and those being opened
  std::deque<std::shared_ptr<Waiter>> waiting;
};

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  Impl(Loop& loop_in, ClientOptions options_in) : loop(loop_in), options(options_in), resolver(loop_in) {}

  /// An idle connection that is still open, or nothing.
  std::unique_ptr<PooledConnection> take_idle(OriginPool& pool);
  /// Waits for room: an idle connection or the right to open one (null). Fails when too many wait already, or when
  /// `turn` is notified early.
  Task<Result<std::unique_ptr<PooledConnection>>> acquire(OriginPool& pool, Turn turn);
  /// A connection (or the right to open one) is given back without the connection.
  void release_slot(OriginPool& pool);
  void put_back(OriginPool& pool, std::unique_ptr<PooledConnection> connection);
  void drop_idle(OriginPool& pool, PooledConnection* connection);
  std::unique_ptr<PooledConnection> make_connection(OriginPool& pool, Stream::Socket socket);
  Result<boost::asio::ssl::context*> tls_context(const std::string& ca_file);
  void close_idle();
  void close_all();

  Loop& loop;
  const ClientOptions options;
  Resolver resolver;
  std::unordered_map<std::string, OriginPool> pools;
  std::unordered_set<Call::Impl*> calls;
  std::vector<MessageParser> spare_parsers;
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> tls_contexts;
};

} // namespace kairos::net
