// OpenAI responses, embeddings and completions: platform.openai.com/docs/api-reference.
#include <fmt/format.h>

#include "providers/request_reader.h"

namespace kairos::providers {
namespace {

// --- responses ---

Checked read_response_part(RequestReader& reader, Json part, const Path& path) {
  const auto object = as_object(part, path);
  if (!object) return std::unexpected(object.error());
  const std::string_view type = text_member(part, "type");
  if (type == "input_image") {
    ++reader.out.images;
    reader.out.needs.images = true;
  } else if (type == "input_file") {
    const std::string_view data = text_member(part, "file_data");
    reader.out.file_bytes += static_cast<std::int64_t>(data.size());
    if (data.empty()) reader.out.remote_parts = true;
  } else if (type == "input_audio") {
    reader.out.needs.audio = true;
    const auto audio = member(part, "input_audio");
    if (audio) reader.out.audio_bytes += static_cast<std::int64_t>(text_member(*audio, "data").size());
  } else {
    reader.add_all_text(part);
  }
  return {};
}

Checked read_response_content(RequestReader& reader, Json content, const Path& path) {
  return read_text_or_parts(reader, content, path, "a string or an array of parts", read_response_part);
}

Checked read_response_item(RequestReader& reader, Json item, const Path& path) {
  const auto object = as_object(item, path);
  if (!object) return std::unexpected(object.error());
  static constexpr std::array<std::string_view, 3> kNames = {"type", "role", "content"};
  const auto fields = pick(reader, *object, path, kNames);
  if (!fields) return std::unexpected(fields.error());
  const auto& [type, role_value, content] = *fields;
  if (type && !type->is_string()) return refuse(Path{&path, "type"}.text(), "must be a string");
  if (type && type->get_string().value_unsafe() == "item_reference") reader.out.remote_parts = true;
  if (!content) return {};
  std::string role;
  if (role_value) {
    auto read = read_string(*role_value, Path{&path, "role"}, role, 64);
    if (!read) return read;
  }
  const size_t begin = reader.out.text.size();
  auto read = read_response_content(reader, *content, Path{&path, "content"});
  if (role == "user") reader.out.last_user_text = {begin, reader.out.text.size()};
  return read;
}

Checked read_response_input(RequestReader& reader, Json value, const Path& path, const Member&) {
  const size_t begin = reader.out.text.size();
  if (value.is_string()) {
    reader.add_text(value.get_string().value_unsafe());
    reader.out.last_user_text = {begin, reader.out.text.size()};
    reader.out.messages = 1;
    return {};
  }
  const auto items = as_array(value, path, "a string or an array of items");
  if (!items) return std::unexpected(items.error());
  for (const Json item : *items) {
    auto read = read_response_item(reader, item, Path{&path, {}, reader.out.messages});
    if (!read) return read;
    ++reader.out.messages;
  }
  return {};
}

Checked read_instructions(RequestReader& reader, Json value, const Path& path, const Member&) {
  const size_t begin = reader.out.text.size();
  if (!value.is_string()) return refuse(path.text(), "must be a string");
  reader.add_text(value.get_string().value_unsafe());
  reader.out.system_text = {begin, reader.out.text.size()};
  return {};
}

Checked read_response_tools(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto tools = as_array(value, path, "an array of tools");
  if (!tools) return std::unexpected(tools.error());
  std::int64_t index = 0;
  for (const Json tool : *tools) {
    const Path here{&path, {}, index++};
    const std::string_view type = text_member(tool, "type");
    if (type.empty()) return refuse(Path{&here, "type"}.text(), "must be a string");
    reader.out.needs.tools = true;
    if (type != "function" && type != "custom" && type != "local_shell") reader.out.needs.server_tools = true;
  }
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_response_text(RequestReader& reader, Json value, const Path& path, const Member& where) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  const auto format = member(value, "format");
  if (format && text_member(*format, "type") == "json_schema") reader.out.needs.json_schema = true;
  if (format && text_member(*format, "type").starts_with("json_")) reader.out.wants_json = true;
  reader.add_text(where.value.of(reader.body));
  return {};
}

Checked read_response_reasoning(RequestReader& reader, Json value, const Path& path, const Member&) {
  const auto object = as_object(value, path);
  if (!object) return std::unexpected(object.error());
  if (text_member(value, "effort") != "none") reader.out.needs.reasoning = true;
  return {};
}

Checked read_previous(RequestReader& reader, Json value, const Path& path, const Member&) {
  return read_string(value, path, reader.out.previous_response_id, 256);
}

Checked read_response_conversation(RequestReader& reader, Json value, const Path& path, const Member&) {
  if (value.is_string()) return read_string(value, path, reader.out.previous_response_id, 256);
  reader.out.previous_response_id = text_member(value, "id").substr(0, 256);
  if (reader.out.previous_response_id.empty()) return refuse(path.text(), "must be an id or an object with an id");
  return {};
}

Checked read_remote_prompt(RequestReader& reader, Json, const Path&, const Member&) {
  reader.out.remote_parts = true;
  return {};
}

Checked read_background(RequestReader&, Json value, const Path& path, const Member&) {
  bool background = false;
  auto read = read_bool(value, path, background);
  if (read && background)
    return refuse(path.text(), "is not supported: what it costs would never be seen here; use a stream");
  return read;
}

constexpr std::array kResponsesRules = {
    FieldRule{"model", read_model, &EditPoints::model},
    FieldRule{"input", read_response_input},
    FieldRule{"instructions", read_instructions},
    FieldRule{"max_output_tokens", read_max_output, &EditPoints::max_output},
    FieldRule{"stream", read_stream},
    FieldRule{"tools", read_response_tools},
    FieldRule{"text", read_response_text},
    FieldRule{"reasoning", read_response_reasoning},
    FieldRule{"previous_response_id", read_previous},
    FieldRule{"conversation", read_response_conversation},
    FieldRule{"prompt", read_remote_prompt},
    FieldRule{"background", read_background},
    FieldRule{"temperature", read_temperature},
    FieldRule{"user", read_user},
    FieldRule{"service_tier", read_service_tier},
    FieldRule{"kairosroute", read_kairosroute, &EditPoints::kairosroute},
    FieldRule{"metadata", ignore_field},
    FieldRule{"include", ignore_field},
    FieldRule{"stream_options", ignore_field},
    FieldRule{"tool_choice", ignore_field},
    FieldRule{"prompt_cache_key", ignore_field},
    FieldRule{"safety_identifier", ignore_field},
};

// --- embeddings and completions: text, texts, token numbers, or lists of those ---

Checked read_plain_input(RequestReader& reader, Json value, const Path& path, const Member&) {
  static constexpr std::string_view kExpected = "must be a string, or an array of strings or of token numbers";
  ParsedRequest& out = reader.out;
  const size_t begin = out.text.size();
  if (value.is_string()) {
    reader.add_text(value.get_string().value_unsafe());
    out.messages = 1;
  } else {
    const auto items = as_array(value, path, kExpected.substr(8));
    if (!items) return std::unexpected(items.error());
    for (const Json item : *items) {
      const Path here{&path, {}, out.messages++};
      if (item.is_int64()) {
        ++out.token_ids;
      } else if (item.is_array()) {
        out.token_ids += static_cast<std::int64_t>(item.get_array().value_unsafe().size());
      } else if (item.is_string()) {
        reader.add_text(item.get_string().value_unsafe());
      } else {
        return refuse(here.text(), "must be a string or token numbers");
      }
    }
    if (out.messages == 0) return refuse(path.text(), "must not be empty");
  }
  out.last_user_text = {begin, out.text.size()};
  return {};
}

constexpr std::array kEmbeddingsRules = {
    FieldRule{"model", read_model, &EditPoints::model},
    FieldRule{"input", read_plain_input},
    FieldRule{"user", read_user},
    FieldRule{"kairosroute", read_kairosroute, &EditPoints::kairosroute},
    FieldRule{"encoding_format", ignore_field},
    FieldRule{"dimensions", ignore_field},
};

constexpr std::array kCompletionsRules = {
    FieldRule{"model", read_model, &EditPoints::model},
    FieldRule{"prompt", read_plain_input},
    FieldRule{"max_tokens", read_max_output, &EditPoints::max_output},
    FieldRule{"stream", read_stream},
    FieldRule{"stream_options", read_stream_options, &EditPoints::stream_options},
    FieldRule{"n", read_choices},
    FieldRule{"best_of", read_choices},
    FieldRule{"temperature", read_temperature},
    FieldRule{"user", read_user},
    FieldRule{"kairosroute", read_kairosroute, &EditPoints::kairosroute},
    FieldRule{"logit_bias", ignore_field},
    FieldRule{"stop", ignore_field},
};

} // namespace

std::span<const FieldRule> responses_rules() { return kResponsesRules; }
std::span<const FieldRule> embeddings_rules() { return kEmbeddingsRules; }
std::span<const FieldRule> completions_rules() { return kCompletionsRules; }

} // namespace kairos::providers
