// RetentionKeeper: drops what is older than its tenant's retention from the receipt store, now and then, on a thread of
// its own. Receipts go in small pieces, so loading goes on meanwhile; roll-ups keep counting them. Errors are logged
// and tried again at the next turn.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "store/receipt_store.h"

namespace kairos::store {

struct RetentionRule {
  std::string tenant;
  Duration keep{};
};

class RetentionKeeper {
public:
  using Rules = std::function<std::vector<RetentionRule>()>; // called at each turn, on the thread

  /// Begins at once. `store` and `clock` must outlive it.
  RetentionKeeper(ReceiptStore& store, Rules rules, const Clock& clock,
                  std::chrono::milliseconds interval = std::chrono::minutes(10));
  /// Ends after the piece in hand.
  ~RetentionKeeper();
  RetentionKeeper(const RetentionKeeper&) = delete;
  RetentionKeeper& operator=(const RetentionKeeper&) = delete;

private:
  void run(const std::stop_token& stop);
  void apply(const RetentionRule& rule, const std::stop_token& stop);

  ReceiptStore& store_;
  const Rules rules_;
  const Clock& clock_;
  const std::chrono::milliseconds interval_;
  std::jthread thread_; // last: it uses all the others
};

} // namespace kairos::store
