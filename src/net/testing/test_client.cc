#include "net/testing/test_client.h"

#include <cstdlib>

#include "net/http_head.h"

namespace kairos::net::testing {

std::string TestAnswer::header(std::string_view name) const {
  for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && same_name(line.substr(0, colon), name))
      return std::string(line.substr(colon + 2));
  }
  return "";
}

bool TestClient::read_until(size_t bytes) {
  while (socket.input().size() < bytes) {
    if (!socket.receive()) return false;
  }
  return true;
}

std::optional<std::string> TestClient::take_line() {
  while (socket.input().find("\r\n") == std::string::npos) {
    if (!socket.receive()) return std::nullopt;
  }
  const size_t end = socket.input().find("\r\n");
  std::string line = socket.input().substr(0, end);
  socket.input().erase(0, end + 2);
  return line;
}

bool TestClient::read_chunks(std::string& body) {
  while (true) {
    const auto line = take_line();
    if (!line) return false;
    const size_t size = std::strtoul(line->c_str(), nullptr, 16);
    if (!read_until(size + 2)) return false;
    body.append(socket.input(), 0, size);
    socket.input().erase(0, size + 2);
    if (size == 0) return true;
  }
}

std::optional<TestAnswer> TestClient::read_answer(bool to_head_request) {
  while (socket.input().find("\r\n\r\n") == std::string::npos) {
    if (!socket.receive()) return std::nullopt;
  }
  TestAnswer answer;
  const size_t end = socket.input().find("\r\n\r\n");
  answer.head = socket.input().substr(0, end);
  socket.input().erase(0, end + 4);
  answer.status = std::atoi(answer.head.c_str() + sizeof "HTTP/1.1");
  if (to_head_request || answer.status / 100 == 1 || answer.status == 204) return answer;
  if (answer.header("Transfer-Encoding") == "chunked") {
    if (!read_chunks(answer.body)) return std::nullopt;
  } else if (const std::string length = answer.header("Content-Length"); !length.empty()) {
    const size_t size = std::strtoul(length.c_str(), nullptr, 10);
    if (!read_until(size)) return std::nullopt;
    answer.body = socket.input().substr(0, size);
    socket.input().erase(0, size);
  } else {
    while (socket.receive()) {
    }
    answer.body.swap(socket.input());
  }
  return answer;
}

std::optional<TestAnswer> TestClient::post(std::string_view target, std::string_view body, std::string_view more_head) {
  std::string text = "POST ";
  text.append(target).append(" HTTP/1.1\r\nHost: test\r\nContent-Length: ").append(std::to_string(body.size()));
  text.append("\r\n").append(more_head).append("\r\n").append(body);
  return send(text) ? read_answer() : std::nullopt;
}

std::optional<TestAnswer> TestClient::get(std::string_view target, std::string_view more_head) {
  std::string text = "GET ";
  text.append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(more_head).append("\r\n");
  return send(text) ? read_answer() : std::nullopt;
}

bool TestClient::ends() {
  while (socket.receive()) {
  }
  return socket.input().empty();
}

} // namespace kairos::net::testing
