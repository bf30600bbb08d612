// A client for tests that speaks just enough HTTP, blocks, and may misbehave: send() takes any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/testing/blocking_socket.h"

namespace kairos::net::testing {

struct TestAnswer {
  int status = 0;
  std::string head; // with the status line, without the empty line
  std::string body; // without chunk framing
  /// The value of a field, or "".
  std::string header(std::string_view name) const;
};

class TestClient {
public:
  explicit TestClient(std::uint16_t port) : socket(BlockingSocket::connect(port)) {}
  explicit TestClient(const std::string& unix_path) : socket(BlockingSocket::connect(unix_path)) {}

  bool send(std::string_view bytes) { return socket.send(bytes); }
  /// The next answer (1xx too); nothing if the connection ends before it is complete.
  std::optional<TestAnswer> read_answer(bool to_head_request = false);
  /// Sends a POST with that body and reads the answer.
  std::optional<TestAnswer> post(std::string_view target, std::string_view body, std::string_view more_head = "");
  std::optional<TestAnswer> get(std::string_view target, std::string_view more_head = "");
  /// True if the other side closes without sending anything more.
  bool ends();

  BlockingSocket socket;

private:
  bool read_until(size_t bytes);
  std::optional<std::string> take_line();
  bool read_chunks(std::string& body);
};

} // namespace kairos::net::testing
