// Policy simulation: past receipts under another configuration, from the receipts alone. The decision is made again by
// routing::route() with what a receipt records; what it does not record is said in the report (kNotKnown). Pure and
// deterministic: the same receipts and configuration give the same report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "config/snapshot.h"
#include "model/receipt.h"

namespace kairos::app {

struct ModelShare {
  std::int64_t before = 0; // requests that it served
  std::int64_t after = 0;
  PicoSum cost_before = 0;
  PicoSum cost_after = 0;
};

struct SimulationReport {
  std::int64_t receipts = 0;                    // looked at
  std::int64_t simulated = 0;                   // served then, and decided anew
  std::map<std::string, std::int64_t> left_out; // why → how many
  std::int64_t same_model = 0;
  std::map<std::string, std::int64_t> refused; // would be refused: error code → how many
  std::int64_t violations_before = 0;          // served by a target that the new privacy rules forbid
  std::int64_t violations_after = 0;           // chosen against them: 0, or a mistake of the router
  std::int64_t unpriced = 0;                   // their new cost is not known, and in no sum
  PicoSum cost_before = 0;                     // of those whose both costs are known
  PicoSum cost_after = 0;
  std::map<std::string, ModelShare> models;
};

/// What a receipt does not say; printed with every report.
extern const std::string_view kNotKnown;

void simulate(const model::Receipt& receipt, const config::Snapshot& snapshot, SimulationReport& into);
std::string report_text(const SimulationReport& report);
std::string report_json(const SimulationReport& report);

} // namespace kairos::app
