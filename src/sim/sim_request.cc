#include "sim/sim_request.h"

#include "sim/sim_json.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMostChoices = 8;

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

/// Anthropic: the turn that answers calls.
bool holds_results(const json::value* content) {
  for (const json::value& block : items_of(content)) {
    if (text_of(member(&block, "type")) == "tool_result") return true;
  }
  return false;
}

void read_stops(const json::value* value, SimRequest& request) {
  if (!text_of(value).empty()) request.stops.emplace_back(text_of(value));
  for (const json::value& one : items_of(value)) request.stops.emplace_back(text_of(&one));
}

/// All functions. `inner`: the member that holds name and schema, if any.
void read_tools(const json::object& body, std::string_view inner, std::string_view schema_name, SimRequest& request) {
  for (const json::value& tool : items_of(body.if_contains("tools"))) {
    const json::value* definition = inner.empty() ? &tool : member(&tool, inner);
    const json::value* schema = member(definition, schema_name);
    const json::value no_arguments = json::object{{"type", "object"}};
    if (text_of(member(definition, "name")).empty()) continue;
    request.tools.push_back(
        {std::string(text_of(member(definition, "name"))), schema != nullptr ? *schema : no_arguments});
  }
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
    const std::string_view role = text_of(member(&message, "role"));
    const bool results = role == "tool" || holds_results(member(&message, "content"));
    if (role == "user" || results) request.has_results = results;
    if (role == "user") request.last_user_text = std::move(text);
  }
  request.prompt_tokens = static_cast<std::int64_t>(std::max<size_t>(1, (characters + 3) / 4));
  request.stream = is_true(body.if_contains("stream"));
  return {};
}

/// The tool of that name, or the first one if `name` is empty.
Result<void> force_tool(std::string_view name, SimRequest& request) {
  if (request.tools.empty()) return fail(Code::kInvalid, "tool_choice needs tools");
  for (const ForcedTool& tool : request.tools) {
    if (!name.empty() && tool.name != name) continue;
    request.tool = tool;
    return {};
  }
  return fail(Code::kInvalid, "tool_choice: no tool \"" + std::string(name) + "\" in tools");
}

Result<void> read_chat_tool(const json::object& body, SimRequest& request) {
  read_tools(body, "function", "parameters", request);
  const json::value* choice = body.if_contains("tool_choice");
  const std::string_view named = text_of(member(member(choice, "function"), "name"));
  if (named.empty() && text_of(choice) != "required") return {};
  return force_tool(named, request);
}

Result<void> read_messages_tool(const json::object& body, SimRequest& request) {
  read_tools(body, "", "input_schema", request);
  const json::value* choice = body.if_contains("tool_choice");
  const std::string_view type = text_of(member(choice, "type"));
  if (type == "any") return force_tool("", request);
  if (type != "tool") return {};
  const std::string_view named = text_of(member(choice, "name"));
  if (named.empty()) return fail(Code::kInvalid, "tool_choice.name: Field required");
  return force_tool(named, request);
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
  read_stops(body.if_contains("stop"), request);
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
  const std::string_view thinking = text_of(member(body.if_contains("thinking"), "type"));
  request.thinks = request.shows_thoughts = thinking == "enabled" || thinking == "adaptive";
  const json::value* format = member(body.if_contains("output_config"), "format");
  if (const json::value* schema = member(format, "schema")) {
    request.json_text = true;
    request.json_schema = *schema;
  }
  read_stops(body.if_contains("stop_sequences"), request);
  request.cache_control = has_cache_control(body.if_contains("system")) ||
                          has_cache_control(body.if_contains("messages")) ||
                          has_cache_control(body.if_contains("tools"));
  return request;
}

namespace {

/// Input items: messages, calls and their results.
size_t read_items(const json::value* input, SimRequest& request) {
  size_t characters = 0;
  for (const json::value& item : items_of(input)) {
    const std::string text = join_texts(member(&item, "content"));
    characters += text.size() + text_of(member(&item, "output")).size();
    request.has_results = text_of(member(&item, "type")) == "function_call_output";
    if (text_of(member(&item, "role")) == "user") request.last_user_text = text;
  }
  return characters;
}

Result<void> read_responses_choice(const json::object& body, SimRequest& request) {
  const json::value* choice = body.if_contains("tool_choice");
  const std::string_view named = text_of(member(choice, "name"));
  if (named.empty() && text_of(choice) != "required") return {};
  return force_tool(named, request);
}

} // namespace

Result<SimRequest> read_responses_request(const json::object& body) {
  SimRequest request;
  request.model = text_of(body.if_contains("model"));
  if (request.model.empty()) return fail(Code::kInvalid, "model: Field required");
  const json::value* input = body.if_contains("input");
  request.last_user_text = text_of(input);
  size_t characters = request.last_user_text.size() + text_of(body.if_contains("instructions")).size();
  characters += read_items(input, request);
  request.prompt_tokens = static_cast<std::int64_t>(std::max<size_t>(1, (characters + 3) / 4));
  request.stream = is_true(body.if_contains("stream"));
  request.previous_response_id = text_of(body.if_contains("previous_response_id"));
  request.shows_thoughts = member(body.if_contains("reasoning"), "summary") != nullptr;
  for (const json::value& one : items_of(body.if_contains("include")))
    request.encrypted_reasoning = request.encrypted_reasoning || text_of(&one) == "reasoning.encrypted_content";
  const json::value* format = member(body.if_contains("text"), "format");
  const std::string_view type = text_of(member(format, "type"));
  request.json_text = type == "json_object" || type == "json_schema";
  if (const json::value* schema = member(format, "schema")) request.json_schema = *schema;
  const auto limit = read_count(body, "max_output_tokens", kMostTokens);
  if (!limit) return std::unexpected(limit.error());
  request.max_tokens = *limit;
  read_tools(body, "", "parameters", request);
  const auto chosen = read_responses_choice(body, request);
  if (!chosen) return std::unexpected(chosen.error());
  return request;
}

} // namespace kairos::sim
