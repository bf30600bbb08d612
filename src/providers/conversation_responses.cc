// OpenAI responses → Conversation: platform.openai.com/docs/api-reference/responses/create.
//
// Nothing is kept at a provider of another dialect: what refers to something kept (previous_response_id, conversation,
// prompt, item references, files by id) is refused, and so is `store: true`; not said, it is taken for false.
#include "providers/conversation_openai.h"
#include "providers/reasoning_item.h"

namespace kairos::providers {
namespace {

// --- content ---

struct TypedPart {
  std::string type{};
  Part part{};
  std::string image{};
  std::string file{};
};
template <Checked (*Take)(Part&, Json, const Path&)>
Checked inside(TypedPart& typed, Json value, const Path& path) {
  return Take(typed.part, value, path);
}
constexpr ObjectRule<TypedPart> kPart[] = {
    {"type", take_string<TypedPart, &TypedPart::type>},
    {"text", inside<take_string<Part, &Part::text>>},
    {"refusal", inside<take_string<Part, &Part::text>>},
    {"image_url", take_string<TypedPart, &TypedPart::image>},
    {"detail", inside<take_string<Part, &Part::detail>>},
    {"file_data", take_string<TypedPart, &TypedPart::file>},
    {"file_url", inside<take_string<Part, &Part::url>>},
    {"filename", inside<take_string<Part, &Part::name>>},
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

Checked read_part(Json value, const Path& path, std::vector<Part>& into) {
  TypedPart typed;
  typed.part.where = path.text();
  auto read = read_members(value, path, kPart, typed);
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

Checked read_parts(std::vector<Part>& into, Json value, const Path& path) {
  return read_content(into, value, path, [&](Json item, const Path& here) { return read_part(item, here, into); });
}

// --- items ---

struct Item {
  std::string type = "message";
  std::string role{};
  std::vector<Part> parts{};
  std::string call_id{};
  std::string name{};
  std::string arguments{};
  std::string summary{};
  std::string encrypted{};
};
Checked take_content(Item& item, Json value, const Path& path) {
  if (item.type == "reasoning") return {}; // the thoughts of open models; they are not taken back
  return read_parts(item.parts, value, path);
}
Checked take_summary(Item& item, Json value, const Path& path) {
  return read_items(value, path, [&](Json part, const Path&) -> Checked {
    item.summary += text_member(part, "text");
    return {};
  });
}
constexpr ObjectRule<Item> kItem[] = {
    {"role", take_string<Item, &Item::role>},
    {"content", take_content},
    {"output", take_content},
    {"call_id", take_string<Item, &Item::call_id>},
    {"name", take_string<Item, &Item::name>},
    {"arguments", take_string<Item, &Item::arguments>},
    {"summary", take_summary},
    {"encrypted_content", take_string<Item, &Item::encrypted>},
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

Checked add_message(Conversation& out, Item item, const Path& path) {
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

void add_reasoning(Conversation& out, Item item, const Path& path) {
  auto part = reasoning_part(item.summary, item.encrypted);
  if (!part) return leave_out(out.left_out, "reasoning");
  part->where = path.text();
  assistant_message(out, path).parts.push_back(std::move(*part));
}

Checked read_item(Conversation& out, Json value, const Path& path) {
  Item item;
  if (const std::string_view type = text_member(value, "type"); !type.empty()) item.type = type;
  if (item.type == "item_reference") return cannot_carry(path.text(), "items that are kept at a provider stay there");
  const bool known = item.type == "message" || item.type == "function_call" || item.type == "function_call_output" ||
                     item.type == "reasoning";
  if (!known) return cannot_carry(Path{&path, "type"}.text());
  auto read = read_members(value, path, kItem, item);
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
    auto read = read_parts(message.parts, value, path);
    out.messages.push_back(std::move(message));
    return read;
  }
  return read_items(value, path, [&](Json item, const Path& here) { return read_item(out, item, here); });
}

Checked take_instructions(Conversation& out, Json value, const Path& path) {
  Message message{.role = Role::kSystem, .where = path.text()};
  auto read = read_parts(message.parts, value, path);
  out.messages.insert(out.messages.begin(), std::move(message));
  return read;
}

// --- tools ---

struct TypedTool {
  std::string type{};
  Tool tool{};
};
template <Checked (*Take)(Tool&, Json, const Path&)>
Checked of_tool(TypedTool& typed, Json value, const Path& path) {
  return Take(typed.tool, value, path);
}
constexpr ObjectRule<TypedTool> kTool[] = {
    {"type", take_string<TypedTool, &TypedTool::type>},
    {"name", of_tool<take_string<Tool, &Tool::name>>},
    {"description", of_tool<take_string<Tool, &Tool::description>>},
    {"parameters", of_tool<take_raw_object<Tool, &Tool::parameters>>},
    {"strict", of_tool<take_flag<Tool, &Tool::strict>>},
};

Checked take_tools(Conversation& out, Json value, const Path& path) {
  return read_items(value, path, [&](Json item, const Path& here) -> Checked {
    if (text_member(item, "type") != "function") return cannot_carry(Path{&here, "type"}.text(), "only functions are");
    TypedTool typed;
    typed.tool.where = here.text();
    auto read = read_members(item, here, kTool, typed);
    if (read) out.tools.push_back(std::move(typed.tool));
    return read;
  });
}

struct NamedChoice {
  std::string type{};
  std::string name{};
};
constexpr ObjectRule<NamedChoice> kNamedChoice[] = {
    {"type", take_string<NamedChoice, &NamedChoice::type>},
    {"name", take_string<NamedChoice, &NamedChoice::name>},
};

Checked take_tool_choice(Conversation& out, Json value, const Path& path) {
  if (value.is_string()) return take_choice_word(out, value, path);
  if (text_member(value, "type") != "function") return cannot_carry(Path{&path, "type"}.text());
  NamedChoice named;
  auto read = read_members(value, path, kNamedChoice, named);
  out.tool_choice.kind = ToolChoice::Kind::kNamed;
  out.tool_choice.name = std::move(named.name);
  return read;
}

// --- format and reasoning ---

struct TypedFormat {
  std::string type{};
  OutputFormat format{};
};
template <Checked (*Take)(OutputFormat&, Json, const Path&)>
Checked of_format(TypedFormat& typed, Json value, const Path& path) {
  return Take(typed.format, value, path);
}
constexpr ObjectRule<TypedFormat> kFormat[] = {
    {"type", take_string<TypedFormat, &TypedFormat::type>},
    {"name", of_format<take_string<OutputFormat, &OutputFormat::name>>},
    {"description", of_format<take_string<OutputFormat, &OutputFormat::description>>},
    {"schema", of_format<take_raw_object<OutputFormat, &OutputFormat::schema>>},
    {"strict", of_format<take_flag<OutputFormat, &OutputFormat::strict>>},
};

Checked take_format(Conversation& out, Json value, const Path& path) {
  TypedFormat typed;
  auto read = read_members(value, path, kFormat, typed);
  if (!read) return read;
  return take_typed_format(out, std::move(typed.format), typed.type, path);
}
constexpr ObjectRule<Conversation> kText[] = {
    {"format", take_format},
    {"verbosity", take<Knob::kVerbosity, Shape::kString>},
};
Checked take_text(Conversation& out, Json value, const Path& path) { return read_members(value, path, kText, out); }

Checked take_wants_summary(Conversation& out, Json, const Path&) {
  out.thinking.wants_text = true;
  return {};
}
constexpr ObjectRule<Conversation> kReasoning[] = {
    {"effort", take_effort},
    {"summary", take_wants_summary},
    {"generate_summary", take_wants_summary},
};
Checked take_reasoning(Conversation& out, Json value, const Path& path) {
  return read_members(value, path, kReasoning, out);
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

constexpr ObjectRule<Conversation> kBody[] = {
    {"model", nullptr},
    {"input", take_input},
    {"instructions", take_instructions},
    {"max_output_tokens", nullptr}, // the router's bound stands in the target
    {"stream", take_stream},
    {"stream_options", nullptr}, // about the client's stream only
    {"background", nullptr},     // true is refused for every provider
    {"kairosroute", nullptr},
    {"tools", take_tools},
    {"tool_choice", take_tool_choice},
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

Checked read_responses_conversation(Json body, Conversation& out) { return read_members(body, Path{}, kBody, out); }

} // namespace kairos::providers
