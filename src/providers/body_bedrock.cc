// Conversation → Bedrock's converse: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. The
// model stands in the path.
#include <fmt/format.h>

#include "providers/bedrock_fields.h"
#include "providers/body_writer.h"
#include "providers/object_rules.h"
#include "providers/turns.h"

namespace kairos::providers {
namespace {

constexpr Word kBedrockWords[] = {
    {Knob::kTemperature, "temperature"}, {Knob::kTopP, "topP"}, {Knob::kStop, "stopSequences"}};

class BedrockBody : BodyWriter {
public:
  using BodyWriter::BodyWriter;

  WireResult<Written> write() {
    json_.begin_object();
    auto done = write_system();
    if (done) done = write_messages();
    if (done) done = write_tools();
    if (done) done = write_thinking();
    if (done) done = write_config();
    if (done) done = write_format();
    if (!done) return std::unexpected(done.error());
    if (!more_.empty()) json_.key("additionalModelRequestFields").raw("{" + more_ + "}");
    json_.end_object();
    return std::move(out_);
  }

private:
  bool is_claude() const { return is_bedrock_claude(target_); }
  /// Anthropic's own clients are left to know what its models take.
  bool checks_for_claude() const {
    return is_claude() && !target_.model_id.empty() && from_.client != model::Endpoint::kMessages;
  }
  bool caches() const { return is_claude() || target_.model_id.find("amazon.nova") != std::string::npos; }

  // --- system and messages ---

  Checked write_system() {
    const auto texts = system_texts(from_);
    if (!texts) return std::unexpected(texts.error());
    if (texts->empty()) return {};
    json_.key("system").begin_array();
    for (const Part* part : *texts) {
      write_text(part->text);
      write_cache(part->cache_control);
    }
    json_.end_array();
    return {};
  }

  Checked write_messages() {
    auto turns = turns_of(from_, is_claude() && from_.client == model::Endpoint::kMessages);
    if (!turns) return std::unexpected(turns.error());
    json_.key("messages").begin_array();
    for (const Turn& turn : *turns) {
      json_.begin_object().key("role").string(turn.assistant ? "assistant" : "user").key("content").begin_array();
      blocks_ = 0;
      for (const Part* part : turn.parts) {
        auto done = write_block(*part);
        if (!done) return done;
        write_cache(part->cache_control);
      }
      if (blocks_ == 0) return refuse(turn.where, "must not be empty");
      json_.end_array().end_object();
    }
    json_.end_array();
    return {};
  }

  Checked write_block(const Part& part) {
    switch (part.kind) {
    case PartKind::kText:
    case PartKind::kRefusal:
      if (!part.text.empty()) write_text(part.text);
      return {};
    case PartKind::kImage:
      return write_image(part);
    case PartKind::kFile:
      return write_document(part);
    case PartKind::kToolCall:
      return write_call(part);
    case PartKind::kToolResult:
      return write_result(part);
    case PartKind::kThinking:
      return write_thought(part);
    case PartKind::kRedactedThinking:
      leave_out(out_.left_out, "redacted_thinking");
      return {};
    case PartKind::kAudio:
      break;
    }
    return cannot_carry(part.where);
  }

  /// Only some models take them, and others refuse the request; what is not cached costs more, but says the same.
  void write_cache(const std::string& cache_control) {
    if (cache_control.empty()) return;
    if (!caches()) return leave_out_cache(cache_control);
    json_.begin_object().key("cachePoint").begin_object().key("type").string("default");
    if (cache_control.find("\"1h\"") != std::string::npos) json_.key("ttl").string("1h");
    json_.end_object().end_object();
  }

  void write_text(std::string_view text) {
    ++blocks_;
    json_.begin_object().key("text").string(text).end_object();
  }

  void write_bytes(std::string_view data) { json_.key("source").begin_object().key("bytes").string(data).end_object(); }

  Checked write_image(const Part& part) {
    if (!part.detail.empty() && part.detail != "auto") leave_out(out_.left_out, "detail");
    if (!part.url.empty()) return cannot_carry(part.where, "Bedrock takes no images by URL; send the image itself");
    const std::string_view format = bedrock_image_format(part.media_type);
    if (format.empty()) return cannot_carry(part.where, "Bedrock takes png, jpeg, gif and webp images");
    ++blocks_;
    json_.begin_object().key("image").begin_object().key("format").string(format);
    write_bytes(part.data);
    json_.end_object().end_object();
    return {};
  }

  Checked write_document(const Part& part) {
    if (!part.url.empty()) return cannot_carry(part.where, "Bedrock takes no files by URL; send the file itself");
    if (part.data.empty()) {
      write_text(text_of_file(part));
      return {};
    }
    const std::string_view format = bedrock_document_format(part.media_type);
    if (format.empty())
      return cannot_carry(part.where, fmt::format("Bedrock takes no files of type {}", part.media_type));
    ++blocks_;
    json_.begin_object().key("document").begin_object().key("format").string(format);
    json_.key("name").string(bedrock_document_name(part.name));
    write_bytes(part.data);
    json_.end_object().end_object();
    return {};
  }

  Checked write_call(const Part& part) {
    const auto arguments = arguments_of(part);
    if (!arguments) return std::unexpected(arguments.error());
    ++blocks_;
    had_calls_ = true;
    json_.begin_object().key("toolUse").begin_object().key("toolUseId").string(part.id).key("name").string(part.name);
    json_.key("input").raw(*arguments).end_object().end_object();
    return {};
  }

  Checked write_result(const Part& result) {
    ++blocks_;
    json_.begin_object().key("toolResult").begin_object().key("toolUseId").string(result.id);
    json_.key("content").begin_array();
    for (const Part& part : result.content) {
      if (part.kind != PartKind::kText && part.kind != PartKind::kImage && part.kind != PartKind::kFile)
        return cannot_carry(part.where);
      leave_out_cache(part.cache_control);
      auto done = write_block(part);
      if (!done) return done;
    }
    json_.end_array();
    if (result.is_error) json_.key("status").string("error");
    json_.end_object().end_object();
    return {};
  }

  /// Thoughts are only taken back with their proof, and by the family that had them.
  Checked write_thought(const Part& part) {
    if (part.signature.empty() || !is_claude()) {
      leave_out(out_.left_out, "thinking");
      return {};
    }
    ++blocks_;
    json_.begin_object().key("reasoningContent").begin_object().key("reasoningText").begin_object();
    json_.key("text").string(part.text).key("signature").string(part.signature);
    json_.end_object().end_object().end_object();
    return {};
  }

  // --- tools ---

  Checked write_tools() {
    if (from_.tools.empty()) return {};
    const ToolChoice& choice = from_.tool_choice;
    if (choice.kind == ToolChoice::Kind::kNone && !had_calls_) return {}; // as if there were no tools
    if (choice.kind == ToolChoice::Kind::kNone)
      return cannot_carry("tool_choice", "Bedrock cannot be told to call no tool once some have been called");
    if (choice.parallel == false)
      return cannot_carry(parallel_field(from_), "Bedrock's models may always call several tools at once");
    json_.key("toolConfig").begin_object().key("tools").begin_array();
    for (const Tool& tool : from_.tools) {
      json_.begin_object().key("toolSpec").begin_object().key("name").string(tool.name);
      if (!tool.description.empty()) json_.key("description").string(tool.description);
      json_.key("inputSchema").begin_object().key("json");
      json_.raw(tool.parameters.empty() ? R"({"type":"object","properties":{}})" : tool.parameters).end_object();
      if (tool.strict == true) json_.key("strict").boolean(true);
      json_.end_object().end_object();
      write_cache(tool.cache_control);
    }
    json_.end_array();
    write_tool_choice();
    json_.end_object();
    return {};
  }

  void write_tool_choice() {
    switch (from_.tool_choice.kind) {
    case ToolChoice::Kind::kAuto:
      json_.key("toolChoice").begin_object().key("auto").begin_object().end_object().end_object();
      return;
    case ToolChoice::Kind::kRequired:
      json_.key("toolChoice").begin_object().key("any").begin_object().end_object().end_object();
      return;
    case ToolChoice::Kind::kNamed:
      json_.key("toolChoice").begin_object().key("tool").begin_object();
      json_.key("name").string(from_.tool_choice.name).end_object().end_object();
      return;
    case ToolChoice::Kind::kUnset:
    case ToolChoice::Kind::kNone:
      return;
    }
  }

  void add_field(const std::string& json) {
    if (!json.empty()) more_ += (more_.empty() ? "" : ",") + json;
  }

  Checked write_thinking() {
    const auto fields = bedrock_reasoning(from_, target_, out_.left_out);
    if (!fields) return std::unexpected(fields.error());
    thinks_ = !fields->empty();
    const ToolChoice::Kind choice = from_.tool_choice.kind;
    if (thinks_ && checks_for_claude() && (choice == ToolChoice::Kind::kRequired || choice == ToolChoice::Kind::kNamed))
      return cannot_carry("tool_choice", kNoForceWhileThinking);
    add_field(*fields);
    return {};
  }

  // --- inferenceConfig and the rest ---

  Checked write_config() {
    json_.key("inferenceConfig").begin_object();
    if (target_.max_output_tokens > 0) json_.key("maxTokens").integer(target_.max_output_tokens);
    for (const Setting& setting : from_.settings) {
      auto done = write_one(setting);
      if (!done) return done;
    }
    json_.end_object();
    if (const Setting* metadata = from_.find(Knob::kMetadata)) json_.key("requestMetadata").raw(metadata->json);
    return {};
  }

  Checked write_one(const Setting& setting) {
    if (setting.knob == Knob::kMetadata) return {}; // stands elsewhere
    if (checks_for_claude()) {
      auto good = check_for_claude(setting, thinks_);
      if (!good) return good;
    }
    if (setting.knob != Knob::kTopK || !is_claude()) return write_setting(setting, kBedrockWords);
    add_field("\"top_k\":" + setting.json);
    return {};
  }

  Checked write_format() {
    const OutputFormat& format = from_.format;
    if (format.kind == OutputFormat::Kind::kText) return {};
    if (format.kind == OutputFormat::Kind::kJsonObject)
      return cannot_carry(format.where, "Bedrock knows JSON by a schema only; use json_schema");
    json_.key("outputConfig").begin_object().key("textFormat").begin_object().key("type").string("json_schema");
    json_.key("structure").begin_object().key("jsonSchema").begin_object();
    json_.key("schema").string(format.schema.empty() ? "{}" : format.schema); // a text of JSON
    json_.key("name").string(format.name.empty() ? "answer" : format.name);
    if (!format.description.empty()) json_.key("description").string(format.description);
    json_.end_object().end_object().end_object().end_object();
    return {};
  }

  std::int64_t blocks_ = 0; // of the turn that is being written
  bool had_calls_ = false;
  bool thinks_ = false;
  std::string more_; // members of additionalModelRequestFields
};

} // namespace

WireResult<Written> write_bedrock_body(const Conversation& conversation, const UpstreamTarget& target) {
  return BedrockBody(conversation, target).write();
}

} // namespace kairos::providers
