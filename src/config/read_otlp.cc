#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/otlp_environment.h"
#include "config/read.h"

namespace kairos::config {
namespace {

constexpr size_t kMostDestinations = 8;
constexpr std::string_view kUseHeaderEnv = "name the variable with header_env: {authorization: VARIABLE}";

std::string read_http_url(Reader& reader, std::string_view key) {
  std::string url;
  reader.text(key, url);
  if (!url.empty() && !is_http_url(url)) reader.complain(key, "must be an http:// or https:// URL without a password");
  return url;
}

void read_plain_headers(Reader& destination, OtlpSignal& into) {
  auto headers = destination.map("headers");
  if (!headers) return;
  for (const std::string& name : headers->keys()) {
    std::string value;
    headers->text(name, value);
    if (!is_header(name, value)) headers->complain(name, "is not a header that can be sent");
    if (is_secret_header(name))
      headers->complain(name, "carries a secret, which is never written here; name a variable under header_env");
    into.headers.emplace_back(name, Secret(std::move(value)));
  }
  headers->finish();
}

void read_header_env(Reader& destination, const Environment& environment, Snapshot& snapshot, OtlpSignal& into) {
  auto headers = destination.map("header_env");
  if (!headers) return;
  for (const std::string& name : headers->keys()) {
    std::string variable;
    headers->text(name, variable);
    const auto value = environment.variable(variable);
    if (!value) {
      snapshot.warnings.push_back(
          fmt::format("line {}: {}: the environment variable {} is not set: the header {} is not sent", headers->line(),
                      headers->path(), variable, name));
    } else if (!is_header(name, *value)) {
      headers->complain(name, fmt::format("the value of {} is not one that can be sent as a header", variable));
    } else {
      into.headers.emplace_back(name, Secret(*value));
    }
  }
  headers->finish();
}

void read_signal(Reader& reader, const Environment& environment, Snapshot& snapshot, OtlpSignal& into) {
  reader.choice("protocol", kOtlpProtocolNames, into.protocol);
  reader.choice("compression", kOtlpCompressionNames, into.compression);
  reader.duration("timeout", into.timeout);
  reader.text("ca_file", into.ca_file);
  reader.text("certificate_file", into.certificate_file);
  reader.text("key_file", into.key_file);
  if (into.certificate_file.empty() != into.key_file.empty()) {
    reader.complain_here("certificate_file and key_file go together");
  }
  into.proxy = read_http_url(reader, "proxy");
  read_plain_headers(reader, into);
  read_header_env(reader, environment, snapshot, into);
  reader.no_secret({"api_key", "token", "password", "authorization"}, kUseHeaderEnv);
}

OtlpDestination read_otlp_destination(Reader& reader, const Environment& environment, Snapshot& snapshot) {
  OtlpDestination destination;
  destination.id = reader.id("id");
  const std::string base = read_http_url(reader, "endpoint");
  std::string traces_url = read_http_url(reader, "traces_endpoint");
  std::string metrics_url = read_http_url(reader, "metrics_endpoint");
  if (base.empty() && traces_url.empty() && metrics_url.empty()) {
    reader.complain("endpoint", "is missing; such as http://localhost:4318");
  }
  bool traces = true;
  bool metrics = true;
  reader.flag("traces", traces);
  reader.flag("metrics", metrics);
  reader.flag("capture_content", destination.capture_content);
  OtlpSignal signal;
  read_signal(reader, environment, snapshot, signal);
  reader.finish();
  if (traces_url.empty() && !base.empty()) traces_url = signal_url(base, "v1/traces");
  if (metrics_url.empty() && !base.empty()) metrics_url = signal_url(base, "v1/metrics");
  if (traces && !traces_url.empty()) {
    destination.traces = signal;
    destination.traces->url = traces_url;
  }
  if (metrics && !metrics_url.empty()) {
    destination.metrics = signal;
    destination.metrics->url = metrics_url;
  }
  return destination;
}

void read_otlp_limits(Reader& reader, Otlp& into) {
  if (auto batch = reader.map("batch")) {
    batch->whole("spans", into.batch_spans, 1, 10'000);
    batch->duration("delay", into.batch_delay);
    batch->finish();
  }
  if (auto limits = reader.map("limits")) {
    limits->whole("attributes", into.span_attributes, 8, 128);
    limits->whole("attribute_bytes", into.attribute_bytes, 64, 64'000);
    limits->whole("events", into.span_events, 0, 32);
    limits->finish();
  }
}

void read_resource(Reader& reader, Otlp& into) {
  auto resource = reader.map("resource");
  if (!resource) return;
  for (const std::string& name : resource->keys()) {
    std::string value;
    resource->text(name, value);
    std::erase_if(into.resource, [&](const auto& one) { return one.first == name; });
    into.resource.emplace_back(name, std::move(value));
  }
  resource->finish();
}

void read_settings(Reader& reader, Otlp& into) {
  reader.text("service_name", into.service_name);
  if (into.service_name.empty()) reader.complain("service_name", "must not be empty");
  reader.choice("genai_usage", kGenAiUsageNames, into.genai_usage);
  reader.choice("conventions", kGenAiConventionNames, into.conventions);
  reader.choice("sampler", kSamplerNames, into.sampler);
  reader.share("sampler_ratio", into.sampler_ratio);
  reader.text("receipt_url", into.receipt_url);
  if (!into.receipt_url.empty() &&
      (!is_http_url(into.receipt_url) || into.receipt_url.find("{id}") == std::string::npos)) {
    reader.complain("receipt_url", "must be an http:// or https:// URL with {id} in it");
  }
  reader.flag("end_user", into.end_user);
  reader.duration("metrics_interval", into.metrics_interval);
  read_resource(reader, into);
  read_otlp_limits(reader, into);
}

bool same_signal(const OtlpSignal& a, const OtlpSignal& b) {
  const auto same_header = [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.reveal() == y.second.reveal();
  };
  return a.url == b.url && a.protocol == b.protocol && a.compression == b.compression && a.timeout == b.timeout &&
         a.ca_file == b.ca_file && a.certificate_file == b.certificate_file && a.key_file == b.key_file &&
         a.proxy == b.proxy && std::ranges::equal(a.headers, b.headers, same_header);
}
bool same_optional(const std::optional<OtlpSignal>& a, const std::optional<OtlpSignal>& b) {
  return a && b ? same_signal(*a, *b) : a.has_value() == b.has_value();
}
bool same_destination(const OtlpDestination& a, const OtlpDestination& b) {
  return a.id == b.id && same_optional(a.traces, b.traces) && same_optional(a.metrics, b.metrics) &&
         a.capture_content == b.capture_content;
}

} // namespace

bool same(const Otlp& a, const Otlp& b) {
  return std::ranges::equal(a.destinations, b.destinations, same_destination) && a.service_name == b.service_name &&
         a.resource == b.resource && a.genai_usage == b.genai_usage && a.conventions == b.conventions &&
         a.sampler == b.sampler && a.sampler_ratio == b.sampler_ratio && a.receipt_url == b.receipt_url &&
         a.end_user == b.end_user && a.propagates == b.propagates && a.batch_spans == b.batch_spans &&
         a.batch_delay == b.batch_delay && a.metrics_interval == b.metrics_interval &&
         a.span_attributes == b.span_attributes && a.attribute_bytes == b.attribute_bytes &&
         a.span_events == b.span_events;
}

void read_otlp(Reader& root, const Environment& environment, Snapshot& into) {
  OtlpEnvironment standard(environment, into.warnings);
  standard.read_settings(into.otlp);
  std::set<std::string> ids;
  if (auto reader = root.map("otlp")) {
    read_settings(*reader, into.otlp);
    for (Reader& one : reader->maps("destinations", kMostDestinations)) {
      into.otlp.destinations.push_back(read_otlp_destination(one, environment, into));
      const std::string& id = into.otlp.destinations.back().id;
      if (!ids.insert(id).second) one.complain("id", fmt::format("{} is there twice; ids are unique", id));
    }
    reader->finish();
  }
  if (into.otlp.destinations.empty()) standard.read_destination(into.otlp);
  if (standard.disabled()) into.otlp.destinations.clear();
}

} // namespace kairos::config
