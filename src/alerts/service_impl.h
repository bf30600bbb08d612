// Inside of Service: what its files share. Everything but `feed` (its own mutex) and `transport` (the delivering
// thread's, but for wake()) is guarded by `mutex`.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "alerts/address_guard.h"
#include "alerts/service.h"
#include "alerts/transport.h"
#include "model/json_writer.h"

namespace kairos::alerts {

using ChannelPtr = std::shared_ptr<const config::AlertChannel>;

/// Of what the API is sent.
inline constexpr size_t kMaxBody = 64 * 1024;

struct Service::Impl {
  Impl(ServiceParts parts_in, std::unique_ptr<StateFile> file_in)
      : parts(std::move(parts_in)), file(std::move(file_in)), book(*file) {}

  // service.cc
  Result<> load();
  Result<> configure(const config::Alerts& next);
  Result<> replace_rules(std::map<std::string, config::AlertRule> from_api);
  Result<> commit();
  RulePtr find_rule(const std::string& id) const;
  Inputs inputs() const;
  std::string shown(const Rule& rule) const;

  // engine.cc
  void tick(WallTime now);
  bool take_in(const std::vector<RulePtr>& due, const std::vector<Result<std::vector<Reading>>>& results, WallTime now);
  void evaluate_on_time(const std::stop_token& stop_token);
  bool readable_until(WallTime end, WallTime now) const;
  std::vector<RulePtr> due_rules(WallTime end, bool readable);
  void apply(const Rule& rule, std::span<const Reading> readings, WallTime now);
  void retire(const std::string& rule_id, const Rule* known, std::string_view why);
  void handle(const Rule& rule, const Transition& transition, WallTime now);
  void send_to_channels(const Notice& notice);
  Notice notice_of(const Rule& rule, const Instance& instance, NoticeKind kind, WallTime now) const;
  void note_event(std::string_view kind, const Rule& rule, const Notice& notice, const Instance& instance);

  // audit.cc; `shown` as the API shows it, nullopt: removed
  void note_change(std::string_view kind, std::string_view id, const std::optional<std::string>& shown,
                   std::string_view who);
  Result<> commit_change();
  void tell_audit();

  // deliverer.cc
  void deliver(const std::stop_token& stop_token);
  void start_due();
  Duration until_next_due() const;
  void finish(const Outcome& outcome);

  // service_channels.cc
  Result<> load_channels(const config::Alerts& next);

  ServiceParts parts;
  std::unique_ptr<StateFile> file;
  mutable std::mutex mutex;
  Book book;
  config::Alerts section;
  std::string address;  // where this server listens
  std::string base_url; // of links: the section's, else `address`
  std::shared_ptr<const AddressGuard> guard;
  std::map<std::string, config::AlertRule> api_rules;
  std::vector<RulePtr> rules;
  std::map<std::string, ChannelPtr> channels;
  std::map<std::string, Duration> evaluated;   // rule → the slot it was last evaluated in
  std::map<std::string, std::string> troubles; // rule → why it could not be evaluated
  std::map<std::string, MonoTime> paces;       // channel → nothing before this
  bool broken = false;
  mutable std::atomic<bool> slow_question{false}; // a preview or a test message runs
  std::uint64_t silence_number = 0;
  std::uint64_t change_number = 0; // of what waits for the audit trail

  Transport transport;
  std::stop_source stopping;
  std::condition_variable_any wake_engine;
  std::jthread engine;
  std::jthread deliverer;
};

/// Previews and test messages take seconds: one at a time, so that the API's other workers stay free.
class SlowQuestion {
public:
  explicit SlowQuestion(std::atomic<bool>& taken) : taken_(taken), mine_(!taken.exchange(true)) {}
  ~SlowQuestion() {
    if (mine_) taken_.store(false);
  }
  SlowQuestion(const SlowQuestion&) = delete;
  SlowQuestion& operator=(const SlowQuestion&) = delete;
  explicit operator bool() const { return mine_; }
  static std::unexpected<Error> refusal() {
    return fail(Code::kRateLimited, "another preview or test message is running; try again in a moment");
  }

private:
  std::atomic<bool>& taken_;
  const bool mine_;
};

/// One entry of active_json.
void write_active(model::JsonWriter& json, const Rule& rule, const Instance& instance);
/// Does this channel get such a message?
bool wants(const config::AlertChannel& channel, const Notice& notice);
/// What is to be sent.
Sending sending_of(const config::AlertChannel& channel, const Notice& notice, const std::string& delivery_id,
                   WallTime now);

} // namespace kairos::alerts
