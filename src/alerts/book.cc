#include "alerts/book.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "alerts/state_json.h"
#include "config/tenant.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

constexpr std::string_view kState = "state";
constexpr std::string_view kEvent = "event";
constexpr std::string_view kWaiting = "waiting";
constexpr std::string_view kDead = "dead";
constexpr std::string_view kLog = "log";
constexpr std::string_view kSilence = "silence";
constexpr char kBetween = '\n'; // rule id and group key in a state's id

std::string number_text(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return number;
}

std::string member(std::string_view text, std::string_view key) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

} // namespace

void EventFeed::add(Event event) {
  const std::uint64_t sequence = event.sequence;
  events_.with([&](std::deque<Event>& events) {
    events.push_back(std::move(event));
    if (events.size() > kKept) events.pop_front();
  });
  last_.store(sequence, std::memory_order_release);
}

std::vector<Event> EventFeed::after(std::uint64_t after, size_t limit, const std::string* tenant) const {
  return events_.with([&](const std::deque<Event>& events) {
    std::vector<Event> found;
    for (auto at = std::ranges::upper_bound(events, after, {}, &Event::sequence);
         at != events.end() && found.size() < limit; ++at) {
      if (tenant == nullptr || at->tenant == *tenant) found.push_back(*at);
    }
    return found;
  });
}

std::vector<Event> EventFeed::before(std::uint64_t before, size_t limit, const std::string* tenant) const {
  return events_.with([&](const std::deque<Event>& events) {
    std::vector<Event> found;
    for (auto at = events.rbegin(); at != events.rend() && found.size() < limit; ++at) {
      const bool wanted = (before == 0 || at->sequence < before) && (tenant == nullptr || at->tenant == *tenant);
      if (wanted) found.push_back(*at);
    }
    return found;
  });
}

std::uint64_t EventFeed::oldest() const {
  return events_.with([](const std::deque<Event>& events) { return events.empty() ? 0 : events.front().sequence; });
}

bool Silence::covers(const std::string& rule_id, const std::string& of_tenant, const Labels& of_labels,
                     WallTime now) const {
  if (now >= until) return false;
  if (!rule.empty() && !config::matches(rule, rule_id)) return false;
  if (!tenant.empty() && tenant != of_tenant) return false;
  return std::ranges::all_of(labels,
                             [&](const auto& one) { return std::ranges::find(of_labels, one) != of_labels.end(); });
}

std::string to_json(const Silence& silence) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("id").string(silence.id).key("rule").string(silence.rule).key("tenant").string(silence.tenant);
  out.key("labels").begin_object();
  for (const auto& [key, value] : silence.labels) out.escaped_key(key).string(value);
  out.end_object().key("until").string(to_rfc3339(silence.until)).key("by").string(silence.by);
  out.key("comment").string(silence.comment).end_object();
  return text;
}

Result<Silence> silence_from_json(std::string_view text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return fail(Code::kInvalid, "a silence must be a JSON object");
  Silence silence;
  for (const auto& [key, value] : document.get_object()) {
    if (key == "labels" && value.is_object()) {
      for (const auto& [label, wanted] : value.get_object()) {
        if (!wanted.is_string()) return fail(Code::kInvalid, "labels: values must be texts");
        silence.labels.emplace_back(std::string(label), std::string(wanted.get_string()));
      }
      continue;
    }
    if (!value.is_string())
      return fail(Code::kInvalid, fmt::format("{}: must be a text", std::string_view(key).substr(0, 60)));
    const std::string word(value.get_string());
    if (word.size() > 500)
      return fail(Code::kInvalid, fmt::format("{}: at most 500 bytes", std::string_view(key).substr(0, 60)));
    if (key == "id")
      silence.id = word;
    else if (key == "rule")
      silence.rule = word;
    else if (key == "tenant")
      silence.tenant = word;
    else if (key == "by")
      silence.by = word;
    else if (key == "comment")
      silence.comment = word;
    else if (key == "until") {
      const auto until = parse_rfc3339(word);
      if (!until) return fail(Code::kInvalid, "until: " + until.error().message);
      silence.until = *until;
    } else {
      return fail(Code::kInvalid, fmt::format("{}: unknown key; known are rule, tenant, labels, until, comment",
                                              std::string_view(key).substr(0, 60)));
    }
  }
  if (silence.until == WallTime{})
    return fail(Code::kInvalid, "until: is missing; give a time such as 2026-11-24T08:00:00Z");
  return silence;
}

std::string tenant_of(const Rule& rule, const Labels& labels) {
  const auto label = std::ranges::find(labels, "tenant", &std::pair<std::string, std::string>::first);
  if (label != labels.end()) return label->second;
  const auto filter = rule.spec.filters.find("tenant");
  return filter != rule.spec.filters.end() && filter->second.size() == 1 ? filter->second.front() : std::string();
}

Result<> Book::load_states() {
  for (const auto& [id, text] : file_.all(std::string(kState))) {
    const size_t between = id.find(kBetween);
    if (between == id.npos) continue;
    auto instance = instance_from_json(text);
    if (!instance) return std::unexpected(instance.error());
    RuleState& state = states[id.substr(0, between)];
    state.identity = member(text, "identity");
    state.groups[id.substr(between + 1)] = std::move(*instance);
  }
  return {};
}

Result<> Book::load_deliveries(const std::string& kind, std::map<std::uint64_t, Delivery>& into) {
  for (const auto& [id, text] : file_.all(kind)) {
    auto delivery = delivery_from_json(text);
    if (!delivery) return std::unexpected(delivery.error());
    const std::uint64_t number = number_of(id);
    last_number_ = std::max(last_number_, number);
    into.emplace(number, std::move(*delivery));
  }
  return {};
}

void Book::load_events() {
  for (const auto& [id, text] : file_.all(std::string(kEvent))) {
    last_event_ = number_of(id); // sorted
    feed.add({last_event_, member(text, "tenant"), text});
  }
}

Result<> Book::load() {
  if (auto loaded = load_states(); !loaded) return loaded;
  if (auto loaded = load_deliveries(std::string(kWaiting), waiting); !loaded) return loaded;
  if (auto loaded = load_deliveries(std::string(kDead), dead); !loaded) return loaded;
  load_events();
  for (const auto& [id, text] : file_.all(std::string(kLog))) {
    log_[number_of(id)] = text;
    last_number_ = std::max(last_number_, number_of(id));
  }
  for (const auto& [id, text] : file_.all(std::string(kSilence))) {
    auto silence = silence_from_json(text);
    if (!silence) return std::unexpected(silence.error());
    silences.emplace(id, std::move(*silence));
  }
  return {};
}

Result<> Book::commit() {
  const std::vector<Put> puts = std::exchange(puts_, {});
  return file_.commit(puts);
}

void Book::note_state(const std::string& rule, const std::string& key, const Instance* instance) {
  const std::string id = rule + kBetween + key;
  if (instance == nullptr) {
    if (file_.all(std::string(kState)).contains(id)) put(std::string(kState), id, std::nullopt);
    return;
  }
  std::string text = to_json(*instance);
  std::string identity = ",\"identity\":";
  model::append_json_string(identity, states[rule].identity);
  text.insert(text.size() - 1, identity);
  put(std::string(kState), id, std::move(text));
}

void Book::note_event(Event event) {
  put(std::string(kEvent), number_text(event.sequence), event.json);
  if (event.sequence > EventFeed::kKept)
    put(std::string(kEvent), number_text(event.sequence - EventFeed::kKept), std::nullopt);
  feed.add(std::move(event));
}

void Book::enqueue(Delivery delivery) {
  const std::uint64_t number = ++last_number_;
  put(std::string(kWaiting), number_text(number), to_json(delivery));
  waiting.emplace(number, std::move(delivery));
}

void Book::finish(std::uint64_t number, const std::string& log_json, bool delivered) {
  const auto at = waiting.find(number);
  if (at == waiting.end()) return;
  put(std::string(kWaiting), number_text(number), std::nullopt);
  if (!delivered) {
    put(std::string(kDead), number_text(number), to_json(at->second));
    dead.emplace(number, std::move(at->second));
  }
  waiting.erase(at);
  const std::uint64_t line = ++last_number_;
  log_[line] = log_json;
  put(std::string(kLog), number_text(line), log_json);
  if (log_.size() > kLogKept) {
    put(std::string(kLog), number_text(log_.begin()->first), std::nullopt);
    log_.erase(log_.begin());
  }
  if (dead.size() > kLogKept) {
    put(std::string(kDead), number_text(dead.begin()->first), std::nullopt);
    dead.erase(dead.begin());
  }
}

bool Book::revive(std::uint64_t number) {
  const auto at = dead.find(number);
  if (at == dead.end()) return false;
  Delivery delivery = std::move(at->second);
  dead.erase(at);
  put(std::string(kDead), number_text(number), std::nullopt);
  delivery.attempts = 0; // the recipients stay: who has the mail does not get it again
  delivery.first_try.reset();
  delivery.not_before = {};
  delivery.running = false;
  enqueue(std::move(delivery));
  return true;
}

void Book::put_silence(const Silence& silence) {
  put(std::string(kSilence), silence.id, to_json(silence));
  silences[silence.id] = silence;
}

void Book::drop_silence(const std::string& id) {
  if (silences.erase(id) > 0) put(std::string(kSilence), id, std::nullopt);
}

std::vector<std::string> Book::delivery_log() const {
  std::vector<std::string> lines;
  for (auto at = log_.rbegin(); at != log_.rend(); ++at) lines.push_back(at->second);
  return lines;
}

} // namespace kairos::alerts
