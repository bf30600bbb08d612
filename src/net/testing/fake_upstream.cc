#include "net/testing/fake_upstream.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

namespace kairos::net::testing {

namespace {

/// Takes "…\r\n\r\n" from the socket's input, without the empty line.
std::optional<std::string> take_head(BlockingSocket& socket) {
  while (socket.input().find("\r\n\r\n") == std::string::npos) {
    if (!socket.receive()) return std::nullopt;
  }
  const size_t end = socket.input().find("\r\n\r\n");
  std::string head = socket.input().substr(0, end);
  socket.input().erase(0, end + 4);
  return head;
}

std::optional<std::string> take_body(BlockingSocket& socket, const std::string& head) {
  const size_t field = head.find("\r\nContent-Length: ");
  const size_t size = field == std::string::npos ? 0 : std::strtoul(head.c_str() + field + 18, nullptr, 10);
  while (socket.input().size() < size) {
    if (!socket.receive()) return std::nullopt;
  }
  std::string body = socket.input().substr(0, size);
  socket.input().erase(0, size);
  return body;
}

} // namespace

void FakeExchange::respond(int status, std::string_view answer, std::string_view more_head) {
  std::string text =
      "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Length: " + std::to_string(answer.size());
  text.append("\r\n").append(more_head).append("\r\n").append(answer);
  socket.send(text);
}

void FakeExchange::begin_chunked(int status, std::string_view more_head) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nTransfer-Encoding: chunked\r\n";
  socket.send(text.append(more_head).append("\r\n"));
}

void FakeExchange::chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  socket.send(std::string(size).append(bytes).append("\r\n"));
}

bool FakeExchange::stall() {
  while (socket.receive()) {
  }
  return !socket.timed_out();
}

FakeUpstream::FakeUpstream(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 1024) != 0) std::abort();
  ::getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeUpstream::~FakeUpstream() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  threads_.clear();
  ::close(listener_);
}

void FakeUpstream::accept_all() {
  while (!stopping_) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    ++connections_;
    {
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
    }
    threads_.emplace_back([this, fd] {
      BlockingSocket socket(fd);
      serve(socket);
      const std::lock_guard lock(mutex_); // closed under the lock, so that the number is not shut down when used anew
      open_.remove(fd);
      socket.close();
    });
  }
}

void FakeUpstream::serve(BlockingSocket& socket) {
  for (int number = 0; socket.fd() >= 0; ++number) {
    auto head = take_head(socket);
    if (!head) return;
    auto body = take_body(socket, *head);
    if (!body) return;
    ++requests_;
    FakeExchange exchange(socket, std::move(*head), std::move(*body), number);
    script_(exchange);
  }
}

} // namespace kairos::net::testing
