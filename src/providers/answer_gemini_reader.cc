// Gemini's generateContent → AnswerEvents: ai.google.dev/api/generate-content#GenerateContentResponse. A stream's
// events have the shape of whole answers, and nothing says which is the last but its end.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "providers/answer_translation.h"

namespace kairos::providers {
namespace {

using Kind = AnswerEvent::Kind;

constexpr std::array<std::string_view, 8> kFiltered = {"SAFETY", "RECITATION",   "BLOCKLIST", "PROHIBITED_CONTENT",
                                                       "SPII",   "IMAGE_SAFETY", "LANGUAGE",  "MODEL_ARMOR"};

class GeminiReader final : public AnswerReader {
public:
  void on_event(std::string_view, std::string_view data, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(data);
    if (!root || !root->is_object()) return;
    if (member(*root, "error")) {
      out.push_back({.kind = Kind::kError, .error = read_stream_error(model::Dialect::kGemini, data)});
      return;
    }
    take(*root, out);
  }

  void on_body(std::string_view json, std::vector<AnswerEvent>& out) override {
    const auto root = parse_json(json);
    if (root && root->is_object()) take(*root, out);
  }

private:
  void take(Json root, std::vector<AnswerEvent>& out) {
    if (id_.empty()) id_ = text_member(root, "responseId");
    if (!std::exchange(started_, true))
      out.push_back({.kind = Kind::kStart, .text = std::string(text_member(root, "modelVersion")), .id = id_});
    if (const auto candidates = array_member(root, "candidates"); candidates && candidates->size() > 0)
      take_candidate(candidates->at(0).value_unsafe(), out);
    if (const auto feedback = member(root, "promptFeedback")) {
      const std::string_view blocked = text_member(*feedback, "blockReason");
      if (!blocked.empty()) finish(blocked, FinishReason::kContentFilter, out);
    }
    take_usage(root, out);
  }

  void take_candidate(Json candidate, std::vector<AnswerEvent>& out) {
    const auto content = member(candidate, "content");
    const auto parts = content ? array_member(*content, "parts") : std::nullopt;
    if (parts) {
      for (const Json part : *parts) take_part(part, out);
    }
    const std::string_view word = text_member(candidate, "finishReason");
    if (!word.empty()) finish(word, reason_of(word), out);
  }

  void take_part(Json part, std::vector<AnswerEvent>& out) {
    if (const auto call = member(part, "functionCall")) return take_call(*call, out);
    const std::string_view text = text_member(part, "text");
    if (text.empty()) return;
    const auto thought = member(part, "thought");
    const bool is_thought = thought && thought->is_bool() && thought->get_bool().value_unsafe();
    out.push_back({.kind = is_thought ? Kind::kThinking : Kind::kText, .text = std::string(text)});
  }

  /// A call comes whole. Ids are not always given; ours are unique in a conversation, since the answer's is.
  void take_call(Json call, std::vector<AnswerEvent>& out) {
    std::string id(text_member(call, "id"));
    if (id.empty()) id = fmt::format("call_{}_{}", id_, calls_);
    ++calls_;
    out.push_back({.kind = Kind::kToolStart, .id = std::move(id), .name = std::string(text_member(call, "name"))});
    const auto arguments = member(call, "args");
    out.push_back({.kind = Kind::kToolArguments,
                   .text = arguments && arguments->is_object() ? to_text(*arguments) : std::string("{}")});
  }

  FinishReason reason_of(std::string_view word) const {
    if (word == "MAX_TOKENS") return FinishReason::kLength;
    if (std::ranges::find(kFiltered, word) != kFiltered.end()) return FinishReason::kContentFilter;
    return calls_ > 0 ? FinishReason::kToolCalls : FinishReason::kStop;
  }

  void finish(std::string_view word, FinishReason reason, std::vector<AnswerEvent>& out) {
    if (std::exchange(finished_, true)) return;
    out.push_back({.kind = Kind::kFinish, .name = std::string(word), .reason = reason});
  }

  void take_usage(Json root, std::vector<AnswerEvent>& out) {
    const auto usage = member(root, "usageMetadata");
    const auto read = usage ? read_usage(UsageShape::kGemini, to_text(*usage)) : std::nullopt;
    if (!read) return;
    merge_usage(UsageShape::kGemini, usage_, *read);
    out.push_back({.kind = Kind::kUsage, .usage = usage_});
  }

  std::string id_;
  model::Usage usage_;
  std::int64_t calls_ = 0;
  bool started_ = false;
  bool finished_ = false;
};

} // namespace

std::unique_ptr<AnswerReader> make_gemini_reader() { return std::make_unique<GeminiReader>(); }

} // namespace kairos::providers
