#include "providers/reasoning_item.h"

namespace kairos::providers {
namespace {

constexpr std::string_view kSigned = "kr1.signed.";
constexpr std::string_view kRedacted = "kr1.redacted.";

} // namespace

std::string encrypted_signature(std::string_view signature) { return std::string(kSigned).append(signature); }
std::string encrypted_redacted(std::string_view data) { return std::string(kRedacted).append(data); }

std::optional<Part> reasoning_part(std::string_view summary, std::string_view encrypted) {
  Part part;
  if (encrypted.starts_with(kSigned)) {
    part.kind = Part::Kind::kThinking;
    part.text = summary;
    part.signature = encrypted.substr(kSigned.size());
    return part;
  }
  if (!encrypted.starts_with(kRedacted)) return std::nullopt;
  part.kind = Part::Kind::kRedactedThinking;
  part.data = encrypted.substr(kRedacted.size());
  return part;
}

} // namespace kairos::providers
