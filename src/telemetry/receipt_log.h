// ReceiptLog: one log line per closed receipt, with its ids, written behind the journal so that no request waits for
// it. Part "receipts": what succeeded or was cancelled at debug, what was refused or failed at info, of those at most
// kMostPerSecond lines a second and then how many were left out. Ids, codes and the catalog's names only: nothing that
// a client or a provider wrote. One thread.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "model/receipt.h"

namespace kairos::telemetry {

class ReceiptLog {
public:
  static constexpr std::uint64_t kMostPerSecond = 20;

  void tell(const model::Receipt& receipt);
  /// True if one more line may be written at `now`; those that may not are counted and told in the next second.
  bool may_tell(MonoTime now);
  std::uint64_t left_out() const { return left_out_; }

private:
  MonoTime second_began_{};
  std::uint64_t told_ = 0;
  std::uint64_t left_out_ = 0;
};

} // namespace kairos::telemetry
