#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "alerts/message.h"

namespace kairos::alerts {
namespace {

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string base64_lines(std::string_view text) {
  constexpr size_t kLine = 76;
  const std::string all = base64(text);
  std::string out;
  for (size_t at = 0; at < all.size(); at += kLine) out += all.substr(at, kLine) + "\r\n";
  return out;
}

/// RFC 2047 in words of at most 75 characters, so that no header can be made of a name.
std::string header_text(const std::string& text) {
  const bool plain = text.size() <= 70 && std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
  if (plain && !text.starts_with("=?")) return text;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(at + 42, text.size());
    while (end < text.size() && end > at && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    if (end == at) end = std::min(at + 42, text.size()); // not UTF-8
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ",
                       base64(std::string_view(text).substr(at, end - at)));
    at = end;
  }
  return out;
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

std::string plain_body(const Notice& notice) {
  std::string text = fmt::format("{}\n\n{}\n\nSince: {}\nWhy: {}\n", subject(notice), notice.figures,
                                 to_rfc3339(notice.since), notice.reason);
  if (!notice.why.empty()) text += "Note: " + notice.why + "\n";
  for (const auto& [key, value] : notice.labels) text += fmt::format("{}: {}\n", key, value);
  if (!notice.view_url.empty())
    text += fmt::format("\nAlert: {}\nReceipts behind it: {}\n", notice.view_url, notice.receipts_url);
  return text;
}

std::string html_body(const Notice& notice) {
  const auto row = [](std::string_view key, std::string_view value) {
    return fmt::format("<tr><td style=\"padding-right:1em;color:#555\">{}</td><td>{}</td></tr>", html(key),
                       html(value));
  };
  std::string text =
      fmt::format("<!doctype html><html><body style=\"font-family:sans-serif\"><h2>{}</h2><p>{}</p><table>",
                  html(subject(notice)), html(notice.figures));
  text += row("Since", to_rfc3339(notice.since)) + row("Why", notice.reason);
  if (!notice.why.empty()) text += row("Note", notice.why);
  for (const auto& [key, value] : notice.labels) text += row(key, value);
  text += "</table>";
  if (!notice.view_url.empty()) {
    text += fmt::format("<p><a href=\"{}\">Alert</a> · <a href=\"{}\">Receipts behind it</a></p>",
                        html(notice.view_url), html(notice.receipts_url));
  }
  return text + "</body></html>";
}

std::string part(std::string_view boundary, std::string_view type, std::string_view body) {
  return fmt::format("--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", boundary,
                     type, base64_lines(body));
}

} // namespace

MailMessage mail_message(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id) {
  const bool tls = channel.smtp_security == config::SmtpSecurity::kTls;
  const bool ipv6 = channel.smtp_host.find(':') != channel.smtp_host.npos;
  const std::string host = ipv6 ? "[" + channel.smtp_host + "]" : channel.smtp_host;
  const std::string domain = channel.from.substr(channel.from.find('@') + 1);
  MailMessage mail{fmt::format("{}://{}:{}", tls ? "smtps" : "smtp", host, channel.smtp_port), channel.from, channel.to,
                   ""};
  std::string to;
  for (const std::string& one : channel.to) to += (to.empty() ? "" : ",\r\n ") + one;
  const auto date = std::chrono::floor<std::chrono::seconds>(notice.at);
  const std::string boundary = "kairosroute-" + delivery_id;
  mail.text = fmt::format(
      "From: KairosRoute <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {:%a, %d %b %Y %H:%M:%S} +0000\r\n"
      "Message-ID: <{}@{}>\r\nReferences: <{}@{}>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n",
      channel.from, to, header_text(shortened(subject(notice), 400)), date, delivery_id, domain, notice.incident,
      domain, boundary);
  mail.text += part(boundary, "text/plain", plain_body(notice)) + part(boundary, "text/html", html_body(notice));
  mail.text += fmt::format("--{}--\r\n", boundary);
  return mail;
}

} // namespace kairos::alerts
