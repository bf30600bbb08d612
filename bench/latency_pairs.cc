// Added latency: sends the same request to two servers in turn over one kept connection each, and prints percentiles of
// the paired differences (second − first) and of each alone, in microseconds, as one JSON object.
//   latency_pairs PORT_A REQUEST_FILE_A PORT_B REQUEST_FILE_B PAIRS
// A request file holds a whole HTTP/1.1 request; answers must have a Content-Length.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "latency_pairs: %s\n", what.c_str());
  std::exit(1);
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    die("cannot connect to port " + std::to_string(port));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::string file_text(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) die(std::string("cannot read ") + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Side {
  int fd;
  std::string request;
  std::string buffer;
  std::vector<double> micros;

  /// One request and its whole answer.
  double once() {
    const auto began = std::chrono::steady_clock::now();
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      die("the connection was closed");
    buffer.clear();
    size_t wanted = std::string::npos;
    char piece[65536];
    while (buffer.size() < wanted) {
      const ssize_t got = recv(fd, piece, sizeof piece, 0);
      if (got <= 0) die("the answer broke off: " + buffer.substr(0, 300));
      buffer.append(piece, static_cast<size_t>(got));
      if (wanted == std::string::npos) wanted = answer_size();
    }
    if (buffer.compare(9, 3, "200") != 0) die("not 200: " + buffer.substr(0, 500));
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
  }
  size_t answer_size() const {
    const size_t head = buffer.find("\r\n\r\n");
    if (head == std::string::npos) return head;
    size_t field = buffer.find("Content-Length: ");
    if (field == std::string::npos) field = buffer.find("content-length: ");
    if (field == std::string::npos) die("an answer without Content-Length");
    return head + 4 + std::stoul(buffer.substr(field + 16, 12));
  }
};

double at(std::vector<double>& sorted, double q) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(q * static_cast<double>(sorted.size())))];
}

void print(const char* name, std::vector<double> values, const char* end) {
  std::ranges::sort(values);
  std::printf("\"%s\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}%s", name, at(values, 0.5), at(values, 0.9),
              at(values, 0.99), values.back(), end);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 6) die("usage: latency_pairs PORT_A REQUEST_A PORT_B REQUEST_B PAIRS");
  Side a{connect_to(std::atoi(argv[1])), file_text(argv[2]), {}, {}};
  Side b{connect_to(std::atoi(argv[3])), file_text(argv[4]), {}, {}};
  const int pairs = std::atoi(argv[5]);
  for (int i = 0; i < 200; ++i) {
    a.once();
    b.once();
  }
  std::vector<double> added;
  for (int i = 0; i < pairs; ++i) { // who goes first changes, so that neither profits from the other's warmth
    const double first = i % 2 == 0 ? a.once() : b.once();
    const double second = i % 2 == 0 ? b.once() : a.once();
    a.micros.push_back(i % 2 == 0 ? first : second);
    b.micros.push_back(i % 2 == 0 ? second : first);
    added.push_back(b.micros.back() - a.micros.back());
  }
  std::printf("{");
  print("first", a.micros, ",");
  print("second", b.micros, ",");
  print("added", added, "}\n");
}
