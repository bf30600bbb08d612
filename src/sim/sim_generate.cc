// What is said, before it is put into a dialect.
#include <algorithm>

#include "sim/sim_answer.h"

namespace kairos::sim {
namespace {

namespace json = boost::json;

/// OpenAI's families of reasoning models: o1, o3, o4 … and gpt-5.
bool reasons(std::string_view model) {
  const bool o_series = model.size() > 1 && model[0] == 'o' && model[1] >= '0' && model[1] <= '9';
  return o_series || model.starts_with("gpt-5");
}

/// At the first stop sequence, which is not part of the answer.
void stop_early(const SimRequest& request, Generated& made) {
  if (request.tool) return;
  const std::string text = join_tokens(made.tokens);
  size_t first = std::string::npos;
  for (const std::string& stop : request.stops) {
    const size_t at = stop.empty() ? std::string::npos : text.find(stop);
    if (at >= first) continue;
    first = at;
    made.stop = stop;
  }
  if (first != std::string::npos) made.tokens = split_tokens(text.substr(0, first));
}

std::vector<std::string> make_tokens(const SimRequest& request, Random& random) {
  if (request.tool) return split_tokens(json::serialize(make_value(request.tool->schema, random)));
  if (request.refuses) return {"I", " cannot", " help", " with", " that."};
  if (request.say) return split_tokens(*request.say);
  if (!request.json_text) return make_words(random, request.most_words);
  const json::value any = {{"type", "object"}, {"properties", {{"answer", {{"type", "string"}}}}}};
  return split_tokens(json::serialize(make_value(request.json_schema.is_null() ? any : request.json_schema, random)));
}

} // namespace

/// What the controls say about a good answer.
void apply_controls(const Controls& controls, SimRequest& request) {
  request.refuses = controls.refuse;
  request.say = controls.say;
  if (controls.think) request.thinks = request.shows_thoughts = true;
  if (!controls.tools || request.has_results || request.tools.empty()) return;
  request.more_calls.clear();
  for (std::int64_t i = 0; i < *controls.tools; ++i) {
    const ForcedTool& tool = request.tools[static_cast<size_t>(i) % request.tools.size()];
    if (i == 0)
      request.tool = tool;
    else
      request.more_calls.push_back(tool);
  }
}

std::string join_tokens(const std::vector<std::string>& tokens) {
  std::string joined;
  for (const std::string& token : tokens) joined += token;
  return joined;
}

std::string Generated::text() const { return join_tokens(tokens); }

std::int64_t Generated::total_tokens() const {
  auto total = static_cast<std::int64_t>(tokens.size());
  for (const auto& call : more) total += static_cast<std::int64_t>(call.size());
  return reasoning_tokens + total;
}

std::vector<SimCall> calls_of(const SimRequest& request, const Generated& generated, std::string_view prefix,
                              Random& random) {
  std::vector<SimCall> calls;
  if (request.tool) calls.push_back({&*request.tool, &generated.tokens, make_id(prefix, random)});
  for (size_t i = 0; i < generated.more.size(); ++i)
    calls.push_back({&request.more_calls[i], &generated.more[i], make_id(prefix, random)});
  return calls;
}

Generated generate(const SimRequest& request, Random& random, bool may_reason) {
  Generated made;
  if (may_reason && (reasons(request.model) || request.thinks))
    made.reasoning_tokens = static_cast<std::int64_t>(16 + random.below(48));
  made.tokens = make_tokens(request, random);
  made.refused = request.refuses && !request.tool;
  stop_early(request, made);
  for (const ForcedTool& tool : request.more_calls)
    made.more.push_back(split_tokens(json::serialize(make_value(tool.schema, random))));
  if (!request.max_tokens || made.total_tokens() <= *request.max_tokens) return made;
  made.cut = true;
  made.more.clear();
  made.reasoning_tokens = std::min(made.reasoning_tokens, *request.max_tokens);
  made.tokens.resize(std::min(made.tokens.size(), static_cast<size_t>(*request.max_tokens - made.reasoning_tokens)));
  return made;
}

std::string make_id(std::string_view prefix, Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id(prefix);
  for (int i = 0; i < 16; ++i) id += kDigits[random.below(kDigits.size())];
  return id;
}

} // namespace kairos::sim
