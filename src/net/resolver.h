// Looks up host names: answers are kept for a while, and one lookup serves all who ask meanwhile. Internal to net; one
// loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/async.h"
#include "net/loop.h"

namespace kairos::net {

/// Several events may end a wait (a result, a timeout, a cancellation); all of them notify, so it is shared.
using Turn = std::shared_ptr<Event>;

class Resolver {
public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  explicit Resolver(Loop& loop) : resolver_(loop.context()) {}

  /// The addresses of a host, or why there are none. Notifying `turn` ends the wait early, with kCancelled.
  Task<Result<Endpoints>> resolve(std::string host, std::uint16_t port, Turn turn);
  /// Ends lookups under way.
  void cancel() { resolver_.cancel(); }

private:
  struct Entry {
    Result<Endpoints> endpoints = Endpoints{};
    MonoTime until{};
    bool looking = false;
    std::vector<Turn> waiting;
  };
  void look_up(const std::string& host, std::uint16_t port, std::shared_ptr<Entry> entry);

  boost::asio::ip::tcp::resolver resolver_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

} // namespace kairos::net
