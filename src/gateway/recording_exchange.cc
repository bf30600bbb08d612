#include "gateway/recording_exchange.h"

namespace kairos::gateway {

void RecordingExchange::remember(content::Body& body, std::string_view bytes) {
  const size_t before = body.bytes.size();
  if (overflowed_) return;
  const auto more = static_cast<std::int64_t>(std::min(bytes.size(), most_ - std::min(most_, before)));
  if (held_.fetch_add(more, std::memory_order_relaxed) + more > most_held_) {
    own_ += more;
    overflowed_ = true;
    request_ = answer_ = {};
    return give_back();
  }
  own_ += more;
  body.append(bytes, most_);
}

void RecordingExchange::give_back() {
  held_.fetch_sub(own_, std::memory_order_relaxed);
  own_ = 0;
}

void RecordingExchange::note_head(int status, const net::ResponseHeaders& headers) {
  status_ = status;
  for (const net::Header& header : headers) {
    if (net::same_name(header.name, "content-type")) content_type_ = header.value;
  }
}

void RecordingExchange::take(content::Kept& into) {
  into.http_status = status_;
  into.content_type = std::move(content_type_);
  into.request = std::move(request_);
  into.answer = std::move(answer_);
  give_back();
}

net::Task<Result<std::string_view>> RecordingExchange::read_body() {
  auto body = co_await inner_.read_body();
  if (body) remember(request_, *body);
  co_return body;
}

net::Task<bool> RecordingExchange::respond(int status, const net::ResponseHeaders& headers, std::string_view body) {
  note_head(status, headers);
  remember(answer_, body);
  co_return co_await inner_.respond(status, headers, body);
}

net::Task<bool> RecordingExchange::start_stream(int status, const net::ResponseHeaders& headers,
                                                std::string_view first_bytes) {
  note_head(status, headers);
  remember(answer_, first_bytes);
  co_return co_await inner_.start_stream(status, headers, first_bytes);
}

net::Task<bool> RecordingExchange::write(std::string_view bytes) {
  remember(answer_, bytes);
  co_return co_await inner_.write(bytes);
}

net::Task<bool> RecordingExchange::finish(std::string_view last_bytes) {
  remember(answer_, last_bytes);
  co_return co_await inner_.finish(last_bytes);
}

} // namespace kairos::gateway
