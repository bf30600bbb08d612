#include "telemetry/recent_receipts.h"

#include "model/receipt_json.h"

namespace kairos::telemetry {

size_t RecentReceipts::slot_of(const journal::Position& position) {
  return static_cast<size_t>(((position.offset * 0x9E3779B97F4A7C15ULL) >> 32) + position.segment) % kSlots;
}

ReceiptPtr RecentReceipts::find(const journal::Position& position) const {
  const size_t slot = slot_of(position);
  return slots_.with(
      [&](const auto& slots) { return slots[slot].position == position ? slots[slot].receipt : nullptr; });
}

Result<ReceiptPtr> RecentReceipts::get(const journal::Entry& entry, bool keep) {
  if (ReceiptPtr found = find(entry.position)) return found;
  auto parsed = model::receipt_from_json(entry.payload, model::ReceiptPart::kTold);
  if (!parsed) return std::unexpected(parsed.error());
  auto made = std::make_shared<const model::Receipt>(std::move(*parsed));
  if (!keep) return made;
  ReceiptPtr replaced; // freed outside the lock
  const size_t slot = slot_of(entry.position);
  slots_.with([&](auto& slots) {
    replaced = std::move(slots[slot].receipt);
    slots[slot] = {entry.position, made};
  });
  return made;
}

} // namespace kairos::telemetry
