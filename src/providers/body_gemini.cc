// Conversation → Gemini's generateContent: ai.google.dev/api/generate-content.
#include <string_view>
#include <unordered_map>

#include "providers/body_writer.h"
#include "providers/object_rules.h"
#include "providers/turns.h"

namespace kairos::providers {
namespace {

// ai.google.dev/gemini-api/docs/thought-signatures: stands for the proof of a call whose thoughts are not at hand.
// Gemini 3 refuses calls without any.
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";
constexpr size_t kMostGeminiStops = 5;
constexpr std::int64_t kLeastOfPro = 128; // ai.google.dev/gemini-api/docs/thinking
constexpr Word kGeminiWords[] = {{Knob::kTemperature, "temperature"},
                                 {Knob::kTopP, "topP"},
                                 {Knob::kTopK, "topK"},
                                 {Knob::kSeed, "seed"},
                                 {Knob::kFrequencyPenalty, "frequencyPenalty"},
                                 {Knob::kPresencePenalty, "presencePenalty"},
                                 {Knob::kStop, "stopSequences"}};

/// ai.google.dev/gemini-api/docs/openai, "Thinking": what an effort is to the models that count tokens.
std::int64_t budget_for(std::string_view effort) {
  if (effort == "minimal" || effort == "low") return 1024;
  return effort == "medium" ? 8192 : 24'576;
}

class GeminiBody : BodyWriter {
public:
  using BodyWriter::BodyWriter;

  WireResult<Written> write() {
    json_.begin_object();
    auto done = write_system();
    if (done) done = write_contents();
    if (done) done = write_tools();
    if (done) done = write_config();
    if (!done) return std::unexpected(done.error());
    json_.end_object();
    return std::move(out_);
  }

private:
  bool counts_thoughts() const { return target_.model_id.find("gemini-2") != std::string::npos; }
  bool is_pro() const { return target_.model_id.find("-pro") != std::string::npos; } // these always think
  bool wants_signatures() const { return target_.model_id.find("gemini-3") != std::string::npos; }

  // --- system and contents ---

  Checked write_system() {
    const auto texts = system_texts(from_);
    if (!texts) return std::unexpected(texts.error());
    if (texts->empty()) return {};
    json_.key("systemInstruction").begin_object().key("parts").begin_array();
    for (const Part* part : *texts) {
      leave_out_cache(part->cache_control);
      json_.begin_object().key("text").string(part->text).end_object();
    }
    json_.end_array().end_object();
    return {};
  }

  Checked write_contents() {
    auto turns = turns_of(from_);
    if (!turns) return std::unexpected(turns.error());
    json_.key("contents").begin_array();
    for (const Turn& turn : *turns) {
      json_.begin_object().key("role").string(turn.assistant ? "model" : "user").key("parts").begin_array();
      parts_ = 0;
      signed_call_ = false;
      for (const Part* part : turn.parts) {
        auto done = write_part(*part);
        if (!done) return done;
      }
      if (parts_ == 0) return refuse(turn.where, "must not be empty");
      json_.end_array().end_object();
    }
    json_.end_array();
    return {};
  }

  Checked write_part(const Part& part) {
    leave_out_cache(part.cache_control);
    switch (part.kind) {
    case PartKind::kText:
    case PartKind::kRefusal:
      if (!part.text.empty()) write_text(part.text);
      return {};
    case PartKind::kImage:
      if (!part.detail.empty() && part.detail != "auto") leave_out(out_.left_out, "detail");
      write_media(part);
      return {};
    case PartKind::kAudio:
      write_media(part);
      return {};
    case PartKind::kFile:
      if (part.url.empty() && part.data.empty())
        write_text(text_of_file(part));
      else
        write_media(part);
      return {};
    case PartKind::kToolCall:
      return write_call(part);
    case PartKind::kToolResult:
      return write_result(part);
    case PartKind::kThinking: // another provider's proof would be refused
    case PartKind::kRedactedThinking:
      leave_out(out_.left_out, part.kind == PartKind::kThinking ? "thinking" : "redacted_thinking");
      return {};
    }
    return cannot_carry(part.where);
  }

  void write_text(std::string_view text) {
    ++parts_;
    json_.begin_object().key("text").string(text).end_object();
  }

  void write_media(const Part& part) {
    ++parts_;
    json_.begin_object();
    if (part.url.empty()) {
      json_.key("inlineData").begin_object().key("mimeType").string(part.media_type);
      json_.key("data").string(part.data).end_object();
    } else {
      const std::string type = part.media_type.empty() ? media_type_of(part.url) : part.media_type;
      json_.key("fileData").begin_object();
      if (!type.empty()) json_.key("mimeType").string(type);
      json_.key("fileUri").string(part.url).end_object();
    }
    json_.end_object();
  }

  static std::string media_type_of(std::string_view url) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kTypes = {{{".png", "image/png"},
                                                                                      {".jpg", "image/jpeg"},
                                                                                      {".jpeg", "image/jpeg"},
                                                                                      {".webp", "image/webp"},
                                                                                      {".gif", "image/gif"},
                                                                                      {".heic", "image/heic"},
                                                                                      {".pdf", "application/pdf"}}};
    const std::string_view path = url.substr(0, url.find_first_of("?#"));
    for (const auto& [ending, type] : kTypes) {
      if (path.ends_with(ending)) return std::string(type);
    }
    return "";
  }

  Checked write_call(const Part& part) {
    const auto arguments = arguments_of(part);
    if (!arguments) return std::unexpected(arguments.error());
    names_[part.id] = part.name;
    ++parts_;
    json_.begin_object().key("functionCall").begin_object();
    if (!part.id.empty()) json_.key("id").string(part.id);
    json_.key("name").string(part.name).key("args").raw(*arguments).end_object();
    if (wants_signatures() && !std::exchange(signed_call_, true)) json_.key("thoughtSignature").string(kNoSignature);
    json_.end_object();
    return {};
  }

  /// Results name the function; the client's only name the call.
  Checked write_result(const Part& result) {
    const auto name = names_.find(result.id);
    if (name == names_.end()) return cannot_carry(result.where, "it answers a call that does not stand before it");
    std::string text;
    for (const Part& part : result.content) {
      leave_out_cache(part.cache_control);
      if (part.kind != PartKind::kText) return cannot_carry(part.where, "tool results are texts in Gemini's dialect");
      text += (text.empty() ? "" : "\n") + part.text;
    }
    ++parts_;
    json_.begin_object().key("functionResponse").begin_object();
    if (!result.id.empty()) json_.key("id").string(result.id);
    json_.key("name").string(name->second).key("response").begin_object();
    json_.key(result.is_error ? "error" : "output").string(text).end_object().end_object().end_object();
    return {};
  }

  // --- tools ---

  Checked write_tools() {
    if (from_.tools.empty()) return {};
    bool strict = false;
    json_.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
    for (const Tool& tool : from_.tools) {
      leave_out_cache(tool.cache_control);
      strict = strict || tool.strict == true;
      json_.begin_object().key("name").string(tool.name);
      if (!tool.description.empty()) json_.key("description").string(tool.description);
      if (!tool.parameters.empty()) json_.key("parametersJsonSchema").raw(tool.parameters);
      json_.end_object();
    }
    json_.end_array().end_object().end_array();
    return write_tool_choice(strict);
  }

  /// VALIDATED holds calls to their schemas, which ANY does anyway.
  Checked write_tool_choice(bool strict) {
    const ToolChoice& choice = from_.tool_choice;
    if (choice.parallel == false && choice.kind != ToolChoice::Kind::kNone)
      return cannot_carry(parallel_field(from_), "Gemini's models may always call several tools at once");
    if (choice.kind == ToolChoice::Kind::kUnset && !strict) return {};
    const std::string_view usual = strict ? "VALIDATED" : "AUTO";
    json_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object().key("mode");
    switch (choice.kind) {
    case ToolChoice::Kind::kUnset:
    case ToolChoice::Kind::kAuto:
      json_.string(usual);
      break;
    case ToolChoice::Kind::kNone:
      json_.string("NONE");
      break;
    case ToolChoice::Kind::kRequired:
      json_.string("ANY");
      break;
    case ToolChoice::Kind::kNamed:
      json_.string("ANY").key("allowedFunctionNames").begin_array().string(choice.name).end_array();
      break;
    }
    json_.end_object().end_object();
    return {};
  }

  // --- generationConfig ---

  Checked write_config() {
    json_.key("generationConfig").begin_object();
    if (target_.max_output_tokens > 0) json_.key("maxOutputTokens").integer(target_.max_output_tokens);
    for (const Setting& setting : from_.settings) {
      if (setting.knob == Knob::kStop && array_size(setting.json) > kMostGeminiStops)
        return cannot_carry(setting.param, "Gemini takes at most five");
      auto done = write_setting(setting, kGeminiWords);
      if (!done) return done;
    }
    write_format();
    write_thinking();
    json_.end_object();
    return {};
  }

  void write_format() {
    const OutputFormat& format = from_.format;
    if (format.kind == OutputFormat::Kind::kText) return;
    json_.key("responseMimeType").string("application/json");
    if (format.kind == OutputFormat::Kind::kJsonSchema)
      json_.key("responseJsonSchema").raw(described(format.schema, format.description));
  }

  void write_thinking() {
    const Thinking& thinking = from_.thinking;
    const bool by_budget =
        thinking.kind == Thinking::Kind::kBudget || (counts_thoughts() && thinking.kind == Thinking::Kind::kEffort);
    if (thinking.kind == Thinking::Kind::kUnset && !thinking.wants_text) return;
    json_.key("thinkingConfig").begin_object();
    if (thinking.wants_text) json_.key("includeThoughts").boolean(true);
    if (thinking.kind == Thinking::Kind::kOff) {
      json_.key(counts_thoughts() ? "thinkingBudget" : "thinkingLevel");
      counts_thoughts() ? json_.integer(is_pro() ? kLeastOfPro : 0) : json_.string(is_pro() ? "low" : "minimal");
    } else if (by_budget) {
      json_.key("thinkingBudget")
          .integer(thinking.kind == Thinking::Kind::kBudget ? thinking.budget : budget_for(thinking.effort));
    } else if (thinking.kind == Thinking::Kind::kEffort) {
      json_.key("thinkingLevel").string(level_for(thinking.effort));
    }
    json_.end_object();
  }

  std::string_view level_for(std::string_view effort) const {
    if (effort == "xhigh" || effort == "max") return "high";
    return effort == "minimal" && is_pro() ? "low" : effort;
  }

  std::int64_t parts_ = 0; // of the turn that is being written
  bool signed_call_ = false;
  std::unordered_map<std::string_view, std::string_view> names_; // of the functions called so far, by the calls' ids
};

} // namespace

WireResult<Written> write_gemini_body(const Conversation& conversation, const UpstreamTarget& target) {
  return GeminiBody(conversation, target).write();
}

} // namespace kairos::providers
