#include "store/state_log.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <boost/json.hpp>
#include <span>

#include "base/hex.h"
#include "model/json_writer.h"

namespace kairos::store {
namespace {

namespace json = boost::json;

constexpr size_t kChecksum = 32; // hex digits: half of the SHA-256 of the rest of the line

std::string checksum(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return to_hex(std::span(digest).first(kChecksum / 2));
}

/// What a compacted log says of a document instead of its history.
std::string snapshot_json(const DocumentKey& key, std::uint64_t version, const Document* document) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("kind").string(key.first).key("id").string(key.second);
  out.key("version").integer(static_cast<std::int64_t>(version));
  if (document != nullptr) out.key("body").string(document->body);
  out.end_object();
  return text;
}

std::string text_at(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

std::optional<std::string> maybe_text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::nullopt : std::optional(std::string(value->as_string()));
}

std::uint64_t number_at(const json::object& object, std::string_view key) {
  return static_cast<std::uint64_t>(object.at(key).as_int64());
}

void put(StateDocuments& state, const DocumentKey& key, std::uint64_t version, const std::optional<std::string>& body) {
  state.last_versions[key] = version;
  if (body) {
    state.documents.insert_or_assign(key, Document{key.first, key.second, version, *body});
  } else {
    state.documents.erase(key);
  }
}

void apply(StateDocuments& state, const json::object& item, bool snapshot) {
  const DocumentKey key(text_at(item, "kind"), text_at(item, "id"));
  if (!item.contains("n")) return put(state, key, number_at(item, "version"), maybe_text(item, "body"));
  AuditEntry entry{number_at(item, "n"),
                   parse_rfc3339(text_at(item, "at")).value_or(WallTime{}),
                   text_at(item, "who"),
                   key.first,
                   key.second,
                   maybe_text(item, "before"),
                   maybe_text(item, "after")};
  if (!snapshot) put(state, key, number_at(item, "version"), entry.after);
  state.next_audit = entry.number + 1;
  state.audit.push_back(std::move(entry));
}

} // namespace

Result<> apply_state_line(StateDocuments& state, std::string_view array) {
  try {
    const json::value document = json::parse(json::string_view(array.data(), array.size()));
    bool snapshot = false;
    for (const json::value& item : document.as_array()) {
      if (item.is_string()) {
        snapshot = true;
      } else {
        apply(state, item.as_object(), snapshot);
      }
    }
    return {};
  } catch (const std::exception& error) { // Boost.JSON throws on unexpected types
    return fail(Code::kCorrupt, error.what());
  }
}

Result<LoadedState> read_state_log(std::string_view text) {
  const auto corrupt = [](size_t at, std::string_view why) {
    return fail(
        Code::kCorrupt,
        fmt::format("byte {}: {}; restore it from a backup, or cut it there to lose only what follows", at, why));
  };
  if (!text.starts_with(kStateHeader)) return corrupt(0, "it is not a state file of this version");
  LoadedState loaded;
  size_t at = kStateHeader.size();
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    // Only an unfinished last line can be torn: each commit is synced before the next. A finished but wrong one was
    // acknowledged once and is damage.
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(at, end - at);
    const bool whole = line.size() > kChecksum + 1 && line[kChecksum] == ' ' &&
                       checksum(line.substr(kChecksum + 1)) == line.substr(0, kChecksum);
    if (!whole) return corrupt(at, "the line is damaged");
    if (auto applied = apply_state_line(loaded.state, line.substr(kChecksum + 1)); !applied)
      return corrupt(at, applied.error().message);
    at = end + 1;
  }
  loaded.good_bytes = at;
  return loaded;
}

std::string entry_json(const AuditEntry& entry, std::uint64_t version) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("n").integer(static_cast<std::int64_t>(entry.number)).key("at").string(to_rfc3339(entry.at));
  out.key("who").string(entry.who).key("kind").string(entry.kind).key("id").string(entry.id);
  out.key("version").integer(static_cast<std::int64_t>(version));
  if (entry.before) out.key("before").string(*entry.before);
  if (entry.after) out.key("after").string(*entry.after);
  out.end_object();
  return text;
}

std::string snapshot_of(const StateDocuments& state) {
  std::string text = "[\"snapshot\"";
  for (const auto& [key, version] : state.last_versions) {
    const auto found = state.documents.find(key);
    text += "," + snapshot_json(key, version, found == state.documents.end() ? nullptr : &found->second);
  }
  for (const AuditEntry& entry : state.audit) text += "," + entry_json(entry, 0);
  return text + "]";
}

std::string state_line(std::string_view array) { return fmt::format("{} {}\n", checksum(array), array); }

} // namespace kairos::store
