// Conversation → Anthropic messages: docs.anthropic.com/en/api/messages.
#include <fmt/format.h>

#include "providers/body_writer.h"
#include "providers/object_rules.h"
#include "providers/turns.h"

namespace kairos::providers {
namespace {

constexpr Word kMessagesWords[] = {{Knob::kTemperature, "temperature"},
                                   {Knob::kTopP, "top_p"},
                                   {Knob::kTopK, "top_k"},
                                   {Knob::kStop, "stop_sequences"}};

class MessagesBody : BodyWriter {
public:
  using BodyWriter::BodyWriter;

  WireResult<Written> write() {
    if (target_.max_output_tokens <= 0) return cannot_carry("max_tokens", "messages need a bound on the output");
    json_.begin_object().key("model").string(target_.model_id);
    json_.key("max_tokens").integer(target_.max_output_tokens);
    auto done = write_system();
    if (done) done = write_turns();
    if (done) write_tools();
    if (done) done = write_thinking();
    if (done) done = write_format();
    for (const Setting& setting : from_.settings) {
      if (done) done = write_one(setting);
    }
    if (!done) return std::unexpected(done.error());
    if (!user_id_.empty()) json_.key("metadata").begin_object().key("user_id").raw(user_id_).end_object();
    if (from_.stream) json_.key("stream").boolean(true);
    json_.end_object();
    return std::move(out_);
  }

private:
  // --- system and turns ---

  Checked write_system() {
    const auto texts = system_texts(from_);
    if (!texts) return std::unexpected(texts.error());
    if (texts->empty()) return {};
    json_.key("system").begin_array();
    for (const Part* part : *texts) write_text(*part);
    json_.end_array();
    return {};
  }

  /// All results of parallel calls have to stand in the turn that follows them.
  Checked write_turns() {
    auto turns = turns_of(from_);
    if (!turns) return std::unexpected(turns.error());
    json_.key("messages").begin_array();
    for (const Turn& turn : *turns) {
      json_.begin_object().key("role").string(turn.assistant ? "assistant" : "user").key("content").begin_array();
      blocks_ = 0;
      for (const Part* part : turn.parts) {
        auto done = write_block(*part);
        if (!done) return done;
      }
      if (blocks_ == 0) return refuse(turn.where, "must not be empty");
      json_.end_array().end_object();
    }
    json_.end_array();
    return {};
  }

  // --- blocks ---

  Checked write_block(const Part& part) {
    switch (part.kind) {
    case PartKind::kText:
    case PartKind::kRefusal:
      if (part.text.empty()) return {};
      ++blocks_;
      write_text(part);
      return {};
    case PartKind::kImage:
      ++blocks_;
      return write_image(part);
    case PartKind::kFile:
      ++blocks_;
      return write_document(part);
    case PartKind::kToolCall:
      ++blocks_;
      return write_call(part);
    case PartKind::kToolResult:
      ++blocks_;
      return write_result(part);
    case PartKind::kThinking:
      return write_thought(part);
    case PartKind::kRedactedThinking:
      ++blocks_;
      json_.begin_object().key("type").string("redacted_thinking").key("data").string(part.data).end_object();
      return {};
    case PartKind::kAudio:
      break;
    }
    return cannot_carry(part.where);
  }

  void write_cache(const std::string& cache_control) {
    if (!cache_control.empty()) json_.key("cache_control").raw(cache_control);
  }

  void write_text(const Part& part) {
    json_.begin_object().key("type").string("text").key("text").string(part.text);
    write_cache(part.cache_control);
    json_.end_object();
  }

  void write_source(const Part& part) {
    json_.key("source").begin_object();
    if (!part.url.empty()) {
      json_.key("type").string("url").key("url").string(part.url);
    } else if (!part.data.empty()) {
      json_.key("type").string("base64").key("media_type").string(part.media_type).key("data").string(part.data);
    } else {
      json_.key("type").string("text").key("media_type").string("text/plain").key("data").string(part.text);
    }
    json_.end_object();
  }

  Checked write_image(const Part& part) {
    if (!part.detail.empty() && part.detail != "auto") leave_out(out_.left_out, "detail");
    json_.begin_object().key("type").string("image");
    write_source(part);
    write_cache(part.cache_control);
    json_.end_object();
    return {};
  }

  Checked write_document(const Part& part) {
    if (!part.data.empty() && part.media_type != "application/pdf")
      return cannot_carry(part.where, fmt::format("messages take no files of type {}", part.media_type));
    json_.begin_object().key("type").string("document");
    write_source(part);
    if (!part.name.empty()) json_.key("title").string(part.name);
    write_cache(part.cache_control);
    json_.end_object();
    return {};
  }

  Checked write_call(const Part& part) {
    const auto arguments = arguments_of(part);
    if (!arguments) return std::unexpected(arguments.error());
    json_.begin_object().key("type").string("tool_use").key("id").string(part.id).key("name").string(part.name);
    json_.key("input").raw(*arguments);
    write_cache(part.cache_control);
    json_.end_object();
    return {};
  }

  Checked write_result(const Part& result) {
    json_.begin_object().key("type").string("tool_result").key("tool_use_id").string(result.id);
    json_.key("content").begin_array();
    for (const Part& part : result.content) {
      if (part.kind != PartKind::kText && part.kind != PartKind::kImage && part.kind != PartKind::kFile)
        return cannot_carry(part.where);
      auto done = write_block(part);
      if (!done) return done;
    }
    json_.end_array();
    if (result.is_error) json_.key("is_error").boolean(true);
    write_cache(result.cache_control);
    json_.end_object();
    return {};
  }

  /// Thoughts are only taken back with their proof.
  Checked write_thought(const Part& part) {
    if (part.signature.empty()) {
      leave_out(out_.left_out, "reasoning");
      return {};
    }
    ++blocks_;
    json_.begin_object().key("type").string("thinking").key("thinking").string(part.text);
    json_.key("signature").string(part.signature).end_object();
    return {};
  }

  // --- tools, format, reasoning ---

  void write_tools() {
    if (from_.tools.empty()) return;
    json_.key("tools").begin_array();
    for (const Tool& tool : from_.tools) {
      json_.begin_object().key("name").string(tool.name);
      if (!tool.description.empty()) json_.key("description").string(tool.description);
      json_.key("input_schema").raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters);
      if (tool.strict == true) json_.key("strict").boolean(true);
      write_cache(tool.cache_control);
      json_.end_object();
    }
    json_.end_array();
    write_tool_choice();
  }

  void write_tool_choice() {
    const ToolChoice& choice = from_.tool_choice;
    const bool one_only = choice.parallel == false && choice.kind != ToolChoice::Kind::kNone;
    if (choice.kind == ToolChoice::Kind::kUnset && !one_only) return;
    constexpr std::array<std::string_view, 5> kTypes = {"auto", "auto", "none", "any", "tool"};
    json_.key("tool_choice").begin_object().key("type").string(kTypes[static_cast<size_t>(choice.kind)]);
    if (choice.kind == ToolChoice::Kind::kNamed) json_.key("name").string(choice.name);
    if (one_only) json_.key("disable_parallel_tool_use").boolean(true);
    json_.end_object();
  }

  Checked write_format() {
    const OutputFormat& format = from_.format;
    if (format.kind == OutputFormat::Kind::kText) return {};
    if (format.kind == OutputFormat::Kind::kJsonObject)
      return cannot_carry(format.where, "messages know JSON by a schema only; use json_schema");
    json_.key("output_config").begin_object().key("format").begin_object();
    json_.key("type")
        .string("json_schema")
        .key("schema")
        .raw(described(format.schema, format.description))
        .end_object()
        .end_object();
    return {};
  }

  Checked write_thinking() {
    const Thinking& thinking = from_.thinking;
    if (thinking.kind != Thinking::Kind::kEffort && thinking.kind != Thinking::Kind::kBudget) return {};
    const auto budget = claude_budget(from_, target_, true, out_.left_out);
    if (!budget) return std::unexpected(budget.error());
    if (*budget == 0) return {};
    const auto choice = from_.tool_choice.kind;
    if (choice == ToolChoice::Kind::kRequired || choice == ToolChoice::Kind::kNamed)
      return cannot_carry("tool_choice", kNoForceWhileThinking);
    json_.key("thinking").begin_object().key("type").string("enabled").key("budget_tokens").integer(*budget);
    json_.end_object();
    thinks_ = true;
    return {};
  }

  // --- settings ---

  Checked write_one(const Setting& setting) {
    auto good = check_for_claude(setting, thinks_);
    if (!good) return good;
    const bool is_user = setting.knob == Knob::kEndUser ||
                         (setting.knob == Knob::kSafetyIdentifier && from_.find(Knob::kEndUser) == nullptr);
    if (is_user) user_id_ = setting.json;
    if (is_user) return {};
    if (setting.knob == Knob::kServiceTier) return write_service_tier(setting);
    return write_setting(setting, kMessagesWords);
  }

  Checked write_service_tier(const Setting& setting) {
    if (setting.json == "\"default\"") {
      json_.key("service_tier").string("standard_only");
    } else if (setting.json != "\"auto\"") {
      return cannot_carry(setting.param);
    }
    return {};
  }

  std::int64_t blocks_ = 0; // of the turn that is being written
  bool thinks_ = false;
  std::string user_id_; // raw JSON
};

} // namespace

WireResult<Written> write_messages_body(const Conversation& conversation, const UpstreamTarget& target) {
  return MessagesBody(conversation, target).write();
}

} // namespace kairos::providers
