#include "store/views.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace kairos::store {
namespace {

using enum Measure;
constexpr auto kViews = std::to_array<std::string_view>({"savings", "mix", "latency", "spend", "tenants"});

DimensionRef by(Dimension dimension) { return {dimension, ""}; }

/// All panels of all views start like this.
class Panels {
public:
  explicit Panels(const ViewRequest& request) {
    base_.range = request.range;
    base_.time_zone = request.time_zone;
    base_.interval = request.interval;
    base_.filters = request.filters;
    base_.totals = true;
  }

  /// Ordered by the first measure, but in time where time is a dimension.
  Query& add(std::string name, std::vector<Measure> measures, std::vector<DimensionRef> dimensions) {
    Query query = base_;
    query.measures = std::move(measures);
    query.dimensions = std::move(dimensions);
    const bool in_time = !query.dimensions.empty() && query.dimensions.front().dimension == Dimension::kTime;
    if (!in_time && !query.dimensions.empty()) query.order = {{query.measures.front(), true}};
    return panels.emplace_back(std::move(name), std::move(query)).query;
  }

  std::vector<NamedQuery> panels;

private:
  Query base_;
};

void savings(Panels& panels) {
  const std::vector<Measure> measures = {kSavings, kBaseline, kCost, kAvoided, kRequests, kUnknownCost};
  panels.add("total", measures, {}).compare = true;
  panels.add("over_time", measures, {by(Dimension::kTime)});
  panels.add("by_category", measures, {by(Dimension::kCategory)});
  panels.add("by_tenant", measures, {by(Dimension::kTenant)}).top = TopN{by(Dimension::kTenant), kSavings, 50};
}

void mix(Panels& panels) {
  const std::vector<Measure> measures = {kCost, kRequests, kTokensInput, kTokensOutput, kFallbackRate};
  panels.add("by_model", measures, {by(Dimension::kModel), by(Dimension::kProvider)}).compare = true;
  panels.add("over_time", {kCost, kRequests}, {by(Dimension::kTime), by(Dimension::kModel)}).top =
      TopN{by(Dimension::kModel), kCost, 12};
  panels.add("by_category", measures, {by(Dimension::kCategory), by(Dimension::kModel)}).top =
      TopN{by(Dimension::kModel), kCost, 12};
}

void latency(Panels& panels) {
  const std::vector<Measure> measures = {kRequests, kLatencyP50, kLatencyP95,  kLatencyP99, kTtftP50,
                                         kTtftP95,  kTtftP99,    kOverheadP95, kThroughput};
  panels.add("total", measures, {}).compare = true;
  panels.add("over_time", {kLatencyP50, kLatencyP95, kLatencyP99, kTtftP50, kTtftP95, kRequests},
             {by(Dimension::kTime)});
  panels.add("by_model", measures, {by(Dimension::kModel)});
  panels.add("by_category", measures, {by(Dimension::kCategory)});
  panels.add("by_region", measures, {by(Dimension::kRegion)});
  panels.add("by_attempt", {kAttempts, kLatencyP50, kLatencyP95, kLatencyP99, kTtftP50, kTtftP95, kErrorRate, kCost},
             {by(Dimension::kAttemptReason), by(Dimension::kModel)});
}

void spend(Panels& panels) {
  const std::vector<Measure> measures = {kCost, kCostInterrupted, kUnknownCost, kRequests, kCharged};
  panels.add("total", measures, {}).compare = true;
  panels.add("over_time", measures, {by(Dimension::kTime)}).compare = true;
  for (const Dimension dimension :
       {Dimension::kTenant, Dimension::kWorkflow, Dimension::kModel, Dimension::kCategory}) {
    Query& query =
        panels.add(fmt::format("by_{}", kDimensionNames[static_cast<size_t>(dimension)]), measures, {by(dimension)});
    query.compare = true;
    query.top = TopN{by(dimension), kCost, 50};
  }
  panels.add("by_token_class",
             {kCostInput, kCostCacheRead, kCostCacheWrite, kCostOutput, kCostReasoning, kCostOther, kTokensInput,
              kTokensCacheRead, kTokensCacheWrite, kTokensOutput, kTokensReasoning, kTokensOther},
             {});
}

void tenants(Panels& panels) {
  Query& query = panels.add("by_tenant",
                            {kCost, kRequests, kSavings, kCharged, kErrorRate, kRefusalRate, kCacheHitRate,
                             kFallbackRate, kLatencyP50, kLatencyP95, kTtftP95, kUnknownCost, kCostInterrupted},
                            {by(Dimension::kTenant)});
  query.compare = true;
  panels.add("over_time", {kCost, kRequests}, {by(Dimension::kTime), by(Dimension::kTenant)}).top =
      TopN{by(Dimension::kTenant), kCost, 12};
}

} // namespace

std::vector<std::string_view> view_names() { return {kViews.begin(), kViews.end()}; }

Result<std::vector<NamedQuery>> view(std::string_view name, const ViewRequest& request) {
  Panels panels(request);
  if (name == "savings") savings(panels);
  if (name == "mix") mix(panels);
  if (name == "latency") latency(panels);
  if (name == "spend") spend(panels);
  if (name == "tenants") tenants(panels);
  if (!panels.panels.empty()) return std::move(panels.panels);
  return fail(Code::kNotFound, fmt::format("no view '{}'; there are {}", name.substr(0, 64), fmt::join(kViews, ", ")));
}

} // namespace kairos::store
