#include "sim/sim_engine.h"

#include <array>

#include "base/result.h"
#include "net/event_stream.h"
#include "net/sse.h"
#include "sim/pace.h"
#include "sim/sim_answer.h"
#include "sim/sim_json.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

constexpr size_t kMaxJsonDepth = 64;
constexpr std::array<std::string_view, 4> kOpenAiModels = {"gpt-4.1", "gpt-4.1-mini", "gpt-4o-mini", "o4-mini"};
constexpr std::array<std::string_view, 2> kAnthropicModels = {"claude-sonnet-4-5", "claude-haiku-4-5"};
constexpr std::array<std::string_view, 2> kGeminiModels = {"gemini-2.5-flash", "gemini-2.5-pro"};

bool is_gemini(Endpoint endpoint) { return endpoint == Endpoint::kGemini || endpoint == Endpoint::kGeminiStream; }
bool thinks_by_itself(std::string_view model) {
  return model.starts_with("gemini-") && model.find("lite") == std::string_view::npos;
}
bool is_converse(Endpoint endpoint) { return endpoint == Endpoint::kConverse || endpoint == Endpoint::kConverseStream; }

SimAnswer json_answer(int status, const json::value& body) {
  SimAnswer answer;
  answer.status = status;
  answer.headers.emplace_back("Content-Type", "application/json");
  answer.pieces.push_back({{}, json::serialize(body)});
  return answer;
}

std::string_view openai_error_type(int status) {
  if (status == 429) return "rate_limit_error";
  if (status == 401) return "authentication_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

std::string_view anthropic_error_type(int status) {
  switch (status) {
  case 401:
    return "authentication_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 413:
    return "request_too_large";
  case 429:
    return "rate_limit_error";
  case 529:
    return "overloaded_error";
  default:
    return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

// ai.google.dev/api/generate-content, google.rpc.Code.
std::string_view gemini_error_status(int status) {
  switch (status) {
  case 401:
    return "UNAUTHENTICATED";
  case 403:
    return "PERMISSION_DENIED";
  case 404:
    return "NOT_FOUND";
  case 429:
    return "RESOURCE_EXHAUSTED";
  case 503:
    return "UNAVAILABLE";
  case 504:
    return "DEADLINE_EXCEEDED";
  default:
    return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

// docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, "Errors".
std::string_view bedrock_error_type(int status) {
  switch (status) {
  case 401:
  case 403:
    return "AccessDeniedException";
  case 404:
    return "ResourceNotFoundException";
  case 408:
    return "ModelTimeoutException";
  case 424:
    return "ModelErrorException";
  case 429:
    return "ThrottlingException";
  case 503:
    return "ServiceUnavailableException";
  default:
    return status >= 500 ? "InternalServerException" : "ValidationException";
  }
}

SimAnswer list_models(Endpoint endpoint) {
  json::array models;
  if (endpoint == Endpoint::kGeminiModels) {
    for (const std::string_view id : kGeminiModels) {
      models.push_back(json::object{{"name", "models/" + std::string(id)},
                                    {"displayName", id},
                                    {"supportedGenerationMethods", {"generateContent"}}});
    }
    return json_answer(200, json::object{{"models", std::move(models)}});
  }
  if (endpoint == Endpoint::kOpenAiModels) {
    for (const std::string_view id : kOpenAiModels) {
      models.push_back(json::object{{"id", id}, {"object", "model"}, {"created", kCreated}, {"owned_by", "sim"}});
    }
    return json_answer(200, json::object{{"object", "list"}, {"data", std::move(models)}});
  }
  for (const std::string_view id : kAnthropicModels) {
    models.push_back(
        json::object{{"type", "model"}, {"id", id}, {"display_name", id}, {"created_at", "2026-01-01T00:00:00Z"}});
  }
  return json_answer(200, json::object{{"data", std::move(models)},
                                       {"has_more", false},
                                       {"first_id", kAnthropicModels.front()},
                                       {"last_id", kAnthropicModels.back()}});
}

Result<json::object> parse_body(std::string_view body) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  boost::system::error_code error;
  json::value parsed = json::parse(body, error, {}, options);
  if (error) return fail(Code::kInvalid, "the body is not valid JSON: " + error.message());
  if (!parsed.is_object()) return fail(Code::kInvalid, "the body must be a JSON object");
  return std::move(parsed.get_object());
}

Result<SimRequest> read_request(Endpoint endpoint, std::string_view body) {
  const auto parsed = parse_body(body);
  if (!parsed) return std::unexpected(parsed.error());
  if (is_gemini(endpoint)) return read_gemini_request(*parsed);
  if (is_converse(endpoint)) return read_converse_request(*parsed);
  if (endpoint == Endpoint::kResponses) return read_responses_request(*parsed);
  return endpoint == Endpoint::kMessages ? read_messages_request(*parsed) : read_chat_request(*parsed);
}

/// A streamed piece is one token; a whole answer waits for all of its own: six bytes each, around them 450 of JSON.
void set_delays(SimAnswer& answer, std::string_view model, const Controls& controls, Random random, double scale) {
  const auto scaled = [scale](double milliseconds) {
    return Duration(static_cast<Duration::rep>(milliseconds * scale * 1e6));
  };
  const Pace pace = pace_of(model);
  const double first = pace.first_ms * spread(random, 0.35);
  const double token = 1000 / (pace.tokens_per_second * spread(random, 0.2));
  const double whole =
      answer.streamed ? 0 : std::max(0.0, static_cast<double>(answer.pieces.front().bytes.size()) - 450) / 6 * token;
  for (size_t i = 0; i < answer.pieces.size(); ++i) {
    answer.pieces[i].delay = scaled(i == 0 ? first + whole : token);
    if (controls.slow && i > 0) answer.pieces[i].delay = std::chrono::milliseconds(*controls.slow);
  }
}

/// Keeps the first half of what would be sent: of the events, or of the one body's bytes.
void break_half_way(SimAnswer& answer) {
  if (answer.pieces.size() == 1) {
    std::string& bytes = answer.pieces.front().bytes;
    bytes.resize(bytes.size() / 2);
  } else {
    answer.pieces.resize(answer.pieces.size() / 2);
  }
  answer.streamed = true;
  answer.ending = Ending::kBreak;
}

/// Ends the first half of a stream with an error.
void fail_half_way(Endpoint endpoint, SimAnswer& answer) {
  answer.pieces.resize((answer.pieces.size() + 1) / 2);
  if (endpoint == Endpoint::kResponses) {
    std::string event;
    const json::object data = {{"type", "error"},
                               {"code", "server_error"},
                               {"message", "simulated failure"},
                               {"param", nullptr},
                               {"sequence_number", answer.pieces.size()}};
    net::append_sse(event, "error", json::serialize(data));
    answer.pieces.push_back({{}, std::move(event)});
    return;
  }
  answer.pieces.push_back({{}, error_event(endpoint, "simulated failure")});
}

SimAnswer silent(Ending ending) {
  SimAnswer answer;
  answer.ending = ending;
  return answer;
}

SimAnswer failed_answer(Endpoint endpoint, const Controls& controls) {
  SimAnswer answer = simulated_error(endpoint, *controls.status, "simulated failure");
  if (controls.retry_after) answer.headers.emplace_back("Retry-After", std::to_string(*controls.retry_after));
  return answer;
}

SimAnswer good_answer(Endpoint endpoint, const SimRequest& request, const Controls& controls, Random random) {
  SimAnswer answer;
  answer.streamed = request.stream;
  const std::string_view stream_type =
      is_converse(endpoint) ? "application/vnd.amazon.eventstream" : "text/event-stream";
  answer.headers.emplace_back("Content-Type", request.stream ? stream_type : "application/json");
  if (is_gemini(endpoint))
    answer.pieces = gemini_pieces(request, controls, random);
  else if (is_converse(endpoint))
    answer.pieces = converse_pieces(request, controls, random);
  else if (endpoint == Endpoint::kResponses)
    answer.pieces = responses_pieces(request, controls, random);
  else
    answer.pieces = endpoint == Endpoint::kMessages ? messages_pieces(request, controls, random)
                                                    : chat_pieces(request, controls, random);
  return answer;
}

/// As many unit-free numbers as asked for (8 if not said), from each text alone.
SimAnswer embed(std::string_view body, std::uint64_t seed) {
  const auto parsed = parse_body(body);
  if (!parsed) return simulated_error(Endpoint::kEmbeddings, 400, parsed.error().message);
  const json::value* input = parsed->if_contains("input");
  std::vector<std::string_view> texts;
  if (!text_of(input).empty()) texts.push_back(text_of(input));
  for (const json::value& one : items_of(input)) texts.push_back(text_of(&one));
  if (texts.empty()) return simulated_error(Endpoint::kEmbeddings, 400, "input: Field required");
  const json::value* asked = parsed->if_contains("dimensions");
  const size_t dimensions = asked != nullptr && asked->is_int64()
                                ? static_cast<size_t>(std::clamp<std::int64_t>(asked->get_int64(), 1, 4096))
                                : 8;
  json::array data;
  std::int64_t tokens = 0;
  for (const std::string_view text : texts) {
    Random random(mix(seed, text));
    json::array vector;
    for (size_t i = 0; i < dimensions; ++i) vector.push_back(static_cast<double>(random.below(2001)) / 1000 - 1);
    data.push_back(json::object{{"object", "embedding"}, {"index", data.size()}, {"embedding", std::move(vector)}});
    tokens += static_cast<std::int64_t>(std::max<size_t>(1, (text.size() + 3) / 4));
  }
  return json_answer(200, json::object{{"object", "list"},
                                       {"model", text_of(parsed->if_contains("model"))},
                                       {"data", std::move(data)},
                                       {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
}

} // namespace

std::string error_event(Endpoint endpoint, std::string_view message) {
  std::string out;
  if (is_converse(endpoint)) {
    net::append_event_stream(out, "exception", "modelStreamErrorException",
                             json::serialize(json::object{{"message", message}}));
    return out;
  }
  const SimAnswer error = simulated_error(endpoint, 500, message);
  net::append_sse(out, endpoint == Endpoint::kMessages ? "error" : "", error.pieces.front().bytes);
  return out;
}

SimAnswer simulated_error(Endpoint endpoint, int status, std::string_view message) {
  if (is_gemini(endpoint) || endpoint == Endpoint::kGeminiModels) {
    json::object error = {{"code", status}, {"message", message}, {"status", gemini_error_status(status)}};
    json::object body;
    body["error"] = std::move(error);
    return json_answer(status, body);
  }
  if (is_converse(endpoint)) {
    SimAnswer answer = json_answer(status, json::object{{"message", message}});
    answer.headers.emplace_back("x-amzn-ErrorType", bedrock_error_type(status));
    return answer;
  }
  const bool anthropic = endpoint == Endpoint::kMessages || endpoint == Endpoint::kAnthropicModels;
  if (anthropic) {
    json::object error = {{"type", anthropic_error_type(status)}, {"message", message}};
    return json_answer(status, json::object{{"type", "error"}, {"error", std::move(error)}});
  }
  json::object error = {
      {"message", message}, {"type", openai_error_type(status)}, {"param", nullptr}, {"code", nullptr}};
  if (status == 429) error["code"] = "rate_limit_exceeded";
  json::object body;
  body["error"] = std::move(error);
  return json_answer(status, body);
}

SimAnswer simulate(Endpoint endpoint, std::string_view body, std::string_view control_text,
                   const EngineOptions& options, std::string_view model) {
  Controls controls;
  if (endpoint == Endpoint::kEmbeddings) return embed(body, options.seed);
  if (endpoint >= Endpoint::kOpenAiModels) return list_models(endpoint);
  auto request = read_request(endpoint, body);
  if (request) request->most_words = options.most_words;
  if (request && !model.empty()) request->model = model;
  if (request && is_gemini(endpoint) && !request->never_thinks)
    request->thinks = request->thinks || thinks_by_itself(request->model);
  if (request && (is_gemini(endpoint) || is_converse(endpoint)))
    request->stream = endpoint == Endpoint::kGeminiStream || endpoint == Endpoint::kConverseStream;
  auto read =
      request ? find_controls(request->last_user_text, controls) : Result<void>(std::unexpected(request.error()));
  if (read) read = read_controls(control_text, controls);
  if (!read) return simulated_error(endpoint, 400, read.error().message);
  if (controls.reset) return silent(Ending::kReset);
  if (controls.stall) return silent(Ending::kStall);
  if (controls.status) return failed_answer(endpoint, controls);
  apply_controls(controls, *request);
  SimAnswer answer = good_answer(endpoint, *request, controls, Random(mix(options.seed, request->last_user_text)));
  if (controls.error_event && answer.streamed) fail_half_way(endpoint, answer);
  if (controls.break_off) break_half_way(answer);
  const Random pace(mix(options.seed + 1, body));
  set_delays(answer, request->model, controls, pace, options.latency_scale);
  return answer;
}

} // namespace kairos::sim
