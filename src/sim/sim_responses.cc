// OpenAI's responses. https://platform.openai.com/docs/api-reference/responses and …/responses-streaming
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

struct ResponsesAnswer {
  const SimRequest& request;
  std::string id;
  std::string item_suffix;
  Generated generated;
  std::vector<SimCall> calls;
};

json::object make_usage(const ResponsesAnswer& answer) {
  const std::int64_t input = answer.request.prompt_tokens;
  const std::int64_t output = answer.generated.total_tokens();
  const std::int64_t cached = input < 1024 ? 0 : input / 2 / 128 * 128;
  return {{"input_tokens", input},
          {"input_tokens_details", {{"cached_tokens", cached}}},
          {"output_tokens", output},
          {"output_tokens_details", {{"reasoning_tokens", answer.generated.reasoning_tokens}}},
          {"total_tokens", input + output}};
}

json::value text_or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::string(text);
}

json::object make_response(const ResponsesAnswer& answer, std::string_view status, json::array output,
                           bool with_usage) {
  json::object response = {{"id", answer.id},
                           {"object", "response"},
                           {"created_at", kCreated},
                           {"status", status},
                           {"error", nullptr},
                           {"incomplete_details", nullptr},
                           {"instructions", nullptr},
                           {"metadata", json::object()},
                           {"model", answer.request.model},
                           {"output", std::move(output)},
                           {"parallel_tool_calls", true},
                           {"temperature", 1.0},
                           {"tool_choice", "auto"},
                           {"tools", json::array()},
                           {"top_p", 1.0}};
  if (status == "incomplete") response["incomplete_details"] = json::object{{"reason", "max_output_tokens"}};
  response["previous_response_id"] = text_or_null(answer.request.previous_response_id);
  response["usage"] = nullptr;
  if (with_usage) response["usage"] = make_usage(answer);
  return response;
}

/// Writes items one after the other: into `output`, and as events.
class ItemWriter {
public:
  explicit ItemWriter(const ResponsesAnswer& answer) : answer_(answer) {}

  void write_all() {
    if (answer_.generated.reasoning_tokens > 0) write_reasoning();
    for (const SimCall& call : answer_.calls) write_call(call);
    if (answer_.calls.empty()) write_message();
  }
  void add(std::string_view type, json::object fields) {
    json::object data = {{"type", type}, {"sequence_number", sequence_++}};
    for (auto& field : fields) data[field.key()] = std::move(field.value());
    pieces.push_back({{}, "event: " + std::string(type) + "\ndata: " + json::serialize(data) + "\n\n"});
  }

  json::array output;
  std::vector<Piece> pieces;

private:
  std::string item_id(std::string_view prefix) const {
    return std::string(prefix) + answer_.item_suffix + std::to_string(output.size());
  }
  void begin(json::object item) {
    add("response.output_item.added", {{"output_index", output.size()}, {"item", std::move(item)}});
  }
  void end(json::object item) {
    json::object fields = {{"output_index", output.size()}};
    fields["item"] = item;
    add("response.output_item.done", std::move(fields));
    output.push_back(std::move(item));
  }
  /// An event about the current item.
  void about(std::string_view type, const std::string& id, json::object fields) {
    fields["item_id"] = id;
    fields["output_index"] = output.size();
    add(type, std::move(fields));
  }

  void write_reasoning() {
    const std::string id = item_id("rs_sim");
    json::object item = {{"id", id}, {"type", "reasoning"}, {"summary", json::array()}};
    begin(item);
    if (answer_.request.shows_thoughts) {
      const json::object empty = {{"type", "summary_text"}, {"text", ""}};
      const json::object part = {{"type", "summary_text"}, {"text", kThought}};
      about("response.reasoning_summary_part.added", id, {{"summary_index", 0}, {"part", empty}});
      about("response.reasoning_summary_text.delta", id, {{"summary_index", 0}, {"delta", kThought}});
      about("response.reasoning_summary_text.done", id, {{"summary_index", 0}, {"text", kThought}});
      about("response.reasoning_summary_part.done", id, {{"summary_index", 0}, {"part", part}});
      json::array summary;
      summary.push_back(part);
      item["summary"] = std::move(summary);
    }
    if (answer_.request.encrypted_reasoning) item["encrypted_content"] = "gAAAAsimulated";
    end(std::move(item));
  }

  void write_call(const SimCall& call) {
    const std::string id = item_id("fc_sim");
    json::object item = {{"id", id},           {"type", "function_call"}, {"status", "in_progress"},
                         {"call_id", call.id}, {"name", call.tool->name}, {"arguments", ""}};
    begin(item);
    for (const std::string& token : *call.tokens)
      about("response.function_call_arguments.delta", id, {{"delta", token}});
    const std::string arguments = join_tokens(*call.tokens);
    about("response.function_call_arguments.done", id, {{"name", call.tool->name}, {"arguments", arguments}});
    item["status"] = "completed";
    item["arguments"] = arguments;
    end(std::move(item));
  }

  json::object make_part(std::string_view text) const {
    if (answer_.generated.refused) return {{"type", "refusal"}, {"refusal", text}};
    return {{"type", "output_text"}, {"text", text}, {"annotations", json::array()}, {"logprobs", json::array()}};
  }

  void write_message() {
    const std::string id = item_id("msg_sim");
    json::object item = {
        {"id", id}, {"type", "message"}, {"status", "in_progress"}, {"role", "assistant"}, {"content", json::array()}};
    begin(item);
    const bool refused = answer_.generated.refused;
    const std::string text = answer_.generated.text();
    about("response.content_part.added", id, {{"content_index", 0}, {"part", make_part("")}});
    for (const std::string& token : answer_.generated.tokens) {
      about(refused ? "response.refusal.delta" : "response.output_text.delta", id,
            {{"content_index", 0}, {"delta", token}});
    }
    about(refused ? "response.refusal.done" : "response.output_text.done", id,
          {{"content_index", 0}, {refused ? "refusal" : "text", text}});
    about("response.content_part.done", id, {{"content_index", 0}, {"part", make_part(text)}});
    json::array content;
    content.push_back(make_part(text));
    item["content"] = std::move(content);
    item["status"] = answer_.generated.cut ? "incomplete" : "completed";
    end(std::move(item));
  }

  const ResponsesAnswer& answer_;
  int sequence_ = 0;
};

} // namespace

std::vector<Piece> responses_pieces(const SimRequest& request, const Controls& controls, Random random) {
  ResponsesAnswer answer{request, make_id("resp_sim", random), make_id("", random), {}, {}};
  answer.generated = generate(request, random, true);
  answer.calls = calls_of(request, answer.generated, "call_sim", random);
  ItemWriter writer(answer);
  for (const std::string_view type : {"response.created", "response.in_progress"}) {
    json::object fields;
    fields["response"] = make_response(answer, "in_progress", json::array(), false);
    writer.add(type, std::move(fields));
  }
  writer.write_all();
  const std::string_view status = answer.generated.cut ? "incomplete" : "completed";
  json::object response = make_response(answer, status, writer.output, !controls.no_usage);
  if (!request.stream) return {{{}, json::serialize(response)}};
  json::object last;
  last["response"] = std::move(response);
  writer.add("response." + std::string(status), std::move(last));
  return std::move(writer.pieces);
}

} // namespace kairos::sim
