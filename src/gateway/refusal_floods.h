// RefusalFloods: equal refusals of one key that come faster than kFree in kWindow share one receipt with a count, so
// that a client in a tight loop cannot fill the journal. The shared receipt is opened in the journal before anybody is
// answered with its id, and closed with its count when the window ends; a crash in between leaves it with count 1.
// One per loop, on that loop only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ulid.h"
#include "journal/writer.h"
#include "model/receipt.h"
#include "net/loop.h"

namespace kairos::gateway {

class RefusalFloods {
public:
  static constexpr Duration kWindow = std::chrono::seconds(1);
  static constexpr int kFree = 10;
  static constexpr size_t kMostKinds = 10'000; // beyond that, refusals have receipts of their own

  enum class Place : std::uint8_t { kOwnReceipt, kFirstOfShared, kShared };

  RefusalFloods(net::Loop& loop, journal::Writer& journal, const Clock& clock)
      : loop_(loop), journal_(journal), clock_(clock) {}
  RefusalFloods(const RefusalFloods&) = delete;
  RefusalFloods& operator=(const RefusalFloods&) = delete;

  /// One more refusal of this kind. kShared: it is counted already, and `receipt_id` is set to whose count it is in.
  Place join(const std::string& kind, MonoTime now, std::string& receipt_id);
  /// After kFirstOfShared, once the OPEN record is written: refusals that follow are counted in this receipt.
  void share(const std::string& kind, const Ulid& id, model::Receipt receipt);
  /// Closes all shared receipts now: before the loop stops.
  void close_all();

private:
  struct Shared {
    Ulid id;
    model::Receipt receipt;
  };
  struct Flood {
    MonoTime began{};
    int seen = 0;
    std::optional<Shared> shared;
  };
  void close(Shared& shared);
  void window_ended(const std::string& kind, const Ulid& id);
  void forget_old(MonoTime now);

  net::Loop& loop_;
  journal::Writer& journal_;
  const Clock& clock_;
  std::map<std::string, Flood, std::less<>> floods_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace kairos::gateway
