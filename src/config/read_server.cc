#include <fmt/format.h>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

/// "127.0.0.1:8787", "[::1]:8787", "localhost:0".
std::optional<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = parse_whole(text.substr(colon + 1));
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool bare_ipv6 = !bracketed && host.find(':') != host.npos;
  if (host.empty() || bare_ipv6 || !port || *port > 65535) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<Address> read_address(Reader& reader, std::string_view key) {
  const Node* node = reader.scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto address = parse_address(node->scalar);
  if (!address) reader.complain(key, "must be HOST:PORT, such as 127.0.0.1:8787 or [::1]:8787");
  return address;
}

void read_server_limits(Reader& server, ServerLimits& limits) {
  auto reader = server.map("limits");
  if (!reader) return;
  reader->size("head_bytes", limits.head_bytes, kKib, 64 * kKib);
  reader->whole("head_fields", limits.head_fields, 8, 1'000);
  reader->size("body_bytes", limits.body_bytes, kKib, 1024 * kMib);
  reader->whole("connections", limits.connections, 1, 1'000'000);
  reader->whole("requests", limits.requests, 1, 1'000'000);
  reader->duration("head_time", limits.head_time);
  reader->duration("body_time", limits.body_time);
  reader->duration("idle_time", limits.idle_time);
  reader->duration("write_time", limits.write_time);
  reader->duration("request_time", limits.request_time);
  reader->duration("drain_time", limits.drain_time);
  reader->finish();
}

void read_tls(Reader& server, std::optional<TlsFiles>& into) {
  auto reader = server.map("tls");
  if (!reader) return;
  TlsFiles files;
  reader->text("certificate_file", files.certificate_file);
  reader->text("key_file", files.key_file);
  reader->no_secret({"key", "private_key"}, "name a file with key_file");
  if (files.certificate_file.empty()) reader->complain("certificate_file", "is missing; name a PEM file");
  if (files.key_file.empty()) reader->complain("key_file", "is missing; name a PEM file");
  reader->finish();
  into = files;
}

void read_log(Reader& server, Server& into) {
  auto reader = server.map("log");
  if (!reader) return;
  static constexpr std::array<std::string_view, 2> kFormats = {"logfmt", "json"};
  reader->text("level", into.log_levels);
  int format = 0;
  reader->choice("format", kFormats, format);
  into.log_json = format == 1;
  reader->finish();
}

void read_journal(Reader& root, Journal& into) {
  auto reader = root.map("journal");
  if (!reader) return;
  reader->choice("durability", kDurabilityNames, into.durability);
  reader->size("segment_bytes", into.segment_bytes, kMib, 1024 * kMib);
  reader->flag("receipt_required", into.receipt_required);
  into.keep_days = reader->optional_whole("keep_days", 1, 36'500);
  reader->finish();
}

/// `what` can only be `present` for now.
void read_engine(Reader& root, std::string_view key, std::string_view present, std::string_view reserved) {
  const Node* node = root.scalar(key);
  if (node == nullptr || node->scalar == present) return;
  const std::string_view problem = node->scalar == reserved ? "is not in this version" : "is not known";
  root.complain(key, fmt::format("\"{}\" {}; use {}", node->scalar.substr(0, 60), problem, present));
}

} // namespace

std::string Address::text() const {
  const bool ipv6 = host.find(':') != host.npos;
  return fmt::format(fmt::runtime(ipv6 ? "[{}]:{}" : "{}:{}"), host, port);
}

void read_server(Reader& root, Snapshot& into) {
  if (auto server = root.map("server")) {
    if (auto listen = read_address(*server, "listen")) into.server.listen = *listen;
    into.server.admin_listen = read_address(*server, "admin_listen");
    read_tls(*server, into.server.tls);
    server->whole("threads", into.server.threads, 0, 1'024);
    read_log(*server, into.server);
    read_server_limits(*server, into.server.limits);
    server->finish();
  }
  root.text("data_dir", into.data_dir);
  if (into.data_dir.empty()) root.complain("data_dir", "must not be empty");
  if (root.has("node_id"))
    into.node_id = root.id("node_id");
  else
    root.take("node_id");
  read_journal(root, into.journal);
  read_engine(root, "store", "duckdb", "clickhouse");
  root.size("store_memory", into.store.memory_bytes, 64 * kMib, 1024 * 1024 * kMib);
  read_engine(root, "state", "embedded", "postgresql");
}

} // namespace kairos::config
