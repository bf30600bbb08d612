#include "net/http_head.h"

#include <gtest/gtest.h>

#include "net/inflate.h"
#include "net/origin.h"

#include <zlib.h>

namespace kairos::net {
namespace {

/// 0: accepted; -1: more is needed; else the status it is refused with.
int verdict(std::string_view bytes, size_t step = SIZE_MAX, HeadLimits limits = {}) {
  MessageParser parser(MessageParser::Kind::kRequest, limits, 1000);
  std::string held;
  while (!parser.done()) {
    held.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    const auto used = parser.feed(held);
    if (!used) return used.error().status;
    held.erase(0, *used);
    if (bytes.empty() && (*used == 0 || held.empty())) break;
  }
  return parser.done() ? 0 : -1;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

const std::vector<Case>& cases() {
  using namespace std::string_literals;
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  static const std::vector<Case> kCases = {
      {"plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"http 1.0 needs no host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"body", post + "Content-Length: 3\r\n\r\nabc", 0},
      {"chunks", post + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n", 0},
      {"no chunks", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0},
      {"unfinished body", post + "Content-Length: 3\r\n\r\nab", -1},
      {"length and chunks", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
      {"two equal lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"two lengths in one", post + "Content-Length: 3, 3\r\n\r\nabc", 400},
      {"different lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"signed length", post + "Content-Length: +3\r\n\r\nabc", 400},
      {"negative length", post + "Content-Length: -3\r\n\r\nabc", 400},
      {"huge length", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"odd coding", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
      {"coding twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400},
      {"hex prefix", post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400},
      {"chunk size overflow", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400},
      {"chunk without end", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400},
      {"folded field", post + "X: a\r\n b\r\n\r\n", 400},
      {"folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"tab folded", post + "X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n", 400},
      {"nul in value", post + "X: a\0b\r\n\r\n"s, 400},
      {"nul in name", post + "X\0: a\r\n\r\n"s, 400},
      {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare line feed in a field", post + "X: a\nY: b\r\n\r\n", 400},
      {"bare carriage return", post + "X: a\rY: b\r\n\r\n", 400},
      {"space before colon", post + "X : a\r\n\r\n", 400},
      {"no name", post + ": a\r\n\r\n", 400},
      {"no colon", post + "X\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"http 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"http 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"tls hello", "\x16\x03\x01\x02", 400},
      {"space in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"body over the limit", post + "Content-Length: 1001\r\n\r\n", 413},
      {"chunks over the limit",
       post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n", 413},
  };
  return kCases;
}

TEST(RequestHead, IsAcceptedOrRefusedAsItMust) {
  for (const Case& one : cases()) EXPECT_EQ(verdict(one.bytes), one.status) << one.name;
}

TEST(RequestHead, TheCutsMakeNoDifference) {
  for (const Case& one : cases()) {
    for (size_t step : {size_t{1}, size_t{5}}) {
      const int status = verdict(one.bytes, step);
      // Without any CR LF the parser may wait for one; it must not accept.
      const bool waits = status == -1 && one.bytes.find("\r\n") == std::string::npos;
      EXPECT_TRUE(status == one.status || waits) << one.name << ": " << status;
    }
  }
}

TEST(RequestHead, IsBounded) {
  const HeadLimits limits{1000, 10};
  std::string fields;
  for (int i = 0; i < 11; ++i) fields += "A: b\r\n";
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", SIZE_MAX, limits), 431);
  const std::string wide = "Host: a\r\nX: " + std::string(600, 'x') + "\r\nY: " + std::string(600, 'y') + "\r\n\r\n";
  for (size_t step : {size_t{1}, size_t{50}, SIZE_MAX}) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n" + wide, step, limits), 431);
    EXPECT_EQ(verdict("GET /" + std::string(2000, 'x'), step, limits), 431);
  }
}

TEST(RequestHead, FieldsAreFoundInAnyCaseAndTrailersAreNotFields) {
  MessageParser parser(MessageParser::Kind::kRequest, {}, 1000);
  const std::string text =
      "POST /v1/chat?x=1&y HTTP/1.1\r\nHOST: a\r\nx-Thing:  v  \r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\nAuthorization: smuggled\r\n\r\n";
  const std::string next = "GET /next HTTP/1.1\r\n";
  const auto used = parser.feed(text + next);
  ASSERT_TRUE(used);
  EXPECT_EQ(*used, text.size());
  ASSERT_TRUE(parser.done());
  const Head& head = parser.head();
  EXPECT_EQ(head.method(), "POST");
  EXPECT_EQ(head.path(), "/v1/chat");
  EXPECT_EQ(head.query(), "x=1&y");
  EXPECT_EQ(head.find("X-THING"), "v");
  EXPECT_EQ(head.find("host"), "a");
  EXPECT_FALSE(head.find("authorization"));
  EXPECT_EQ(parser.body(), "abc");
  parser.restart();
  ASSERT_TRUE(parser.feed("GET /two HTTP/1.1\r\nHost: b\r\n\r\n"));
  EXPECT_EQ(parser.head().target(), "/two");
  EXPECT_EQ(parser.head().field_count(), 1u);
  EXPECT_EQ(parser.body(), "");
}

TEST(ResponseHead, EndsByLengthChunksOrConnection) {
  MessageParser parser(MessageParser::Kind::kResponse, {}, UINT64_MAX);
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\n\r\nabc"));
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_TRUE(parser.feed_end());
  EXPECT_EQ(parser.body(), "abc");

  parser.restart();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"));
  EXPECT_FALSE(parser.feed_end());

  parser.restart();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  EXPECT_FALSE(parser.feed_end());

  parser.restart();
  EXPECT_FALSE(parser.feed_end());

  parser.restart();
  parser.expect_no_body();
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(parser.done());
}

TEST(Url, IsTakenApartOrRefused) {
  const auto url = parse_url("https://api.example.com:8443/v1/");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->origin.tls);
  EXPECT_EQ(url->origin.host, "api.example.com");
  EXPECT_EQ(url->origin.port, 8443);
  EXPECT_EQ(url->path, "/v1");
  EXPECT_EQ(url->origin.authority(), "api.example.com:8443");
  EXPECT_EQ(parse_url("http://[::1]:80")->origin.authority(), "[::1]");
  EXPECT_EQ(parse_url("http://localhost")->origin.port, 80);
  for (const char* bad : {"", "api.example.com", "ftp://x", "https://", "https://a:0", "https://a:65536", "https://a:x",
                          "https://u:p@a", "https://a/b?c", "https://a b", "https://a/b c", "https://a/\r\nX: y"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

Origin with_proxy(std::string_view url, const ProxySettings& settings) {
  Origin origin = parse_url(url)->origin;
  EXPECT_TRUE(apply_proxy(settings, origin));
  return origin;
}

TEST(Proxy, IsChosenBySchemeAndExceptions) {
  const ProxySettings settings{"http://plain:3128", "http://us%65r:pw@secure:8080/",
                               "internal, .example.org,10.0.0.1:81, ::1"};
  EXPECT_EQ(with_proxy("http://api.example.com", settings).proxy_host, "plain");
  const Origin secure = with_proxy("https://api.example.com", settings);
  EXPECT_EQ(secure.proxy_host, "secure");
  EXPECT_EQ(secure.proxy_port, 8080);
  EXPECT_EQ(secure.proxy_authorization, "Basic dXNlcjpwdw==");
  EXPECT_EQ(with_proxy("https://internal", settings).proxy_host, "");
  EXPECT_EQ(with_proxy("https://a.internal", settings).proxy_host, "");
  EXPECT_EQ(with_proxy("https://notinternal", settings).proxy_host, "secure");
  EXPECT_EQ(with_proxy("https://API.EXAMPLE.ORG", settings).proxy_host, "");
  EXPECT_EQ(with_proxy("http://10.0.0.1:81", settings).proxy_host, "");
  EXPECT_EQ(with_proxy("http://10.0.0.1:82", settings).proxy_host, "plain");
  EXPECT_EQ(with_proxy("http://[::1]:82", settings).proxy_host, "");
  EXPECT_EQ(with_proxy("https://a", {"http://p", "http://p", "*"}).proxy_host, "");
  Origin origin = parse_url("https://a")->origin;
  EXPECT_FALSE(apply_proxy({"", "socks5://p:1", ""}, origin));
}

std::string compressed(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Inflate, ReadsAllThreeFormatsInAnyPieces) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919);
  for (int window_bits : {15 + 16, 15, -15}) {
    const std::string packed = compressed(text, window_bits);
    for (size_t step : {size_t{1}, size_t{1000}, packed.size()}) {
      Inflater inflater(text.size());
      std::string out;
      for (size_t at = 0; at < packed.size(); at += step) {
        EXPECT_FALSE(inflater.finish());
        ASSERT_TRUE(inflater.feed(std::string_view(packed).substr(at, step), out));
      }
      EXPECT_TRUE(inflater.finish());
      EXPECT_EQ(out, text);
    }
  }
}

TEST(Inflate, IsBoundedAndRefusesDamage) {
  const std::string bomb = compressed(std::string(50'000'000, 'x'), 15 + 16);
  Inflater bounded(100'000);
  std::string out;
  const auto refused = bounded.feed(bomb, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
  EXPECT_LE(out.size(), 100'000u);

  std::string damaged = compressed("some text that is long enough to be damaged", 15 + 16);
  damaged[15] = static_cast<char>(damaged[15] ^ 0x55);
  Inflater inflater(1000);
  const bool fed = inflater.feed(damaged, out).has_value();
  EXPECT_FALSE(fed && inflater.finish().has_value());
}

} // namespace
} // namespace kairos::net
