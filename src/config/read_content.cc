#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include "base/hex.h"
#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kMostOldKeys = 16;
constexpr std::string_view kMakeOne = "make one with `openssl rand -hex 32`";

std::string trimmed_key(std::string_view text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  return std::string(text);
}

/// 64 hex digits, or 44 characters of base64.
std::optional<std::string> key_bytes(const std::string& text) {
  if (text.size() == 2 * kKeyBytes) {
    const auto bytes = from_hex(text);
    return bytes ? std::optional(std::string(bytes->begin(), bytes->end())) : std::nullopt;
  }
  if (text.size() != 44 || text.back() != '=' || text[42] == '=') return std::nullopt;
  std::string bytes(33, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size != 33) return std::nullopt;
  bytes.resize(kKeyBytes);
  return bytes;
}

/// The key that this map names, if it names one.
void read_master_key(Reader& reader, const Environment& environment, std::vector<Secret>& into) {
  reader.no_secret({"key", "master_key", "secret", "value"}, "name a variable with key_env, or a file with key_file");
  const auto variable = reader.optional_text("key_env");
  const auto path = reader.optional_text("key_file");
  if (variable && path) reader.complain("key_file", "give one of key_env and key_file");
  if (!variable && !path) return;
  const std::string_view key = variable ? "key_env" : "key_file";
  Result<std::string> text = fail(Code::kNotFound, "");
  if (variable) {
    if (auto value = environment.variable(*variable)) text = std::move(*value);
    if (!text) return reader.complain(key, fmt::format("the environment variable {} is not set", *variable));
  } else {
    text = environment.file(*path);
    if (!text) return reader.complain(key, text.error().message);
  }
  auto bytes = key_bytes(trimmed_key(*text));
  OPENSSL_cleanse(text->data(), text->size());
  if (!bytes)
    return reader.complain(
        key, fmt::format("does not hold a master key: 32 bytes as 64 hex digits or base64; {}", kMakeOne));
  into.emplace_back(std::move(*bytes));
}

} // namespace

void read_content(Reader& root, const Environment& environment, Snapshot& into) {
  auto reader = root.map("content");
  if (!reader) return;
  Content& content = into.content;
  read_master_key(*reader, environment, content.master_keys);
  for (Reader& old : reader->maps("old_keys", kMostOldKeys)) {
    const size_t before = content.master_keys.size();
    if (before == 0) reader->complain("old_keys", "need a key of today: give key_env or key_file");
    read_master_key(old, environment, content.master_keys);
    if (content.master_keys.size() == before) old.complain_here("give one of key_env and key_file");
    old.finish();
  }
  reader->size("body_bytes", content.body_bytes, kKib, 32 * kMib);
  reader->size("queue_bytes", content.queue_bytes, kMib, 1024 * kMib);
  if (content.queue_bytes < 2 * content.body_bytes)
    reader->complain("queue_bytes", "must have room for a request and an answer: at least twice body_bytes");
  reader->finish();
}

} // namespace kairos::config
