#include "app/local_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace kairos::app {
namespace {

constexpr size_t kMostLocalAnswer = size_t{64} << 20;
constexpr timeval kAnswerTimeout{1800, 0};

struct Socket {
  explicit Socket(int opened) : fd(opened) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  const int fd;
};

std::unexpected<Error> no_answer(const std::string& path, std::string_view what) {
  return fail(Code::kIo, fmt::format("{}: {}", path, what));
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

/// Everything up to the end of the connection; empty if that does not come.
std::string receive_all(int fd) {
  std::string text;
  char piece[65536];
  while (text.size() < kMostLocalAnswer) {
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got == 0) return text;
    if (got < 0) return {};
    text.append(piece, static_cast<size_t>(got));
  }
  return {};
}

} // namespace

Result<LocalAnswer> ask_server(const std::string& data_dir, const std::string& method, const std::string& path,
                               const std::string& body) {
  const std::string file = data_dir + "/kairosroute.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (file.size() >= sizeof address.sun_path)
    return no_answer(file, "the path is too long for a socket; stop the server");
  std::memcpy(address.sun_path, file.c_str(), file.size() + 1);
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd < 0) return no_answer(file, std::strerror(errno));
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout);
  if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return no_answer(file, fmt::format("{}; stop the server and try again", std::strerror(errno)));
  const std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
                                          "application/json\r\nContent-Length: {}\r\n\r\n{}",
                                          method, path, body.size(), body);
  if (!send_all(socket.fd, request)) return no_answer(file, "the server went away");
  const std::string text = receive_all(socket.fd);
  const size_t head = text.find("\r\n\r\n");
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  LocalAnswer answer;
  if (head == std::string::npos || !text.starts_with(kVersion)) return no_answer(file, "the server's answer broke off");
  std::from_chars(text.data() + kVersion.size(), text.data() + head, answer.status);
  answer.body = text.substr(head + 4);
  return answer;
}

} // namespace kairos::app
