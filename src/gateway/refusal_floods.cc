#include "gateway/refusal_floods.h"

#include "model/receipt_json.h"
#include "observe/log.h"

namespace kairos::gateway {

RefusalFloods::Place RefusalFloods::join(const std::string& kind, MonoTime now, std::string& receipt_id) {
  if (floods_.size() >= kMostKinds) forget_old(now);
  const auto found = floods_.find(kind);
  if (found == floods_.end() && floods_.size() >= kMostKinds) return Place::kOwnReceipt;
  Flood& flood = found == floods_.end() ? floods_[kind] : found->second;
  if (!flood.shared && now - flood.began >= kWindow) flood = Flood{now, 0, std::nullopt};
  ++flood.seen;
  if (flood.shared) {
    ++flood.shared->receipt.count;
    receipt_id = flood.shared->receipt.receipt_id;
    return Place::kShared;
  }
  return flood.seen == kFree + 1 ? Place::kFirstOfShared : Place::kOwnReceipt;
}

void RefusalFloods::share(const std::string& kind, const Ulid& id, model::Receipt receipt) {
  const auto found = floods_.find(kind);
  Shared shared{id, std::move(receipt)};
  if (found == floods_.end() || found->second.shared) return close(shared);
  found->second.shared = std::move(shared);
  loop_.after(kWindow, [this, kind, id, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) window_ended(kind, id);
  });
}

void RefusalFloods::window_ended(const std::string& kind, const Ulid& id) {
  const auto found = floods_.find(kind);
  if (found == floods_.end() || !found->second.shared || found->second.shared->id != id) return;
  close(*found->second.shared);
  floods_.erase(found);
}

void RefusalFloods::close(Shared& shared) {
  shared.receipt.completed_at = clock_.wall_now();
  journal::Record record{journal::Kind::kClose, shared.id, shared.receipt.completed_at, model::to_json(shared.receipt)};
  const auto complain = [](const Error& error) {
    observe::log_error("gateway", "the receipt of coalesced refusals could not be closed; recovery will",
                       {{"error", error.message}});
  };
  const auto queued = journal_.append(std::move(record), [complain](Result<journal::Appended> written) {
    if (!written) complain(written.error());
  });
  if (!queued) complain(queued.error());
}

void RefusalFloods::close_all() {
  for (auto& [kind, flood] : floods_) {
    if (flood.shared) close(*flood.shared);
  }
  floods_.clear();
}

void RefusalFloods::forget_old(MonoTime now) {
  std::erase_if(floods_,
                [now](const auto& entry) { return !entry.second.shared && now - entry.second.began >= kWindow; });
}

} // namespace kairos::gateway
