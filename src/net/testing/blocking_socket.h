// A TCP or unix socket that blocks, for the other side in tests. No wait is longer than ten seconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kairos::net::testing {

class BlockingSocket {
public:
  explicit BlockingSocket(int fd);
  static BlockingSocket connect(std::uint16_t port);
  static BlockingSocket connect(const std::string& unix_path);
  BlockingSocket(BlockingSocket&& other) noexcept;
  BlockingSocket& operator=(BlockingSocket&&) = delete;
  ~BlockingSocket();

  bool send(std::string_view bytes);
  /// Adds what arrives to input(); false at the end, after a reset, or when nothing came for ten seconds.
  bool receive();
  std::string& input() { return input_; }
  bool was_reset() const { return reset_; }
  bool timed_out() const { return timed_out_; }

  void shutdown_send();
  void close();
  /// Closes so that the other side sees "connection reset".
  void reset();
  /// Small kernel buffers, to see back-pressure early.
  void shrink_receive_buffer();
  int fd() const { return fd_; }

private:
  int fd_;
  bool reset_ = false;
  bool timed_out_ = false;
  std::string input_;
};

} // namespace kairos::net::testing
