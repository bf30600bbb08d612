#include "providers/bedrock_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "providers/body_writer.h"
#include "providers/object_rules.h"

namespace kairos::providers {
namespace {

struct MediaFormat {
  std::string_view media_type;
  std::string_view word;
};
constexpr std::array kImages = {MediaFormat{"image/png", "png"}, MediaFormat{"image/jpeg", "jpeg"},
                                MediaFormat{"image/jpg", "jpeg"}, MediaFormat{"image/gif", "gif"},
                                MediaFormat{"image/webp", "webp"}};
constexpr std::array kDocuments = {
    MediaFormat{"application/pdf", "pdf"},
    MediaFormat{"text/csv", "csv"},
    MediaFormat{"text/html", "html"},
    MediaFormat{"text/plain", "txt"},
    MediaFormat{"text/markdown", "md"},
    MediaFormat{"application/msword", "doc"},
    MediaFormat{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    MediaFormat{"application/vnd.ms-excel", "xls"},
    MediaFormat{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"}};

template <size_t N>
std::string_view word_of(const std::array<MediaFormat, N>& formats, std::string_view media_type) {
  const auto* const found = std::ranges::find(formats, media_type, &MediaFormat::media_type);
  return found == formats.end() ? std::string_view{} : found->word;
}

WireResult<std::string> as_claude(const Conversation& conversation, const UpstreamTarget& target,
                                  std::vector<std::string>& left_out) {
  const Thinking& thinking = conversation.thinking;
  if (thinking.kind == Thinking::Kind::kAdaptive) return R"("thinking":{"type":"adaptive"})";
  const auto budget = claude_budget(conversation, target, false, left_out);
  if (!budget) return std::unexpected(budget.error());
  if (*budget == 0) return "";
  return fmt::format("\"thinking\":{{\"type\":\"enabled\",\"budget_tokens\":{}}}", *budget);
}

std::string_view effort_of(const Thinking& thinking) {
  std::string_view effort = thinking.effort;
  if (thinking.kind == Thinking::Kind::kBudget) effort = effort_of_budget(thinking.budget);
  if (effort == "minimal") return "low";
  return effort == "xhigh" || effort == "max" ? "high" : effort;
}

} // namespace

std::string_view bedrock_image_format(std::string_view media_type) { return word_of(kImages, media_type); }
std::string_view bedrock_document_format(std::string_view media_type) { return word_of(kDocuments, media_type); }

std::string bedrock_document_name(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 200)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-()[]").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (out.ends_with(' ')) out.pop_back();
  return out.empty() ? "document" : out;
}

bool is_bedrock_claude(const UpstreamTarget& target) {
  return target.model_id.empty() || target.model_id.find("anthropic.") != std::string::npos;
}

WireResult<std::string> bedrock_reasoning(const Conversation& conversation, const UpstreamTarget& target,
                                          std::vector<std::string>& left_out) {
  const Thinking& thinking = conversation.thinking;
  if (thinking.kind == Thinking::Kind::kUnset || thinking.kind == Thinking::Kind::kOff) return "";
  if (is_bedrock_claude(target)) return as_claude(conversation, target, left_out);
  const std::string_view effort = effort_of(thinking);
  if (thinking.kind == Thinking::Kind::kAdaptive || effort.empty()) return "";
  const auto names = [&](std::string_view word) { return target.model_id.find(word) != std::string::npos; };
  if (names("openai.gpt")) return fmt::format("\"reasoning_effort\":\"{}\"", effort);
  if (names("amazon.nova-2"))
    return fmt::format("\"reasoningConfig\":{{\"type\":\"enabled\",\"maxReasoningEffort\":\"{}\"}}", effort);
  return cannot_carry(thinking.where, "how much this model reasons cannot be set");
}

} // namespace kairos::providers
