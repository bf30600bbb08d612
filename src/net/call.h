// What a Call is made of. Internal to net. call_connect.cc gets a connection, call.cc speaks HTTP over it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/pool.h"

namespace kairos::net {

struct Call::Impl {
  Impl(Client& client, Origin origin_in, CallTimeouts timeouts_in);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // call_connect.cc
  Task<CallResult<void>> open_connection();
  Task<CallResult<void>> connect();
  Task<CallResult<void>> connect_to(const Resolver::Endpoints& endpoints);
  Task<CallResult<void>> tunnel();
  Task<CallResult<void>> start_tls();

  // call.cc
  Task<CallResult<void>> exchange(const ClientRequest& request);
  Task<CallResult<void>> read_head();
  CallResult<void> no_head() const;
  Task<bool> feed_more();
  std::string head_text(const ClientRequest& request) const;
  void finish_body();

  /// From now on the call fails with `failure` (or kTotalTimeout, if that comes first) after `limit`.
  void stage(Duration limit, NetFailure failure);
  void on_time_up();
  void give_up(NetFailure failure);
  void drop_connection();
  std::unexpected<CallError> failed(NetFailure failure, std::string_view what) const;

  const std::shared_ptr<Client::Impl> client;
  const Origin origin;
  OriginPool& pool;
  const CallTimeouts timeouts;
  Watchdog watchdog;
  MonoTime total_deadline = MonoTime::max();
  NetFailure stage_failure = NetFailure::kTotalTimeout;
  std::optional<NetFailure> gave_up;

  const Turn turn = std::make_shared<Event>(); // ends a wait for the pool or the resolver
  bool waits_for_turn = false;
  Stream::Socket* connecting = nullptr;
  bool more_addresses = false; // when this one does not answer in time, another is tried
  std::unique_ptr<PooledConnection> connection;
  bool holds_slot = false;
  bool reused = false;
  bool retried = false;

  MessageParser parser;
  std::string bad_answer; // why it was refused
  bool head_request = false;
  bool begun = false; // to be written: a connection stood
  bool written = false;
  bool answer_begun = false;
  std::string piece;
};

} // namespace kairos::net
