// What a flight needs where client and provider speak different dialects: which dialects a request can be carried to,
// the body for one of them, and the answer on its way back. Requests in the client's own dialect only ever pay for
// find_reach. docs/compatibility.md says what is carried over and how.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"
#include "providers/answer_events.h"
#include "providers/client_request.h"
#include "providers/upstream_request.h"
#include "routing/route.h"

namespace kairos::gateway {

/// How the target of a choice wants to be spoken to.
providers::UpstreamTarget upstream_target(const routing::Choice& choice);

/// Which of the snapshot's providers a request can be sent to, as far as dialects go.
struct Reach {
  std::array<bool, model::kDialectNames.size()> dialects{};
  bool responses_as_chat = false; // responses, to a provider of OpenAI's dialect that has chat completions only
  /// By dialect: the field that cannot be carried over to it.
  std::array<std::optional<providers::WireError>, model::kDialectNames.size()> obstacles;
};
/// `body` is what `request` was parsed from. Nothing is read again where no target needs a translation.
Reach find_reach(const providers::ParsedRequest& request, std::string_view body, const config::Snapshot& snapshot);

/// After a refusal by routing: the field that is to blame, because without it there would have been a target.
std::optional<providers::WireError> blame_field(routing::RouteInput input, const Reach& reach);

/// One attempt's answer in the client's dialect. One thread at a time.
class TranslatedAnswer {
public:
  /// `answer_id`: for providers whose answers have none (Bedrock, which does not name its model either).
  TranslatedAnswer(const providers::UpstreamTarget& target, model::Endpoint client,
                   const providers::WriterOptions& options, std::string answer_id);

  /// One event of the provider's stream but its last; appends what the client gets.
  void on_event(std::string_view name, std::string_view data, std::string& out);
  /// The provider's whole body; appends what there is to say already, which is nothing but for a stream.
  void on_body(std::string_view json, std::string& out);
  /// The provider is done, and this is what it used, as the receipt has it. Appends what comes before the dialect's
  /// last event to `out`, and that event to `last`; of whole answers, the body.
  void finish(const model::Usage& usage, std::string& out, std::string& last);
  /// How many events were written so far.
  std::int64_t written() const { return written_; }

private:
  void write(std::string& out);

  std::unique_ptr<providers::AnswerReader> reader_;
  std::unique_ptr<providers::AnswerWriter> writer_;
  std::vector<providers::AnswerEvent> events_;
  const std::string answer_id_;
  const std::string model_id_;
  std::int64_t written_ = 0;
};

/// A body for the target: the client's own with the edits that the decision requires, or a translation.
struct UpstreamBody {
  std::string bytes;
  std::vector<std::string> left_out;          // hints without a counterpart: X-KairosRoute-Left-Out
  std::unique_ptr<TranslatedAnswer> answer{}; // nullptr: the answer is passed on as it is
};
providers::WireResult<UpstreamBody> make_upstream_body(const providers::ParsedRequest& request, std::string_view body,
                                                       const providers::UpstreamTarget& target, WallTime now,
                                                       std::string_view answer_id);

} // namespace kairos::gateway
