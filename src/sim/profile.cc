#include "sim/profile.h"

#include <array>

namespace kairos::sim {
namespace {

struct Known {
  std::string_view part;
  Profile profile;
};

// The first match wins, so the small versions stand before the families they belong to.
constexpr std::array kKnown = {
    Known{"nano", {180, 0.3, 180, 110, 0, false}},       Known{"mini", {280, 0.3, 120, 130, 0, false}},
    Known{"flash", {250, 0.3, 190, 130, 0, false}},      Known{"haiku", {300, 0.3, 130, 130, 0, false}},
    Known{"8b", {120, 0.3, 350, 110, 0, false}},         Known{"small", {220, 0.3, 140, 120, 0, false}},
    Known{"opus", {1100, 0.4, 45, 210, 0, true}},        Known{"sonnet", {650, 0.35, 75, 180, 0, false}},
    Known{"gpt-5", {900, 0.45, 90, 180, 0, true}},       Known{"o3", {1800, 0.5, 70, 190, 0, true}},
    Known{"o4", {1200, 0.5, 95, 170, 0, true}},          Known{"r1", {1500, 0.5, 40, 220, 0, true}},
    Known{"reasoner", {1500, 0.5, 40, 220, 0, true}},    Known{"thinking", {1500, 0.5, 60, 220, 0, true}},
    Known{"pro", {850, 0.4, 70, 190, 0, true}},          Known{"70b", {300, 0.35, 150, 150, 0, false}},
    Known{"large", {500, 0.35, 65, 160, 0, false}},
};

} // namespace

Profile profile_of(std::string_view model) {
  for (const Known& known : kKnown) {
    if (model.find(known.part) != std::string_view::npos) return known.profile;
  }
  return {};
}

} // namespace kairos::sim
