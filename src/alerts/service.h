// Alerting as a running part: two threads, one that evaluates rules on time and one that delivers messages; and what
// the API asks for. All functions are thread-safe and may wait for the file of alerts (never call them on an event
// loop), but for feed(), which waits for nothing. Errors: kInvalid names the field, kNotFound, kConflict (file objects
// are read-only, ids taken), kIo once the file of alerts cannot be written: then nothing is evaluated or sent until a
// restart.
//
// Order of things: transitions, events and messages of one evaluation are one commit; only then is anything sent. A
// crash in between repeats at most the messages whose answer had not been noted, under the same delivery id.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "alerts/book.h"
#include "alerts/evaluation.h"
#include "config/alerts.h"
#include "journal/file_system.h"
#include "observe/metrics.h"
#include "store/receipt_store.h"
#include "store/state_store.h"

namespace kairos::alerts {

enum class RuleWrite : std::uint8_t { kCreate, kReplace, kMerge };

/// Whether the section's rules and networks mean anything, for `serve --check`.
Result<> check(const config::Alerts& section);

/// All of it outlives the Service.
struct ServiceParts {
  std::string folder; // the data folder
  journal::FileSystem& files;
  const Clock& clock;
  store::ReceiptStore& store;
  store::StateStore& state; // its audit trail hears of changes
  std::function<std::vector<ledger::BudgetStatus>(WallTime now)> budgets;
  std::function<std::vector<Reading>(config::AlertSignal signal, WallTime now)> gauges;
  observe::Metrics& metrics;
};

class Service {
public:
  /// Reads the file of alerts; starts nothing.
  static Result<std::unique_ptr<Service>> open(ServiceParts parts, const config::Alerts& section);
  ~Service(); // stops both threads; what is being sent is broken off and sent again after the next start
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// `address`: where the dashboard is, unless the section says.
  void start(const std::string& address);
  Result<> reload(const config::Alerts& section);
  /// Streams of events end, so that the server can be drained.
  void end_streams();
  /// One evaluation of what is due. Called by the thread; tests call it with a time of theirs.
  void tick(WallTime now);

  // For the API. Answers are JSON texts; `who` stands in the audit trail.
  std::string rules_json() const;
  Result<std::string> rule_json(const std::string& id) const;
  /// kConflict: the file's, or (kCreate) taken. kMerge changes single keys; a built-in rule gets a copy of the API's
  /// that takes its place until it is deleted.
  Result<std::string> put_rule(std::string_view body, RuleWrite how, const std::string& who);
  Result<> delete_rule(const std::string& id, const std::string& who);
  /// {"fired":3,"minutes":41,"step_s":1800,"fires":[{"from","to","labels","headline"}]} over the last 7 days.
  Result<std::string> preview(std::string_view body) const;
  std::string channels_json() const;
  Result<std::string> channel_json(const std::string& id) const;
  Result<std::string> put_channel(std::string_view body, bool only_new, const std::string& who);
  Result<> delete_channel(const std::string& id, const std::string& who);
  /// Sends a test message at once and waits for the receiver: {"delivered","status","detail"}.
  Result<std::string> test_channel(const std::string& id) const;
  /// What fires or is pending now; `tenant` nullptr: everybody's.
  std::string active_json(const std::string* tenant) const;
  Result<> acknowledge(const std::string& incident, const std::string& who, const std::string* tenant);
  Result<std::string> add_silence(std::string_view body, const std::string& who);
  Result<> drop_silence(const std::string& id, const std::string& who);
  std::string silences_json() const;
  /// Waiting, sent and dead messages.
  std::string deliveries_json() const;
  /// Messages that no receiver has taken yet.
  size_t waiting_deliveries() const;
  Result<> retry_dead(const std::string& delivery);

  const EventFeed& feed() const;

private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace kairos::alerts
