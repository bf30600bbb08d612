#include "content/kept.h"

#include <algorithm>

#include "content/bytes.h"

namespace kairos::content {
namespace {

constexpr std::uint8_t kPlain = 1;     // version
constexpr std::uint8_t kRewritten = 2; // version: with the rewritten request at the end
constexpr std::uint8_t kRedacted = 1;

void put_text(std::string& out, std::string_view text) {
  put(out, text.size(), 4);
  out.append(text);
}

/// Takes from the front; after what is too short everything reads as empty.
struct Source {
  std::string_view rest;
  bool good = true;

  std::uint64_t number(size_t size) {
    good = good && rest.size() >= size;
    if (!good) return 0;
    const std::uint64_t value = get(rest, 0, size);
    rest.remove_prefix(size);
    return value;
  }
  std::string text() {
    const std::uint64_t size = number(4);
    good = good && rest.size() >= size;
    if (!good) return {};
    std::string value(rest.substr(0, size));
    rest.remove_prefix(size);
    return value;
  }
  void body(Body& into) {
    into.size = number(8);
    into.bytes = text();
    good = good && into.size >= into.bytes.size();
  }
};

} // namespace

void Body::append(std::string_view more, size_t most) {
  size += more.size();
  if (bytes.size() < most) bytes.append(more.substr(0, most - bytes.size()));
}

std::string encode(const Kept& kept) {
  std::string out;
  out.reserve(kept.bytes() + kept.content_type.size() + 64);
  put(out, kept.rewritten.size > 0 ? kRewritten : kPlain, 1);
  put(out, kept.redacted ? kRedacted : 0, 1);
  put(out, static_cast<std::uint64_t>(std::clamp(kept.http_status, 0, 999)), 2);
  put(out, static_cast<std::uint64_t>(kept.endpoint), 1);
  put_text(out, kept.content_type);
  put_text(out, kept.request_headers);
  put(out, kept.request.size, 8);
  put_text(out, kept.request.bytes);
  put(out, kept.answer.size, 8);
  put_text(out, kept.answer.bytes);
  if (kept.rewritten.size == 0) return out;
  put(out, kept.rewritten.size, 8);
  put_text(out, kept.rewritten.bytes);
  return out;
}

Result<Kept> decode(std::string_view bytes) {
  Source in{bytes};
  Kept kept;
  const std::uint64_t version = in.number(1);
  const std::uint64_t flags = in.number(1);
  kept.redacted = flags == kRedacted;
  kept.http_status = static_cast<int>(in.number(2));
  const std::uint64_t endpoint = in.number(1);
  kept.endpoint = static_cast<model::Endpoint>(endpoint);
  kept.content_type = in.text();
  kept.request_headers = in.text();
  in.body(kept.request);
  in.body(kept.answer);
  if (version == kRewritten) in.body(kept.rewritten);
  const bool known = version == kPlain || (version == kRewritten && kept.rewritten.size > 0);
  if (!known || flags > kRedacted || endpoint >= model::kEndpointNames.size() || kept.http_status > 999 || !in.good ||
      !in.rest.empty())
    return fail(Code::kCorrupt, "kept content: its bytes are not those that were written");
  return kept;
}

} // namespace kairos::content
