#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

/// 0.9, or {relative: 0.9}, or {absolute: 0.8}.
void read_floor(Reader& floors, std::string_view key, Floor& into) {
  const Node* node = floors.take(key);
  if (node == nullptr) return;
  if (node->kind != Node::Kind::kMap) {
    into.relative = true;
    return floors.share(key, into.value);
  }
  auto reader = floors.map(key);
  if (!reader) return;
  const auto relative = reader->optional_share("relative");
  const auto absolute = reader->optional_share("absolute");
  reader->finish();
  if (relative.has_value() == absolute.has_value()) return floors.complain(key, "give one of relative and absolute");
  into = {relative.has_value(), relative ? *relative : *absolute};
}

void read_floors(Reader& routing, std::array<Floor, model::kCategoryCount>& into) {
  auto reader = routing.map("floors");
  if (!reader) return;
  Floor general;
  read_floor(*reader, "default", general);
  into.fill(general);
  for (size_t i = 0; i < into.size(); ++i) read_floor(*reader, model::kCategoryNames[i], into[i]);
  reader->finish();
}

void read_weights(Reader& routing, Weights& into) {
  auto reader = routing.map("weights");
  if (!reader) return;
  reader->share("quality", into.quality);
  reader->share("cost", into.cost);
  reader->share("latency", into.latency);
  reader->finish();
  const double sum = into.quality + into.cost + into.latency;
  if (sum <= 0) return reader->complain_here("one of quality, cost and latency must be above 0");
  into = {into.quality / sum, into.cost / sum, into.latency / sum};
}

void read_expected(Reader& routing, std::array<std::int64_t, model::kCategoryCount>& into) {
  auto reader = routing.map("expected_output_tokens");
  if (!reader) return;
  for (size_t i = 0; i < into.size(); ++i) reader->whole(model::kCategoryNames[i], into[i], 1, 1'000'000);
  reader->finish();
}

} // namespace

void read_routing(Reader& root, Snapshot& into) {
  auto reader = root.map("routing");
  if (!reader) return;
  Routing& routing = into.routing;
  reader->choice("strategy", kStrategyNames, routing.strategy);
  read_floors(*reader, routing.floors);
  read_weights(*reader, routing.weights);
  if (auto fallback = reader->map("fallback")) {
    fallback->whole("max_attempts", routing.fallback.max_attempts, 1, 10);
    fallback->finish();
  }
  reader->whole("default_max_output_tokens", routing.default_max_output_tokens, 1, 10'000'000);
  reader->whole("min_clamped_output_tokens", routing.min_clamped_output_tokens, 1, 1'000'000);
  read_expected(*reader, routing.expected_output_tokens);
  reader->flag("allow_unpriced", routing.allow_unpriced);
  routing.rewrite = read_rewrite_rules(*reader);
  reader->later({"hedge", "cascade"}, "remove it");
  reader->finish();
}

} // namespace kairos::config
