// OpenAI's responses: platform.openai.com/docs/api-reference/responses-streaming. A stream repeats its output: in
// deltas, in "….done" events and in the last event's whole response; only the deltas are counted.
#include "providers/answer_reader.h"

namespace kairos::providers {
namespace {

/// The last event's whole response says why it is not complete; "completed" is the usual end.
std::string_view response_finish_reason(Json response) {
  const auto details = member(response, "incomplete_details");
  const std::string_view reason = details ? text_member(*details, "reason") : std::string_view{};
  return reason.empty() ? text_member(response, "status") : reason;
}

/// Searches are billed by the call and stand in no usage object; opening a page that was found is not one.
std::int64_t searches_in(Json response) {
  std::int64_t searches = 0;
  const auto items = array_member(response, "output");
  if (!items) return 0;
  for (const Json item : *items) {
    if (text_member(item, "type") != "web_search_call") continue;
    const auto action = member(item, "action");
    const std::string_view kind = action ? text_member(*action, "type") : std::string_view{};
    searches += kind.empty() || kind == "search" ? 1 : 0;
  }
  return searches;
}

} // namespace

/// What a response says of itself, its output apart.
void TapReader::take_response(Json response) {
  keep(facts_.response_id, text_member(response, "id"));
  keep(facts_.response_model, text_member(response, "model"));
  if (!take_usage(response)) return;
  auto& searches = facts_.usage[model::Meter::kWebSearch];
  if (searches == 0) searches = searches_in(response);
}

void TapReader::take_item(Json item) {
  add_text_or_parts(item, "content");
  add_text_or_parts(item, "summary");
  for (const std::string_view field : {"name", "arguments", "input"}) add_output(text_member(item, field));
}

EventKind TapReader::responses_delta(Json root) {
  const std::int64_t before = facts_.output_bytes;
  add_output(text_member(root, "delta"));
  return facts_.output_bytes > before ? EventKind::kContent : EventKind::kOther;
}

EventKind TapReader::responses_end(std::string_view data, Json root, bool failed) {
  if (const auto response = member(root, "response")) {
    take_response(*response);
    facts_.finish_reason = response_finish_reason(*response);
    if (failed) facts_.error = read_stream_error(model::Dialect::kOpenAi, to_text(*response));
  }
  if (failed) {
    if (!facts_.error) facts_.error = read_stream_error(model::Dialect::kOpenAi, data);
    return EventKind::kError;
  }
  facts_.saw_terminal = true;
  return EventKind::kTerminal;
}

EventKind TapReader::responses_event(std::string_view data, Json root) {
  const std::string_view type = text_member(root, "type");
  if (type == "response.completed" || type == "response.incomplete") return responses_end(data, root, false);
  if (type == "response.failed") return responses_end(data, root, true);
  if (type == "error" || (type.empty() && member(root, "error"))) {
    facts_.error = read_stream_error(model::Dialect::kOpenAi, data);
    return EventKind::kError;
  }
  if (type.ends_with(".delta")) return responses_delta(root);
  if (const auto response = member(root, "response")) take_response(*response); // created, in_progress, queued
  if (type != "response.output_item.added") return EventKind::kOther;
  const std::int64_t before = facts_.output_bytes;
  if (const auto item = member(root, "item"))
    add_output(text_member(*item, "name")); // of a function; no delta tells it
  return facts_.output_bytes > before ? EventKind::kContent : EventKind::kOther;
}

void TapReader::responses_body(Json root) {
  take_response(root);
  facts_.finish_reason = response_finish_reason(root);
  const auto items = array_member(root, "output");
  if (!items) return;
  for (const Json item : *items) take_item(item);
}

} // namespace kairos::providers
