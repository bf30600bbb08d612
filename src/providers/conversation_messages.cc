// Anthropic messages → Conversation: docs.anthropic.com/en/api/messages.
#include "providers/object_rules.h"

namespace kairos::providers {
namespace {

// --- content blocks ---

struct Source {
  std::string type;
  std::string media_type;
  std::string data;
  std::string url;
};
constexpr ObjectRule<Source> kSource[] = {
    {"type", take_string<Source, &Source::type>},
    {"media_type", take_string<Source, &Source::media_type>},
    {"data", take_string<Source, &Source::data>},
    {"url", take_string<Source, &Source::url>},
};

Checked read_source(Part& part, Json value, const Path& path) {
  Source source;
  auto read = read_members(value, path, kSource, source);
  if (!read) return read;
  part.media_type = std::move(source.media_type);
  if (source.type == "base64")
    part.data = std::move(source.data);
  else if (source.type == "url")
    part.url = std::move(source.url);
  else if (source.type == "text")
    part.text = std::move(source.data);
  else
    return cannot_carry(Path{&path, "type"}.text());
  return {};
}

struct Block {
  Conversation* conversation = nullptr;
  std::string type{};
  Part part{};
};
using TakePart = Checked (*)(Part&, Json, const Path&);
template <TakePart Take>
Checked of_block(Block& block, Json value, const Path& path) {
  return Take(block.part, value, path);
}

Checked read_blocks(Conversation& out, std::vector<Part>& into, Json value, const Path& path);

Checked take_result_content(Block& block, Json value, const Path& path) {
  return read_blocks(*block.conversation, block.part.content, value, path);
}
Checked take_is_error(Block& block, Json value, const Path& path) {
  return read_bool(value, path, block.part.is_error);
}
/// Citations of a document may be switched off; those of an earlier answer are left out.
Checked take_citations(Block& block, Json value, const Path& path) {
  if (value.is_array()) {
    leave_out(block.conversation->left_out, "citations");
    return {};
  }
  bool enabled = false;
  if (const auto flag = member(value, "enabled")) {
    auto read = read_bool(*flag, Path{&path, "enabled"}, enabled);
    if (!read) return read;
  }
  if (enabled) return cannot_carry(path.text());
  return {};
}

constexpr ObjectRule<Block> kBlock[] = {
    {"type", take_string<Block, &Block::type>},
    {"text", of_block<take_string<Part, &Part::text>>},
    {"source", of_block<read_source>},
    {"id", of_block<take_string<Part, &Part::id>>},
    {"tool_use_id", of_block<take_string<Part, &Part::id>>},
    {"name", of_block<take_string<Part, &Part::name>>},
    {"title", of_block<take_string<Part, &Part::name>>},
    {"input", of_block<take_raw_object<Part, &Part::text>>},
    {"content", take_result_content},
    {"is_error", take_is_error},
    {"thinking", of_block<take_string<Part, &Part::text>>},
    {"signature", of_block<take_string<Part, &Part::signature>>},
    {"data", of_block<take_string<Part, &Part::data>>},
    {"cache_control", of_block<take_raw<Part, &Part::cache_control>>},
    {"citations", take_citations},
};

constexpr std::array<std::pair<std::string_view, Part::Kind>, 7> kBlockKinds = {
    {{"text", Part::Kind::kText},
     {"image", Part::Kind::kImage},
     {"document", Part::Kind::kFile},
     {"tool_use", Part::Kind::kToolCall},
     {"tool_result", Part::Kind::kToolResult},
     {"thinking", Part::Kind::kThinking},
     {"redacted_thinking", Part::Kind::kRedactedThinking}}};

Checked read_block(Conversation& out, std::vector<Part>& into, Json value, const Path& path) {
  Block block{.conversation = &out};
  block.part.where = path.text();
  auto read = read_members(value, path, kBlock, block);
  if (!read) return read;
  for (const auto& [name, kind] : kBlockKinds) {
    if (name != block.type) continue;
    block.part.kind = kind;
    into.push_back(std::move(block.part));
    return {};
  }
  return cannot_carry(Path{&path, "type"}.text());
}

Checked read_blocks(Conversation& out, std::vector<Part>& into, Json value, const Path& path) {
  return read_content(into, value, path,
                      [&](Json item, const Path& here) { return read_block(out, into, item, here); });
}

// --- messages ---

struct AnthropicMessage {
  Conversation* conversation = nullptr;
  std::string role{};
  std::vector<Part> parts{};
};
Checked take_anthropic_content(AnthropicMessage& message, Json value, const Path& path) {
  return read_blocks(*message.conversation, message.parts, value, path);
}
constexpr ObjectRule<AnthropicMessage> kAnthropicMessage[] = {
    {"role", take_string<AnthropicMessage, &AnthropicMessage::role>},
    {"content", take_anthropic_content},
};

/// A user's turn begins with the results of tools; they are messages of their own here.
void add_user_turn(Conversation& out, std::vector<Part> parts, const std::string& where) {
  Message results{.role = Role::kTool, .where = where};
  Message rest{.role = Role::kUser, .where = where};
  for (Part& part : parts) {
    auto& into = part.kind == Part::Kind::kToolResult ? results.parts : rest.parts;
    into.push_back(std::move(part));
  }
  if (!results.parts.empty()) out.messages.push_back(std::move(results));
  if (!rest.parts.empty()) out.messages.push_back(std::move(rest));
}

Checked add_anthropic_message(Conversation& out, Json value, const Path& path) {
  AnthropicMessage message{.conversation = &out};
  auto read = read_members(value, path, kAnthropicMessage, message);
  if (!read) return read;
  if (message.role == "user") {
    add_user_turn(out, std::move(message.parts), path.text());
  } else if (message.role == "assistant") {
    out.messages.push_back({Role::kAssistant, std::move(message.parts), path.text()});
  } else if (message.role == "system") { // newer models take it later on, too
    out.messages.push_back({Role::kSystem, std::move(message.parts), path.text()});
  } else {
    return cannot_carry(Path{&path, "role"}.text());
  }
  return {};
}

Checked take_anthropic_messages(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) { return add_anthropic_message(out, item, here); });
}

Checked take_system(Conversation& out, Json value, const Path& path) {
  Message message{.role = Role::kSystem, .where = path.text()};
  auto read = read_blocks(out, message.parts, value, path);
  if (read && !message.parts.empty()) out.messages.insert(out.messages.begin(), std::move(message));
  return read;
}

// --- tools ---

struct AnthropicTool {
  std::string type = "custom";
  Tool tool;
};
template <Checked (*Take)(Tool&, Json, const Path&)>
Checked of_anthropic_tool(AnthropicTool& typed, Json value, const Path& path) {
  return Take(typed.tool, value, path);
}
Checked take_anthropic_tool_type(AnthropicTool& typed, Json value, const Path& path) {
  auto read = take_string<AnthropicTool, &AnthropicTool::type>(typed, value, path);
  if (read && typed.type != "custom") return cannot_carry(path.text(), "only tools with a schema of their own are");
  return read;
}
constexpr ObjectRule<AnthropicTool> kAnthropicTool[] = {
    {"type", take_anthropic_tool_type},
    {"name", of_anthropic_tool<take_string<Tool, &Tool::name>>},
    {"description", of_anthropic_tool<take_string<Tool, &Tool::description>>},
    {"input_schema", of_anthropic_tool<take_raw_object<Tool, &Tool::parameters>>},
    {"strict", of_anthropic_tool<take_flag<Tool, &Tool::strict>>},
    {"cache_control", of_anthropic_tool<take_raw<Tool, &Tool::cache_control>>},
    {"eager_input_streaming", nullptr}, // only about the pieces of a stream
};

Checked take_anthropic_tools(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) -> Checked {
    AnthropicTool typed;
    typed.tool.where = here.text();
    auto read = read_members(item, here, kAnthropicTool, typed);
    if (read) out.tools.push_back(std::move(typed.tool));
    return read;
  });
}

struct AnthropicToolChoice {
  std::string type;
  std::string name;
  std::optional<bool> no_parallel;
};
constexpr ObjectRule<AnthropicToolChoice> kAnthropicToolChoice[] = {
    {"type", take_string<AnthropicToolChoice, &AnthropicToolChoice::type>},
    {"name", take_string<AnthropicToolChoice, &AnthropicToolChoice::name>},
    {"disable_parallel_tool_use", take_flag<AnthropicToolChoice, &AnthropicToolChoice::no_parallel>},
};

Checked take_anthropic_tool_choice(Conversation& out, Json value, const Path& path) {
  AnthropicToolChoice choice;
  auto read = read_members(value, path, kAnthropicToolChoice, choice);
  if (!read) return read;
  constexpr std::array<std::pair<std::string_view, ToolChoice::Kind>, 4> kWords = {
      {{"auto", ToolChoice::Kind::kAuto},
       {"none", ToolChoice::Kind::kNone},
       {"any", ToolChoice::Kind::kRequired},
       {"tool", ToolChoice::Kind::kNamed}}};
  for (const auto& [word, kind] : kWords) {
    if (word == choice.type) out.tool_choice.kind = kind;
  }
  if (out.tool_choice.kind == ToolChoice::Kind::kUnset) return cannot_carry(Path{&path, "type"}.text());
  out.tool_choice.name = std::move(choice.name);
  if (choice.no_parallel) out.tool_choice.parallel = !*choice.no_parallel;
  return {};
}

// --- the rest ---

struct ThinkingObject {
  std::string type;
  std::optional<std::int64_t> budget;
};
Checked take_budget(ThinkingObject& thinking, Json value, const Path& path) {
  return read_count(value, path, 1, kMaxCount, thinking.budget);
}
constexpr ObjectRule<ThinkingObject> kThinking[] = {
    {"type", take_string<ThinkingObject, &ThinkingObject::type>},
    {"budget_tokens", take_budget},
    {"display", nullptr}, // how much of it is shown
};

Checked take_thinking(Conversation& out, Json value, const Path& path) {
  ThinkingObject thinking;
  auto read = read_members(value, path, kThinking, thinking);
  if (!read) return read;
  Thinking& into = out.thinking;
  into.where = path.text();
  into.budget = thinking.budget.value_or(0);
  into.wants_text = true;
  if (thinking.type == "disabled")
    into.kind = Thinking::Kind::kOff;
  else if (thinking.type == "enabled")
    into.kind = Thinking::Kind::kBudget;
  else if (thinking.type == "adaptive")
    into.kind = Thinking::Kind::kAdaptive;
  else
    return cannot_carry(Path{&path, "type"}.text());
  return {};
}

struct AnthropicFormat {
  std::string type;
  std::string schema;
};
constexpr ObjectRule<AnthropicFormat> kAnthropicFormat[] = {
    {"type", take_string<AnthropicFormat, &AnthropicFormat::type>},
    {"schema", take_raw_object<AnthropicFormat, &AnthropicFormat::schema>},
};

Checked take_anthropic_format(Conversation& out, Json value, const Path& path) {
  AnthropicFormat format;
  auto read = read_members(value, path, kAnthropicFormat, format);
  if (!read) return read;
  if (format.type != "json_schema") return cannot_carry(Path{&path, "type"}.text());
  out.format.kind = OutputFormat::Kind::kJsonSchema;
  out.format.schema = std::move(format.schema);
  out.format.strict = true;
  out.format.where = path.text();
  return {};
}

Checked take_anthropic_effort(Conversation& out, Json value, const Path& path) {
  auto read = read_string(value, path, out.thinking.effort, 64);
  if (out.thinking.where.empty()) out.thinking.where = path.text();
  return read;
}
constexpr ObjectRule<Conversation> kOutputConfig[] = {
    {"format", take_anthropic_format},
    {"effort", take_anthropic_effort},
};
Checked take_output_config(Conversation& out, Json value, const Path& path) {
  return read_members(value, path, kOutputConfig, out);
}

constexpr ObjectRule<Conversation> kMetadata[] = {
    {"user_id", take<Knob::kEndUser, Shape::kString>},
};
Checked take_metadata(Conversation& out, Json value, const Path& path) {
  return read_members(value, path, kMetadata, out);
}

constexpr ObjectRule<Conversation> kAnthropicBody[] = {
    {"model", nullptr},
    {"messages", take_anthropic_messages},
    {"max_tokens", nullptr}, // the router's bound stands in the target
    {"system", take_system},
    {"stream", take_stream},
    {"kairosroute", nullptr},
    {"tools", take_anthropic_tools},
    {"tool_choice", take_anthropic_tool_choice},
    {"thinking", take_thinking},
    {"output_format", take_anthropic_format},
    {"output_config", take_output_config},
    {"metadata", take_metadata},
    {"stop_sequences", take<Knob::kStop, Shape::kTexts>},
    {"temperature", take<Knob::kTemperature, Shape::kNumber>},
    {"top_p", take<Knob::kTopP, Shape::kNumber>},
    {"top_k", take<Knob::kTopK, Shape::kWhole>},
    {"service_tier", take<Knob::kServiceTier, Shape::kString>},
    {"cache_control", drop_hint},
};

} // namespace

Checked read_messages_conversation(Json body, Conversation& out) {
  auto read = read_members(body, Path{}, kAnthropicBody, out);
  Thinking& thinking = out.thinking;
  // An effort alone asks for nothing but that.
  if (!thinking.effort.empty() && thinking.kind == Thinking::Kind::kUnset) thinking.kind = Thinking::Kind::kEffort;
  return read;
}

} // namespace kairos::providers
