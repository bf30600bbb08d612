#include "api/static_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/hex.h"
#include "journal/sha256.h"

namespace kairos::api {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>KairosRoute</title><body><h1>KairosRoute is "
    "running</h1>"
    "<p>This program was built without the dashboard. To have it: <code>cd web &amp;&amp; npm ci &amp;&amp; npm run "
    "build</code>, "
    "then build the program again.</p><p>The API is described by <a "
    "href=\"/openapi.json\">/openapi.json</a>.</p></body></html>\n";

std::string_view type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webp", "image/webp"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
  }};
  const auto found = std::ranges::find_if(kTypes, [&](const auto& type) { return path.ends_with(type.first); });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

std::string etag_of(std::string_view bytes) {
  journal::Sha256 sha256;
  return fmt::format("\"{}\"", to_hex(sha256({journal::as_bytes(bytes)})).substr(0, 32));
}

const WebFile* find_file(std::span<const WebFile> files, std::string_view path) {
  const auto found = std::ranges::find(files, path, &WebFile::path);
  return found == files.end() ? nullptr : &*found;
}

/// Files lie under /assets/, or at the top with a dot in their name. Below any other first part are addresses of the
/// dashboard, whatever the names in them hold: a tenant may be called acme.prod.
bool names_a_file(std::string_view path) {
  const std::string_view first = path.substr(1, path.find('/', 1) - 1);
  return first == "assets" || first.find('.') != std::string_view::npos;
}

/// "gzip, br;q=0.9" has br; "br;q=0" has not.
bool accepts(std::string_view header, std::string_view encoding) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(','), header.size());
    std::string_view item = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (!item.starts_with(encoding)) continue;
    const std::string_view rest = item.substr(encoding.size());
    if (rest.empty()) return true;
    const size_t q = rest.find("q=");
    if (q == std::string_view::npos || rest.find_first_of("123456789", q) != std::string_view::npos) return true;
  }
  return false;
}

/// Of the files that are built in, made once.
const std::string& known_etag(const WebFile& file) {
  static const auto* const kTags = [] {
    auto* tags = new std::map<std::string_view, std::string>;
    for (const WebFile& one : web_files()) tags->emplace(one.path, etag_of(one.bytes));
    return tags;
  }();
  return kTags->find(file.path)->second;
}

StaticAnswer unless_known(StaticAnswer answer, std::string_view if_none_match) {
  if (if_none_match.find(answer.etag) == std::string_view::npos) return answer;
  answer.status = 304;
  answer.body = {};
  return answer;
}

} // namespace

std::optional<StaticAnswer> static_answer(std::span<const WebFile> files, std::string_view path,
                                          std::string_view accept_encoding, std::string_view if_none_match) {
  StaticAnswer answer;
  answer.cache_control = "no-cache";
  answer.content_type = "text/html; charset=utf-8";
  const WebFile* file = find_file(files, path == "/" ? "/index.html" : path);
  if (file == nullptr && (path.empty() || names_a_file(path))) return std::nullopt;
  if (file == nullptr) file = find_file(files, "/index.html");
  if (file == nullptr) {
    answer.body = kNotBuilt;
    answer.etag = etag_of(kNotBuilt);
    return unless_known(std::move(answer), if_none_match);
  }
  answer.content_type = type_of(file->path);
  if (file->path.starts_with("/assets/")) answer.cache_control = "public, max-age=31536000, immutable"; // hashed names
  static constexpr std::array<std::array<std::string_view, 2>, 2> kVariants = {{{"br", ".br"}, {"gzip", ".gz"}}};
  const WebFile* best = file;
  for (const auto& [encoding, ending] : kVariants) {
    const WebFile* variant = find_file(files, std::string(file->path) + std::string(ending));
    answer.varies = answer.varies || variant != nullptr;
    if (variant == nullptr || best != file || !accepts(accept_encoding, encoding)) continue;
    best = variant;
    answer.encoding = encoding;
  }
  answer.body = best->bytes;
  answer.etag = files.data() == web_files().data() ? known_etag(*best) : etag_of(best->bytes);
  return unless_known(std::move(answer), if_none_match);
}

net::Task<bool> serve_static(net::Exchange& exchange) {
  const net::Head& head = exchange.head();
  if (head.method() != "GET" && head.method() != "HEAD") co_return false;
  const auto answer = static_answer(web_files(), head.path(), head.find("accept-encoding").value_or(""),
                                    head.find("if-none-match").value_or(""));
  if (!answer) co_return false;
  net::ResponseHeaders headers = {{"Content-Type", answer->content_type},   {"ETag", answer->etag},
                                  {"Cache-Control", answer->cache_control}, {"Content-Security-Policy", kPolicy},
                                  {"X-Content-Type-Options", "nosniff"},    {"X-Frame-Options", "DENY"},
                                  {"Referrer-Policy", "no-referrer"}};
  if (!answer->encoding.empty()) headers.push_back({"Content-Encoding", answer->encoding});
  if (answer->varies) headers.push_back({"Vary", "Accept-Encoding"});
  co_await exchange.respond(answer->status, headers, answer->body);
  co_return true;
}

} // namespace kairos::api
