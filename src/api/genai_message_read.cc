#include "api/genai_message.h"

namespace kairos::api {
namespace {

using providers::Json;
using providers::member;
using providers::text_member;

constexpr size_t kMostTypeBytes = 40;

std::string text_of(Json value) {
  std::string text;
  std::vector<GenAiPart> parts;
  add_parts(parts, value);
  for (const GenAiPart& part : parts) text += part.content;
  return text;
}

/// An address as it is; of a data URL only what kind of bytes it has.
GenAiPart media(std::string_view url, std::string_view media_type) {
  if (!url.empty() && !url.starts_with("data:")) return {"uri", "", "", std::string(url), std::string(media_type)};
  if (media_type.empty() && !url.empty()) media_type = url.substr(5, std::min(url.find_first_of(";,"), url.size()) - 5);
  return {"blob", "", "", "", std::string(media_type.substr(0, kMostTypeBytes))};
}

GenAiPart media_of(Json part) {
  if (const auto source = member(part, "source")) // Anthropic
    return media(text_member(*source, "url"), text_member(*source, "media_type"));
  const auto image = member(part, "image_url");
  if (!image) return media({}, {});
  return media(image->is_string() ? std::string_view(image->get_string().value_unsafe()) : text_member(*image, "url"),
               {});
}

/// Arguments come as a JSON text or as JSON.
std::string json_of(Json parent, std::string_view key) {
  const auto value = member(parent, key);
  if (!value) return {};
  return value->is_string() ? std::string(value->get_string().value_unsafe()) : providers::to_text(*value);
}

GenAiPart part_of(Json part) {
  const std::string_view type = text_member(part, "type");
  const auto texts = [&](const char* as, std::string_view key) {
    return GenAiPart{as, "", "", std::string(text_member(part, key))};
  };
  if (type == "text" || type == "input_text" || type == "output_text") return texts("text", "text");
  if (type == "refusal") return texts("text", "refusal");
  if (type == "thinking") return texts("reasoning", "thinking");
  if (type == "summary_text" || type == "reasoning_text") return texts("reasoning", "text");
  if (type == "image" || type == "image_url" || type == "input_image" || type == "document") return media_of(part);
  if (type == "tool_use")
    return {"tool_call", std::string(text_member(part, "id")), std::string(text_member(part, "name")),
            json_of(part, "input")};
  if (type == "tool_result") {
    const auto content = member(part, "content");
    return {"tool_call_response", std::string(text_member(part, "tool_use_id")), "", content ? text_of(*content) : ""};
  }
  return {std::string(type.empty() ? "unknown" : type.substr(0, kMostTypeBytes))};
}

void add_calls(std::vector<GenAiPart>& into, Json message) {
  const auto calls = providers::array_member(message, "tool_calls");
  if (!calls) return;
  for (const Json call : *calls) {
    const auto function = member(call, "function");
    if (!function) continue;
    into.push_back({"tool_call", std::string(text_member(call, "id")), std::string(text_member(*function, "name")),
                    json_of(*function, "arguments")});
  }
}

void add_item(std::vector<GenAiMessage>& into, Json item, std::string_view default_role) {
  const std::string_view type = text_member(item, "type");
  const std::string id(text_member(item, "call_id"));
  if (type == "function_call") {
    into.push_back(
        {"assistant", {{"tool_call", id, std::string(text_member(item, "name")), json_of(item, "arguments")}}});
  } else if (type == "function_call_output") {
    into.push_back({"tool", {{"tool_call_response", id, "", json_of(item, "output")}}});
  } else if (type == "reasoning") {
    GenAiMessage thoughts{"assistant"};
    if (const auto summary = member(item, "summary")) add_parts(thoughts.parts, *summary);
    if (!thoughts.parts.empty()) into.push_back(std::move(thoughts));
  } else if (type.empty() || type == "message") {
    into.push_back(message_of(item));
    if (into.back().role.empty()) into.back().role = default_role;
  } else {
    into.push_back({std::string(default_role), {{std::string(type.substr(0, kMostTypeBytes))}}});
  }
}

} // namespace

void add_parts(std::vector<GenAiPart>& into, Json value) {
  if (value.is_string()) {
    into.push_back({"text", "", "", std::string(value.get_string().value_unsafe())});
  } else if (value.is_array()) {
    const providers::JsonArray parts = value.get_array().value_unsafe();
    for (const Json part : parts) {
      if (part.is_string()) add_parts(into, part);
      if (part.is_object()) into.push_back(part_of(part));
    }
  }
}

GenAiMessage message_of(Json message) {
  GenAiMessage made{std::string(text_member(message, "role").substr(0, kMostTypeBytes))};
  if (const auto thoughts = text_member(message, "reasoning_content"); !thoughts.empty())
    made.parts.push_back({"reasoning", "", "", std::string(thoughts)});
  const auto content = member(message, "content");
  if (made.role == "tool" && content) {
    made.parts.push_back(
        {"tool_call_response", std::string(text_member(message, "tool_call_id")), "", text_of(*content)});
    return made;
  }
  if (content) add_parts(made.parts, *content);
  if (const auto refusal = text_member(message, "refusal"); !refusal.empty())
    made.parts.push_back({"text", "", "", std::string(refusal)});
  add_calls(made.parts, message);
  return made;
}

void add_items(std::vector<GenAiMessage>& into, providers::JsonArray items, std::string_view default_role) {
  for (const Json item : items) add_item(into, item, default_role);
}

} // namespace kairos::api
