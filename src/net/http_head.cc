#include "net/http_head.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace kairos::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view Head::query() const {
  const size_t mark = target().find('?');
  return mark == std::string_view::npos ? std::string_view{} : target().substr(mark + 1);
}

std::optional<std::string_view> Head::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (same_name(view(field.name), name)) return view(field.value);
  }
  return std::nullopt;
}

/// The only writer of a Head.
struct HeadFiller {
  Head& head;

  Head::Span add(std::string_view text) {
    const Head::Span span{static_cast<std::uint32_t>(head.text_.size()), static_cast<std::uint32_t>(text.size())};
    head.text_.append(text);
    return span;
  }
  void request(std::string_view method, std::string_view target, int version) {
    head.method_ = add(method);
    head.target_ = add(target);
    head.http_1_1_ = version >= 11;
  }
  void response(int status, int version) {
    head.status_ = status;
    head.http_1_1_ = version >= 11;
  }
  void field(std::string_view name, std::string_view value) { head.fields_.push_back({add(name), add(value)}); }
};

namespace {

std::string_view plain(beast::string_view text) { return {text.data(), text.size()}; }

/// Beast's parser with its callbacks; the same for requests and responses but for the first line.
template <bool isRequest>
class Parser final : public http::basic_parser<isRequest> {
public:
  Head head;
  std::string body;
  std::uint32_t max_fields = 0;
  bool host_seen = false;
  bool expects_continue = false;

private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version, beast::error_code&) override {
    HeadFiller{head}.request(plain(method), plain(target), version);
  }
  void on_response_impl(int code, beast::string_view, int version, beast::error_code&) override { HeadFiller{head}.response(code, version); }
  void on_field_impl(http::field id, beast::string_view name, beast::string_view value, beast::error_code& error) override {
    if (head.field_count() >= max_fields) {
      error = http::error::header_limit;
      return;
    }
    if (id == http::field::host && std::exchange(host_seen, true) && isRequest) error = http::error::bad_field;
    if (id == http::field::expect) expects_continue = same_name(plain(value), "100-continue");
    HeadFiller{head}.field(plain(name), plain(value));
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(beast::error_code&) override {}
};

HeadError explain(const beast::error_code& error) {
  if (error == http::error::body_limit) return {413, "the body is larger than the limit"};
  if (error == http::error::header_limit) return {431, "the request head is larger than the limit, or has too many fields"};
  if (error == http::error::partial_message || error == http::error::end_of_stream) return {400, "the message ends before it is complete"};
  return {400, fmt::format("not well-formed HTTP/1.1: {}", error.message())};
}

} // namespace

struct MessageParser::Impl {
  std::unique_ptr<Parser<true>> request;
  std::unique_ptr<Parser<false>> response;

  template <class F>
  decltype(auto) with(F&& f) {
    return request ? f(*request) : f(*response);
  }
};

namespace {

template <class P>
std::unique_ptr<P> make_parser(const HeadLimits& limits, std::uint64_t body_limit) {
  auto parser = std::make_unique<P>();
  parser->header_limit(limits.head_bytes);
  parser->body_limit(body_limit);
  parser->max_fields = limits.fields;
  parser->eager(true);
  return parser;
}

} // namespace

MessageParser::MessageParser(Kind kind, const HeadLimits& limits, std::uint64_t body_limit) : impl_(std::make_unique<Impl>()) {
  if (kind == Kind::kRequest) {
    impl_->request = make_parser<Parser<true>>(limits, body_limit);
  } else {
    impl_->response = make_parser<Parser<false>>(limits, body_limit);
  }
}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

std::expected<size_t, HeadError> MessageParser::feed(std::string_view bytes) {
  return impl_->with([&](auto& parser) -> std::expected<size_t, HeadError> {
    beast::error_code error;
    size_t used = 0;
    while (used < bytes.size() && !parser.is_done()) {
      const size_t step = parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
      used += step;
      if (error == http::error::need_more) return used;
      if (error) return std::unexpected(explain(error));
      if (step == 0) break;
    }
    return used;
  });
}

std::expected<void, HeadError> MessageParser::feed_end() {
  return impl_->with([](auto& parser) -> std::expected<void, HeadError> {
    beast::error_code error;
    parser.put_eof(error);
    if (error) return std::unexpected(explain(error));
    return {};
  });
}

void MessageParser::expect_no_body() {
  if (impl_->response) impl_->response->skip(true);
}

bool MessageParser::head_done() const {
  return impl_->with([](auto& parser) { return parser.is_header_done(); });
}
bool MessageParser::done() const {
  return impl_->with([](auto& parser) { return parser.is_done(); });
}
const Head& MessageParser::head() const {
  return impl_->with([](auto& parser) -> const Head& { return parser.head; });
}
std::string& MessageParser::body() {
  return impl_->with([](auto& parser) -> std::string& { return parser.body; });
}
std::optional<std::uint64_t> MessageParser::content_length() const {
  return impl_->with([](auto& parser) -> std::optional<std::uint64_t> {
    const auto length = parser.content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  });
}
bool MessageParser::chunked() const {
  return impl_->with([](auto& parser) { return parser.chunked(); });
}
bool MessageParser::keep_alive() const {
  return impl_->with([](auto& parser) { return parser.keep_alive(); });
}
bool MessageParser::expects_continue() const {
  return impl_->with([](auto& parser) { return parser.expects_continue; });
}

} // namespace kairos::net
