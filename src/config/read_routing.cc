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

constexpr size_t kMostPhrases = 64;

void read_strategy(Reader& routing, Routing& into) {
  routing.choice("strategy", kStrategyNames, into.strategy);
  routing.choice("order", kOrderNames, into.order);
  const bool ordered = into.strategy == Strategy::kSingle || into.strategy == Strategy::kHedge;
  const Strategy own = into.strategy == Strategy::kCascade ? Strategy::kCheapest : into.strategy;
  if (routing.has("order") && !ordered && into.order != own)
    routing.complain("order", fmt::format("{} has an order of its own; remove it", name(into.strategy)));
  if (static_cast<size_t>(into.strategy) < kOrderNames.size()) into.order = into.strategy;
}

void read_fallback(Reader& routing, Fallback& into) {
  auto reader = routing.map("fallback");
  if (!reader) return;
  reader->whole("max_attempts", into.max_attempts, 1, 10);
  reader->flag("on_context_window", into.on_context_window);
  reader->flag("on_content_policy", into.on_content_policy);
  reader->finish();
}

void read_hedge(Reader& routing, Hedge& into) {
  auto reader = routing.map("hedge");
  if (!reader) return;
  reader->choice("after", kHedgeAfterNames, into.after);
  reader->duration("least", into.least);
  reader->duration("unmeasured", into.unmeasured);
  reader->share("most_share", into.most_share);
  reader->finish();
}

void read_cascade(Reader& routing, Cascade& into) {
  auto reader = routing.map("cascade");
  if (!reader) return;
  reader->flag("on_length", into.on_length);
  reader->flag("on_refusal", into.on_refusal);
  reader->flag("on_empty", into.on_empty);
  reader->flag("on_bad_json", into.on_bad_json);
  reader->texts("phrases", into.phrases);
  reader->finish();
  if (into.phrases.size() > kMostPhrases)
    reader->complain("phrases", fmt::format("are {}; at most {}", into.phrases.size(), kMostPhrases));
  for (std::string& phrase : into.phrases) {
    if (phrase.empty()) reader->complain("phrases", "must not hold an empty text, which every answer has");
    for (char& c : phrase) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
}

} // namespace

void read_routing(Reader& root, Snapshot& into) {
  auto reader = root.map("routing");
  if (!reader) return;
  Routing& routing = into.routing;
  read_strategy(*reader, routing);
  read_floors(*reader, routing.floors);
  read_weights(*reader, routing.weights);
  read_fallback(*reader, routing.fallback);
  read_hedge(*reader, routing.hedge);
  read_cascade(*reader, routing.cascade);
  reader->choice("on_client_gone", kOnClientGoneNames, routing.on_client_gone);
  reader->duration("drain_time", routing.drain_time);
  reader->whole("default_max_output_tokens", routing.default_max_output_tokens, 1, 10'000'000);
  reader->whole("min_clamped_output_tokens", routing.min_clamped_output_tokens, 1, 1'000'000);
  read_expected(*reader, routing.expected_output_tokens);
  reader->flag("allow_unpriced", routing.allow_unpriced);
  routing.rewrite = read_rewrite_rules(*reader);
  reader->finish();
}

} // namespace kairos::config
