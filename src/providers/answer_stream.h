// One provider stream on its way to one client: tap, hiding of what the client did not ask for, translation where the
// dialects differ, and the events KairosRoute adds itself. Same dialect: the provider's bytes unchanged. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "providers/answer.h"
#include "providers/client_error.h"
#include "providers/client_request.h"

namespace kairos::providers {

/// One per attempt that streams; one thread at a time.
class AnswerStream {
public:
  /// `request` is only read here.
  AnswerStream(const ParsedRequest& request, model::Dialect provider);
  ~AnswerStream();
  AnswerStream(AnswerStream&&) noexcept;
  AnswerStream& operator=(AnswerStream&&) noexcept;

  /// `raw` is the event's bytes as they came, its empty line included; `name` and `data` as framed. Appends to `out` what the
  /// client gets: the raw bytes, a translation of them, or nothing. kTerminal: hold `out` back until the receipt is closed.
  EventKind on_event(std::string_view raw, std::string_view name, std::string_view data, std::string& out);

  /// Ends the stream here on KairosRoute's own account (a cap): finish reason `length` and the terminal event.
  void cut(std::string& out);
  /// Ends it with an error event in the client's dialect.
  void fail(const ClientError& error, std::string& out);

  const AnswerTap& tap() const;
  AnswerTap& tap();

private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A whole 2xx body for the client: unchanged in its own dialect, else translated. kUpstream if it cannot be understood.
Result<std::string> client_answer(const ParsedRequest& request, model::Dialect provider, std::string_view body);

} // namespace kairos::providers
