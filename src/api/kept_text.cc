#include "api/kept_text.h"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>

#include "net/sse.h"
#include "providers/answer.h"
#include "providers/client_request.h"

namespace kairos::api {
namespace {

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has(std::string_view text, std::string_view needle) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return !std::ranges::search(text, needle, same).empty();
}

} // namespace

std::string output_text(model::Endpoint endpoint, std::string_view content_type, std::string_view answer) {
  providers::AnswerTap tap(endpoint, providers::client_dialect(endpoint));
  tap.keep_output();
  if (content_type.starts_with("text/plain")) return std::string(answer); // a redacted stream's text
  if (content_type.starts_with("text/event-stream")) {
    net::SseReader events(kLargestEvent);
    if (!events.feed(answer)) return {};
    while (const auto event = events.next()) tap.on_event(event->event, event->data);
  } else {
    tap.on_body(answer);
  }
  return tap.output();
}

void write_body(model::JsonWriter& json, const content::Body& body) {
  const bool text = simdjson::validate_utf8(body.bytes.data(), body.bytes.size());
  json.key("body").string(text ? body.bytes : base64(body.bytes));
  json.key("encoding").string(text ? "text" : "base64");
  json.key("bytes").integer(static_cast<std::int64_t>(body.size));
  json.key("truncated").boolean(body.truncated());
}

bool contains_text(const content::Kept& kept, std::string_view needle) {
  std::string escaped;
  model::append_json_string(escaped, needle);
  const std::string_view inside = std::string_view(escaped).substr(1, escaped.size() - 2);
  for (const std::string_view text : {std::string_view(kept.request.bytes), std::string_view(kept.answer.bytes)}) {
    if (has(text, needle) || has(text, inside)) return true;
  }
  if (!kept.content_type.starts_with("text/event-stream")) return false;
  return has(output_text(kept.endpoint, kept.content_type, kept.answer.bytes), needle);
}

} // namespace kairos::api
