// Conversation → OpenAI chat completions: platform.openai.com/docs/api-reference/chat/create.
#include "providers/body_writer.h"
#include "providers/object_rules.h"

namespace kairos::providers {
namespace {

constexpr size_t kMostChatStops = 4;
constexpr Word kChatWords[] = {{Knob::kTemperature, "temperature"},
                               {Knob::kTopP, "top_p"},
                               {Knob::kSeed, "seed"},
                               {Knob::kFrequencyPenalty, "frequency_penalty"},
                               {Knob::kPresencePenalty, "presence_penalty"},
                               {Knob::kLogitBias, "logit_bias"},
                               {Knob::kVerbosity, "verbosity"},
                               {Knob::kEndUser, "user"},
                               {Knob::kMetadata, "metadata"},
                               {Knob::kPromptCacheKey, "prompt_cache_key"},
                               {Knob::kSafetyIdentifier, "safety_identifier"},
                               {Knob::kStop, "stop"}};

class ChatBody : BodyWriter {
public:
  using BodyWriter::BodyWriter;

  WireResult<Written> write() {
    json_.begin_object().key("model").string(target_.model_id);
    auto done = write_messages();
    if (done) write_tools();
    if (done) write_format();
    if (done) write_thinking();
    for (const Setting& setting : from_.settings) {
      if (done) done = write_one(setting);
    }
    if (!done) return std::unexpected(done.error());
    write_stream();
    if (target_.max_output_tokens > 0) {
      json_.key(target_.wants_max_completion_tokens ? "max_completion_tokens" : "max_tokens");
      json_.integer(target_.max_output_tokens);
    }
    json_.end_object();
    return std::move(out_);
  }

private:
  // --- messages ---

  Checked write_messages() {
    if (!from_.messages.empty() && from_.messages.back().role == Role::kAssistant)
      return cannot_carry(from_.messages.back().where, "chat completions do not go on with an answer that was begun");
    json_.key("messages").begin_array();
    for (const Message& message : from_.messages) {
      auto done = write_message(message);
      if (!done) return done;
    }
    json_.end_array();
    return {};
  }

  Checked write_message(const Message& message) {
    switch (message.role) {
    case Role::kSystem:
      return write_plain("system", message);
    case Role::kUser:
      return write_plain("user", message);
    case Role::kAssistant:
      return write_assistant(message);
    case Role::kTool:
      break;
    }
    for (const Part& part : message.parts) {
      auto done = write_result(part);
      if (!done) return done;
    }
    return {};
  }

  Checked write_plain(std::string_view role, const Message& message) {
    json_.begin_object().key("role").string(role).key("content");
    auto done = write_content(message.parts);
    json_.end_object();
    return done;
  }

  /// A string where one text is all there is: what every server understands.
  Checked write_content(const std::vector<Part>& parts) {
    for (const Part& part : parts) leave_out_cache(part.cache_control);
    if (parts.empty()) {
      json_.string("");
      return {};
    }
    if (parts.size() == 1 && parts.front().kind == PartKind::kText) {
      json_.string(parts.front().text);
      return {};
    }
    json_.begin_array();
    for (const Part& part : parts) {
      auto done = write_part(part);
      if (!done) return done;
    }
    json_.end_array();
    return {};
  }

  Checked write_part(const Part& part) {
    switch (part.kind) {
    case PartKind::kText:
      write_text(part.text);
      return {};
    case PartKind::kImage:
      json_.begin_object().key("type").string("image_url").key("image_url").begin_object();
      json_.key("url").string(part.url.empty() ? data_url(part) : part.url);
      if (!part.detail.empty()) json_.key("detail").string(part.detail);
      json_.end_object().end_object();
      return {};
    case PartKind::kAudio:
      json_.begin_object().key("type").string("input_audio").key("input_audio").begin_object();
      json_.key("data").string(part.data);
      json_.key("format").string(std::string_view(part.media_type).substr(part.media_type.find('/') + 1));
      json_.end_object().end_object();
      return {};
    case PartKind::kFile:
      return write_file(part);
    default:
      return cannot_carry(part.where);
    }
  }

  void write_text(std::string_view text) {
    json_.begin_object().key("type").string("text").key("text").string(text).end_object();
  }

  Checked write_file(const Part& part) {
    if (!part.url.empty()) return cannot_carry(part.where, "chat completions take no files by URL");
    if (part.data.empty()) { // a text: its title is part of what the model reads
      write_text(text_of_file(part));
      return {};
    }
    json_.begin_object().key("type").string("file").key("file").begin_object();
    json_.key("filename").string(part.name.empty() ? "document.pdf" : part.name);
    json_.key("file_data").string(data_url(part)).end_object().end_object();
    return {};
  }

  static std::string data_url(const Part& part) { return "data:" + part.media_type + ";base64," + part.data; }

  Checked write_assistant(const Message& message) {
    std::vector<Part> texts;
    std::vector<const Part*> calls;
    std::string refusal;
    for (const Part& part : message.parts) {
      switch (part.kind) {
      case PartKind::kText:
        texts.push_back(part);
        break;
      case PartKind::kToolCall:
        leave_out_cache(part.cache_control);
        calls.push_back(&part);
        break;
      case PartKind::kRefusal:
        refusal += part.text;
        break;
      case PartKind::kThinking:
        leave_out(out_.left_out, "thinking");
        break;
      case PartKind::kRedactedThinking:
        leave_out(out_.left_out, "redacted_thinking");
        break;
      default:
        return cannot_carry(part.where);
      }
    }
    json_.begin_object().key("role").string("assistant").key("content");
    if (texts.empty()) {
      json_.null();
    } else {
      auto done = write_content(texts);
      if (!done) return done;
    }
    if (!refusal.empty()) json_.key("refusal").string(refusal);
    write_calls(calls);
    json_.end_object();
    return {};
  }

  void write_calls(const std::vector<const Part*>& calls) {
    if (calls.empty()) return;
    json_.key("tool_calls").begin_array();
    for (const Part* call : calls) {
      json_.begin_object().key("id").string(call->id).key("type").string("function").key("function").begin_object();
      json_.key("name").string(call->name).key("arguments").string(call->text.empty() ? "{}" : call->text);
      json_.end_object().end_object();
    }
    json_.end_array();
  }

  Checked write_result(const Part& result) {
    if (result.kind != PartKind::kToolResult) return cannot_carry(result.where);
    leave_out_cache(result.cache_control);
    std::vector<Part> content = result.content;
    for (const Part& part : content) {
      if (part.kind != PartKind::kText) return cannot_carry(part.where, "tool results are texts in chat completions");
    }
    if (result.is_error) {
      if (content.empty()) content.emplace_back();
      content.front().text.insert(0, kToolErrorPrefix);
    }
    json_.begin_object().key("role").string("tool").key("tool_call_id").string(result.id).key("content");
    auto done = write_content(content);
    json_.end_object();
    return done;
  }

  // --- tools, format, reasoning ---

  void write_tools() {
    if (from_.tools.empty()) return;
    json_.key("tools").begin_array();
    for (const Tool& tool : from_.tools) {
      leave_out_cache(tool.cache_control);
      json_.begin_object().key("type").string("function").key("function").begin_object();
      json_.key("name").string(tool.name);
      if (!tool.description.empty()) json_.key("description").string(tool.description);
      if (!tool.parameters.empty()) json_.key("parameters").raw(tool.parameters);
      if (tool.strict) json_.key("strict").boolean(*tool.strict);
      json_.end_object().end_object();
    }
    json_.end_array();
    write_tool_choice();
    if (from_.tool_choice.parallel) json_.key("parallel_tool_calls").boolean(*from_.tool_choice.parallel);
  }

  void write_tool_choice() {
    switch (from_.tool_choice.kind) {
    case ToolChoice::Kind::kUnset:
      return;
    case ToolChoice::Kind::kAuto:
      json_.key("tool_choice").string("auto");
      return;
    case ToolChoice::Kind::kNone:
      json_.key("tool_choice").string("none");
      return;
    case ToolChoice::Kind::kRequired:
      json_.key("tool_choice").string("required");
      return;
    case ToolChoice::Kind::kNamed:
      json_.key("tool_choice").begin_object().key("type").string("function").key("function").begin_object();
      json_.key("name").string(from_.tool_choice.name).end_object().end_object();
    }
  }

  void write_format() {
    const OutputFormat& format = from_.format;
    if (format.kind == OutputFormat::Kind::kText) return;
    json_.key("response_format").begin_object();
    if (format.kind == OutputFormat::Kind::kJsonObject) {
      json_.key("type").string("json_object").end_object();
      return;
    }
    json_.key("type").string("json_schema").key("json_schema").begin_object();
    json_.key("name").string(format.name.empty() ? "answer" : format.name);
    if (!format.description.empty()) json_.key("description").string(format.description);
    json_.key("schema").raw(format.schema.empty() ? "{}" : format.schema);
    if (format.strict) json_.key("strict").boolean(*format.strict);
    json_.end_object().end_object();
  }

  /// `max` is Anthropic's word; OpenAI's models differ in what they call more than high.
  void write_thinking() {
    const Thinking& thinking = from_.thinking;
    std::string_view effort = thinking.effort == "max" ? std::string_view("high") : thinking.effort;
    if (thinking.kind == Thinking::Kind::kBudget && effort.empty()) effort = effort_of_budget(thinking.budget);
    if (thinking.kind != Thinking::Kind::kUnset && !effort.empty()) json_.key("reasoning_effort").string(effort);
  }

  // --- settings ---

  Checked write_one(const Setting& setting) {
    if (setting.knob == Knob::kServiceTier) return write_service_tier(setting);
    if (setting.knob == Knob::kStop && array_size(setting.json) > kMostChatStops)
      return cannot_carry(setting.param, "chat completions take at most four");
    return write_setting(setting, kChatWords);
  }

  Checked write_service_tier(const Setting& setting) {
    if (from_.client != model::Endpoint::kMessages) {
      json_.key("service_tier").raw(setting.json);
    } else if (setting.json == "\"standard_only\"") {
      json_.key("service_tier").string("default");
    } else if (setting.json != "\"auto\"") {
      return cannot_carry(setting.param);
    }
    return {};
  }

  void write_stream() {
    if (!from_.stream) return;
    json_.key("stream").boolean(true);
    if (!target_.no_stream_options)
      json_.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
  }
};

} // namespace

WireResult<Written> write_chat_body(const Conversation& conversation, const UpstreamTarget& target) {
  return ChatBody(conversation, target).write();
}

} // namespace kairos::providers
