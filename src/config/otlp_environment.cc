#include "config/otlp_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hex.h"
#include "config/reader.h"
#include "model/enums.h"

namespace kairos::config {
namespace {

constexpr std::string_view kDefaultEndpoint = "http://localhost:4318";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// nullopt: a '%' that is not followed by two digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

/// "k=v,k2=v2": name and value of each member that is one.
template <class Take>
bool each_pair(std::string_view list, const Take& take) {
  bool all = true;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view member = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    const size_t equals = member.find('=');
    if (member.empty()) continue;
    const auto key = equals == member.npos ? std::nullopt : percent_decoded(trimmed(member.substr(0, equals)));
    const auto value = equals == member.npos ? std::nullopt : percent_decoded(trimmed(member.substr(equals + 1)));
    all = key && value && !key->empty() && take(*key, *value) && all;
  }
  return all;
}

} // namespace

std::string signal_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return fmt::format("{}/{}", base, path);
}

bool is_http_url(std::string_view url) {
  const std::string start = lower(url.substr(0, 8));
  const size_t scheme = start.starts_with("https://") ? 8 : start.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() == scheme || url.size() > 2'000) return false;
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; })) return false;
  const std::string_view authority = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  return !authority.empty() && authority.find('@') == authority.npos;
}

bool is_header(std::string_view name, std::string_view value) {
  const auto token = [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  };
  const auto visible = [](char c) {
    return (c >= ' ' && c != 0x7f) || c == '\t' || static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && name.size() <= 128 && value.size() <= 8'192 && std::ranges::all_of(name, token) &&
         std::ranges::all_of(value, visible);
}

bool is_secret_header(std::string_view name) {
  const std::string word = lower(name);
  return word == "authorization" || word == "proxy-authorization" || word == "cookie" ||
         word.find("api-key") != word.npos || word.find("token") != word.npos || word.find("secret") != word.npos;
}

std::optional<std::string> OtlpEnvironment::get(std::string_view name) const {
  auto value = environment_.variable(name);
  if (!value || trimmed(*value).empty()) return std::nullopt;
  return std::string(trimmed(*value));
}

std::optional<std::string> OtlpEnvironment::of_signal(std::string_view signal, std::string_view what) const {
  if (auto own = get(fmt::format("OTEL_EXPORTER_OTLP_{}_{}", signal, what))) return own;
  return get(fmt::format("OTEL_EXPORTER_OTLP_{}", what));
}

void OtlpEnvironment::warn(std::string_view name, std::string_view what) {
  warnings_.push_back(fmt::format("{} is ignored: {}", name, what));
}

bool OtlpEnvironment::disabled() const { return lower(get("OTEL_SDK_DISABLED").value_or("")) == "true"; }

void OtlpEnvironment::whole(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most) {
  const auto text = get(name);
  if (!text) return;
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (problem != std::errc() || end != text->data() + text->size() || value < least)
    return warn(name, "it is not a whole number in range");
  into = std::min(value, most);
}

void OtlpEnvironment::milliseconds(std::string_view name, Duration& into) {
  std::int64_t value = 0;
  whole(name, value, 1, 24 * 3'600 * 1'000);
  if (value > 0) into = std::chrono::milliseconds(value);
}

void OtlpEnvironment::read_sampler(Otlp& into) {
  const auto named = get("OTEL_TRACES_SAMPLER");
  if (named && !model::parse_name(kSamplerNames, *named, into.sampler))
    warn("OTEL_TRACES_SAMPLER", "the sampler is not known");
  const auto argument = get("OTEL_TRACES_SAMPLER_ARG");
  if (!argument) return;
  double ratio = 0;
  const auto [end, problem] = std::from_chars(argument->data(), argument->data() + argument->size(), ratio);
  const bool good = problem == std::errc() && end == argument->data() + argument->size() && ratio >= 0 && ratio <= 1;
  if (!good) return warn("OTEL_TRACES_SAMPLER_ARG", "it is not a number from 0 to 1");
  into.sampler_ratio = ratio;
}

void OtlpEnvironment::read_propagators(Otlp& into) {
  const std::string names = get("OTEL_PROPAGATORS").value_or("");
  bool known = false;
  bool joins = false;
  for (size_t begin = 0; begin < names.size();) {
    const size_t comma = std::min(names.find(',', begin), names.size());
    const std::string name = lower(trimmed(std::string_view(names).substr(begin, comma - begin)));
    begin = comma + 1;
    joins = joins || name == "tracecontext";
    if (name == "tracecontext" || name == "baggage" || name == "none")
      known = true;
    else
      warn("a member of OTEL_PROPAGATORS", "tracecontext, baggage and none are known");
  }
  if (known) into.propagates = joins;
}

/// A choice of the specification that is not made here is told, not passed over in silence.
void OtlpEnvironment::expect(std::string_view name, std::string_view only) {
  const auto value = get(name);
  if (value && lower(*value) != only) warn(name, fmt::format("only {} is spoken", only));
}

void OtlpEnvironment::read_settings(Otlp& into) {
  read_propagators(into);
  expect("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative");
  expect("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram");
  const auto attributes = get("OTEL_RESOURCE_ATTRIBUTES");
  const auto take = [&](const std::string& key, const std::string& value) {
    if (key == "service.name")
      into.service_name = value;
    else
      into.resource.emplace_back(key, value);
    return true;
  };
  if (attributes && !each_pair(*attributes, take)) warn("a member of OTEL_RESOURCE_ATTRIBUTES", "it is not key=value");
  if (auto name = get("OTEL_SERVICE_NAME")) into.service_name = *name;
  read_sampler(into);
  milliseconds("OTEL_BSP_SCHEDULE_DELAY", into.batch_delay);
  whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", into.batch_spans, 1, 10'000);
  milliseconds("OTEL_METRIC_EXPORT_INTERVAL", into.metrics_interval);
  for (const char* name : {"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"}) {
    whole(name, into.span_attributes, 1, 32); // what receivers keep
  }
  for (const char* name : {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"}) {
    whole(name, into.attribute_bytes, 1, 2'000);
  }
  whole("OTEL_SPAN_EVENT_COUNT_LIMIT", into.span_events, 0, 8);
  if (get("OTEL_SEMCONV_STABILITY_OPT_IN").value_or("").find("gen_ai_latest_experimental") != std::string::npos) {
    into.conventions = GenAiConventions::kLatest;
  }
}

void OtlpEnvironment::read_headers(const std::string& list, OtlpSignal& into) {
  const auto take = [&](const std::string& name, const std::string& value) {
    if (!is_header(name, value)) return false;
    into.headers.emplace_back(name, Secret(value));
    return true;
  };
  if (!each_pair(list, take)) warn("a member of OTEL_EXPORTER_OTLP_HEADERS", "it is not name=value");
}

/// Asked for by a destination of its own or the common one, or by name.
bool OtlpEnvironment::wanted(std::string_view signal) const {
  const auto exporter = get(fmt::format("OTEL_{}_EXPORTER", signal));
  if (exporter && *exporter != "otlp") return false;
  return exporter || of_signal(signal, "ENDPOINT");
}

std::optional<OtlpSignal> OtlpEnvironment::signal(std::string_view name, std::string_view path) {
  if (!wanted(name)) return std::nullopt;
  OtlpSignal signal;
  const auto own = get(fmt::format("OTEL_EXPORTER_OTLP_{}_ENDPOINT", name));
  signal.url =
      own ? *own : signal_url(get("OTEL_EXPORTER_OTLP_ENDPOINT").value_or(std::string(kDefaultEndpoint)), path);
  if (!is_http_url(signal.url)) {
    warn(fmt::format("OTEL_EXPORTER_OTLP_{}_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT", name),
         "it is not an http:// or https:// URL");
    return std::nullopt;
  }
  if (auto headers = of_signal(name, "HEADERS")) read_headers(*headers, signal);
  const auto protocol = of_signal(name, "PROTOCOL");
  if (protocol && !model::parse_name(kOtlpProtocolNames, *protocol, signal.protocol)) {
    warn("OTEL_EXPORTER_OTLP_PROTOCOL",
         fmt::format("\"{}\" is not spoken, http/protobuf and http/json are", protocol->substr(0, 40)));
  }
  const auto compression = of_signal(name, "COMPRESSION");
  if (compression && !model::parse_name(kOtlpCompressionNames, *compression, signal.compression)) {
    warn("OTEL_EXPORTER_OTLP_COMPRESSION", "none and gzip are known");
  }
  milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", signal.timeout);
  milliseconds(fmt::format("OTEL_EXPORTER_OTLP_{}_TIMEOUT", name), signal.timeout);
  signal.ca_file = of_signal(name, "CERTIFICATE").value_or("");
  signal.certificate_file = of_signal(name, "CLIENT_CERTIFICATE").value_or("");
  signal.key_file = of_signal(name, "CLIENT_KEY").value_or("");
  return signal;
}

/// OpenTelemetry's instrumentations know both the older words (true, false) and the newer ones. Nothing but what is
/// known switches it on.
bool OtlpEnvironment::captures_content() {
  constexpr const char* kName = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
  const std::string word = lower(get(kName).value_or("false"));
  if (word == "true" || word == "span_only" || word == "span_and_event") return true;
  if (word == "event_only")
    warn(kName, "content is exported on spans only (span_only)");
  else if (word != "false" && word != "no_content")
    warn(kName, "true, false, span_only and no_content are known");
  return false;
}

void OtlpEnvironment::read_destination(Otlp& into) {
  OtlpDestination destination{"env", signal("TRACES", "v1/traces"), signal("METRICS", "v1/metrics"),
                              captures_content()};
  if (destination.traces || destination.metrics) into.destinations.push_back(std::move(destination));
}

} // namespace kairos::config
