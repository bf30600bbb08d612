// Which kept answers have a prompt that means about the same: by the cosine of the angle between embeddings, among
// those whose request is equal in all but its last message (policy::canonical_context). It holds no answers: what the
// response cache lets go of or is told to erase is gone here too. One for all loops; any thread; one short mutex per
// shard.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/response_cache.h"

namespace kairos::gateway {

/// Scaled to length 1, so that a product is a cosine. Empty: of no length, or not of finite numbers.
std::vector<float> normalized(std::vector<float> vector);

class SemanticIndex {
public:
  /// The newest of one context; what is looked through at a look-up is bounded by it.
  static constexpr size_t kMostOfContext = 1000;
  static constexpr size_t kMostContexts = 4096; // per shard; then those without living answers go, then all

  struct Match {
    CachedAnswerPtr answer;
    double similarity = 0;
  };
  /// The best one of at least this similarity that has not expired. `meaning` is normalized.
  std::optional<Match> find(std::string_view context, const std::vector<float>& meaning, double least, MonoTime now);
  /// `answer->meaning` is normalized; an empty one is not added.
  void add(const std::string& context, const CachedAnswerPtr& answer);

private:
  using Answers = std::vector<std::weak_ptr<const CachedAnswer>>;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Answers> contexts;
  };
  Shard& shard_of(std::string_view context);

  std::array<Shard, 8> shards_;
};

} // namespace kairos::gateway
