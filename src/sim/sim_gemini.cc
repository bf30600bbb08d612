// Gemini's generateContent. https://ai.google.dev/api/generate-content
#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

struct GeminiAnswer {
  const SimRequest& request;
  std::string id;
  Generated generated;
  std::vector<SimCall> calls;
};

/// From 1,024 tokens on half of a prompt counts as cached, in steps of 128. Thoughts stand beside the candidates.
json::object make_usage(const GeminiAnswer& answer) {
  const std::int64_t prompt = answer.request.prompt_tokens;
  const std::int64_t cached = prompt < 1024 ? 0 : prompt / 2 / 128 * 128;
  const std::int64_t thoughts = answer.generated.reasoning_tokens;
  const std::int64_t candidates = answer.generated.total_tokens() - thoughts;
  json::object usage = {{"promptTokenCount", prompt},
                        {"candidatesTokenCount", candidates},
                        {"totalTokenCount", prompt + candidates + thoughts}};
  json::array details;
  details.push_back(json::object{{"modality", "TEXT"}, {"tokenCount", prompt}});
  usage["promptTokensDetails"] = std::move(details);
  if (cached > 0) usage["cachedContentTokenCount"] = cached;
  if (thoughts > 0) usage["thoughtsTokenCount"] = thoughts;
  return usage;
}

/// Without an id, as the older models do.
json::value call_part(const SimCall& made) {
  boost::system::error_code cut_short;
  json::value arguments = json::parse(join_tokens(*made.tokens), cut_short);
  if (cut_short) arguments = json::object();
  json::object call = {{"name", made.tool->name}, {"args", std::move(arguments)}};
  json::object part;
  part["functionCall"] = std::move(call);
  return part;
}

json::value text_part(std::string_view text) { return json::object{{"text", text}}; }
json::value thought_part() { return json::object{{"text", kThought}, {"thought", true}}; }

std::string_view finish_reason(const GeminiAnswer& answer) {
  if (answer.generated.refused) return "SAFETY";
  return answer.generated.cut ? "MAX_TOKENS" : "STOP";
}

/// One answer, or one event of a stream.
std::string make_body(const GeminiAnswer& answer, json::array parts, bool last, bool with_usage) {
  json::object content = {{"parts", std::move(parts)}, {"role", "model"}};
  json::object candidate = {{"content", std::move(content)}, {"index", 0}};
  if (last) candidate["finishReason"] = finish_reason(answer);
  json::array candidates;
  candidates.push_back(std::move(candidate));
  json::object body;
  body["candidates"] = std::move(candidates);
  if (with_usage) body["usageMetadata"] = make_usage(answer);
  body["modelVersion"] = answer.request.model;
  body["responseId"] = answer.id;
  return json::serialize(body);
}

bool shows_thought(const GeminiAnswer& answer) {
  return answer.request.shows_thoughts && answer.generated.reasoning_tokens > 0;
}

std::string whole_answer(const GeminiAnswer& answer, bool with_usage) {
  json::array parts;
  if (shows_thought(answer)) parts.push_back(thought_part());
  for (const SimCall& call : answer.calls) parts.push_back(call_part(call));
  if (answer.calls.empty()) parts.push_back(text_part(answer.generated.text()));
  return make_body(answer, std::move(parts), true, with_usage);
}

/// Calls come whole; the last event carries the reason and, as all do, usage so far.
std::vector<Piece> stream_answer(const GeminiAnswer& answer, bool with_usage) {
  std::vector<Piece> pieces;
  const auto add = [&](json::array parts, bool last) {
    pieces.push_back({{}, "data: " + make_body(answer, std::move(parts), last, with_usage && last) + "\r\n\r\n"});
  };
  if (shows_thought(answer)) add(json::array{thought_part()}, false);
  for (const SimCall& call : answer.calls) add(json::array{call_part(call)}, false);
  if (answer.calls.empty()) {
    for (const std::string& token : answer.generated.tokens) add(json::array{text_part(token)}, false);
  }
  add(json::array{text_part("")}, true);
  return pieces;
}

} // namespace

std::vector<Piece> gemini_pieces(const SimRequest& request, const Controls& controls, Random random) {
  GeminiAnswer answer{request, make_id("sim", random), {}, {}};
  answer.generated = generate(request, random, true);
  answer.calls = calls_of(request, answer.generated, "", random);
  if (!request.stream) return {{{}, whole_answer(answer, !controls.no_usage)}};
  return stream_answer(answer, !controls.no_usage);
}

} // namespace kairos::sim
