#include "net/testing/blocking_socket.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace kairos::net::testing {

BlockingSocket::BlockingSocket(int fd) : fd_(fd) {
  const timeval patience{10, 0};
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

BlockingSocket BlockingSocket::connect(std::uint16_t port) {
  BlockingSocket made(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) made.close();
  return made;
}

BlockingSocket BlockingSocket::connect(const std::string& unix_path) {
  BlockingSocket made(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(made.fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) made.close();
  return made;
}

BlockingSocket::BlockingSocket(BlockingSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), reset_(other.reset_), input_(std::move(other.input_)) {}
BlockingSocket::~BlockingSocket() { close(); }

bool BlockingSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool BlockingSocket::receive() {
  char buffer[64 * 1024];
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
  reset_ = reset_ || (got < 0 && errno == ECONNRESET);
  timed_out_ = got < 0 && errno == EAGAIN;
  if (got <= 0) return false;
  input_.append(buffer, static_cast<size_t>(got));
  return true;
}

void BlockingSocket::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

void BlockingSocket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void BlockingSocket::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void BlockingSocket::shrink_receive_buffer() {
  const int bytes = 4096;
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

} // namespace kairos::net::testing
