#include "gateway/translation.h"

#include "providers/translate.h"

namespace kairos::gateway {
namespace {

using providers::UpstreamTarget;

/// The targets that the request could go to if dialects did not matter.
template <class Visit>
void visit_targets(const providers::ParsedRequest& request, const config::Snapshot& snapshot, Visit visit) {
  const model::RequestFacts facts = providers::request_facts(request);
  if (facts.pinned()) {
    for (const config::Target* target : snapshot.targets_named(facts.model)) visit(*target);
  } else {
    for (const config::Target& target : snapshot.targets) visit(target);
  }
}

/// Whether something can be carried over never depends on more of a text than whether there is one, and writing it
/// costs.
void shorten(providers::Conversation& conversation) {
  constexpr size_t kEnough = 16;
  for (providers::Message& message : conversation.messages) {
    for (providers::Part& part : message.parts) {
      if (part.kind == providers::Part::Kind::kText && part.text.size() > kEnough) part.text.resize(kEnough);
      if (part.data.size() > kEnough) part.data.resize(kEnough);
    }
  }
}

/// A writer's refusal, if it has one for this request. The model's name does not matter.
std::optional<providers::WireError> obstacle_to(const providers::WireResult<providers::Conversation>& conversation,
                                                model::Dialect dialect, const providers::ParsedRequest& request) {
  if (!conversation) return conversation.error();
  UpstreamTarget target;
  target.dialect = dialect;
  target.max_output_tokens = request.max_output_tokens.value_or(providers::kMaxCount);
  const auto written = providers::write_body(*conversation, target);
  return written ? std::nullopt : std::optional(written.error());
}

} // namespace

UpstreamTarget upstream_target(const routing::Choice& choice) {
  UpstreamTarget target;
  target.dialect = choice.target->dialect;
  target.model_id = choice.target->upstream_id;
  target.max_output_tokens = choice.max_output_tokens;
  const config::Provider& provider = *choice.target->provider;
  target.wants_max_completion_tokens = provider.quirks.output_bound == config::OutputBound::kMaxCompletionTokens;
  target.wants_max_tokens = provider.quirks.output_bound == config::OutputBound::kMaxTokens;
  target.no_stream_options = !provider.quirks.stream_options;
  target.serves_responses = provider.responses;
  target.path_prefix = choice.target->path_prefix;
  target.azure = provider.azure.has_value();
  if (provider.azure) target.azure_api_version = provider.azure->api_version;
  return target;
}

Reach find_reach(const providers::ParsedRequest& request, std::string_view body, const config::Snapshot& snapshot) {
  Reach reach;
  const auto own = static_cast<size_t>(request.dialect);
  std::array<bool, model::kDialectNames.size()> wanted{}; // by translation
  visit_targets(request, snapshot, [&](const config::Target& target) {
    UpstreamTarget speaks;
    speaks.dialect = target.dialect;
    speaks.serves_responses = target.provider->responses;
    if (!providers::speaks_natively(request.endpoint, speaks)) wanted[static_cast<size_t>(target.dialect)] = true;
  });
  std::optional<providers::WireResult<providers::Conversation>> conversation;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto dialect = static_cast<model::Dialect>(i);
    reach.dialects[i] = providers::can_serve(request.endpoint, dialect);
    if (!wanted[i] || !reach.dialects[i]) continue;
    if (!conversation) {
      conversation = providers::read_conversation(request.endpoint, body);
      if (*conversation) shorten(**conversation);
    }
    reach.obstacles[i] = obstacle_to(*conversation, dialect, request);
    if (i != own) reach.dialects[i] = !reach.obstacles[i];
  }
  reach.responses_as_chat = wanted[own] && !reach.obstacles[own];
  return reach;
}

std::optional<providers::WireError> blame_field(routing::RouteInput input, const Reach& reach) {
  bool any = false;
  for (size_t i = 0; i < reach.obstacles.size(); ++i) {
    any = any || reach.obstacles[i];
    input.dialects[i] = input.dialects[i] || reach.obstacles[i];
  }
  if (!any) return std::nullopt;
  input.responses_as_chat = true;
  const routing::RouteOutcome otherwise = routing::route(input);
  for (const routing::Choice& choice : otherwise.chain) {
    const auto& obstacle = reach.obstacles[static_cast<size_t>(choice.target->dialect)];
    if (obstacle) return obstacle;
  }
  return std::nullopt;
}

TranslatedAnswer::TranslatedAnswer(const UpstreamTarget& target, model::Endpoint client,
                                   const providers::WriterOptions& options, std::string answer_id)
    : reader_(providers::make_answer_reader(target.dialect)), writer_(providers::make_answer_writer(client, options)),
      answer_id_(std::move(answer_id)), model_id_(target.model_id) {}

void TranslatedAnswer::write(std::string& out) {
  const size_t begin = out.size();
  for (providers::AnswerEvent& event : events_) {
    const bool start = event.kind == providers::AnswerEvent::Kind::kStart;
    if (start && event.id.empty()) event.id = answer_id_;
    if (start && event.text.empty()) event.text = model_id_;
    writer_->on(event, out);
  }
  events_.clear();
  for (size_t at = out.find("\n\n", begin); at != std::string::npos; at = out.find("\n\n", at + 2)) ++written_;
}

void TranslatedAnswer::on_event(std::string_view name, std::string_view data, std::string& out) {
  reader_->on_event(name, data, events_);
  write(out);
}

void TranslatedAnswer::on_body(std::string_view json, std::string& out) {
  reader_->on_body(json, events_);
  write(out);
}

void TranslatedAnswer::finish(const model::Usage& usage, std::string& out, std::string& last) {
  events_.push_back({.kind = providers::AnswerEvent::Kind::kUsage, .usage = usage});
  write(out);
  writer_->finish(out, last);
}

providers::WireResult<UpstreamBody> make_upstream_body(const providers::ParsedRequest& request, std::string_view body,
                                                       const UpstreamTarget& target, WallTime now,
                                                       std::string_view answer_id) {
  if (providers::speaks_natively(request.endpoint, target)) {
    auto own = providers::upstream_body(request, body, target);
    if (!own) return std::unexpected(own.error());
    return UpstreamBody{std::move(*own), {}};
  }
  const auto conversation = providers::read_conversation(request.endpoint, body);
  if (!conversation) return std::unexpected(conversation.error());
  auto written = providers::write_body(*conversation, target);
  if (!written) return std::unexpected(written.error());
  providers::WriterOptions options = providers::writer_options(request.endpoint, body);
  options.created = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return UpstreamBody{std::move(written->body), std::move(written->left_out),
                      std::make_unique<TranslatedAnswer>(target, request.endpoint, options, std::string(answer_id))};
}

} // namespace kairos::gateway
