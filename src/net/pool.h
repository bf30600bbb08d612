// Connections to upstreams, kept open between calls. Internal to net; one loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "net/client.h"
#include "net/stream.h"

namespace kairos::net {

/// One upstream connection; in the pool while idle, owned by a Call while in use.
struct PooledConnection {
  PooledConnection(Loop& loop, Stream::Socket socket, std::function<void(PooledConnection*)> on_idle_end)
      : stream(std::move(socket)), idle_watch(loop, [this, on_idle_end] { on_idle_end(this); }) {}
  Stream stream;
  Watchdog idle_watch;
  bool used_before = false;
};

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  Impl(Loop& loop_in, ClientOptions options_in) : loop(loop_in), options(options_in), resolver(loop.context()) {}

  struct Pool {
    std::vector<std::unique_ptr<PooledConnection>> idle;
    size_t open = 0;
    std::deque<Event*> waiting;
  };
  struct Resolved {
    std::vector<boost::asio::ip::tcp::endpoint> endpoints;
    MonoTime until{};
  };

  /// An idle connection that is still open, or nothing.
  std::unique_ptr<PooledConnection> take_idle(const std::string& key);
  /// Waits for room to open a connection; false if too many wait already.
  Task<bool> reserve_slot(const std::string& key, Event& turn);
  void release_slot(const std::string& key);
  void put_back(const std::string& key, std::unique_ptr<PooledConnection> connection);
  void drop_idle(const std::string& key, PooledConnection* connection);
  Task<CallResult<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(std::string host, std::uint16_t port);
  CallResult<boost::asio::ssl::context*> tls_context(const std::string& ca_file);

  Loop& loop;
  const ClientOptions options;
  boost::asio::ip::tcp::resolver resolver;
  std::map<std::string, Pool> pools;
  std::map<std::string, Resolved> resolved;
  std::map<std::string, std::unique_ptr<boost::asio::ssl::context>> tls_contexts;
};

} // namespace kairos::net
