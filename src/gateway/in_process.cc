#include "gateway/in_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kairos::gateway {
namespace {

constexpr std::array<std::string_view, 5> kPaths = {"/v1/chat/completions", "/v1/responses", "/v1/embeddings",
                                                    "/v1/completions", "/v1/messages"};

bool fits_on_a_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

} // namespace

std::string_view path_of(model::Endpoint endpoint) { return kPaths.at(static_cast<size_t>(endpoint)); }

InProcessExchange::InProcessExchange(net::Loop& loop, std::string body)
    : loop_(loop), parser_(net::MessageParser::Kind::kRequest, net::HeadLimits{}, 0), body_(std::move(body)) {}

Result<std::unique_ptr<InProcessExchange>> InProcessExchange::make(net::Loop& loop, const InProcessRequest& request) {
  std::unique_ptr<InProcessExchange> exchange(new InProcessExchange(loop, request.body));
  std::string head = fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n", path_of(request.endpoint));
  for (const auto& [name, value] : request.headers) {
    if (!fits_on_a_line(name) || !fits_on_a_line(value))
      return fail(Code::kInvalid, fmt::format("header {}: has a line break in it", name.substr(0, 64)));
    head += fmt::format("{}: {}\r\n", name, value);
  }
  head += "\r\n";
  const auto fed = exchange->parser_.feed(head);
  if (!fed) return fail(Code::kInvalid, fed.error().message);
  if (!exchange->parser_.head_done()) return fail(Code::kInvalid, "the request's head is not whole");
  return exchange;
}

void InProcessExchange::leave() {
  gone_ = true;
  if (const auto tell = std::exchange(when_gone_, nullptr)) tell();
}

void InProcessExchange::on_client_gone(std::function<void()> f) {
  if (gone_) return f();
  when_gone_ = std::move(f);
}

void InProcessExchange::begin(int status, const net::ResponseHeaders& headers) {
  answer_.status = status;
  for (const net::Header& header : headers) {
    if (net::same_name(header.name, "content-type")) answer_.content_type = header.value;
  }
}

void InProcessExchange::add(std::string_view bytes) {
  const size_t room = kMaxInProcessAnswer - answer_.body.size();
  answer_.too_long = answer_.too_long || bytes.size() > room;
  answer_.body.append(bytes.substr(0, room));
}

net::Task<bool> InProcessExchange::respond(int status, const net::ResponseHeaders& headers, std::string_view body) {
  begin(status, headers);
  add(body);
  answer_.whole = true;
  co_return !gone_;
}

net::Task<bool> InProcessExchange::start_stream(int status, const net::ResponseHeaders& headers,
                                                std::string_view first_bytes) {
  begin(status, headers);
  add(first_bytes);
  co_return !gone_;
}

net::Task<bool> InProcessExchange::write(std::string_view bytes) {
  add(bytes);
  co_return !gone_;
}

net::Task<bool> InProcessExchange::finish(std::string_view last_bytes) {
  add(last_bytes);
  answer_.whole = true;
  co_return !gone_;
}

} // namespace kairos::gateway
