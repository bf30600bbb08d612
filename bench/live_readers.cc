// Clients of the live feed, which count what they see, on one thread: to read each event as JSON would cost more than
// all that is measured.
//   live_readers PORT TENANT_KEY TENANT TENANT_CLIENTS KEY CLIENTS
// Says "ready" once every client has the head of its answer, then every second what all have seen so far; when its
// input ends, one line for each client: its kind, receipts, receipts in declared gaps, gaps, and receipts of other
// tenants.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Client {
  bool of_tenant = false;
  bool has_head = false;
  std::string rest; // of an event whose end has not come
  size_t receipts = 0;
  size_t dropped = 0;
  size_t gaps = 0;
  size_t foreign = 0;
};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "live_readers: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int connect_to(int port, const std::string& key) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  const std::string request =
      "GET /api/v1/receipts/live HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + key + "\r\n\r\n";
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) die("send");
  return fd;
}

template <class Found>
void each(std::string_view text, std::string_view what, Found found) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size()))
    found(text.substr(at + what.size()));
}

/// Chunk sizes stand between events, never within one: the server sends whole events.
void count(Client& client, std::string_view events, std::string_view tenant) {
  each(events, "event: receipt\n", [&](std::string_view) { ++client.receipts; });
  if (client.of_tenant)
    each(events, "\"tenant\":\"", [&](std::string_view from) { client.foreign += from.starts_with(tenant) ? 0 : 1; });
  each(events, "event: gap\ndata: {\"dropped\":", [&](std::string_view from) {
    ++client.gaps;
    client.dropped += static_cast<size_t>(std::strtoull(from.data(), nullptr, 10)); // ends at the comma
  });
}

void read_some(int fd, Client& client, std::string_view tenant) {
  static std::vector<char> piece(1 << 20);
  const ssize_t got = recv(fd, piece.data(), piece.size(), 0);
  if (got <= 0) {
    std::fprintf(stderr, "live_readers: a stream ended\n");
    std::exit(1);
  }
  client.rest.append(piece.data(), static_cast<size_t>(got));
  if (!client.has_head) {
    if (!client.rest.starts_with("HTTP/1.1 200")) {
      std::fprintf(stderr, "live_readers: %s\n", client.rest.c_str());
      std::exit(1);
    }
    client.has_head = true;
  }
  const size_t end = client.rest.rfind("\n\n");
  if (end == std::string::npos) return;
  count(client, std::string_view(client.rest).substr(0, end + 2), tenant);
  client.rest.erase(0, end + 2);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 7) return std::fprintf(stderr, "live_readers PORT TENANT_KEY TENANT TENANT_CLIENTS KEY CLIENTS\n"), 2;
  const int port = std::atoi(argv[1]);
  const std::string tenant = std::string(argv[3]) + '"';
  const size_t of_tenant = std::strtoul(argv[4], nullptr, 10);
  std::vector<Client> clients(of_tenant + std::strtoul(argv[6], nullptr, 10));
  const int epoll = epoll_create1(0);
  std::vector<int> sockets;
  for (size_t i = 0; i < clients.size(); ++i) {
    clients[i].of_tenant = i < of_tenant;
    sockets.push_back(connect_to(port, clients[i].of_tenant ? argv[2] : argv[5]));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, sockets.back(), &event) != 0) die("epoll_ctl");
  }
  bool ready = false;
  auto said = std::chrono::steady_clock::now();
  std::vector<epoll_event> events(256);
  while (true) {
    const int found = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < found; ++i) {
      const size_t which = events[static_cast<size_t>(i)].data.u64;
      read_some(sockets[which], clients[which], tenant);
    }
    size_t heads = 0;
    size_t seen = 0;
    for (const Client& client : clients) {
      heads += client.has_head ? 1 : 0;
      seen += client.receipts + client.dropped;
    }
    if (!ready && heads == clients.size()) {
      ready = true;
      std::printf("ready\n");
      std::fflush(stdout);
    }
    const auto now = std::chrono::steady_clock::now();
    if (now - said < std::chrono::seconds(1)) continue;
    said = now;
    std::printf("seen %zu\n", seen);
    std::fflush(stdout);
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 0) > 0) break; // nothing is ever written to it: its end
  }
  for (const Client& client : clients)
    std::printf("%s %zu %zu %zu %zu\n", client.of_tenant ? "tenant" : "all", client.receipts, client.dropped,
                client.gaps, client.foreign);
  return 0;
}
