#include "api/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/search_params.h"
#include "base/hex.h"
#include "journal/sha256.h"
#include "model/json_writer.h"

namespace kairos::api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    segments.push_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

/// How many literal segments a path shares with the pattern; nullopt if it is not of that pattern.
std::optional<size_t> fits(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  size_t literal = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    if (is_parameter(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return std::nullopt;
    literal += is_parameter(pattern[i]) ? 0 : 1;
  }
  return literal;
}

std::map<std::string, std::string, std::less<>> params_of(std::string_view pattern, std::string_view path) {
  std::map<std::string, std::string, std::less<>> params;
  const auto names = segments_of(pattern);
  const auto values = segments_of(path);
  for (size_t i = 0; i < names.size(); ++i) {
    if (!is_parameter(names[i])) continue;
    // A '+' stands for itself in a path; a broken escape cannot name anything that exists.
    std::string value(values[i]);
    for (size_t at = 0; (at = value.find('+', at)) != std::string::npos; at += 3) value.replace(at, 1, "%2B");
    params.emplace(names[i].substr(1, names[i].size() - 2), percent_decode(value).value_or(std::string(values[i])));
  }
  return params;
}

} // namespace

std::string Principal::who() const { return api_key_id.empty() ? "local" : "key " + api_key_id; }

int status_of(Code code) {
  switch (code) {
  case Code::kInvalid:
    return 400;
  case Code::kUnauthorized:
    return 401;
  case Code::kForbidden:
    return 403;
  case Code::kNotFound:
    return 404;
  case Code::kConflict:
    return 409;
  case Code::kTooLarge:
    return 413;
  case Code::kRateLimited:
    return 429;
  case Code::kBudget:
    return 402;
  case Code::kUpstream:
    return 502;
  case Code::kCancelled:
    return 503;
  case Code::kTimeout:
    return 504;
  default:
    return 500;
  }
}

Answer problem(int status, std::string_view detail) {
  Answer answer{status, "", "application/problem+json", {}};
  model::JsonWriter json(answer.body);
  json.begin_object();
  json.key("type").string("about:blank");
  json.key("title").string(net::reason_phrase(status));
  json.key("status").integer(status);
  json.key("detail").string(detail);
  json.end_object();
  return answer;
}

Answer problem(const Error& error) { return problem(status_of(error.code), error.message); }

Answer json_answer(const Request& request, std::string body) {
  journal::Sha256 sha256;
  const std::string digest = to_hex(sha256({journal::as_bytes(body)}));
  const std::string etag = fmt::format("\"{}\"", digest.substr(0, 32));
  Answer answer;
  answer.headers.emplace_back("ETag", etag);
  if (request.if_none_match.find(etag) != std::string::npos) {
    answer.status = 304;
  } else {
    answer.body = std::move(body);
  }
  return answer;
}

std::optional<std::uint64_t> expected_version(std::string_view if_match) {
  std::uint64_t version = 0;
  while (if_match.starts_with('"')) if_match.remove_prefix(1);
  const auto [end, error] = std::from_chars(if_match.data(), if_match.data() + if_match.size(), version);
  return error == std::errc() ? std::optional(version) : std::nullopt;
}

std::string last_event_id(const net::Head& head, std::string_view query) {
  if (const std::string_view header = head.find("last-event-id").value_or(""); !header.empty())
    return std::string(header);
  const auto pairs = query_pairs(query);
  if (!pairs) return {};
  const auto given = std::ranges::find(*pairs, "last_event_id", [](const auto& pair) { return pair.first; });
  return given == pairs->end() ? std::string() : given->second;
}

Result<std::map<std::string, std::string, std::less<>>> query_values(std::string_view query) {
  std::map<std::string, std::string, std::less<>> values;
  auto pairs = query_pairs(query);
  if (!pairs) return std::unexpected(pairs.error());
  for (auto& [name, value] : *pairs) {
    if (!values.emplace(name, std::move(value)).second)
      return fail(Code::kInvalid, fmt::format("{}: is there twice", name.substr(0, 64)));
  }
  return values;
}

void RouteTable::add(std::string method, std::string pattern, Access access, Handler answer) {
  routes_.push_back({std::move(method), std::move(pattern), access, std::move(answer), nullptr});
}

void RouteTable::add_stream(std::string method, std::string pattern, Access access, StreamHandler stream) {
  routes_.push_back({std::move(method), std::move(pattern), access, nullptr, std::move(stream)});
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";
  const auto wanted = segments_of(path);
  std::optional<size_t> best;
  Match match;
  for (const Route& route : routes_) {
    const auto literal = fits(segments_of(route.pattern), wanted);
    if (!literal || (best && *literal < *best)) continue;
    if (!best || *literal > *best) match = {}; // a pattern that says more about the path replaces what was found
    best = literal;
    match.allowed.push_back(route.method);
    if (route.method == method) match.route = &route;
  }
  if (match.route != nullptr) match.params = params_of(match.route->pattern, path);
  return match;
}

} // namespace kairos::api
