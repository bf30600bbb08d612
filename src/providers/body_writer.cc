#include "providers/body_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "providers/object_rules.h"
#include "providers/turns.h"

namespace kairos::providers {
namespace {

constexpr std::int64_t kLeastBudget = 1024;

/// The tier that everybody gets, in either client dialect's words.
bool usual_tier(std::string_view json) {
  return json == "\"auto\"" || json == "\"default\"" || json == "\"standard_only\"";
}

double number_of(std::string_view json) {
  double number = 0;
  std::from_chars(json.data(), json.data() + json.size(), number);
  return number;
}

/// Calls whose results are given now, by an answer without its thoughts: Anthropic refuses to think then.
bool in_mid_turn(const std::vector<Message>& messages, bool takes_redacted) {
  if (messages.empty() || messages.back().role != Role::kTool) return false;
  const auto last = std::ranges::find(messages.rbegin(), messages.rend(), Role::kAssistant, &Message::role);
  return last != messages.rend() && std::ranges::none_of(last->parts, [&](const Part& part) {
           return (part.kind == Part::Kind::kThinking && !part.signature.empty()) ||
                  (takes_redacted && part.kind == Part::Kind::kRedactedThinking);
         });
}

} // namespace

Checked BodyWriter::write_setting(const Setting& setting, std::span<const Word> words) {
  const auto word = std::ranges::find(words, setting.knob, &Word::knob);
  if (word != words.end()) {
    json_.key(word->name).raw(setting.json);
    return {};
  }
  switch (setting.knob) {
  case Knob::kEndUser:
  case Knob::kSafetyIdentifier:
  case Knob::kPromptCacheKey:
    leave_out(out_.left_out, setting.param);
    return {};
  case Knob::kVerbosity:
    if (setting.json == "\"medium\"") return {};
    break;
  case Knob::kServiceTier:
    if (usual_tier(setting.json)) return {};
    break;
  case Knob::kStore:
    return cannot_carry(setting.param, "a translated answer is not kept");
  default:
    break;
  }
  return cannot_carry(setting.param);
}

void BodyWriter::leave_out_cache(const std::string& cache_control) {
  if (!cache_control.empty()) leave_out(out_.left_out, "cache_control");
}

WireResult<std::vector<const Part*>> system_texts(const Conversation& conversation) {
  std::vector<const Part*> texts;
  const size_t count = leading_system(conversation);
  for (size_t i = 0; i < count; ++i) {
    for (const Part& part : conversation.messages[i].parts) {
      if (part.kind != Part::Kind::kText) return cannot_carry(part.where, "a system prompt is text");
      if (!part.text.empty()) texts.push_back(&part);
    }
  }
  return texts;
}

WireResult<std::string> arguments_of(const Part& call) {
  const auto arguments = parse_json(call.text.empty() ? std::string_view("{}") : call.text, 1);
  if (!arguments || !arguments->is_object()) return cannot_carry(call.where, "the arguments are not a JSON object");
  return to_text(*arguments);
}

std::string text_of_file(const Part& file) { return file.name.empty() ? file.text : file.name + "\n\n" + file.text; }

std::string parallel_field(const Conversation& conversation) {
  return conversation.client == model::Endpoint::kMessages ? "tool_choice.disable_parallel_tool_use"
                                                           : "parallel_tool_calls";
}

std::string described(const std::string& schema, std::string_view description) {
  if (schema.empty()) return described("{}", description);
  const auto parsed = parse_json(schema, 1);
  if (description.empty() || !parsed || !parsed->is_object() || member(*parsed, "description")) return schema;
  std::string begin = "{\"description\":";
  model::append_json_string(begin, description);
  const bool more = parsed->get_object().value_unsafe().size() > 0;
  return begin + (more ? "," : "") + schema.substr(schema.find('{') + 1);
}

size_t array_size(std::string_view json) {
  const auto parsed = parse_json(json, 1);
  return parsed && parsed->is_array() ? parsed->get_array().value_unsafe().size() : 0;
}

WireResult<std::int64_t> claude_budget(const Conversation& conversation, const UpstreamTarget& target,
                                       bool takes_redacted, std::vector<std::string>& left_out) {
  const Thinking& thinking = conversation.thinking;
  if (in_mid_turn(conversation.messages, takes_redacted)) {
    leave_out(left_out, thinking.where);
    return 0;
  }
  const bool counted = thinking.kind == Thinking::Kind::kBudget;
  const std::int64_t wanted = counted ? thinking.budget : budget_of_effort(thinking.effort);
  const std::int64_t bound = target.max_output_tokens;
  const bool as_it_is = bound <= 0 || (counted && wanted < bound);
  const std::int64_t budget = as_it_is ? wanted : std::min(wanted, bound / 2);
  if (budget >= kLeastBudget) return budget;
  return cannot_carry(thinking.where, fmt::format("Anthropic's models reason in at least {} tokens, which need a "
                                                  "bound on the output of at least {}",
                                                  kLeastBudget, 2 * kLeastBudget));
}

Checked check_for_claude(const Setting& setting, bool thinks) {
  const double number = number_of(setting.json);
  switch (setting.knob) {
  case Knob::kTemperature:
    if (number > 1) return cannot_carry(setting.param, "Anthropic's models take at most 1");
    if (!thinks || number == 1) return {};
    break;
  case Knob::kTopP:
    if (!thinks || number >= 0.95) return {};
    break;
  case Knob::kTopK:
    if (!thinks) return {};
    break;
  default:
    return {};
  }
  return cannot_carry(setting.param, "Anthropic's models do not take it while they reason");
}

} // namespace kairos::providers
