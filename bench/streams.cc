// Both ends of the streaming benchmark.
//   streams serve PORT EVENTS INTERVAL_MS    a provider: answers each POST with a stream of EVENTS chunks
//   streams read PORT KEY COUNT              COUNT clients at once; each checks that its stream is whole
// `read` prints how many streams were whole and how many bytes came.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

using Time = std::chrono::steady_clock::time_point;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "streams: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void send_all(int fd, const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) { // blocking sockets: waits for a reader that is slow
    const ssize_t done = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (done <= 0) return;
    sent += static_cast<size_t>(done);
  }
}

std::string as_chunk(const std::string& text) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

const std::string kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string event_text(int index, int last) {
  const std::string start =
      R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)";
  std::string text = start + R"({"content":"word )" + std::to_string(index) +
                     R"( "},"finish_reason":null}]})"
                     "\n\n";
  if (index + 1 < last) return as_chunk(text);
  text += start + R"({},"finish_reason":"stop"}]})"
                  "\n\n";
  text +=
      R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":)" +
      std::to_string(2 * last) + R"(,"total_tokens":)" + std::to_string(20 + 2 * last) + "}}\n\ndata: [DONE]\n\n";
  return as_chunk(text) + "0\r\n\r\n";
}

struct Stream {
  std::string request;
  int next = -1; // event; −1: the request is not complete yet
  Time due{};
};

bool complete(const std::string& request) {
  const size_t head = request.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  std::string lower = request.substr(0, head);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t field = lower.find("content-length: ");
  return field != std::string::npos && request.size() >= head + 4 + std::stoul(lower.substr(field + 16));
}

int serve(int port, int events, int interval_ms) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0)
    die("listen");
  const int epoll = epoll_create1(0);
  watch(epoll, listener);
  std::map<int, Stream> streams;
  std::vector<epoll_event> ready(1024);
  const auto interval = std::chrono::milliseconds(interval_ms);
  while (true) {
    const int count = epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), 5);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        const int client = accept(listener, nullptr, nullptr);
        watch(epoll, client);
        streams[client] = {};
        continue;
      }
      char piece[16384];
      const ssize_t got = recv(fd, piece, sizeof piece, 0);
      if (got <= 0) {
        close(fd);
        streams.erase(fd);
        continue;
      }
      Stream& stream = streams[fd];
      stream.request.append(piece, static_cast<size_t>(got));
      if (stream.next < 0 && complete(stream.request)) {
        stream.request.clear();
        stream.next = 0;
        stream.due = std::chrono::steady_clock::now();
        send_all(fd, kHead);
      }
    }
    const Time now = std::chrono::steady_clock::now();
    for (auto& [fd, stream] : streams) {
      if (stream.next < 0 || stream.due > now) continue;
      send_all(fd, event_text(stream.next, events));
      stream.due += interval;
      if (++stream.next == events) stream.next = -1;
    }
  }
}

int read_streams(int port, const std::string& key, int count) {
  const std::string body =
      R"({"model":"bench-model","stream":true,"max_tokens":1000,"messages":[{"role":"user","content":"Tell me a long story about a lighthouse."}]})";
  const std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + key +
                              "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\nConnection: close\r\n\r\n" + body;
  const int epoll = epoll_create1(0);
  std::map<int, std::string> tails;
  const sockaddr_in address = loopback(port);
  for (int i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
    send_all(fd, request);
    watch(epoll, fd);
    tails[fd] = {};
  }
  std::vector<epoll_event> ready(1024);
  int whole = 0;
  long long bytes = 0;
  while (!tails.empty()) {
    const int got_ready = epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), 60'000);
    if (got_ready <= 0) die("no stream moved for a minute");
    for (int i = 0; i < got_ready; ++i) {
      const int fd = ready[static_cast<size_t>(i)].data.fd;
      char piece[65536];
      const ssize_t got = recv(fd, piece, sizeof piece, 0);
      std::string& tail = tails[fd];
      if (got <= 0) {
        whole +=
            tail.find("data: [DONE]") != std::string::npos && tail.find(": kairosroute ") != std::string::npos ? 1 : 0;
        close(fd);
        tails.erase(fd);
        continue;
      }
      bytes += got;
      tail.append(piece, static_cast<size_t>(got));
      if (tail.size() > 4096) tail.erase(0, tail.size() - 4096);
    }
  }
  std::printf("{\"streams\":%d,\"whole\":%d,\"bytes\":%lld}\n", count, whole, bytes);
  return whole == count ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit files{65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "serve" && argc == 5) return serve(std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
  if (what == "read" && argc == 5) return read_streams(std::atoi(argv[2]), argv[3], std::atoi(argv[4]));
  std::fprintf(stderr, "usage: streams serve PORT EVENTS INTERVAL_MS | streams read PORT KEY COUNT\n");
  return 2;
}
