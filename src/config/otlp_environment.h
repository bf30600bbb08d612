// The standard OTEL_* variables (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). What is
// wrong in one of them is a warning and the variable is ignored, as the specification asks. Internal to load().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/otlp.h"

namespace kairos::config {

class OtlpEnvironment {
public:
  OtlpEnvironment(const Environment& environment, std::vector<std::string>& warnings)
      : environment_(environment), warnings_(warnings) {}

  bool disabled() const;
  void read_settings(Otlp& into);
  /// Adds the destination "env" if a variable asks for one.
  void read_destination(Otlp& into);

private:
  std::optional<std::string> get(std::string_view name) const; // nullopt also for an empty one
  std::optional<std::string> of_signal(std::string_view signal, std::string_view what) const;
  bool wanted(std::string_view signal) const;
  void whole(std::string_view name, std::int64_t& into, std::int64_t least, std::int64_t most);
  void milliseconds(std::string_view name, Duration& into);
  void read_sampler(Otlp& into);
  bool captures_content();
  void read_propagators(Otlp& into);
  void expect(std::string_view name, std::string_view only);
  std::optional<OtlpSignal> signal(std::string_view name, std::string_view path);
  void read_headers(const std::string& list, OtlpSignal& into);
  void warn(std::string_view name, std::string_view what);

  const Environment& environment_;
  std::vector<std::string>& warnings_;
};

/// "http://h:4318" and "http://h:4318/" + "v1/traces".
std::string signal_url(std::string_view base, std::string_view path);
bool is_http_url(std::string_view url);
/// A name and a value that can stand in a request.
bool is_header(std::string_view name, std::string_view value);
bool is_secret_header(std::string_view name);

} // namespace kairos::config
