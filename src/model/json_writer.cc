#include "model/json_writer.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include "model/json_number.h"

namespace kairos::model {
namespace {

static_assert(kShareText >= sizeof "0.000123456");

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the valid UTF-8 sequence at the front of `text`, 0 if there is none (Unicode 15, table 3-7).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF && tail(1)) return 2;
  const unsigned second = byte(1);
  if (lead >= 0xE0 && lead <= 0xEF && tail(1) && tail(2)) {
    const bool overlong = lead == 0xE0 && second < 0xA0;
    const bool surrogate = lead == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const bool outside = (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    return outside ? 0 : 4;
  }
  return 0;
}

/// Characters that need no work inside a JSON string.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_escape(std::string& out, char c) {
  switch (c) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\u{:04x}"), static_cast<unsigned>(c));
  }
}

/// No byte of eight is a control character, a quote, a backslash or beyond ASCII: eight at a time, by the carries of a
/// subtraction from each (exact for "is there any").
bool plain_eight(const char* text) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto any_zero = [](std::uint64_t value) { return (value - kOnes) & ~value & kHigh; };
  const std::uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHigh;
  return ((bytes & kHigh) | control | any_zero(bytes ^ kOnes * '"') | any_zero(bytes ^ kOnes * '\\')) == 0;
}

bool is_plain(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    if (!plain_eight(text.data() + at)) return false;
  }
  for (; at < text.size(); ++at) {
    if (!kPlain[static_cast<unsigned char>(text[at])]) return false;
  }
  return true;
}

/// Short text with its quotes in one append: a receipt has hundreds of such.
bool append_short(std::string& out, std::string_view text) {
  std::array<char, 126> quoted;
  if (text.size() > quoted.size() - 2 || !is_plain(text)) return false;
  quoted[0] = '"';
  if (!text.empty()) std::memcpy(quoted.data() + 1, text.data(), text.size());
  quoted[text.size() + 1] = '"';
  out.append(quoted.data(), text.size() + 2);
  return true;
}

} // namespace

char* put_share(char* at, double share) {
  if (share == 0 && !std::signbit(share)) return *at = '0', at + 1;
  if (!(share >= 0.0001 && share < 0.9999995)) return nullptr;
  *at++ = '0';
  *at++ = '.';
  double scaled = share * 1e6;
  for (; scaled < 100'000; scaled *= 10) *at++ = '0';
  auto digits = static_cast<std::uint32_t>(scaled);
  const double rest = scaled - digits;
  if (std::abs(rest - 0.5) < 1e-3) return nullptr;
  digits += rest > 0.5 ? 1 : 0;
  if (digits >= 1'000'000) return nullptr;
  for (int i = 6; i-- > 0; digits /= 10) at[i] = static_cast<char>('0' + digits % 10);
  at += 6;
  while (at[-1] == '0') --at;
  return at;
}

void append_json_string(std::string& out, std::string_view text) {
  if (append_short(out, text)) return;
  out.push_back('"');
  while (!text.empty()) {
    size_t run = 0;
    while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])]) ++run;
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    size_t used = 1;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_escape(out, text.front());
    } else if (const size_t length = utf8_length(text); length > 0) {
      out.append(text.substr(0, length));
      used = length;
    } else {
      out.append(kReplacement);
    }
    text.remove_prefix(used);
  }
  out.push_back('"');
}

void JsonWriter::separate() {
  if (need_comma_) out_.push_back(',');
  need_comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  need_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view key) {
  std::array<char, 60> text; // keys are short; one append
  char* at = text.data();
  if (need_comma_) *at++ = ',';
  *at++ = '"';
  const std::string_view name = key.substr(0, text.size() - 4);
  std::memcpy(at, name.data(), name.size()); // std::ranges::copy goes byte by byte here
  at += name.size();
  if (name.size() < key.size()) {
    out_.append(text.data(), at);
    out_.append(key.substr(name.size()));
    at = text.data();
  }
  *at++ = '"';
  *at++ = ':';
  out_.append(text.data(), at);
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::escaped_key(std::string_view key) {
  separate();
  append_json_string(out_, key);
  out_.push_back(':');
  need_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  std::array<char, 24> text{};
  const auto written = std::to_chars(text.begin(), text.end(), value);
  out_.append(text.data(), static_cast<size_t>(written.ptr - text.data()));
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  std::array<char, kShareText> share;
  if (char* end = put_share(share.data(), value)) {
    out_.append(share.data(), end);
    return *this;
  }
  fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{:.6g}"), value);
  return *this;
}

JsonWriter& JsonWriter::usd(Picodollars amount) { return raw(kairos::usd(amount)); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

} // namespace kairos::model
