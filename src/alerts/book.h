// The book of alerts: what is firing, what happened, what waits to be sent, what was sent or could not be, who wants
// silence. Everything in it is in the StateFile too: changes are noted and commit() writes them all at once, so that a
// state and the messages about it are durable together, before the first byte is sent. Not thread-safe; its owner's
// mutex guards it. EventFeed has a mutex of its own, never held across I/O.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "alerts/machine.h"
#include "alerts/notice.h"
#include "alerts/state_file.h"
#include "base/guarded.h"

namespace kairos::alerts {

struct Event {
  std::uint64_t sequence = 0; // 1, 2, 3, …
  std::string tenant;         // whose; empty: the platform's
  std::string json;
};

/// The newest events, for readers on any thread.
class EventFeed {
public:
  static constexpr size_t kKept = 5000;
  void add(Event event);
  /// Oldest first, of this tenant (nullptr: everybody's), numbered above `after`, at most `limit`.
  std::vector<Event> after(std::uint64_t after, size_t limit, const std::string* tenant) const;
  /// Newest first, numbered below `before` (0: from the newest).
  std::vector<Event> before(std::uint64_t before, size_t limit, const std::string* tenant) const;
  std::uint64_t oldest() const;
  std::uint64_t last() const { return last_.load(std::memory_order_acquire); }
  /// Nobody shall wait for more.
  void close() { closed_.store(true, std::memory_order_release); }
  bool closed() const { return closed_.load(std::memory_order_acquire); }

private:
  Guarded<std::deque<Event>> events_;
  std::atomic<std::uint64_t> last_{0};
  std::atomic<bool> closed_{false};
};

struct Silence {
  std::string id;
  std::string rule;   // id, may end in '*'; empty: every rule
  std::string tenant; // empty: everybody's
  Labels labels;      // all must be there
  WallTime until{};
  std::string by;
  std::string comment;
  bool covers(const std::string& rule_id, const std::string& of_tenant, const Labels& of_labels, WallTime now) const;
};
std::string to_json(const Silence& silence);
Result<Silence> silence_from_json(std::string_view text);

/// The tenant an alert is about: a label, or the only one the rule looks at. Empty: the platform.
std::string tenant_of(const Rule& rule, const Labels& labels);

class Book {
public:
  static constexpr size_t kMaxWaiting = 10'000; // more: the oldest becomes a dead letter
  static constexpr size_t kLogKept = 1000;      // of what was sent, and of dead letters

  explicit Book(StateFile& file) : file_(file) {}
  Result<> load();
  /// Writes what was noted since the last one.
  Result<> commit();

  std::map<std::string, RuleState> states;   // by rule id; changed through note_state
  std::map<std::uint64_t, Delivery> waiting; // by number, oldest first
  std::map<std::uint64_t, Delivery> dead;
  std::map<std::string, Silence> silences;
  EventFeed feed;

  /// `instance` nullptr: it is quiet.
  void note_state(const std::string& rule, const std::string& key, const Instance* instance);
  /// `make` gets the event's number and returns its JSON.
  template <class F>
  void add_event(const std::string& tenant, F make) {
    const std::uint64_t sequence = ++last_event_;
    note_event({sequence, tenant, make(sequence)});
  }
  void enqueue(Delivery delivery);
  /// It leaves the queue; what became of it goes into the log. Dead ones can be tried again.
  void finish(std::uint64_t number, const std::string& log_json, bool delivered);
  bool revive(std::uint64_t number);
  void put_silence(const Silence& silence);
  void drop_silence(const std::string& id);
  void put(std::string kind, std::string id, std::optional<std::string> text) {
    puts_.push_back({std::move(kind), std::move(id), std::move(text)});
  }

  std::vector<std::string> delivery_log() const; // newest first, JSON
  const StateFile::Documents& documents(const std::string& kind) const { return file_.all(kind); }

private:
  void note_event(Event event);
  Result<> load_states();
  Result<> load_deliveries(const std::string& kind, std::map<std::uint64_t, Delivery>& into);
  void load_events();

  StateFile& file_;
  std::vector<Put> puts_;
  std::map<std::uint64_t, std::string> log_;
  std::uint64_t last_event_ = 0;
  std::uint64_t last_number_ = 0; // of deliveries and log lines
};

} // namespace kairos::alerts
