// RecordingExchange: an exchange that also remembers the request's body as the client sent it and the answer as the
// client gets it, up to a bound each. Whatever the flight does, cache, fallback or translation, this is what passed the
// door. Lives on the loop, as long as the exchange that it stands for.
#pragma once

#include <atomic>

#include "content/kept.h"
#include "net/server.h"

namespace kairos::gateway {

class RecordingExchange final : public net::Exchange {
public:
  /// `most`: bytes of the request and of the answer that are remembered. `held` counts what all of them hold together;
  /// where that would pass `most_held`, this one gives up (overflowed()).
  RecordingExchange(net::Exchange& inner, size_t most, std::atomic<std::int64_t>& held, std::int64_t most_held)
      : inner_(inner), most_(most), held_(held), most_held_(most_held) {}
  ~RecordingExchange() override { give_back(); }
  RecordingExchange(const RecordingExchange&) = delete;
  RecordingExchange& operator=(const RecordingExchange&) = delete;

  bool overflowed() const { return overflowed_; }
  /// Status, content type, both bodies: what was remembered; nothing is left here.
  void take(content::Kept& into);

  const net::Head& head() const override { return inner_.head(); }
  std::string_view remote_address() const override { return inner_.remote_address(); }
  net::Loop& loop() override { return inner_.loop(); }
  net::Task<Result<std::string_view>> read_body() override;
  net::Task<bool> respond(int status, const net::ResponseHeaders& headers, std::string_view body) override;
  net::Task<bool> start_stream(int status, const net::ResponseHeaders& headers, std::string_view first_bytes) override;
  net::Task<bool> write(std::string_view bytes) override;
  net::Task<bool> finish(std::string_view last_bytes) override;
  void abort() override { inner_.abort(); }
  bool answer_started() const override { return inner_.answer_started(); }
  bool client_gone() const override { return inner_.client_gone(); }
  void on_client_gone(std::function<void()> f) override { inner_.on_client_gone(std::move(f)); }

private:
  void remember(content::Body& body, std::string_view bytes);
  void note_head(int status, const net::ResponseHeaders& headers);
  void give_back();

  net::Exchange& inner_;
  const size_t most_;
  std::atomic<std::int64_t>& held_;
  const std::int64_t most_held_;
  std::int64_t own_ = 0;
  bool overflowed_ = false;
  int status_ = 0;
  std::string content_type_;
  content::Body request_;
  content::Body answer_;
};

} // namespace kairos::gateway
