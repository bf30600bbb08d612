#include "policy/json_strings.h"

#include <algorithm>
#include <array>

namespace kairos::policy {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Four hex digits at `at`; -1: there are none.
int code_unit(std::string_view raw, size_t at) {
  if (at + 4 > raw.size()) return -1;
  int unit = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(raw[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// One character of a raw string.
struct Piece {
  size_t raw = 1; // bytes
  std::uint32_t code = 0;
  bool literal = true; // the byte itself
  bool good = true;
};

Piece bad(size_t raw) { return {raw, 0xFFFD, false, false}; }

Piece unicode_piece(std::string_view raw, size_t at) {
  const int unit = code_unit(raw, at + 2);
  if (unit < 0) return bad(2);
  if (unit >= 0xD800 && unit < 0xDC00 && raw.substr(at + 6).starts_with("\\u")) {
    const int low = code_unit(raw, at + 8);
    if (low >= 0xDC00 && low < 0xE000)
      return {12,
              0x10000U + (static_cast<std::uint32_t>(unit - 0xD800) << 10) + static_cast<std::uint32_t>(low - 0xDC00),
              false, true};
  }
  const bool alone = unit >= 0xD800 && unit < 0xE000;
  return {6, alone ? 0xFFFDU : static_cast<std::uint32_t>(unit), false, true};
}

Piece piece_at(std::string_view raw, size_t at) {
  if (raw[at] != '\\') return {1, static_cast<unsigned char>(raw[at]), true, true};
  if (at + 1 >= raw.size()) return bad(1);
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (raw[at + 1] == 'u') return unicode_piece(raw, at);
  const size_t which = kEscapes.find(raw[at + 1]);
  if (which == kEscapes.npos) return bad(2);
  return {2, static_cast<std::uint32_t>(kMeanings[which]), false, true};
}

size_t utf8_size(std::uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

void append_utf8(std::uint32_t code, std::string& into) {
  const auto byte = [&](std::uint32_t value) { into.push_back(static_cast<char>(value)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

constexpr bool is_number_byte(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

} // namespace

namespace {

constexpr size_t kMaxLists = 64;
constexpr size_t kMaxMembers = 256;

/// A raw key, which may be spelled with escapes.
bool means(std::string_view raw, std::string_view name) {
  if (raw.find('\\') == raw.npos) return raw == name;
  std::string text;
  return raw.size() <= 6 * name.size() && unescape(raw, text) && text == name;
}

} // namespace

bool JsonWalker::read_string(JsonValue& value) {
  value.begin = ++pos_;
  value.escaped = false;
  while (pos_ < body_.size() && body_[pos_] != '"') {
    if (body_[pos_] == '\\') {
      value.escaped = true;
      ++pos_;
    }
    ++pos_;
  }
  if (pos_ >= body_.size()) return false;
  value.end = pos_++;
  steps_ += value.end - value.begin;
  return true;
}

bool JsonWalker::next(JsonValue& value) {
  while (pos_ < body_.size()) {
    const char c = body_[pos_];
    ++steps_;
    if (c == '"') {
      if (!read_string(value)) return false;
      if (too_deep_ > 0) continue;
      const bool key = !stack_.empty() && stack_.back().object && stack_.back().expects_key;
      if (key) {
        stack_.back().key = body_.substr(value.begin, value.end - value.begin);
        stack_.back().expects_key = false;
        if (stack_.size() == 1 && members_.size() < kMaxMembers) members_.push_back(stack_.back().key);
        continue;
      }
      value.kind = JsonValue::Kind::kString;
      value.depth = stack_.size();
      return true;
    }
    if ((c >= '0' && c <= '9') || c == '-') {
      value.begin = pos_;
      while (pos_ < body_.size() && is_number_byte(body_[pos_])) ++pos_;
      value.end = pos_;
      value.kind = JsonValue::Kind::kNumber;
      value.depth = stack_.size();
      steps_ += value.end - value.begin;
      if (too_deep_ > 0) continue;
      return true;
    }
    ++pos_;
    if (c == '{' || c == '[') {
      if (stack_.size() == kMaxJsonDepth || too_deep_ > 0) {
        ++too_deep_;
      } else {
        if (c == '[' && stack_.size() == 1 && lists_.size() < kMaxLists) lists_.emplace_back(stack_[0].key, pos_);
        stack_.push_back({c == '{', c == '{', {}, 0});
      }
    } else if (c == '}' || c == ']') {
      if (too_deep_ > 0) {
        --too_deep_;
      } else if (!stack_.empty()) {
        stack_.pop_back();
      }
    } else if (c == ',' && too_deep_ == 0 && !stack_.empty()) {
      stack_.back().expects_key = stack_.back().object;
      ++stack_.back().index;
    }
  }
  return false;
}

std::string_view JsonWalker::key() const {
  for (size_t i = stack_.size(); i > 0; --i) {
    if (stack_[i - 1].object) return stack_[i - 1].key;
  }
  return {};
}

bool JsonWalker::inside(std::string_view name) const {
  return std::ranges::any_of(stack_, [&](const Frame& frame) { return frame.object && frame.key == name; });
}

bool JsonWalker::key_is(size_t level, std::string_view name) const {
  return level < stack_.size() && stack_[level].object && means(stack_[level].key, name);
}

size_t JsonWalker::list_begin(std::string_view name) const {
  for (const auto& [key, begin] : lists_) {
    if (means(key, name)) return begin;
  }
  return std::string_view::npos;
}

bool JsonWalker::has_member(std::string_view name) const {
  return members_.size() == kMaxMembers ||
         std::ranges::any_of(members_, [&](std::string_view key) { return means(key, name); });
}

std::string_view JsonWalker::top_key() const { return stack_.empty() ? std::string_view{} : stack_.front().key; }

bool unescape(std::string_view raw, std::string& into) {
  into.clear();
  into.reserve(raw.size());
  for (size_t at = 0; at < raw.size();) {
    const Piece piece = piece_at(raw, at);
    if (!piece.good) return false;
    if (piece.literal) {
      into.push_back(raw[at]);
    } else {
      append_utf8(piece.code, into);
    }
    at += piece.raw;
  }
  return true;
}

size_t RawPlaces::of(size_t unescaped) {
  while (raw_at_ < raw_.size()) {
    const Piece piece = piece_at(raw_, raw_at_);
    const size_t size = piece.literal ? 1 : utf8_size(piece.code);
    if (text_at_ + size > unescaped) break;
    text_at_ += size;
    raw_at_ += piece.raw;
  }
  return raw_at_;
}

void escape(std::string_view text, std::string& into) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      into.push_back('\\');
      into.push_back(c);
    } else if (c == '\n') {
      into += "\\n";
    } else if (byte < 0x20) {
      into += "\\u00";
      into.push_back(kHex[byte >> 4]);
      into.push_back(kHex[byte & 15]);
    } else {
      into.push_back(c);
    }
  }
}

} // namespace kairos::policy
