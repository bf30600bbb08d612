// One connection of the server, from accept to close. Internal to net.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_set>

#include "net/server.h"
#include "net/stream.h"

namespace kairos::net {

class ServerConnection;

/// What a Server's connections share. Lives as long as the last of them.
struct ServerShared {
  ServerShared(Loop& loop_in, Server::Options options_in, Handler handler_in)
      : loop(loop_in), options(std::move(options_in)), handler(std::move(handler_in)) {}

  Loop& loop;
  const Server::Options options;
  const Handler handler;
  std::atomic<size_t> open{0};
  bool draining = false;
  std::function<void()> drained;
  std::unordered_set<ServerConnection*> connections;

  void close_idle();
  void close_all();
};

Task<void> serve_connection(std::shared_ptr<ServerShared> shared, Stream::Socket socket,
                            boost::asio::ssl::context* tls);

} // namespace kairos::net
