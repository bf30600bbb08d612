#include <algorithm>

#include "api/genai_message.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

using model::JsonWriter;

constexpr size_t kLeastText = 32; // a shorter piece of a text says nothing

/// Room for the texts of one message, in bytes of JSON; what has none is cut.
struct Room {
  size_t bytes = 0;
  bool cut = false;
};

size_t json_size(std::string_view text) {
  std::string json;
  model::append_json_string(json, text);
  return json.size() - 2;
}

/// The longest front of `text`, of whole characters, whose JSON has room.
std::string_view front_of(std::string_view text, Room& room) {
  std::string_view front = text.substr(0, room.bytes);
  for (;;) {
    while (front.size() < text.size() && !front.empty() &&
           (static_cast<unsigned char>(text[front.size()]) & 0xc0) == 0x80)
      front.remove_suffix(1);
    const size_t size = json_size(front);
    if (size <= room.bytes) {
      room.cut = room.cut || front.size() < text.size();
      room.bytes -= size;
      return front;
    }
    front.remove_suffix(std::max<size_t>(1, front.size() - front.size() * room.bytes / size));
  }
}

/// JSON as it is, if that is what it is and it has room; else a text.
void write_json_or_text(JsonWriter& json, std::string_view value, Room& room) {
  const auto parsed = providers::parse_json(value, 1);
  if (!parsed || !(parsed->is_object() || parsed->is_array())) {
    json.string(front_of(value, room));
    return;
  }
  const std::string compact = providers::to_text(*parsed);
  if (compact.size() > room.bytes) {
    json.string(front_of(value, room));
    return;
  }
  room.bytes -= compact.size();
  json.raw(compact);
}

void write_part(JsonWriter& json, const GenAiPart& part, Room& room) {
  json.begin_object().key("type").string(part.type);
  if (part.type == "text" || part.type == "reasoning") {
    json.key("content").string(front_of(part.content, room));
  } else if (part.type == "tool_call") {
    json.key("id").string(front_of(part.id, room)).key("name").string(front_of(part.name, room)).key("arguments");
    write_json_or_text(json, part.content, room);
  } else if (part.type == "tool_call_response") {
    json.key("id").string(front_of(part.id, room)).key("response").string(front_of(part.content, room));
  } else if (part.type == "uri") {
    json.key("modality").string("image").key("uri").string(front_of(part.content, room));
  } else if (part.type == "blob") {
    const bool image = part.media_type.empty() || part.media_type.starts_with("image/");
    json.key("modality").string(image ? "image" : "document").key("mime_type").string(front_of(part.media_type, room));
    json.key("content").string(""); // never the bytes
  }
  json.end_object();
}

std::string write_message(const GenAiMessage& message, std::string_view finish_reason, Room& room) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("role").string(message.role).key("parts").begin_array();
  for (const GenAiPart& part : message.parts) write_part(json, part, room);
  json.end_array();
  if (!finish_reason.empty()) json.key("finish_reason").string(finish_reason);
  json.end_object();
  return out;
}

/// Texts cut until `write` makes at most `most` bytes of them; nothing if even a little text has no room.
template <class Write>
std::string written_within(size_t most, bool& cut, const Write& write) {
  Room all{most, false};
  std::string whole = write(all);
  if (!all.cut && whole.size() <= most) return whole;
  cut = true;
  Room none{0, false};
  const size_t frame = write(none).size();
  if (frame + kLeastText > most) return {};
  Room some{most - frame, false};
  return write(some);
}

} // namespace

Bounded write_messages(const std::vector<GenAiMessage>& messages, std::string_view finish_reason, size_t most_bytes) {
  Bounded out;
  std::vector<std::string> written; // newest first
  size_t size = 2;                  // the brackets
  for (size_t i = messages.size(); i-- > 0 && !out.cut;) {
    const size_t comma = written.empty() ? 0 : 1;
    if (size + comma >= most_bytes) {
      out.cut = true;
      break;
    }
    std::string one = written_within(most_bytes - size - comma, out.cut,
                                     [&](Room& room) { return write_message(messages[i], finish_reason, room); });
    if (one.empty()) break;
    size += comma + one.size();
    written.push_back(std::move(one));
  }
  if (written.empty()) return out;
  out.json = "[";
  for (size_t i = written.size(); i-- > 0;) out.json.append(written[i]).append(i > 0 ? "," : "]");
  return out;
}

Bounded write_parts(const std::vector<GenAiPart>& parts, size_t most_bytes) {
  Bounded out;
  for (const GenAiPart& part : parts) {
    const size_t used = out.json.size() + 2; // comma or bracket before, bracket behind
    std::string one = used >= most_bytes ? std::string() : written_within(most_bytes - used, out.cut, [&](Room& room) {
      std::string text;
      JsonWriter json(text);
      write_part(json, part, room);
      return text;
    });
    if (one.empty()) {
      out.cut = true;
      break;
    }
    out.json.append(out.json.empty() ? "[" : ",").append(one);
    if (out.cut) break;
  }
  if (!out.json.empty()) out.json += ']';
  return out;
}

} // namespace kairos::api
