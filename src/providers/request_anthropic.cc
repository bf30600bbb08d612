// Anthropic messages: docs.anthropic.com/en/api/messages.
#include <fmt/format.h>

#include "providers/request_reader.h"

namespace kairos::providers {
namespace {

Checked read_anthropic_content(RequestReader& reader, Json content, const Path& path);

/// source: {type: base64, data} | {type: url, url} | {type: file, file_id} | {type: text, data} | {type: content,
/// content}
Checked read_anthropic_source(RequestReader& reader, std::optional<Json> source, const Path& path, bool image) {
  const Path here{&path, "source"};
  if (!source) return refuse(here.text(), "is required");
  const auto object = as_object(*source, here);
  if (!object) return std::unexpected(object.error());
  const std::string_view type = text_member(*source, "type");
  if (type.empty()) return refuse(Path{&here, "type"}.text(), "must be a string");
  const std::string_view data = text_member(*source, "data");
  if (image) {
    ++reader.out.images;
    reader.out.needs.images = true;
  } else if (type == "base64") {
    reader.out.file_bytes += static_cast<std::int64_t>(data.size());
  } else if (type == "text" || type == "content") {
    reader.add_all_text(*source);
  } else {
    reader.out.remote_parts = true;
  }
  return {};
}

Checked read_anthropic_block(RequestReader& reader, Json block, const Path& path) {
  const auto object = as_object(block, path);
  if (!object) return std::unexpected(object.error());
  static constexpr std::array<std::string_view, 6> kNames = {"type",    "text",          "source",
                                                             "content", "cache_control", "signature"};
  const auto fields = pick(reader, *object, path, kNames);
  if (!fields) return std::unexpected(fields.error());
  const auto& [type, text, source, content, cache_control, signature] = *fields;
  std::string kind;
  if (!type) return refuse(Path{&path, "type"}.text(), "is required");
  auto read = read_string(*type, Path{&path, "type"}, kind, 64);
  if (!read) return read;
  if (kind == "text" && !(text && text->is_string())) return refuse(Path{&path, "text"}.text(), "must be a string");
  if (text) reader.add_all_text(*text);
  if (signature) reader.add_all_text(*signature);
  if ((source && kind != "search_result") || kind == "image" || kind == "document") {
    read = read_anthropic_source(reader, source, path, kind == "image");
    if (!read) return read;
  }
  if (!content) return {};
  if (kind == "tool_result") return read_anthropic_content(reader, *content, Path{&path, "content"});
  reader.add_all_text(*content);
  return {};
}

Checked read_anthropic_content(RequestReader& reader, Json content, const Path& path) {
  return read_text_or_parts(reader, content, path, "a string or an array of content blocks", read_anthropic_block);
}

Checked read_anthropic_message(RequestReader& reader, Json message, const Path& path) {
  const auto object = as_object(message, path);
  if (!object) return std::unexpected(object.error());
  static constexpr std::array<std::string_view, 2> kNames = {"role", "content"};
  const auto fields = pick(reader, *object, path, kNames);
  if (!fields) return std::unexpected(fields.error());
  const auto& [role_value, content] = *fields;
  if (!role_value) return refuse(Path{&path, "role"}.text(), "is required");
  std::string role;
  auto read = read_string(*role_value, Path{&path, "role"}, role, 64);
  if (!read) return read;
  if (!content) return refuse(Path{&path, "content"}.text(), "is required");
  const size_t begin = reader.out.text.size();
  read = read_anthropic_content(reader, *content, Path{&path, "content"});
  if (role == "user" && reader.out.text.size() > begin) reader.out.last_user_text = {begin, reader.out.text.size()};
  return read;
}

Checked read_anthropic_messages(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto messages = as_array(value, path, "an array of messages");
  if (!messages) return std::unexpected(messages.error());
  for (const Json message : *messages) {
    auto read = read_anthropic_message(reader, message, Path{&path, {}, reader.out.messages});
    if (!read) return read;
    ++reader.out.messages;
  }
  if (reader.out.messages == 0) return refuse(path.text(), "must not be empty");
  return {};
}

Checked read_system(RequestReader& reader, Json value, const Path& path, const Member&) {
  const size_t begin = reader.out.text.size();
  auto read = read_anthropic_content(reader, value, path);
  reader.out.system_text = {begin, reader.out.text.size()};
  return read;
}

/// Tools that the client runs itself carry no type, or one of these; every other type is run by the provider.
bool run_by_client(std::string_view type) {
  if (type.empty() || type == "custom") return true;
  for (const std::string_view prefix : {"bash_", "text_editor_", "computer_", "memory_"}) {
    if (type.starts_with(prefix)) return true;
  }
  return false;
}

Checked read_anthropic_tools(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto tools = as_array(value, path, "an array of tools");
  if (!tools) return std::unexpected(tools.error());
  std::int64_t index = 0;
  for (const Json tool : *tools) {
    const auto object = as_object(tool, Path{&path, {}, index++});
    if (!object) return std::unexpected(object.error());
    reader.out.needs.tools = true;
    if (!run_by_client(text_member(tool, "type"))) reader.out.needs.server_tools = true;
  }
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_thinking(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  if (text_member(value, "type") != "disabled") reader.out.needs.reasoning = true;
  return {};
}

Checked read_metadata(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  reader.out.end_user = text_member(value, "user_id").substr(0, 512);
  return {};
}

Checked read_output_format(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  if (text_member(value, "type") == "json_schema" || object_member(value, "format"))
    reader.out.needs.json_schema = reader.out.wants_json = true;
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_mcp(RequestReader& reader, Json, const Path&, const Member& where) {
  reader.out.needs.server_tools = true;
  reader.add_text(where.value.of(reader.body));
  return {};
}

constexpr std::array kAnthropicRules = {
    FieldRule{"model", read_model, &EditPoints::model},
    FieldRule{"messages", read_anthropic_messages},
    FieldRule{"max_tokens", read_max_output, &EditPoints::max_output},
    FieldRule{"system", read_system},
    FieldRule{"stream", read_stream},
    FieldRule{"tools", read_anthropic_tools},
    FieldRule{"thinking", read_thinking},
    FieldRule{"temperature", read_temperature},
    FieldRule{"metadata", read_metadata},
    FieldRule{"service_tier", read_service_tier},
    FieldRule{"output_format", read_output_format},
    FieldRule{"output_config", read_output_format},
    FieldRule{"mcp_servers", read_mcp},
    FieldRule{"kairosroute", read_kairosroute, &EditPoints::kairosroute},
    FieldRule{"stop_sequences", ignore_field},
    FieldRule{"tool_choice", ignore_field},
};

} // namespace

std::span<const FieldRule> anthropic_rules() { return kAnthropicRules; }

} // namespace kairos::providers
