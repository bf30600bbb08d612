#include "gateway/semantic_index.h"

#include <cmath>
#include <numeric>

namespace kairos::gateway {
namespace {

double product(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return -1; // of another model
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

} // namespace

std::vector<float> normalized(std::vector<float> vector) {
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  const double length = std::sqrt(square);
  if (!std::isfinite(length) || length < 1e-12) return {};
  for (float& x : vector) x = static_cast<float>(x / length);
  return vector;
}

SemanticIndex::Shard& SemanticIndex::shard_of(std::string_view context) {
  return shards_[std::hash<std::string_view>()(context) % shards_.size()];
}

std::optional<SemanticIndex::Match> SemanticIndex::find(std::string_view context, const std::vector<float>& meaning,
                                                        double least, MonoTime now) {
  if (meaning.empty()) return std::nullopt;
  Shard& shard = shard_of(context);
  Answers candidates;
  {
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.contexts.find(std::string(context));
    if (found == shard.contexts.end()) return std::nullopt;
    std::erase_if(found->second, [](const auto& answer) { return answer.expired(); });
    candidates = found->second;
  }
  std::optional<Match> best;
  for (const auto& candidate : candidates) {
    const CachedAnswerPtr answer = candidate.lock();
    if (answer == nullptr || answer->expires <= now) continue;
    const double similarity = product(meaning, answer->meaning);
    if (similarity >= least && (!best || similarity > best->similarity)) best = Match{answer, similarity};
  }
  return best;
}

void SemanticIndex::add(const std::string& context, const CachedAnswerPtr& answer) {
  if (answer->meaning.empty()) return;
  Shard& shard = shard_of(context);
  const std::scoped_lock lock(shard.mutex);
  if (shard.contexts.size() >= kMostContexts && !shard.contexts.contains(context)) {
    for (auto one = shard.contexts.begin(); one != shard.contexts.end();) {
      std::erase_if(one->second, [](const auto& each) { return each.expired(); });
      one = one->second.empty() ? shard.contexts.erase(one) : std::next(one);
    }
    if (shard.contexts.size() >= kMostContexts) shard.contexts.clear();
  }
  Answers& answers = shard.contexts[context];
  if (answers.size() >= kMostOfContext) {
    std::erase_if(answers, [](const auto& each) { return each.expired(); });
    if (answers.size() >= kMostOfContext) answers.erase(answers.begin(), answers.begin() + kMostOfContext / 4);
  }
  answers.push_back(answer);
}

} // namespace kairos::gateway
