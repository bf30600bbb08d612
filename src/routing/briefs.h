// Briefs: what route() asks about every target of a snapshot for every request, side by side in a few cache lines.
// Where it all stands (target, model, provider, prices), one decision over a hundred targets would read a hundred
// kilobytes.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/plain_price.h"
#include "config/snapshot.h"
#include "model/views.h"
#include "routing/cause.h"

namespace kairos::routing {

/// Copies of facts about one target; no pointers, so that it may outlive its snapshot.
struct Brief {
  std::array<double, model::kCategoryCount> quality{}; // NaN: nothing is known …
  bool all_qualities = false;                          // … and there is none of these
  std::int64_t context_length = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_output_tokens = std::numeric_limits<std::int64_t>::max();
  WallTime deprecated = WallTime::max();
  std::uint64_t health_hash = 0; // of its health_key
  Causes lacks; // what it cannot do; kEmbedding: it makes none; kAudioOnly: plainly priced for answers in sound
  model::Dialect dialect = model::Dialect::kOpenAi;
  bool responses = false;                // its provider serves them
  bool own_keys_only = false;            // its provider is for tenants that brought keys
  model::Quantizations quantization = 0; // its bit
  bool candidate = true;
  std::optional<catalog::PlainPrice> price; // nullopt: the rows have to be looked at
};

/// Of all targets, in the snapshot's order.
struct Briefs {
  std::vector<Brief> targets;
  std::string places;                 // model::candidate_place() of each, one behind the other …
  std::vector<std::uint32_t> ends{0}; // … and where they begin and end

  std::string_view place(size_t target) const {
    return std::string_view(places).substr(ends[target], ends[target + 1] - ends[target]);
  }
};

/// Each thread keeps the last snapshot's, until it asks for another's; a snapshot is told by its place and its version,
/// so one without a version is looked at anew each time.
const Briefs& briefs_of(const config::Snapshot& snapshot);

/// Which targets may be in `health`: a bit for each hash modulo 64.
std::uint64_t hashes_in(const model::Health& health);

} // namespace kairos::routing
