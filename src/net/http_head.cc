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
  void clear() {
    head.text_.clear();
    head.fields_.clear();
    head.method_ = head.target_ = {};
    head.status_ = 0;
    head.http_1_1_ = true;
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

// "0\r\n\r\n": what a chunked body has left at least. Beast asserts that it is not asked again with less.
constexpr size_t kShortestEnd = 5;
constexpr size_t kKeptBody = 64 * 1024; // a larger buffer is not kept for the next message

std::string_view plain(beast::string_view text) { return {text.data(), text.size()}; }

/// What outlives the parser of one message.
struct Parsed {
  HeadLimits limits;
  Head head;
  std::string body;
};

/// Beast's parser with its callbacks; the same for requests and responses but for the first line. It refuses what two
/// HTTP implementations could frame differently (RFC 9112, sections 6.3 and 11.2).
template <bool isRequest>
class Parser final : public http::basic_parser<isRequest> {
public:
  explicit Parser(Parsed& parsed) : parsed_(parsed) { HeadFiller{parsed.head}.clear(); }
  bool expects_continue = false;

private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    HeadFiller{parsed_.head}.request(plain(method), plain(target), version);
  }
  void on_response_impl(int code, beast::string_view, int version, beast::error_code&) override {
    HeadFiller{parsed_.head}.response(code, version);
  }
  void on_field_impl(http::field id, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (this->is_header_done()) return; // a trailer: must not look like a field of the head
    if (parsed_.head.field_count() >= parsed_.limits.fields) error = http::error::header_limit;
    if (isRequest) check_framing(id, plain(value), error);
    if (!error) HeadFiller{parsed_.head}.field(plain(name), plain(value));
  }
  void check_framing(http::field id, std::string_view value, beast::error_code& error) {
    switch (id) {
    case http::field::host:
      if (std::exchange(host_seen_, true)) error = http::error::bad_field;
      break;
    case http::field::content_length:
      if (std::exchange(length_seen_, true) || value.find(',') != std::string_view::npos)
        error = http::error::multiple_content_length;
      break;
    case http::field::transfer_encoding:
      if (std::exchange(coding_seen_, true) || !parsed_.head.http_1_1() || !same_name(value, "chunked")) {
        error = http::error::bad_transfer_encoding;
      }
      break;
    case http::field::expect:
      expects_continue = parsed_.head.http_1_1() && same_name(value, "100-continue");
      break;
    default:
      break;
    }
  }
  void on_header_impl(beast::error_code& error) override {
    if (isRequest && parsed_.head.http_1_1() && !host_seen_) error = http::error::bad_field;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
    parsed_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code&) override {
    parsed_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(beast::error_code&) override {}

  Parsed& parsed_;
  bool host_seen_ = false;
  bool length_seen_ = false;
  bool coding_seen_ = false;
};

HeadError explain(const beast::error_code& error) {
  if (error == http::error::body_limit) return {413, "the body is larger than the limit"};
  if (error == http::error::header_limit) return {431, "the head is larger than the limit, or has too many fields"};
  if (error == http::error::bad_version) return {400, "the first line is not that of an HTTP/1.1 or HTTP/1.0 message"};
  if (error == http::error::partial_message || error == http::error::end_of_stream) {
    return {400, "the message ends before it is complete"};
  }
  return {400, fmt::format("not well-formed HTTP/1.1: {}", error.message())};
}

// A field that goes on in the next line is obsolete, and read differently by different programs.
bool has_folded_line(std::string_view lines) {
  for (size_t end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n', end + 1)) {
    if (end + 1 < lines.size() && (lines[end + 1] == ' ' || lines[end + 1] == '\t')) return true;
  }
  return false;
}

} // namespace

struct MessageParser::Impl {
  Parsed parsed;
  Kind kind;
  std::uint64_t body_limit;
  size_t head_bytes = 0;
  bool starved = false; // the last bytes offered were no whole line
  std::optional<Parser<true>> request;
  std::optional<Parser<false>> response;

  template <class F>
  decltype(auto) with(F&& f) {
    return kind == Kind::kRequest ? f(*request) : f(*response);
  }
  template <class P>
  void begin(std::optional<P>& parser) {
    parser.emplace(parsed);
    parser->header_limit(parsed.limits.head_bytes);
    parser->body_limit(body_limit);
  }
  std::optional<HeadError> check_head(std::string_view used);
};

std::optional<HeadError> MessageParser::Impl::check_head(std::string_view used) {
  head_bytes += used.size(); // Beast's own limit starts anew with each field
  if (head_bytes > parsed.limits.head_bytes) return explain(http::error::header_limit);
  if (kind == Kind::kRequest && has_folded_line(used)) return HeadError{400, "a header field goes on in the next line"};
  return std::nullopt;
}

MessageParser::MessageParser(Kind kind, const HeadLimits& limits, std::uint64_t body_limit)
    : impl_(std::make_unique<Impl>(Parsed{limits, {}, {}}, kind, body_limit)) {
  restart();
}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

void MessageParser::restart() {
  impl_->head_bytes = 0;
  impl_->starved = false;
  impl_->parsed.body.clear();
  if (impl_->parsed.body.capacity() > kKeptBody) impl_->parsed.body.shrink_to_fit();
  if (impl_->kind == Kind::kRequest) {
    impl_->begin(impl_->request);
  } else {
    impl_->begin(impl_->response);
  }
}

std::expected<size_t, HeadError> MessageParser::feed(std::string_view bytes) {
  return impl_->with([&](auto& parser) -> std::expected<size_t, HeadError> {
    size_t used = 0;
    while (used < bytes.size() && !parser.is_done()) {
      beast::error_code error;
      const bool in_head = !parser.is_header_done();
      if (!in_head && impl_->starved && bytes.size() - used < kShortestEnd) break;
      const size_t step = parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
      const auto refused = in_head ? impl_->check_head(bytes.substr(used, step)) : std::nullopt;
      if (refused) return std::unexpected(*refused);
      used += step;
      impl_->starved = error == http::error::need_more && step == 0;
      if (error == http::error::need_more) break;
      if (error) return std::unexpected(explain(error));
      if (step == 0) break;
    }
    return used;
  });
}

std::expected<void, HeadError> MessageParser::feed_end() {
  return impl_->with([](auto& parser) -> std::expected<void, HeadError> {
    if (!parser.got_some()) return std::unexpected(explain(http::error::end_of_stream));
    beast::error_code error;
    if (!parser.is_done()) parser.put_eof(error);
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
const Head& MessageParser::head() const { return impl_->parsed.head; }
std::string& MessageParser::body() { return impl_->parsed.body; }
std::optional<std::uint64_t> MessageParser::content_length() const {
  return impl_->with([](auto& parser) -> std::optional<std::uint64_t> {
    const auto length = parser.content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  });
}
bool MessageParser::keep_alive() const {
  return impl_->with([](auto& parser) { return parser.keep_alive(); });
}
bool MessageParser::expects_continue() const { return impl_->request && impl_->request->expects_continue; }

} // namespace kairos::net
