// The dashboard's views as presets of the one query. The caller adds filters, scope and changes at will.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/query.h"

namespace kairos::store {

struct ViewRequest {
  TimeRange range;
  std::string time_zone = "UTC";
  Interval interval = Interval::kDay;
  Filters filters;
};

struct NamedQuery {
  std::string name; // of the panel: "by_day", "by_category"
  Query query;
};

/// "savings", "mix", "latency", "spend", "tenants".
std::vector<std::string_view> view_names();
/// The panels of a view; kNotFound for an unknown name, with the list of those that exist.
Result<std::vector<NamedQuery>> view(std::string_view name, const ViewRequest& request);

} // namespace kairos::store
