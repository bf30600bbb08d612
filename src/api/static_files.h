// The dashboard's files, built into the program (cmake/web.cmake), and how they are served: ETags, the right types,
// precompressed variants, index.html for the dashboard's own addresses, a strict content policy. Where the dashboard
// was not built in, a page that says how to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/async.h"
#include "net/server.h"

namespace kairos::api {

struct WebFile {
  std::string_view path; // "/index.html", "/assets/app-1a2b.js", and with .br or .gz behind it
  std::string_view bytes;
};
/// Generated; empty if the dashboard was not built.
std::span<const WebFile> web_files();

struct StaticAnswer {
  int status = 200;
  std::string_view body;
  std::string_view content_type;
  std::string_view encoding; // "br", "gzip" or empty
  std::string_view cache_control;
  std::string etag;
  bool varies = false;
};
/// Pure, for tests. nullopt: there is no such file, and none is shown in its place.
std::optional<StaticAnswer> static_answer(std::span<const WebFile> files, std::string_view path,
                                          std::string_view accept_encoding, std::string_view if_none_match);

/// False: not answered (another method than GET or HEAD, or no such file).
net::Task<bool> serve_static(net::Exchange& exchange);

} // namespace kairos::api
