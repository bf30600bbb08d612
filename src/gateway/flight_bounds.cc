// How many input tokens a request can have at most. The bound by bytes holds for every tokenizer and costs nothing;
// where it makes a budget refuse, clamp or give way, the text is counted exactly for models whose encoding is known.
#include "gateway/flight.h"
#include "tokens/counter.h"

namespace kairos::gateway {
namespace {

constexpr std::int64_t kImageTokenBound = 50'000; // more than any provider documents for one image
constexpr size_t kMostCounted = 256 * 1024;       // bytes: about 13 ms of the loop's time

} // namespace

void Flight::bound_input() {
  bound_beside_text_ = tokens::framing_bound(request_.messages) + request_.token_ids +
                       kImageTokenBound * request_.images + request_.audio_bytes + request_.file_bytes;
  facts_.input_tokens_bound = tokens::byte_bound(request_.text) + bound_beside_text_;
}

std::optional<std::int64_t> Flight::counted_input(const config::Target& target) {
  if (rewrite_mask(target) != 0) return std::nullopt; // another text is sent there
  const auto encoding = tokens::encoding_of(target.provider->catalog_id, target.model->id);
  if (!encoding || request_.text.size() > kMostCounted) return std::nullopt;
  auto& counted = counted_text_[static_cast<size_t>(*encoding)];
  if (!counted) counted = tokens::exact_bound(*encoding, request_.text);
  return *counted + bound_beside_text_;
}

void Flight::route_again_if_counting_helps() {
  if (!route_.squeezed || request_.text.size() > kMostCounted) return;
  route_input_->counted_input = [this](const config::Target& target) { return counted_input(target); };
  route_ = routing::route(*route_input_);
}

/// Lowers the worst case of a choice of the chain that a budget has no room for. False: it is as low as can be.
bool Flight::tighten(const routing::Choice& choice) {
  if (!choice.worst_case || !route_input_ || route_input_->counted_input) return false;
  if (!counted_input(*choice.target)) return false;
  route_input_->counted_input = [this](const config::Target& target) { return counted_input(target); };
  bool tighter = false;
  for (routing::Choice& each : route_.chain) {
    const auto counted = routing::worst_case(*route_input_, each);
    if (!counted || !each.worst_case || *counted >= *each.worst_case) continue;
    tighter = tighter || &each == &choice;
    each.worst_case = counted;
  }
  return tighter;
}

} // namespace kairos::gateway
