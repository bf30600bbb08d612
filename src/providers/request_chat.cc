// OpenAI chat completions: platform.openai.com/docs/api-reference/chat/create.
#include <fmt/format.h>

#include "providers/request_reader.h"

namespace kairos::providers {
namespace {

Checked read_image_part(RequestReader& reader, std::optional<Json> image, const Path& path) {
  const Path here{&path, "image_url"};
  if (!image) return refuse(here.text(), "is required in a part of type image_url");
  const auto object = as_object(*image, here);
  if (!object) return std::unexpected(object.error());
  if (text_member(*image, "url").empty()) return refuse(Path{&here, "url"}.text(), "must be a string");
  ++reader.out.images;
  reader.out.needs.images = true;
  return {};
}

Checked read_audio_part(RequestReader& reader, std::optional<Json> audio, const Path& path) {
  const Path here{&path, "input_audio"};
  if (!audio) return refuse(here.text(), "is required in a part of type input_audio");
  const std::string_view data = text_member(*audio, "data");
  if (data.empty()) return refuse(Path{&here, "data"}.text(), "must be a string");
  reader.out.audio_bytes += static_cast<std::int64_t>(data.size());
  reader.out.needs.audio = true;
  return {};
}

Checked read_file_part(RequestReader& reader, std::optional<Json> file, const Path& path) {
  const Path here{&path, "file"};
  if (!file) return refuse(here.text(), "is required in a part of type file");
  const std::string_view data = text_member(*file, "file_data");
  reader.out.file_bytes += static_cast<std::int64_t>(data.size());
  if (data.empty()) reader.out.remote_parts = true;
  return {};
}

Checked read_chat_part(RequestReader& reader, Json part, const Path& path) {
  const auto object = as_object(part, path);
  if (!object) return std::unexpected(object.error());
  static constexpr std::array<std::string_view, 5> kNames = {"type", "text", "image_url", "input_audio", "file"};
  const auto fields = pick(reader, *object, path, kNames);
  if (!fields) return std::unexpected(fields.error());
  const auto& [type, text, image, audio, file] = *fields;
  std::string kind;
  if (!type) return refuse(Path{&path, "type"}.text(), "is required");
  auto read = read_string(*type, Path{&path, "type"}, kind, 64);
  if (!read) return read;
  if (kind == "text" && !(text && text->is_string())) return refuse(Path{&path, "text"}.text(), "must be a string");
  if (text) reader.add_all_text(*text);
  if (image || kind == "image_url") read = read_image_part(reader, image, path);
  if (read && (audio || kind == "input_audio")) read = read_audio_part(reader, audio, path);
  if (read && (file || kind == "file")) read = read_file_part(reader, file, path);
  return read;
}

Checked read_chat_content(RequestReader& reader, Json content, const Path& path) {
  return read_text_or_parts(reader, content, path, "a string or an array of parts", read_chat_part);
}

void note_span(RequestReader& reader, std::string_view role, size_t begin) {
  ParsedRequest& out = reader.out;
  const Span span{begin, out.text.size()};
  if (role == "user") out.last_user_text = span;
  if ((role == "system" || role == "developer") && (out.system_text.end == 0 || out.system_text.end == begin)) {
    out.system_text.begin = out.system_text.end == 0 ? begin : out.system_text.begin;
    out.system_text.end = span.end;
  }
}

Checked read_chat_message(RequestReader& reader, Json message, const Path& path) {
  const auto object = as_object(message, path);
  if (!object) return std::unexpected(object.error());
  static constexpr std::array<std::string_view, 3> kNames = {"role", "content", "tool_calls"};
  const auto fields = pick(reader, *object, path, kNames);
  if (!fields) return std::unexpected(fields.error());
  const auto& [role_value, content, calls] = *fields;
  if (!role_value) return refuse(Path{&path, "role"}.text(), "is required");
  std::string role;
  auto read = read_string(*role_value, Path{&path, "role"}, role, 64);
  if (!read) return read;
  const size_t begin = reader.out.text.size();
  if (content) read = read_chat_content(reader, *content, Path{&path, "content"});
  if (!read) return read;
  if (!content && role != "assistant") return refuse(Path{&path, "content"}.text(), "is required");
  note_span(reader, role, begin);
  if (!calls) return {};
  const auto array = as_array(*calls, Path{&path, "tool_calls"});
  if (!array) return std::unexpected(array.error());
  reader.add_all_text(*calls);
  return {};
}

Checked read_chat_messages(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto messages = as_array(value, path, "an array of messages");
  if (!messages) return std::unexpected(messages.error());
  for (const Json message : *messages) {
    auto read = read_chat_message(reader, message, Path{&path, {}, reader.out.messages});
    if (!read) return read;
    ++reader.out.messages;
  }
  if (reader.out.messages == 0) return refuse(path.text(), "must not be empty");
  return {};
}

Checked read_chat_tools(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto tools = as_array(value, path, "an array of tools");
  if (!tools) return std::unexpected(tools.error());
  std::int64_t index = 0;
  for (const Json tool : *tools) {
    const Path here{&path, {}, index++};
    const auto object = as_object(tool, here);
    if (!object) return std::unexpected(object.error());
    const std::string_view type = text_member(tool, "type");
    if (type.empty() && path.name == "tools") return refuse(Path{&here, "type"}.text(), "must be a string");
    reader.out.needs.tools = true;
  }
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_response_format(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  const std::string_view type = text_member(value, "type");
  if (type.empty()) return refuse(Path{&path, "type"}.text(), "must be a string");
  if (type == "json_schema") reader.out.needs.json_schema = true;
  if (type == "json_object" || type == "json_schema") reader.out.wants_json = true;
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_modalities(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto array = as_array(value, path);
  if (!array) return std::unexpected(array.error());
  for (const Json item : *array) {
    std::string_view modality;
    if (item.get(modality) != simdjson::SUCCESS) return refuse(path.text(), "must be an array of strings");
    if (modality == "audio") reader.out.needs.audio = true;
  }
  return {};
}

Checked read_web_search(RequestReader& reader, Json value, const Path& path, const Member&) {
  reader.out.needs.server_tools = true;
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  return {};
}

Checked read_reasoning(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  reader.out.needs.reasoning = true;
  return {};
}

constexpr std::array kChatRules = {
    FieldRule{"model", read_model, &EditPoints::model},
    FieldRule{"messages", read_chat_messages},
    FieldRule{"max_tokens", read_max_output, &EditPoints::max_output},
    FieldRule{"max_completion_tokens", read_max_output, &EditPoints::max_output},
    FieldRule{"stream", read_stream},
    FieldRule{"stream_options", read_stream_options, &EditPoints::stream_options},
    FieldRule{"n", read_choices},
    FieldRule{"tools", read_chat_tools},
    FieldRule{"functions", read_chat_tools},
    FieldRule{"response_format", read_response_format},
    FieldRule{"modalities", read_modalities},
    FieldRule{"web_search_options", read_web_search},
    FieldRule{"reasoning_effort", read_reasoning_effort},
    FieldRule{"reasoning", read_reasoning},
    FieldRule{"temperature", read_temperature},
    FieldRule{"user", read_user},
    FieldRule{"service_tier", read_service_tier},
    FieldRule{"kairosroute", read_kairosroute, &EditPoints::kairosroute},
    FieldRule{"metadata", ignore_field},
    FieldRule{"logit_bias", ignore_field},
    FieldRule{"stop", ignore_field},
    FieldRule{"tool_choice", ignore_field},
    FieldRule{"prompt_cache_key", ignore_field},
    FieldRule{"safety_identifier", ignore_field},
    FieldRule{"audio", ignore_field},
};

} // namespace

std::span<const FieldRule> chat_rules() { return kChatRules; }

} // namespace kairos::providers
