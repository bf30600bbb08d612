// What the simulated Gemini and Bedrock understand of a request.
#include <algorithm>
#include <initializer_list>

#include "sim/sim_json.h"
#include "sim/sim_request.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;
using Names = std::initializer_list<std::string_view>;

/// Names the first member that the service does not know.
Result<void> only(const json::value* object, std::string_view where, Names known) {
  if (object == nullptr) return {};
  if (!object->is_object()) return fail(Code::kInvalid, std::string(where) + " must be an object");
  for (const auto& field : object->get_object()) {
    if (std::ranges::find(known, std::string_view(field.key())) != known.end()) continue;
    return fail(Code::kInvalid, "Invalid JSON payload received. Unknown name \"" + std::string(field.key()) +
                                    "\" at '" + std::string(where) + "': Cannot find field.");
  }
  return {};
}

Result<void> read_limit(const json::value* value, std::string_view name, SimRequest& request) {
  if (value == nullptr) return {};
  if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > kMostTokens)
    return fail(Code::kInvalid, std::string(name) + " must be a positive integer");
  request.max_tokens = value->get_int64();
  return {};
}

/// Both services want turns that begin with the user and alternate.
Result<void> check_turn(size_t index, std::string_view role, std::string_view assistant, bool last_was_user) {
  if (role != "user" && role != assistant)
    return fail(Code::kInvalid, "Please use a valid role: user, " + std::string(assistant) + ".");
  if (index == 0 && role != "user") return fail(Code::kInvalid, "the first turn must be the user's");
  if (index > 0 && (role == "user") == last_was_user) return fail(Code::kInvalid, "roles must alternate");
  return {};
}

void note_turn(bool user, bool results, const std::string& text, SimRequest& request) {
  if (user && !text.empty()) {
    request.last_user_text = text;
    request.has_results = false;
  }
  if (user && results) request.has_results = true;
}

Result<void> read_stop_sequences(const json::value* stops, SimRequest& request) {
  for (const json::value& stop : items_of(stops)) {
    if (!stop.is_string()) return fail(Code::kInvalid, "stopSequences must hold strings");
    request.stops.emplace_back(stop.get_string());
  }
  return {};
}

/// The tool of that name, or the first one if `name` is empty, has to be called.
Result<void> force(std::string_view name, SimRequest& request) {
  for (const ForcedTool& tool : request.tools) {
    if (!name.empty() && tool.name != name) continue;
    request.tool = tool;
    return {};
  }
  return fail(Code::kInvalid, "the tool that has to be called is not declared");
}

std::int64_t tokens_of(size_t characters) {
  return static_cast<std::int64_t>(std::max<size_t>(1, (characters + 3) / 4));
}

// --- Gemini ---

Result<void> check_part(const json::value& part, std::string& text) {
  auto good =
      only(&part, "contents.parts",
           {"text", "inlineData", "fileData", "functionCall", "functionResponse", "thought", "thoughtSignature"});
  if (good) good = only(member(&part, "inlineData"), "inline_data", {"mimeType", "data", "displayName"});
  if (good) good = only(member(&part, "fileData"), "file_data", {"mimeType", "fileUri", "displayName"});
  if (good) good = only(member(&part, "functionCall"), "function_call", {"id", "name", "args"});
  if (good) good = only(member(&part, "functionResponse"), "function_response", {"id", "name", "response", "parts"});
  if (!good) return good;
  const json::value* response = member(&part, "functionResponse");
  if (response != nullptr && text_of(member(response, "name")).empty())
    return fail(Code::kInvalid, "function_response.name: Name cannot be empty.");
  text += text_of(member(&part, "text"));
  return {};
}

Result<void> read_contents(const json::object& body, SimRequest& request) {
  size_t characters = 0;
  for (const json::value& part : items_of(member(body.if_contains("systemInstruction"), "parts")))
    characters += text_of(member(&part, "text")).size();
  const json::array& contents = items_of(body.if_contains("contents"));
  if (contents.empty()) return fail(Code::kInvalid, "* GenerateContentRequest.contents: contents is not specified");
  bool user = false;
  for (size_t i = 0; i < contents.size(); ++i) {
    auto good = only(&contents[i], "contents", {"role", "parts"});
    const std::string_view role = text_of(member(&contents[i], "role"));
    if (good) good = check_turn(i, role.empty() ? "user" : role, "model", user);
    user = role != "model";
    std::string text;
    bool results = false;
    for (const json::value& part : items_of(member(&contents[i], "parts"))) {
      if (good) good = check_part(part, text);
      results = results || member(&part, "functionResponse") != nullptr;
    }
    if (!good) return good;
    characters += text.size();
    note_turn(user, results, text, request);
  }
  request.prompt_tokens = tokens_of(characters);
  return {};
}

Result<void> read_gemini_tool(const json::object& body, SimRequest& request) {
  const json::value no_arguments = json::object{{"type", "object"}};
  for (const json::value& tool : items_of(body.if_contains("tools"))) {
    for (const json::value& declared : items_of(member(&tool, "functionDeclarations"))) {
      auto good = only(&declared, "tools.function_declarations",
                       {"name", "description", "parameters", "parametersJsonSchema", "response", "behavior"});
      if (!good) return good;
      const json::value* schema = member(&declared, "parametersJsonSchema");
      if (schema == nullptr) schema = member(&declared, "parameters");
      request.tools.push_back(
          {std::string(text_of(member(&declared, "name"))), schema != nullptr ? *schema : no_arguments});
    }
  }
  const json::value* calling = member(body.if_contains("toolConfig"), "functionCallingConfig");
  if (text_of(member(calling, "mode")) != "ANY") return {};
  const json::array& allowed = items_of(member(calling, "allowedFunctionNames"));
  return force(allowed.empty() ? std::string_view() : text_of(&allowed.front()), request);
}

Result<void> read_generation(const json::object& body, SimRequest& request) {
  const json::value* config = body.if_contains("generationConfig");
  auto good = only(config, "generation_config",
                   {"maxOutputTokens", "temperature", "topP", "topK", "seed", "stopSequences", "candidateCount",
                    "frequencyPenalty", "presencePenalty", "responseMimeType", "responseJsonSchema", "responseSchema",
                    "thinkingConfig"});
  const json::value* thinking = member(config, "thinkingConfig");
  if (good)
    good = only(thinking, "generation_config.thinking_config", {"thinkingBudget", "thinkingLevel", "includeThoughts"});
  if (good) good = read_limit(member(config, "maxOutputTokens"), "max_output_tokens", request);
  if (good) good = read_stop_sequences(member(config, "stopSequences"), request);
  if (!good) return good;
  request.json_text = text_of(member(config, "responseMimeType")) == "application/json";
  const json::value* schema = member(config, "responseJsonSchema");
  if (schema == nullptr) schema = member(config, "responseSchema");
  if (schema != nullptr) request.json_schema = *schema;
  const json::value* budget = member(thinking, "thinkingBudget");
  const bool off = budget != nullptr && *budget == json::value(0);
  request.never_thinks = off;
  request.thinks = !off && (budget != nullptr || member(thinking, "thinkingLevel") != nullptr);
  request.shows_thoughts = is_true(member(thinking, "includeThoughts"));
  return {};
}

// --- Bedrock ---

Result<void> check_block(const json::value& block, std::string& text, SimRequest& request) {
  auto good = only(&block, "messages.content",
                   {"text", "image", "document", "toolUse", "toolResult", "reasoningContent", "cachePoint"});
  if (good) good = only(member(&block, "image"), "image", {"format", "source"});
  if (good) good = only(member(&block, "document"), "document", {"format", "name", "source", "citations", "context"});
  if (good) good = only(member(&block, "toolUse"), "toolUse", {"toolUseId", "name", "input"});
  if (good) good = only(member(&block, "toolResult"), "toolResult", {"toolUseId", "content", "status"});
  if (good) good = only(member(&block, "reasoningContent"), "reasoningContent", {"reasoningText", "redactedContent"});
  if (good) good = only(member(&block, "cachePoint"), "cachePoint", {"type", "ttl"});
  if (!good) return good;
  request.cache_control = request.cache_control || member(&block, "cachePoint") != nullptr;
  text += text_of(member(&block, "text"));
  return {};
}

Result<void> read_converse_messages(const json::object& body, SimRequest& request) {
  size_t characters = 0;
  for (const json::value& block : items_of(body.if_contains("system"))) {
    std::string text;
    if (auto good = check_block(block, text, request); !good) return good;
    characters += text.size();
  }
  const json::array& messages = items_of(body.if_contains("messages"));
  if (messages.empty()) return fail(Code::kInvalid, "A conversation must start with a user message.");
  bool user = false;
  for (size_t i = 0; i < messages.size(); ++i) {
    auto good = only(&messages[i], "messages", {"role", "content"});
    const std::string_view role = text_of(member(&messages[i], "role"));
    if (good) good = check_turn(i, role, "assistant", user);
    user = role == "user";
    std::string text;
    bool results = false;
    for (const json::value& block : items_of(member(&messages[i], "content"))) {
      if (good) good = check_block(block, text, request);
      results = results || member(&block, "toolResult") != nullptr;
    }
    if (!good) return good;
    characters += text.size();
    note_turn(user, results, text, request);
  }
  request.prompt_tokens = tokens_of(characters);
  return {};
}

Result<void> read_converse_tool(const json::object& body, SimRequest& request) {
  const json::value* config = body.if_contains("toolConfig");
  auto good = only(config, "toolConfig", {"tools", "toolChoice"});
  if (!good) return good;
  for (const json::value& tool : items_of(member(config, "tools"))) {
    const json::value* spec = member(&tool, "toolSpec");
    request.cache_control = request.cache_control || member(&tool, "cachePoint") != nullptr;
    if (auto known = only(spec, "toolSpec", {"name", "description", "inputSchema", "strict"}); !known) return known;
    if (spec == nullptr) continue;
    const json::value* schema = member(member(spec, "inputSchema"), "json");
    if (schema == nullptr) return fail(Code::kInvalid, "toolConfig.tools.toolSpec.inputSchema must be given");
    request.tools.push_back({std::string(text_of(member(spec, "name"))), *schema});
  }
  const json::value* choice = member(config, "toolChoice");
  const std::string_view name = text_of(member(member(choice, "tool"), "name"));
  return name.empty() && member(choice, "any") == nullptr ? Result<void>() : force(name, request);
}

Result<void> read_converse_format(const json::object& body, SimRequest& request) {
  const json::value* format = member(body.if_contains("outputConfig"), "textFormat");
  if (text_of(member(format, "type")) != "json_schema") return {};
  request.json_text = true;
  boost::system::error_code wrong;
  request.json_schema =
      json::parse(text_of(member(member(member(format, "structure"), "jsonSchema"), "schema")), wrong);
  if (wrong) return fail(Code::kInvalid, "outputConfig.textFormat.structure.jsonSchema.schema is not JSON");
  return {};
}

} // namespace

Result<SimRequest> read_gemini_request(const json::object& body) {
  SimRequest request;
  const json::value whole = body;
  auto read = only(&whole, "request",
                   {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings",
                    "cachedContent", "model"});
  if (read) read = read_contents(body, request);
  if (read) read = read_generation(body, request);
  if (read) read = read_gemini_tool(body, request);
  if (!read) return std::unexpected(read.error());
  return request;
}

Result<SimRequest> read_converse_request(const json::object& body) {
  SimRequest request;
  const json::value whole = body;
  auto read = only(&whole, "request",
                   {"messages", "system", "inferenceConfig", "toolConfig", "additionalModelRequestFields",
                    "requestMetadata", "serviceTier", "outputConfig", "guardrailConfig", "performanceConfig",
                    "additionalModelResponseFieldPaths", "promptVariables"});
  if (read) read = read_converse_messages(body, request);
  const json::value* config = body.if_contains("inferenceConfig");
  if (read) read = only(config, "inferenceConfig", {"maxTokens", "temperature", "topP", "stopSequences"});
  if (read) read = read_limit(member(config, "maxTokens"), "inferenceConfig.maxTokens", request);
  if (read) read = read_stop_sequences(member(config, "stopSequences"), request);
  if (read) read = read_converse_tool(body, request);
  if (read) read = read_converse_format(body, request);
  if (!read) return std::unexpected(read.error());
  const json::value* thinking = member(body.if_contains("additionalModelRequestFields"), "thinking");
  request.thinks = text_of(member(thinking, "type")) == "enabled";
  request.shows_thoughts = request.thinks;
  return request;
}

} // namespace kairos::sim
