// OpenAI responses → Conversation: platform.openai.com/docs/api-reference/responses/create.
//
// Nothing is kept at a provider of another dialect: what refers to something kept (previous_response_id, conversation,
// prompt, item references, files by id) is refused, and so is `store: true`; not said, it is taken for false.
#include "providers/conversation_openai.h"
#include "providers/reasoning_item.h"

namespace kairos::providers {
namespace {

// --- content ---

struct ResponsePart {
  std::string type{};
  Part part{};
  std::string image{};
  std::string file{};
};
template <Checked (*Take)(Part&, Json, const Path&)>
Checked of_response_part(ResponsePart& typed, Json value, const Path& path) {
  return Take(typed.part, value, path);
}
constexpr ObjectRule<ResponsePart> kResponsePart[] = {
    {"type", take_string<ResponsePart, &ResponsePart::type>},
    {"text", of_response_part<take_string<Part, &Part::text>>},
    {"refusal", of_response_part<take_string<Part, &Part::text>>},
    {"image_url", take_string<ResponsePart, &ResponsePart::image>},
    {"detail", of_response_part<take_string<Part, &Part::detail>>},
    {"file_data", take_string<ResponsePart, &ResponsePart::file>},
    {"file_url", of_response_part<take_string<Part, &Part::url>>},
    {"filename", of_response_part<take_string<Part, &Part::name>>},
    {"annotations", nullptr}, // of an earlier answer
    {"logprobs", nullptr},
};

/// `url` is a data URL or an address.
void place_data(Part& part, std::string url, std::string_view usual_type) {
  if (url.empty() || split_data_url(url, part.media_type, part.data)) return;
  if (usual_type.empty()) {
    part.url = std::move(url);
  } else {
    part.media_type = usual_type;
    part.data = std::move(url);
  }
}

Checked add_response_part(Json value, const Path& path, std::vector<Part>& into) {
  ResponsePart typed;
  typed.part.where = path.text();
  auto read = read_members(value, path, kResponsePart, typed);
  if (!read) return read;
  constexpr std::array<std::pair<std::string_view, Part::Kind>, 5> kKinds = {{{"input_text", Part::Kind::kText},
                                                                              {"output_text", Part::Kind::kText},
                                                                              {"refusal", Part::Kind::kRefusal},
                                                                              {"input_image", Part::Kind::kImage},
                                                                              {"input_file", Part::Kind::kFile}}};
  for (const auto& [name, kind] : kKinds) {
    if (name != typed.type) continue;
    typed.part.kind = kind;
    place_data(typed.part, std::move(typed.image), "");
    place_data(typed.part, std::move(typed.file), "application/pdf");
    into.push_back(std::move(typed.part));
    return {};
  }
  return cannot_carry(Path{&path, "type"}.text());
}

Checked add_response_parts(std::vector<Part>& into, Json value, const Path& path) {
  return read_content(into, value, path,
                      [&](Json item, const Path& here) { return add_response_part(item, here, into); });
}

// --- items ---

struct InputItem {
  std::string type = "message";
  std::string role{};
  std::vector<Part> parts{};
  std::string call_id{};
  std::string name{};
  std::string arguments{};
  std::string summary{};
  std::string encrypted{};
};
Checked take_item_content(InputItem& item, Json value, const Path& path) {
  if (item.type == "reasoning") return {}; // the thoughts of open models; they are not taken back
  return add_response_parts(item.parts, value, path);
}
Checked take_summary(InputItem& item, Json value, const Path& path) {
  return read_items(value, path, [&](Json part, const Path&) -> Checked {
    item.summary += text_member(part, "text");
    return {};
  });
}
constexpr ObjectRule<InputItem> kInputItem[] = {
    {"role", take_string<InputItem, &InputItem::role>},
    {"content", take_item_content},
    {"output", take_item_content},
    {"call_id", take_string<InputItem, &InputItem::call_id>},
    {"name", take_string<InputItem, &InputItem::name>},
    {"arguments", take_string<InputItem, &InputItem::arguments>},
    {"summary", take_summary},
    {"encrypted_content", take_string<InputItem, &InputItem::encrypted>},
    {"type", nullptr}, // read first
    {"id", nullptr},   // means something only where items are kept
    {"status", nullptr},
};

/// What an assistant says, thinks and calls is one message, whatever number of items it came in.
Message& assistant_message(Conversation& out, const Path& path) {
  if (out.messages.empty() || out.messages.back().role != Role::kAssistant)
    out.messages.push_back({.role = Role::kAssistant, .where = path.text()});
  return out.messages.back();
}

Checked add_message(Conversation& out, InputItem item, const Path& path) {
  if (item.role == "assistant") {
    Message& message = assistant_message(out, path);
    for (Part& part : item.parts) message.parts.push_back(std::move(part));
    return {};
  }
  Role role = Role::kUser;
  if (item.role == "system" || item.role == "developer")
    role = Role::kSystem;
  else if (item.role != "user")
    return cannot_carry(Path{&path, "role"}.text());
  out.messages.push_back({role, std::move(item.parts), path.text()});
  return {};
}

void add_reasoning(Conversation& out, InputItem item, const Path& path) {
  auto part = reasoning_part(item.summary, item.encrypted);
  if (!part) return leave_out(out.left_out, "reasoning");
  part->where = path.text();
  assistant_message(out, path).parts.push_back(std::move(*part));
}

Checked add_input_item(Conversation& out, Json value, const Path& path) {
  InputItem item;
  if (const std::string_view type = text_member(value, "type"); !type.empty()) item.type = type;
  if (item.type == "item_reference") return cannot_carry(path.text(), "items that are kept at a provider stay there");
  const bool known = item.type == "message" || item.type == "function_call" || item.type == "function_call_output" ||
                     item.type == "reasoning";
  if (!known) return cannot_carry(Path{&path, "type"}.text());
  auto read = read_members(value, path, kInputItem, item);
  if (!read) return read;
  if (item.type == "message") return add_message(out, std::move(item), path);
  if (item.type == "reasoning") {
    add_reasoning(out, std::move(item), path);
  } else if (item.type == "function_call") {
    assistant_message(out, path).parts.push_back({.kind = Part::Kind::kToolCall,
                                                  .text = std::move(item.arguments),
                                                  .id = std::move(item.call_id),
                                                  .name = std::move(item.name),
                                                  .where = path.text()});
  } else {
    Message result{.role = Role::kTool, .where = path.text()};
    result.parts.push_back({.kind = Part::Kind::kToolResult,
                            .id = std::move(item.call_id),
                            .content = std::move(item.parts),
                            .where = path.text()});
    out.messages.push_back(std::move(result));
  }
  return {};
}

Checked take_input(Conversation& out, Json value, const Path& path) {
  if (value.is_string()) {
    Message message{.role = Role::kUser, .where = path.text()};
    auto read = add_response_parts(message.parts, value, path);
    out.messages.push_back(std::move(message));
    return read;
  }
  return read_items(value, path, [&](Json item, const Path& here) { return add_input_item(out, item, here); });
}

Checked take_instructions(Conversation& out, Json value, const Path& path) {
  Message message{.role = Role::kSystem, .where = path.text()};
  auto read = add_response_parts(message.parts, value, path);
  out.messages.insert(out.messages.begin(), std::move(message));
  return read;
}

// --- tools ---

template <Checked (*Take)(Tool&, Json, const Path&)>
Checked of_response_tool(TypedTool& typed, Json value, const Path& path) {
  return Take(typed.tool, value, path);
}
constexpr ObjectRule<TypedTool> kResponseTool[] = {
    {"type", take_string<TypedTool, &TypedTool::type>},
    {"name", of_response_tool<take_string<Tool, &Tool::name>>},
    {"description", of_response_tool<take_string<Tool, &Tool::description>>},
    {"parameters", of_response_tool<take_raw_object<Tool, &Tool::parameters>>},
    {"strict", of_response_tool<take_flag<Tool, &Tool::strict>>},
};

Checked take_response_tools(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) -> Checked {
    if (text_member(item, "type") != "function") return cannot_carry(Path{&here, "type"}.text(), "only functions are");
    TypedTool typed;
    typed.tool.where = here.text();
    auto read = read_members(item, here, kResponseTool, typed);
    if (read) out.tools.push_back(std::move(typed.tool));
    return read;
  });
}

struct ResponseToolChoice {
  std::string type{};
  std::string name{};
};
constexpr ObjectRule<ResponseToolChoice> kResponseToolChoice[] = {
    {"type", take_string<ResponseToolChoice, &ResponseToolChoice::type>},
    {"name", take_string<ResponseToolChoice, &ResponseToolChoice::name>},
};

Checked take_response_tool_choice(Conversation& out, Json value, const Path& path) {
  if (value.is_string()) return take_choice_word(out, value, path);
  if (text_member(value, "type") != "function") return cannot_carry(Path{&path, "type"}.text());
  ResponseToolChoice named;
  auto read = read_members(value, path, kResponseToolChoice, named);
  out.tool_choice.kind = ToolChoice::Kind::kNamed;
  out.tool_choice.name = std::move(named.name);
  return read;
}

// --- format and reasoning ---

template <Checked (*Take)(OutputFormat&, Json, const Path&)>
Checked of_format(TypedFormat& typed, Json value, const Path& path) {
  return Take(typed.format, value, path);
}
constexpr ObjectRule<TypedFormat> kTextFormat[] = {
    {"type", take_string<TypedFormat, &TypedFormat::type>},
    {"name", of_format<take_string<OutputFormat, &OutputFormat::name>>},
    {"description", of_format<take_string<OutputFormat, &OutputFormat::description>>},
    {"schema", of_format<take_raw_object<OutputFormat, &OutputFormat::schema>>},
    {"strict", of_format<take_flag<OutputFormat, &OutputFormat::strict>>},
};

Checked take_text_format(Conversation& out, Json value, const Path& path) {
  TypedFormat typed;
  auto read = read_members(value, path, kTextFormat, typed);
  if (!read) return read;
  return take_typed_format(out, std::move(typed), path);
}
constexpr ObjectRule<Conversation> kTextRules[] = {
    {"format", take_text_format},
    {"verbosity", take<Knob::kVerbosity, Shape::kString>},
};
Checked take_text(Conversation& out, Json value, const Path& path) {
  return read_members(value, path, kTextRules, out);
}

Checked take_wants_summary(Conversation& out, Json, const Path&) {
  out.thinking.wants_text = true;
  return {};
}
constexpr ObjectRule<Conversation> kReasoningRules[] = {
    {"effort", take_effort},
    {"summary", take_wants_summary},
    {"generate_summary", take_wants_summary},
};
Checked take_reasoning(Conversation& out, Json value, const Path& path) {
  return read_members(value, path, kReasoningRules, out);
}

// --- the rest ---

Checked take_include(Conversation&, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) -> Checked {
    if (item.is_string() && item.get_string().value_unsafe() == kEncryptedReasoning) return {};
    return cannot_carry(here.text());
  });
}

Checked take_truncation(Conversation&, Json value, const Path& path) {
  if (value.is_string() && value.get_string().value_unsafe() == "disabled") return {};
  return cannot_carry(path.text());
}

Checked refuse_kept(Conversation&, Json, const Path& path) {
  return cannot_carry(path.text(),
                      "what is kept at one provider is not known to another; send the whole input, or name "
                      "a model of the provider that has it");
}

constexpr ObjectRule<Conversation> kResponsesBody[] = {
    {"model", nullptr},
    {"input", take_input},
    {"instructions", take_instructions},
    {"max_output_tokens", nullptr}, // the router's bound stands in the target
    {"stream", take_stream},
    {"stream_options", nullptr}, // about the client's stream only
    {"background", nullptr},     // true is refused for every provider
    {"kairosroute", nullptr},
    {"tools", take_response_tools},
    {"tool_choice", take_response_tool_choice},
    {"parallel_tool_calls", take_parallel},
    {"text", take_text},
    {"reasoning", take_reasoning},
    {"include", take_include},
    {"truncation", take_truncation},
    {"previous_response_id", refuse_kept},
    {"conversation", refuse_kept},
    {"prompt", refuse_kept},
    {"temperature", take<Knob::kTemperature, Shape::kNumber>},
    {"top_p", take<Knob::kTopP, Shape::kNumber>},
    {"top_logprobs", take<Knob::kTopLogprobs, Shape::kWhole>},
    {"user", take<Knob::kEndUser, Shape::kString>},
    {"safety_identifier", take<Knob::kSafetyIdentifier, Shape::kString>},
    {"metadata", take<Knob::kMetadata, Shape::kObject>},
    {"store", take<Knob::kStore, Shape::kBool>},
    {"service_tier", take<Knob::kServiceTier, Shape::kString>},
    {"prompt_cache_key", take<Knob::kPromptCacheKey, Shape::kString>},
    {"prompt_cache_retention", drop_hint},
};

} // namespace

Checked read_responses_conversation(Json body, Conversation& out) {
  return read_members(body, Path{}, kResponsesBody, out);
}

} // namespace kairos::providers
