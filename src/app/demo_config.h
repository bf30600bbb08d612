// The configuration that `kairosroute demo` runs with: invented tenants on simulated providers, and one tenant, "demo",
// for the person at the keyboard, which also gets the real providers whose keys are in the environment.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kairos::app {

inline constexpr const char* kDemoNode = "demo";

struct DemoPlan {
  std::string listen; // HOST:PORT
  std::string data_dir;
  std::uint16_t sim_port = 0;
  std::string admin_key;                                // of the tenant "demo"
  std::map<std::string, std::string, std::less<>> keys; // tenant → key, of the generated traffic
  double scale = 1;                                     // of the invented tenants' caps: how much they ask
  std::vector<std::string> real;                        // catalog ids of providers that are used for real
};

/// The tenants of the generated traffic.
std::vector<std::string> demo_tenants();
/// Those providers whose key is in the environment and whose models the demo knows.
std::vector<std::string> real_providers();
/// YAML; the keys only as hashes.
std::string demo_config(const DemoPlan& plan);

} // namespace kairos::app
