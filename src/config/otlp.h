// Where receipts and metrics go over OTLP/HTTP, as configured under `otlp` or, where that names no destination, by the
// standard OTEL_* variables (docs/telemetry/README.md lists them). All of it needs a restart.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/secret.h"

namespace kairos::config {

enum class OtlpProtocol : std::uint8_t { kProtobuf, kJson };
inline constexpr std::array<std::string_view, 2> kOtlpProtocolNames = {"http/protobuf", "http/json"};
enum class OtlpCompression : std::uint8_t { kNone, kGzip };
inline constexpr std::array<std::string_view, 2> kOtlpCompressionNames = {"none", "gzip"};
/// Where gen_ai.usage.* stands; on one kind of span only, so that sums are right.
enum class GenAiUsage : std::uint8_t { kAttempt, kReceipt, kNone };
inline constexpr std::array<std::string_view, 3> kGenAiUsageNames = {"attempt", "receipt", "none"};
/// Version of the GenAI semantic conventions.
enum class GenAiConventions : std::uint8_t { kPinned, kLatest };
inline constexpr std::array<std::string_view, 2> kGenAiConventionNames = {"1.41", "latest"};
enum class Sampler : std::uint8_t { kParentOrOn, kParentOrOff, kParentOrRatio, kOn, kOff, kRatio };
inline constexpr std::array<std::string_view, 6> kSamplerNames = {
    "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio", "always_on", "always_off",
    "traceidratio"};

/// How one signal (traces or metrics) of one destination is sent.
struct OtlpSignal {
  std::string url; // whole, with its path
  std::vector<std::pair<std::string, Secret>> headers;
  OtlpProtocol protocol = OtlpProtocol::kProtobuf;
  OtlpCompression compression = OtlpCompression::kNone;
  Duration timeout = std::chrono::seconds(10); // of one request
  std::string ca_file;                         // empty: the system's certificates
  std::string certificate_file;                // for mutual TLS; with key_file
  std::string key_file;
  std::string proxy; // empty: what HTTPS_PROXY and HTTP_PROXY say
};

struct OtlpDestination {
  std::string id; // names its cursor: DATA_DIR/otlp-ID.cursor
  std::optional<OtlpSignal> traces;
  std::optional<OtlpSignal> metrics;
  bool capture_content = false; // kept prompts and answers on its spans, of tenants that keep them
};

struct Otlp {
  std::vector<OtlpDestination> destinations; // empty: nothing is exported
  std::string service_name = "kairosroute";
  std::vector<std::pair<std::string, std::string>> resource; // further attributes
  GenAiUsage genai_usage = GenAiUsage::kAttempt;
  GenAiConventions conventions = GenAiConventions::kPinned;
  Sampler sampler = Sampler::kParentOrOn;
  double sampler_ratio = 1;
  std::string receipt_url; // with {id} in it; empty: spans carry no link
  bool end_user = false;   // enduser.id on receipt spans
  bool propagates = true;  // OTEL_PROPAGATORS: false: callers' traces are not joined, nor told to providers by default
  std::int64_t batch_spans = 512;
  Duration batch_delay = std::chrono::seconds(5);
  Duration metrics_interval = std::chrono::seconds(60);
  std::int64_t span_attributes = 32;    // at most, per span
  std::int64_t attribute_bytes = 2'000; // at most, per text
  std::int64_t span_events = 8;         // at most, per span
};

/// True if they differ in nothing that matters.
bool same(const Otlp& a, const Otlp& b);

} // namespace kairos::config
