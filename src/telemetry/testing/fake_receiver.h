// A receiver on a loopback socket for tests: one connection after the other, one request each. `answer` makes the bytes
// that are sent back from the body that came; empty bytes hang up without a word.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kairos::telemetry {

inline std::string http(int status, const std::string& body = "", const std::string& fields = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nConnection: close\r\nContent-Type: application/x-protobuf\r\n" +
         fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class FakeReceiver {
public:
  using Answer = std::function<std::string(const std::string& body)>;

  explicit FakeReceiver(Answer answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_, 64), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
  }
  ~FakeReceiver() {
    shutdown(listener_, SHUT_RDWR); // wakes accept()
    thread_.join();
    close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }
  size_t requests() const { return requests_; }

private:
  void run() {
    for (int socket = accept(listener_, nullptr, nullptr); socket >= 0; socket = accept(listener_, nullptr, nullptr)) {
      const std::string answer = answer_(read_body(socket));
      ++requests_;
      if (!answer.empty() && send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) ADD_FAILURE() << "not sent";
      close(socket);
    }
  }

  static std::string read_body(int socket) {
    std::string all;
    char bytes[65536];
    for (size_t head = std::string::npos;;) {
      const ssize_t count = recv(socket, bytes, sizeof bytes, 0);
      if (count <= 0) return "";
      all.append(bytes, static_cast<size_t>(count));
      if (head == std::string::npos) head = all.find("\r\n\r\n");
      if (head == std::string::npos) continue;
      const size_t field = all.find("Content-Length: ");
      const size_t length = field < head ? std::stoul(all.substr(field + 16)) : 0;
      if (all.size() >= head + 4 + length) return all.substr(head + 4, length);
    }
  }

  Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<size_t> requests_{0};
  std::jthread thread_;
};

/// Polls until `true_now` or ten seconds have passed.
template <class Condition>
bool comes_true(const Condition& true_now) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!true_now()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

} // namespace kairos::telemetry
