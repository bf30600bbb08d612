// How the process itself runs: sockets, limits, data directory, journal. Part of the Snapshot; what a reload may not
// change is marked so. Defaults are here and nowhere else; config/kairosroute.yaml documents them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace kairos::config {

struct Address {
  std::string host;       // as written, without brackets
  std::uint16_t port = 0; // 0: any free one
  std::string text() const;
};

struct TlsFiles {
  std::string certificate_file;
  std::string key_file;
};

struct ServerLimits {
  std::int64_t head_bytes = 64 * 1024;
  std::int64_t head_fields = 128;
  std::int64_t body_bytes = 32 * 1024 * 1024;
  std::int64_t connections = 10'000; // per thread
  std::int64_t requests = 20'000;    // in flight, all threads; more are answered 503
  Duration head_time = std::chrono::seconds(10);
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::seconds(75);
  Duration write_time = std::chrono::seconds(30);
  Duration request_time = std::chrono::minutes(30); // of a whole request, all attempts included
  Duration drain_time = std::chrono::seconds(30);   // after SIGTERM
};

struct Server {
  Address listen{"127.0.0.1", 8787};   // needs a restart
  std::optional<Address> admin_listen; // needs a restart; metrics and health without a key
  std::optional<TlsFiles> tls;         // needs a restart
  std::int64_t threads = 0;            // needs a restart; 0: one per core
  std::string log_levels = "info";     // observe::set_log_levels
  bool log_json = false;
  ServerLimits limits;
};

enum class Durability : std::uint8_t { kProcess, kFsync };
inline constexpr std::array<std::string_view, 2> kDurabilityNames = {"process", "fsync"};
constexpr std::string_view name(Durability v) { return kDurabilityNames[static_cast<size_t>(v)]; }

/// All of it needs a restart.
struct Journal {
  Durability durability = Durability::kProcess;
  std::int64_t segment_bytes = 64 * 1024 * 1024;
  bool receipt_required = true;
  std::optional<std::int64_t>
      keep_days; // then its old segments go, ledger/journal_keeper.h; absent: none ever. A reload
};

/// Needs a restart.
struct Store {
  std::int64_t memory_bytes = 1024 * 1024 * 1024; // what the analytics database may use
};

} // namespace kairos::config
