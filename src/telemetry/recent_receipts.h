// RecentReceipts: receipts parsed lately, as far as spans tell of them, by their place in the journal, so that the
// projections that follow it closely do not each parse the same bytes. Bounded; who is far behind parses for himself.
// While nobody else reads, only what the metrics need is parsed, and nothing is kept. Thread-safe.
#pragma once

#include <array>
#include <memory>

#include "base/guarded.h"
#include "base/result.h"
#include "journal/record.h"
#include "model/receipt.h"

namespace kairos::telemetry {

using ReceiptPtr = std::shared_ptr<const model::Receipt>;

class RecentReceipts {
public:
  /// The receipt of a CLOSE record. kCorrupt: it cannot be read. `keep`: for those who come later.
  Result<ReceiptPtr> get(const journal::Entry& entry, bool keep);
  /// What get() would give without parsing; nullptr: nobody has parsed it lately.
  ReceiptPtr find(const journal::Position& position) const;
  /// Before the first get(): somebody will want whole receipts after the metrics have had them.
  void share() { shared_ = true; }
  bool is_shared() const { return shared_; }

private:
  struct Slot {
    journal::Position position;
    ReceiptPtr receipt;
  };
  static constexpr size_t kSlots = 1024;
  static size_t slot_of(const journal::Position& position);

  Guarded<std::array<Slot, kSlots>> slots_;
  bool shared_ = false;
};

} // namespace kairos::telemetry
