#include "routing/briefs.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/candidate_json.h"

namespace kairos::routing {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

Causes lacks_of(const catalog::Capabilities& can) {
  Causes lacks;
  lacks.add_if(!can.embeddings, Cause::kEmbedding);
  lacks.add_if(!can.tools, Cause::kTools);
  lacks.add_if(!can.images, Cause::kImages);
  lacks.add_if(!can.audio, Cause::kAudio);
  lacks.add_if(!can.json_schema, Cause::kJsonSchema);
  lacks.add_if(!can.reasoning, Cause::kReasoning);
  lacks.add_if(!can.web_search, Cause::kServerTools);
  lacks.add_if(!can.streaming, Cause::kStreaming);
  return lacks;
}

Brief brief_of(const config::Target& target) {
  const catalog::Model& model = *target.model;
  Brief brief;
  for (size_t i = 0; i < model::kCategoryCount; ++i)
    brief.quality[i] = model.quality[i].value_or(std::numeric_limits<double>::quiet_NaN());
  brief.context_length = model.context_length.value_or(kUnlimited);
  brief.max_output_tokens = model.max_output_tokens.value_or(kUnlimited);
  brief.deprecated = model.deprecated.value_or(WallTime::max());
  brief.health_hash = std::hash<std::string_view>{}(target.health_key);
  brief.all_qualities = std::ranges::none_of(brief.quality, [](double one) { return std::isnan(one); });
  brief.price = catalog::plain_price(model.prices);
  brief.lacks = lacks_of(model.capabilities);
  brief.lacks.add_if(brief.price && brief.price->speaks, Cause::kAudioOnly);
  brief.dialect = target.dialect;
  brief.responses = target.provider->responses;
  brief.own_keys_only = target.provider->own_keys_only;
  brief.quantization = model::bit(target.quantization);
  brief.candidate = target.candidate;
  return brief;
}

void add(Briefs& briefs, const config::Target& target) {
  briefs.targets.push_back(brief_of(target));
  briefs.places += model::candidate_place(target.model->id, target.provider->id, target.endpoint->region);
  briefs.ends.push_back(static_cast<std::uint32_t>(briefs.places.size()));
}

} // namespace

const Briefs& briefs_of(const config::Snapshot& snapshot) {
  struct Kept {
    const config::Snapshot* of = nullptr;
    std::string version;
    Briefs briefs;
  };
  thread_local Kept kept;
  const bool same = kept.of == &snapshot && !snapshot.version.empty() && kept.version == snapshot.version &&
                    kept.briefs.targets.size() == snapshot.targets.size();
  if (same) return kept.briefs;
  kept.of = &snapshot;
  kept.version = snapshot.version;
  kept.briefs = {};
  for (const config::Target& target : snapshot.targets) add(kept.briefs, target);
  return kept.briefs;
}

std::uint64_t hashes_in(const model::Health& health) {
  std::uint64_t bits = 0;
  for (const auto& [key, known] : health.targets) bits |= std::uint64_t{1} << (std::hash<std::string_view>{}(key) % 64);
  return bits;
}

} // namespace kairos::routing
