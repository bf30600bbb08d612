#include "providers/translate.h"

#include <fmt/format.h>

#include <algorithm>

#include "providers/object_rules.h"

namespace kairos::providers {
namespace {

// Anthropic: docs.anthropic.com/en/docs/build-with-claude/extended-thinking (a budget is at least 1,024 tokens).
constexpr std::int64_t kLow = 1024;
constexpr std::int64_t kMedium = 4096;
constexpr std::int64_t kHigh = 16'384;
constexpr std::int64_t kMost = 32'768;

bool has_shape(Json value, Shape shape) {
  switch (shape) {
  case Shape::kNumber:
    return value.is_number();
  case Shape::kWhole:
    return value.is_int64() || value.is_uint64();
  case Shape::kBool:
    return value.is_bool();
  case Shape::kString:
    return value.is_string();
  case Shape::kObject:
    return value.is_object();
  case Shape::kTexts:
    break;
  }
  if (!value.is_array()) return false;
  const JsonArray items = value.get_array().value_unsafe();
  return std::all_of(items.begin(), items.end(), [](Json item) { return item.is_string(); });
}

constexpr std::array<std::string_view, 6> kShapeNames = {"must be a number",      "must be a whole number",
                                                         "must be true or false", "must be a string",
                                                         "must be an object",     "must be an array of strings"};

/// The same as if it had not been given.
bool says_nothing(Knob knob, std::string_view json) {
  switch (knob) {
  case Knob::kFrequencyPenalty:
  case Knob::kPresencePenalty:
    return json == "0" || json == "0.0" || json == "-0.0";
  case Knob::kLogitBias:
  case Knob::kMetadata:
    return json == "{}";
  case Knob::kLogprobs:
  case Knob::kStore:
    return json == "false";
  case Knob::kTopLogprobs:
    return json == "0";
  case Knob::kStop:
    return json == "[]";
  default:
    return false;
  }
}

} // namespace

std::unexpected<WireError> cannot_carry(std::string param, std::string_view why) {
  return refuse(std::move(param), why.empty() ? "cannot be carried over to a provider that speaks another dialect"
                                              : fmt::format("cannot be carried over: {}", why));
}

Checked take_setting(Conversation& out, Knob knob, Shape shape, Json value, const Path& path) {
  if (!has_shape(value, shape)) return refuse(path.text(), std::string(kShapeNames[static_cast<size_t>(shape)]));
  std::string json = to_text(value);
  if (!says_nothing(knob, json)) out.settings.push_back({knob, path.text(), std::move(json)});
  return {};
}

Checked take_stream(Conversation& out, Json value, const Path& path) { return read_bool(value, path, out.stream); }

Checked drop_hint(Conversation& out, Json, const Path& path) {
  leave_out(out.left_out, path.text());
  return {};
}

bool split_data_url(std::string_view url, std::string& media_type, std::string& data) {
  constexpr std::string_view kMark = ";base64,";
  if (!url.starts_with("data:")) return false;
  const size_t mark = url.find(kMark);
  if (mark == std::string_view::npos) return false;
  const std::string_view type = url.substr(5, mark - 5);
  media_type = type.substr(0, type.find(';'));
  data = url.substr(mark + kMark.size());
  return true;
}

void leave_out(std::vector<std::string>& names, std::string_view name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
}

WireResult<Conversation> read_conversation(model::Endpoint client, std::string_view body) {
  const auto document = parse_json(body);
  if (!document) return refuse("", "the body is " + document.error().message);
  Conversation out;
  out.client = client;
  Checked read;
  switch (client) {
  case model::Endpoint::kChatCompletions:
    read = read_chat_conversation(*document, out);
    break;
  case model::Endpoint::kMessages:
    read = read_messages_conversation(*document, out);
    break;
  case model::Endpoint::kResponses:
    read = read_responses_conversation(*document, out);
    break;
  case model::Endpoint::kEmbeddings:
  case model::Endpoint::kCompletions:
    read = refuse("model", "requests of this endpoint are not translated to another provider's dialect");
    break;
  }
  if (!read) return std::unexpected(read.error());
  return out;
}

WireResult<Written> write_body(const Conversation& conversation, const UpstreamTarget& target) {
  switch (target.dialect) {
  case model::Dialect::kOpenAi:
    return write_chat_body(conversation, target);
  case model::Dialect::kAnthropic:
    return write_messages_body(conversation, target);
  case model::Dialect::kGemini:
    return write_gemini_body(conversation, target);
  case model::Dialect::kBedrock:
    return write_bedrock_body(conversation, target);
  }
  return refuse("model", "this model's dialect is not spoken here yet");
}

std::int64_t budget_of_effort(std::string_view effort) {
  if (effort == "low" || effort == "minimal") return kLow;
  if (effort == "medium") return kMedium;
  return effort == "high" ? kHigh : kMost;
}

std::string_view effort_of_budget(std::int64_t budget) {
  if (budget <= 2 * kLow) return "low";
  return budget <= 2 * kMedium ? "medium" : "high";
}

} // namespace kairos::providers
