#include "app/alerts_parts.h"

#include <map>

#include "telemetry/metrics_projection.h"

namespace kairos::app {

std::vector<alerts::Reading> lag_readings(const journal::Reader& journal, const store::Loader& loader, WallTime started,
                                          WallTime now) {
  const store::JournalPlace next = loader.state().mark.next;
  const Duration running = std::max(now - started, WallTime::duration::zero());
  const Duration lag = std::min(telemetry::lag_at(journal, {next.segment, next.offset}, now), running);
  alerts::Reading reading;
  reading.value = lag / std::chrono::microseconds(1); // seconds with six decimals
  return {reading};
}

std::vector<alerts::Reading> provider_readings(gateway::HealthBoard& health, MonoTime now) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> providers; // targets, those that are open
  const std::shared_ptr<const model::Health> picture = health.picture(now);
  for (const auto& [key, target] : picture->targets) {
    auto& [all, open] = providers[key.substr(0, key.find('/'))];
    ++all;
    open += target.available ? 0 : 1;
  }
  std::vector<alerts::Reading> readings;
  for (const auto& [provider, counts] : providers) {
    alerts::Reading& reading = readings.emplace_back();
    reading.labels = {{"provider", provider}};
    reading.value = alerts::quotient(counts.second, counts.first);
    reading.samples = counts.first;
  }
  return readings;
}

} // namespace kairos::app
