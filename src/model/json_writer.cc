#include "model/json_writer.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

namespace kairos::model {
namespace {

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

/// As "{:.6g}" writes it, for the shares from 0.0001 to 1 that scores and probabilities nearly always are, in a tenth
/// of the time. False, and nothing is written: another number, or one so near to the middle of two texts that the
/// scaled value cannot tell them apart.
bool append_share(std::string& out, double share) {
  if (share == 0 && !std::signbit(share)) return out.push_back('0'), true;
  if (!(share >= 0.0001 && share < 0.9999995)) return false;
  int zeros = 0; // behind the point
  double scaled = share * 1e6;
  for (; scaled < 100'000; ++zeros) scaled *= 10;
  auto digits = static_cast<std::uint32_t>(scaled);
  const double rest = scaled - digits;
  if (std::abs(rest - 0.5) < 1e-3) return false;
  digits += rest > 0.5 ? 1 : 0;
  if (digits >= 1'000'000) return false;
  std::array<char, 6> text{};
  for (size_t i = text.size(); i-- > 0; digits /= 10) text[i] = static_cast<char>('0' + digits % 10);
  size_t length = text.size();
  while (text[length - 1] == '0') --length;
  out.append("0.").append(static_cast<size_t>(zeros), '0').append(text.data(), length);
  return true;
}

/// Short text with its quotes in one append: a receipt has hundreds of such.
bool append_short(std::string& out, std::string_view text) {
  std::array<char, 126> quoted;
  if (text.size() > quoted.size() - 2) return false;
  bool plain = true;
  for (const char c : text) plain = plain && kPlain[static_cast<unsigned char>(c)];
  if (!plain) return false;
  quoted[0] = '"';
  std::ranges::copy(text, quoted.begin() + 1);
  quoted[text.size() + 1] = '"';
  out.append(quoted.data(), text.size() + 2);
  return true;
}

} // namespace

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
  at = std::ranges::copy(name, at).out;
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
  if (append_share(out_, value)) return *this;
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
