#include "sim/sim_request.h"

#include "sim/sim_json.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostChoices = 8;
constexpr std::int64_t kMostTokens = 10'000'000;

/// The texts of a message's content: a string, or parts of which some have a text.
std::string join_texts(const json::value* content) {
  std::string texts(text_of(content));
  if (content == nullptr || !content->is_array()) return texts;
  for (const json::value& part : content->get_array()) texts += text_of(member(&part, "text"));
  return texts;
}

Result<std::optional<std::int64_t>> read_count(const json::object& body, std::string_view name, std::int64_t most) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (value->is_int64() && value->get_int64() >= 1 && value->get_int64() <= most) return value->get_int64();
  return fail(Code::kInvalid, std::string(name) + " must be an integer from 1 to " + std::to_string(most));
}

Result<void> read_messages(const json::object& body, SimRequest& request) {
  request.model = text_of(body.if_contains("model"));
  if (request.model.empty()) return fail(Code::kInvalid, "model: Field required");
  const json::value* messages = body.if_contains("messages");
  if (messages == nullptr || !messages->is_array() || messages->get_array().empty()) {
    return fail(Code::kInvalid, "messages must be an array with at least one message");
  }
  size_t characters = join_texts(body.if_contains("system")).size();
  for (const json::value& message : messages->get_array()) {
    if (!message.is_object()) return fail(Code::kInvalid, "messages must hold objects");
    std::string text = join_texts(member(&message, "content"));
    characters += text.size();
    if (text_of(member(&message, "role")) == "user") request.last_user_text = std::move(text);
  }
  request.prompt_tokens = static_cast<std::int64_t>(std::max<size_t>(1, (characters + 3) / 4));
  request.stream = is_true(body.if_contains("stream"));
  return {};
}

/// The tool of that name, or the first one if `name` is empty. `inner`: the member that holds name and schema, if any.
Result<void> force_tool(const json::object& body, std::string_view name, std::string_view inner,
                        std::string_view schema_name, SimRequest& request) {
  const json::value* tools = body.if_contains("tools");
  if (tools == nullptr || !tools->is_array()) return fail(Code::kInvalid, "tool_choice needs tools");
  for (const json::value& tool : tools->get_array()) {
    const json::value* definition = inner.empty() ? &tool : member(&tool, inner);
    const std::string_view tool_name = text_of(member(definition, "name"));
    if (tool_name.empty() || (!name.empty() && tool_name != name)) continue;
    const json::value* schema = member(definition, schema_name);
    const json::value no_arguments = json::object{{"type", "object"}};
    request.tool = ForcedTool{std::string(tool_name), schema != nullptr ? *schema : no_arguments};
    return {};
  }
  return fail(Code::kInvalid, "tool_choice: no tool \"" + std::string(name) + "\" in tools");
}

Result<void> read_chat_tool(const json::object& body, SimRequest& request) {
  const json::value* choice = body.if_contains("tool_choice");
  const std::string_view named = text_of(member(member(choice, "function"), "name"));
  if (named.empty() && text_of(choice) != "required") return {};
  return force_tool(body, named, "function", "parameters", request);
}

Result<void> read_messages_tool(const json::object& body, SimRequest& request) {
  const json::value* choice = body.if_contains("tool_choice");
  const std::string_view type = text_of(member(choice, "type"));
  if (type == "any") return force_tool(body, "", "", "input_schema", request);
  if (type != "tool") return {};
  const std::string_view named = text_of(member(choice, "name"));
  if (named.empty()) return fail(Code::kInvalid, "tool_choice.name: Field required");
  return force_tool(body, named, "", "input_schema", request);
}

void read_response_format(const json::object& body, SimRequest& request) {
  const json::value* format = body.if_contains("response_format");
  const std::string_view type = text_of(member(format, "type"));
  request.json_text = type == "json_object" || type == "json_schema";
  const json::value* schema = member(member(format, "json_schema"), "schema");
  if (type == "json_schema" && schema != nullptr) request.json_schema = *schema;
}

/// Whether some content block, of a message, the system prompt or the tools, carries cache_control.
bool has_cache_control(const json::value* blocks) {
  if (blocks == nullptr || !blocks->is_array()) return false;
  for (const json::value& block : blocks->get_array()) {
    if (member(&block, "cache_control") != nullptr) return true;
    const json::value* content = member(&block, "content");
    if (content == nullptr || !content->is_array()) continue;
    for (const json::value& part : content->get_array()) {
      if (member(&part, "cache_control") != nullptr) return true;
    }
  }
  return false;
}

} // namespace

Result<SimRequest> read_chat_request(const json::object& body) {
  SimRequest request;
  auto read = read_messages(body, request);
  if (read) read = read_chat_tool(body, request);
  if (!read) return std::unexpected(read.error());
  const auto choices = read_count(body, "n", kMostChoices);
  if (!choices) return std::unexpected(choices.error());
  request.choices = choices->value_or(1);
  for (const std::string_view name : {"max_tokens", "max_completion_tokens"}) {
    const auto limit = read_count(body, name, kMostTokens);
    if (!limit) return std::unexpected(limit.error());
    if (*limit) request.max_tokens = *limit;
  }
  request.include_usage = is_true(member(body.if_contains("stream_options"), "include_usage"));
  read_response_format(body, request);
  return request;
}

Result<SimRequest> read_messages_request(const json::object& body) {
  SimRequest request;
  auto read = read_messages(body, request);
  if (read) read = read_messages_tool(body, request);
  if (!read) return std::unexpected(read.error());
  const auto limit = read_count(body, "max_tokens", kMostTokens);
  if (!limit) return std::unexpected(limit.error());
  if (!*limit) return fail(Code::kInvalid, "max_tokens: Field required");
  request.max_tokens = *limit;
  request.cache_control = has_cache_control(body.if_contains("system")) ||
                          has_cache_control(body.if_contains("messages")) ||
                          has_cache_control(body.if_contains("tools"));
  return request;
}

} // namespace kairos::sim
