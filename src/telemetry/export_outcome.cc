#include "telemetry/export_outcome.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

namespace kairos::telemetry {
namespace {

constexpr size_t kMostMessage = 300;

/// What a receiver wrote, fit for one log line.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, kMostMessage));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

/// 413, and the Collector's 400 "request body too large".
bool is_too_large(const HttpAnswer& answer) {
  return answer.status == 413 || (answer.status == 400 && answer.body.find("too large") != std::string::npos);
}

bool may_be_retried(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

PartialSuccess from_protobuf(std::string_view body) {
  PartialSuccess partial;
  try {
    protozero::pbf_reader answer(body.data(), body.size());
    while (answer.next(1, protozero::pbf_wire_type::length_delimited)) {
      protozero::pbf_reader message = answer.get_message();
      while (message.next()) {
        if (message.tag() == 1 && message.wire_type() == protozero::pbf_wire_type::varint)
          partial.rejected = message.get_int64();
        else if (message.tag() == 2 && message.wire_type() == protozero::pbf_wire_type::length_delimited)
          partial.message = message.get_string();
        else
          message.skip();
      }
    }
  } catch (const protozero::exception&) {
    return partial; // damaged bytes: what was read before them stands
  }
  return partial;
}

/// 64-bit integers are strings in OTLP's JSON; some receivers write numbers.
std::int64_t count_of(simdjson::dom::element element) {
  if (element.type() == simdjson::dom::element_type::INT64) return std::int64_t(element);
  std::string_view text;
  std::int64_t count = 0;
  if (element.get_string().get(text) == simdjson::SUCCESS)
    std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

PartialSuccess from_json(std::string_view body) {
  PartialSuccess partial;
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::dom::element root, found, field;
  if (parser.parse(padded).get(root) != simdjson::SUCCESS) return partial;
  if (root["partialSuccess"].get(found) != simdjson::SUCCESS) return partial;
  for (const char* name : {"rejectedSpans", "rejectedDataPoints"}) {
    if (found[name].get(field) == simdjson::SUCCESS) partial.rejected = count_of(field);
  }
  std::string_view text;
  if (found["errorMessage"].get_string().get(text) == simdjson::SUCCESS) partial.message = text;
  return partial;
}

ExportOutcome no_answer(const Error& error) {
  const char* reason = error.code == Code::kTimeout     ? "timeout"
                       : error.code == Code::kCancelled ? "stopped"
                                                        : "connection";
  return {Verdict::kRetry, 0, {}, reason, error.message};
}

ExportOutcome accepted(const HttpAnswer& answer) {
  const PartialSuccess partial = partial_success(answer.content_type, answer.body);
  ExportOutcome outcome;
  outcome.rejected = std::max<std::int64_t>(0, partial.rejected);
  if (outcome.rejected > 0) outcome.reason = "rejected";
  if (outcome.rejected > 0 || !partial.message.empty()) {
    outcome.message = fmt::format("the receiver took all but {}: {}", outcome.rejected, shown(partial.message));
  }
  return outcome;
}

} // namespace

PartialSuccess partial_success(std::string_view content_type, std::string_view body) {
  if (content_type.starts_with("application/json")) return from_json(body);
  if (content_type.starts_with("application/x-protobuf")) return from_protobuf(body);
  return {};
}

ExportOutcome outcome_of(const Result<HttpAnswer>& answer) {
  if (!answer) return no_answer(answer.error());
  if (answer->too_large)
    return {Verdict::kRefused, 0, {}, "answer_too_large", fmt::format("an answer over {} MiB", kMaxAnswer >> 20)};
  if (answer->status / 100 == 2) return accepted(*answer);
  const std::string reason = fmt::format("http_{}", answer->status);
  const std::string message = fmt::format("HTTP {}: {}", answer->status, shown(answer->body));
  if (is_too_large(*answer)) return {Verdict::kTooLarge, 0, {}, reason, message};
  if (!may_be_retried(answer->status)) return {Verdict::kRefused, 0, {}, reason, message};
  return {Verdict::kRetry, 0, std::chrono::seconds(answer->retry_after_s), reason, message};
}

Duration backoff(unsigned attempt, std::uint64_t random) {
  constexpr std::int64_t kMostMs = 60'000;
  const std::int64_t most = std::min<std::int64_t>(kMostMs, 1'000LL << std::min(attempt, 6u));
  return std::chrono::milliseconds(most / 2 +
                                   static_cast<std::int64_t>(random % static_cast<std::uint64_t>(most / 2 + 1)));
}

} // namespace kairos::telemetry
