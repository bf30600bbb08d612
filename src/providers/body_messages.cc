// Conversation → Anthropic messages: docs.anthropic.com/en/api/messages.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/json_writer.h"
#include "providers/object_rules.h"

namespace kairos::providers {
namespace {

using model::JsonWriter;
using Kind = Part::Kind;

constexpr std::int64_t kLeastBudget = 1024; // docs.anthropic.com/en/docs/build-with-claude/extended-thinking

double number_of(std::string_view json) {
  double number = 0;
  std::from_chars(json.data(), json.data() + json.size(), number);
  return number;
}

class MessagesBody {
public:
  MessagesBody(const Conversation& from, const UpstreamTarget& target)
      : from_(from), target_(target), json_(out_.body) {}

  WireResult<Written> write() {
    out_.left_out = from_.left_out;
    if (target_.max_output_tokens <= 0) return cannot_carry("max_tokens", "messages need a bound on the output");
    json_.begin_object().key("model").string(target_.model_id);
    json_.key("max_tokens").integer(target_.max_output_tokens);
    auto done = write_system();
    if (done) done = write_turns();
    if (done) write_tools();
    if (done) done = write_thinking();
    if (done) done = write_format();
    for (const Setting& setting : from_.settings) {
      if (done) done = write_setting(setting);
    }
    if (!done) return std::unexpected(done.error());
    if (!user_id_.empty()) json_.key("metadata").begin_object().key("user_id").raw(user_id_).end_object();
    if (from_.stream) json_.key("stream").boolean(true);
    json_.end_object();
    return std::move(out_);
  }

private:
  // --- system and turns ---

  /// System prompts that come first are the system prompt; messages have no place for later ones.
  Checked write_system() {
    while (first_turn_ < from_.messages.size() && from_.messages[first_turn_].role == Role::kSystem) ++first_turn_;
    if (first_turn_ == 0) return {};
    bool any = false;
    for (size_t i = 0; i < first_turn_; ++i) {
      for (const Part& part : from_.messages[i].parts) {
        if (part.kind != Kind::kText) return cannot_carry(part.where, "a system prompt is text");
        if (part.text.empty()) continue;
        if (!any) json_.key("system").begin_array();
        any = true;
        write_text(part);
      }
    }
    if (any) json_.end_array();
    return {};
  }

  static bool is_assistant(const Message& message) { return message.role == Role::kAssistant; }

  /// Neighbours of one role are one turn: all results of parallel calls have to stand in the turn that follows them.
  Checked write_turns() {
    const std::vector<Message>& messages = from_.messages;
    if (first_turn_ == messages.size()) return cannot_carry("messages", "there is none but the system prompt");
    if (is_assistant(messages[first_turn_]))
      return cannot_carry(messages[first_turn_].where, "the first message has to be the user's");
    if (is_assistant(messages.back()))
      return cannot_carry(messages.back().where, "an answer that was begun would be gone on with");
    json_.key("messages").begin_array();
    for (size_t begin = first_turn_; begin < messages.size();) {
      size_t end = begin + 1;
      while (end < messages.size() && is_assistant(messages[end]) == is_assistant(messages[begin])) ++end;
      auto done = write_turn(begin, end);
      if (!done) return done;
      begin = end;
    }
    json_.end_array();
    return {};
  }

  Checked write_turn(size_t begin, size_t end) {
    json_.begin_object().key("role").string(is_assistant(from_.messages[begin]) ? "assistant" : "user");
    json_.key("content").begin_array();
    blocks_ = 0;
    for (size_t i = begin; i < end; ++i) {
      const Message& message = from_.messages[i];
      if (message.role == Role::kSystem)
        return cannot_carry(message.where, "messages take a system prompt at the beginning only");
      for (const Part& part : message.parts) {
        auto done = write_block(part);
        if (!done) return done;
      }
    }
    if (blocks_ == 0) return refuse(from_.messages[begin].where, "must not be empty");
    json_.end_array().end_object();
    return {};
  }

  // --- blocks ---

  Checked write_block(const Part& part) {
    switch (part.kind) {
    case Kind::kText:
    case Kind::kRefusal:
      if (part.text.empty()) return {};
      ++blocks_;
      write_text(part);
      return {};
    case Kind::kImage:
      ++blocks_;
      return write_image(part);
    case Kind::kFile:
      ++blocks_;
      return write_document(part);
    case Kind::kToolCall:
      ++blocks_;
      return write_call(part);
    case Kind::kToolResult:
      ++blocks_;
      return write_result(part);
    case Kind::kThinking:
      return write_thought(part);
    case Kind::kRedactedThinking:
      ++blocks_;
      json_.begin_object().key("type").string("redacted_thinking").key("data").string(part.data).end_object();
      return {};
    case Kind::kAudio:
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
    const std::string_view arguments = part.text.empty() ? std::string_view("{}") : part.text;
    const auto parsed = parse_json(arguments, 1);
    if (!parsed || !parsed->is_object()) return cannot_carry(part.where, "the arguments are not a JSON object");
    json_.begin_object().key("type").string("tool_use").key("id").string(part.id).key("name").string(part.name);
    json_.key("input").raw(to_text(*parsed));
    write_cache(part.cache_control);
    json_.end_object();
    return {};
  }

  Checked write_result(const Part& result) {
    json_.begin_object().key("type").string("tool_result").key("tool_use_id").string(result.id);
    json_.key("content").begin_array();
    for (const Part& part : result.content) {
      if (part.kind != Kind::kText && part.kind != Kind::kImage && part.kind != Kind::kFile)
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
    constexpr std::array<std::string_view, 5> kWords = {"auto", "auto", "none", "any", "tool"};
    json_.key("tool_choice").begin_object().key("type").string(kWords[static_cast<size_t>(choice.kind)]);
    if (choice.kind == ToolChoice::Kind::kNamed) json_.key("name").string(choice.name);
    if (one_only) json_.key("disable_parallel_tool_use").boolean(true);
    json_.end_object();
  }

  Checked write_format() {
    const OutputFormat& format = from_.format;
    if (format.kind == OutputFormat::Kind::kText) return {};
    if (format.kind == OutputFormat::Kind::kJsonObject)
      return cannot_carry(format.where, "messages know JSON by a schema only; use json_schema");
    std::string schema = format.schema.empty() ? "{}" : format.schema;
    if (!format.description.empty()) describe(schema, format.description);
    json_.key("output_config").begin_object().key("format").begin_object();
    json_.key("type").string("json_schema").key("schema").raw(schema).end_object().end_object();
    return {};
  }

  /// Messages have no place for the description but the schema itself; one that is there already stays.
  static void describe(std::string& schema, std::string_view description) {
    const auto parsed = parse_json(schema, 1);
    if (!parsed || member(*parsed, "description")) return;
    std::string begin = "{\"description\":";
    model::append_json_string(begin, description);
    const size_t at = schema.find('{') + 1;
    if (schema.find_first_not_of(" \t\r\n", at) != schema.rfind('}')) begin += ',';
    schema.replace(0, at, begin);
  }

  /// Calls whose results are given now, by an answer whose thoughts the client does not have: Anthropic refuses to
  /// think then.
  bool in_mid_turn() const {
    if (from_.messages.empty() || from_.messages.back().role != Role::kTool) return false;
    for (auto message = from_.messages.rbegin(); message != from_.messages.rend(); ++message) {
      if (message->role != Role::kAssistant) continue;
      return std::ranges::none_of(message->parts, [](const Part& part) {
        return (part.kind == Kind::kThinking && !part.signature.empty()) || part.kind == Kind::kRedactedThinking;
      });
    }
    return false;
  }

  Checked write_thinking() {
    const Thinking& thinking = from_.thinking;
    if (thinking.kind != Thinking::Kind::kEffort && thinking.kind != Thinking::Kind::kBudget) return {};
    if (in_mid_turn()) {
      leave_out(out_.left_out, thinking.where);
      return {};
    }
    const auto choice = from_.tool_choice.kind;
    if (choice == ToolChoice::Kind::kRequired || choice == ToolChoice::Kind::kNamed)
      return cannot_carry("tool_choice", "Anthropic's models cannot be made to call a tool while they reason");
    const std::int64_t wanted =
        thinking.kind == Thinking::Kind::kBudget ? thinking.budget : budget_of_effort(thinking.effort);
    const std::int64_t budget = std::min(wanted, target_.max_output_tokens / 2);
    if (budget < kLeastBudget)
      return cannot_carry(thinking.where, fmt::format("Anthropic's models reason in at least {} tokens, which need a "
                                                      "bound on the output of at least {}",
                                                      kLeastBudget, 2 * kLeastBudget));
    json_.key("thinking").begin_object().key("type").string("enabled").key("budget_tokens").integer(budget);
    json_.end_object();
    thinks_ = true;
    return {};
  }

  // --- settings ---

  Checked write_setting(const Setting& setting) {
    switch (setting.knob) {
    case Knob::kTemperature:
      return write_temperature(setting);
    case Knob::kTopP:
      if (thinks_ && number_of(setting.json) < 0.95) return cannot_carry(setting.param, kNotWhileThinking);
      json_.key("top_p").raw(setting.json);
      return {};
    case Knob::kTopK:
      if (thinks_) return cannot_carry(setting.param, kNotWhileThinking);
      json_.key("top_k").raw(setting.json);
      return {};
    case Knob::kStop:
      json_.key("stop_sequences").raw(setting.json);
      return {};
    case Knob::kEndUser:
      user_id_ = setting.json;
      return {};
    case Knob::kSafetyIdentifier:
      if (from_.find(Knob::kEndUser) != nullptr)
        leave_out(out_.left_out, setting.param);
      else
        user_id_ = setting.json;
      return {};
    case Knob::kPromptCacheKey:
      leave_out(out_.left_out, setting.param);
      return {};
    case Knob::kServiceTier:
      return write_service_tier(setting);
    case Knob::kVerbosity:
      if (setting.json == "\"medium\"") return {};
      break;
    case Knob::kStore:
      return cannot_carry(setting.param, "a translated answer is not kept");
    default:
      break;
    }
    return cannot_carry(setting.param);
  }

  Checked write_temperature(const Setting& setting) {
    const double temperature = number_of(setting.json);
    if (temperature > 1) return cannot_carry(setting.param, "messages take at most 1");
    if (thinks_ && temperature != 1) return cannot_carry(setting.param, kNotWhileThinking);
    json_.key("temperature").raw(setting.json);
    return {};
  }

  Checked write_service_tier(const Setting& setting) {
    if (setting.json == "\"default\"") {
      json_.key("service_tier").string("standard_only");
    } else if (setting.json != "\"auto\"") {
      return cannot_carry(setting.param);
    }
    return {};
  }

  static constexpr std::string_view kNotWhileThinking = "Anthropic's models do not take it while they reason";

  const Conversation& from_;
  const UpstreamTarget& target_;
  Written out_;
  JsonWriter json_;
  size_t first_turn_ = 0;
  std::int64_t blocks_ = 0; // of the turn that is being written
  bool thinks_ = false;
  std::string user_id_; // raw JSON
};

} // namespace

WireResult<Written> write_messages_body(const Conversation& conversation, const UpstreamTarget& target) {
  return MessagesBody(conversation, target).write();
}

} // namespace kairos::providers
