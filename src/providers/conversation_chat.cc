// OpenAI chat completions → Conversation: platform.openai.com/docs/api-reference/chat/create.
#include "providers/conversation_openai.h"

namespace kairos::providers {
namespace {

// --- parts of a message ---

struct ImageUrl {
  std::string url;
  std::string detail;
};
constexpr ObjectRule<ImageUrl> kImageUrl[] = {
    {"url", take_string<ImageUrl, &ImageUrl::url>},
    {"detail", take_string<ImageUrl, &ImageUrl::detail>},
};

Checked take_image(Part& part, Json value, const Path& path) {
  ImageUrl image;
  auto read = read_members(value, path, kImageUrl, image);
  if (!read) return read;
  part.detail = std::move(image.detail);
  if (split_data_url(image.url, part.media_type, part.data)) return {};
  if (image.url.starts_with("data:")) return cannot_carry(Path{&path, "url"}.text(), "a data URL must be base64");
  part.url = std::move(image.url);
  return {};
}

struct Sound {
  std::string data;
  std::string format;
};
constexpr ObjectRule<Sound> kSound[] = {
    {"data", take_string<Sound, &Sound::data>},
    {"format", take_string<Sound, &Sound::format>},
};

Checked take_sound(Part& part, Json value, const Path& path) {
  Sound sound;
  auto read = read_members(value, path, kSound, sound);
  part.data = std::move(sound.data);
  part.media_type = "audio/" + sound.format;
  return read;
}

Checked take_file_data(Part& part, Json value, const Path& path) {
  std::string text;
  auto read = read_string(value, path, text, kAnySize);
  if (!read) return read;
  if (split_data_url(text, part.media_type, part.data)) return {};
  part.media_type = "application/pdf"; // what bare base64 is taken for
  part.data = std::move(text);
  return {};
}

constexpr ObjectRule<Part> kFile[] = {
    {"file_data", take_file_data},
    {"filename", take_string<Part, &Part::name>},
};

Checked take_file(Part& part, Json value, const Path& path) { return read_members(value, path, kFile, part); }

struct ChatPart {
  std::string type;
  Part part;
};
template <Checked (*Take)(Part&, Json, const Path&)>
Checked of_chat_part(ChatPart& typed, Json value, const Path& path) {
  return Take(typed.part, value, path);
}
constexpr ObjectRule<ChatPart> kChatPart[] = {
    {"type", take_string<ChatPart, &ChatPart::type>},
    {"text", of_chat_part<take_string<Part, &Part::text>>},
    {"refusal", of_chat_part<take_string<Part, &Part::text>>},
    {"image_url", of_chat_part<take_image>},
    {"input_audio", of_chat_part<take_sound>},
    {"file", of_chat_part<take_file>},
    {"cache_control", of_chat_part<take_raw<Part, &Part::cache_control>>},
};

Checked add_chat_part(Json value, const Path& path, std::vector<Part>& into) {
  ChatPart typed;
  typed.part.where = path.text();
  auto read = read_members(value, path, kChatPart, typed);
  if (!read) return read;
  constexpr std::array<std::pair<std::string_view, Part::Kind>, 5> kKinds = {{{"text", Part::Kind::kText},
                                                                              {"refusal", Part::Kind::kRefusal},
                                                                              {"image_url", Part::Kind::kImage},
                                                                              {"input_audio", Part::Kind::kAudio},
                                                                              {"file", Part::Kind::kFile}}};
  for (const auto& [name, kind] : kKinds) {
    if (name != typed.type) continue;
    typed.part.kind = kind;
    into.push_back(std::move(typed.part));
    return {};
  }
  return cannot_carry(Path{&path, "type"}.text());
}

// --- tool calls ---

struct Function {
  std::string name;
  std::string arguments;
};
constexpr ObjectRule<Function> kFunction[] = {
    {"name", take_string<Function, &Function::name>},
    {"arguments", take_string<Function, &Function::arguments>},
};

struct Call {
  std::string id;
  std::string type = "function";
  Function function;
};
Checked take_function(Call& call, Json value, const Path& path) {
  return read_members(value, path, kFunction, call.function);
}
constexpr ObjectRule<Call> kChatCall[] = {
    {"id", take_string<Call, &Call::id>},
    {"type", take_string<Call, &Call::type>},
    {"function", take_function},
    {"index", nullptr}, // left over from a stream
};

Checked add_chat_call(Json value, const Path& path, std::vector<Part>& into) {
  Call call;
  auto read = read_members(value, path, kChatCall, call);
  if (!read) return read;
  if (call.type != "function") return cannot_carry(Path{&path, "type"}.text());
  into.push_back({.kind = Part::Kind::kToolCall,
                  .text = std::move(call.function.arguments),
                  .id = std::move(call.id),
                  .name = std::move(call.function.name),
                  .where = path.text()});
  return {};
}

// --- messages ---

struct ChatMessage {
  Conversation* conversation = nullptr;
  std::string role{};
  std::vector<Part> parts{};
  std::vector<Part> calls{};
  std::string tool_call_id{};
};

Checked take_chat_content(ChatMessage& message, Json value, const Path& path) {
  return read_content(message.parts, value, path,
                      [&](Json item, const Path& here) { return add_chat_part(item, here, message.parts); });
}
Checked take_calls(ChatMessage& message, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) { return add_chat_call(item, here, message.calls); });
}
Checked take_refusal(ChatMessage& message, Json value, const Path& path) {
  Part part{.kind = Part::Kind::kRefusal, .where = path.text()};
  auto read = read_string(value, path, part.text, kAnySize);
  if (read && !part.text.empty()) message.parts.push_back(std::move(part));
  return read;
}
/// What an answer carried and a client sends back with the rest of the message.
Checked drop_echo(ChatMessage& message, Json, const Path& path) {
  leave_out(message.conversation->left_out, path.name);
  return {};
}

constexpr ObjectRule<ChatMessage> kChatMessage[] = {
    {"role", take_string<ChatMessage, &ChatMessage::role>},
    {"content", take_chat_content},
    {"tool_calls", take_calls},
    {"tool_call_id", take_string<ChatMessage, &ChatMessage::tool_call_id>},
    {"refusal", take_refusal},
    {"annotations", drop_echo},
    {"reasoning_content", drop_echo},
};

Checked add_chat_message(Conversation& out, Json value, const Path& path) {
  ChatMessage read_so_far{.conversation = &out};
  auto read = read_members(value, path, kChatMessage, read_so_far);
  if (!read) return read;
  Message message{.parts = std::move(read_so_far.parts), .where = path.text()};
  const std::string& role = read_so_far.role;
  if (role == "system" || role == "developer") {
    message.role = Role::kSystem;
  } else if (role == "assistant") {
    message.role = Role::kAssistant;
  } else if (role == "tool") {
    message.role = Role::kTool;
    std::vector<Part> content = std::move(message.parts);
    message.parts.clear();
    message.parts.push_back({.kind = Part::Kind::kToolResult,
                             .id = std::move(read_so_far.tool_call_id),
                             .content = std::move(content),
                             .where = path.text()});
  } else if (role != "user") {
    return cannot_carry(Path{&path, "role"}.text());
  }
  if (!read_so_far.calls.empty() && message.role != Role::kAssistant) return cannot_carry(path.text() + ".tool_calls");
  for (Part& call : read_so_far.calls) message.parts.push_back(std::move(call));
  out.messages.push_back(std::move(message));
  return {};
}

Checked take_chat_messages(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) { return add_chat_message(out, item, here); });
}

// --- tools ---

constexpr ObjectRule<Tool> kToolFunction[] = {
    {"name", take_string<Tool, &Tool::name>},
    {"description", take_string<Tool, &Tool::description>},
    {"parameters", take_raw_object<Tool, &Tool::parameters>},
    {"strict", take_flag<Tool, &Tool::strict>},
};

Checked take_tool_function(TypedTool& typed, Json value, const Path& path) {
  return read_members(value, path, kToolFunction, typed.tool);
}
Checked take_tool_cache(TypedTool& typed, Json value, const Path&) {
  typed.tool.cache_control = to_text(value);
  return {};
}
Checked take_chat_tool_type(TypedTool& typed, Json value, const Path& path) {
  auto read = take_string<TypedTool, &TypedTool::type>(typed, value, path);
  if (read && typed.type != "function") return cannot_carry(path.text(), "only functions are");
  return read;
}
constexpr ObjectRule<TypedTool> kChatTool[] = {
    {"type", take_chat_tool_type},
    {"function", take_tool_function},
    {"cache_control", take_tool_cache},
};

Checked take_chat_tools(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) -> Checked {
    TypedTool typed;
    typed.tool.where = here.text();
    auto read = read_members(item, here, kChatTool, typed);
    if (read) out.tools.push_back(std::move(typed.tool));
    return read;
  });
}

struct ChatToolChoice {
  std::string type;
  Function function;
};
Checked take_choice_function(ChatToolChoice& choice, Json value, const Path& path) {
  return read_members(value, path, kFunction, choice.function);
}
constexpr ObjectRule<ChatToolChoice> kChatToolChoice[] = {
    {"type", take_string<ChatToolChoice, &ChatToolChoice::type>},
    {"function", take_choice_function},
};

Checked take_chat_tool_choice(Conversation& out, Json value, const Path& path) {
  if (value.is_string()) return take_choice_word(out, value, path);
  ChatToolChoice choice;
  auto read = read_members(value, path, kChatToolChoice, choice);
  if (!read) return read;
  if (choice.type != "function") return cannot_carry(Path{&path, "type"}.text());
  out.tool_choice.kind = ToolChoice::Kind::kNamed;
  out.tool_choice.name = std::move(choice.function.name);
  return {};
}

// --- the rest ---

constexpr ObjectRule<OutputFormat> kJsonSchema[] = {
    {"name", take_string<OutputFormat, &OutputFormat::name>},
    {"description", take_string<OutputFormat, &OutputFormat::description>},
    {"schema", take_raw_object<OutputFormat, &OutputFormat::schema>},
    {"strict", take_flag<OutputFormat, &OutputFormat::strict>},
};

Checked take_json_schema(TypedFormat& typed, Json value, const Path& path) {
  return read_members(value, path, kJsonSchema, typed.format);
}
constexpr ObjectRule<TypedFormat> kChatFormat[] = {
    {"type", take_string<TypedFormat, &TypedFormat::type>},
    {"json_schema", take_json_schema},
};

Checked take_chat_format(Conversation& out, Json value, const Path& path) {
  TypedFormat typed;
  auto read = read_members(value, path, kChatFormat, typed);
  if (!read) return read;
  return take_typed_format(out, std::move(typed), path);
}

Checked take_stop(Conversation& out, Json value, const Path& path) {
  if (!value.is_string()) return take_setting(out, Knob::kStop, Shape::kTexts, value, path);
  out.settings.push_back({Knob::kStop, path.text(), "[" + to_text(value) + "]"});
  return {};
}

Checked only_one(Conversation&, Json value, const Path& path) {
  if (value.is_int64() && value.get_int64().value_unsafe() == 1) return {};
  return cannot_carry(path.text(), "other dialects give one answer");
}

Checked only_text(Conversation&, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path&) -> Checked {
    if (item.is_string() && item.get_string().value_unsafe() == "text") return {};
    return cannot_carry(path.text());
  });
}

constexpr ObjectRule<Conversation> kChatBody[] = {
    {"model", nullptr},
    {"messages", take_chat_messages},
    {"max_tokens", nullptr}, // the router's bound stands in the target
    {"max_completion_tokens", nullptr},
    {"stream", take_stream},
    {"stream_options", nullptr}, // about the client's stream only
    {"kairosroute", nullptr},
    {"n", only_one},
    {"modalities", only_text},
    {"tools", take_chat_tools},
    {"tool_choice", take_chat_tool_choice},
    {"parallel_tool_calls", take_parallel},
    {"response_format", take_chat_format},
    {"reasoning_effort", take_effort},
    {"stop", take_stop},
    {"temperature", take<Knob::kTemperature, Shape::kNumber>},
    {"top_p", take<Knob::kTopP, Shape::kNumber>},
    {"top_k", take<Knob::kTopK, Shape::kWhole>}, // not OpenAI's, but understood by many servers
    {"seed", take<Knob::kSeed, Shape::kWhole>},
    {"frequency_penalty", take<Knob::kFrequencyPenalty, Shape::kNumber>},
    {"presence_penalty", take<Knob::kPresencePenalty, Shape::kNumber>},
    {"logit_bias", take<Knob::kLogitBias, Shape::kObject>},
    {"logprobs", take<Knob::kLogprobs, Shape::kBool>},
    {"top_logprobs", take<Knob::kTopLogprobs, Shape::kWhole>},
    {"verbosity", take<Knob::kVerbosity, Shape::kString>},
    {"user", take<Knob::kEndUser, Shape::kString>},
    {"safety_identifier", take<Knob::kSafetyIdentifier, Shape::kString>},
    {"metadata", take<Knob::kMetadata, Shape::kObject>},
    {"store", take<Knob::kStore, Shape::kBool>},
    {"service_tier", take<Knob::kServiceTier, Shape::kString>},
    {"prompt_cache_key", take<Knob::kPromptCacheKey, Shape::kString>},
    {"prompt_cache_retention", drop_hint},
};

} // namespace

Checked read_chat_conversation(Json body, Conversation& out) { return read_members(body, Path{}, kChatBody, out); }

} // namespace kairos::providers
