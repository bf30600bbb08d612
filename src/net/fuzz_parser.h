// What the fuzz targets of requests and answers share: the same bytes in different cuts must mean the same.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_head.h"

namespace kairos::net {

/// Feeds one message in pieces and writes down what came of it: "refused", "incomplete", or all that was understood.
inline std::string understand(MessageParser::Kind kind, std::string_view bytes, size_t step) {
  MessageParser parser(kind, HeadLimits{2000, 20}, 1000);
  std::string held, body;
  while (!parser.done() && !bytes.empty()) {
    held.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    const auto used = parser.feed(held);
    if (!used) return "refused";
    if (*used > held.size()) std::abort();
    held.erase(0, *used);
    body.append(parser.body());
    parser.body().clear();
    if (body.size() > 1000) std::abort();
  }
  if (!parser.head_done() || (!parser.done() && !parser.feed_end())) return "incomplete";
  const Head& head = parser.head();
  std::string text =
      std::string(head.method()) + " " + std::string(head.target()) + " " + std::to_string(head.status());
  for (size_t i = 0; i < head.field_count(); ++i) {
    text.append("\n").append(head.field(i).name).append(":").append(head.field(i).value);
    if (!head.find(head.field(i).name)) std::abort();
  }
  return text.append("\n\n").append(body).append(parser.keep_alive() ? "+" : "-");
}

/// The first byte says how the rest is cut.
inline int compare_cuts(MessageParser::Kind kind, const unsigned char* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = understand(kind, bytes, bytes.size());
  for (const size_t step : {size_t{1}, data[0] + size_t{1}}) {
    const std::string cut = understand(kind, bytes, step);
    // A refusal may come earlier or later than the end of the bytes; what is accepted may not differ.
    const bool both_accepted = whole != "refused" && whole != "incomplete" && cut != "refused" && cut != "incomplete";
    const bool both_not = (whole == "refused" || whole == "incomplete") && (cut == "refused" || cut == "incomplete");
    if (!both_not && (!both_accepted || whole != cut)) std::abort();
  }
  return 0;
}

} // namespace kairos::net
