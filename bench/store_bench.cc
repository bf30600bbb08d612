// The receipt store under load: makes N receipts over D days (skewed over 50 tenants, 20 workflows, 15 models) straight
// into a store, then asks a fixed list of questions while 500 receipts a second are being loaded, and prints how long
// they took, how soon a receipt can be read, and what a receipt takes on disk.
//   store_bench [--receipts 10000000] [--days 90] [--rate 500] [--rounds 3] [--file FILE]   (FILE that exists is used
//   as it is)
// The list: every view × 7/30/90 days × no filter and one tenant × UTC and Europe/Berlin, asked panel after panel as
// the dashboard's request does; the common searches; and free combinations of dimensions and filters.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "store/duckdb/duckdb_store.h"
#include "store/loader.h"
#include "store/query_json.h"
#include "store/testing/generated_receipts.h"
#include "store/views.h"

namespace kairos::store {
namespace {

using Steady = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct Options {
  std::uint64_t receipts = 10'000'000;
  int days = 90;
  int rate = 500;
  int rounds = 3;
  std::filesystem::path file = "store_bench.duckdb";
};

double since(Steady::time_point start) { return Milliseconds(Steady::now() - start).count(); }

struct Times {
  std::vector<double> all;
  std::string text() {
    if (all.empty()) return "none";
    std::ranges::sort(all);
    const auto rank = [&](size_t per_cent) { return all[(all.size() * per_cent + 99) / 100 - 1]; };
    return fmt::format("p50 {:6.1f}  p95 {:6.1f}  max {:6.1f} ms  ({} times)", rank(50), rank(95), all.back(),
                       all.size());
  }
};

[[noreturn]] void stop(const Error& error) {
  fmt::print(stderr, "store_bench: {}\n", error.message);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error());
  return std::move(*result);
}

ReceiptGenerator generator_of(const Options& options) {
  const auto span = std::chrono::microseconds(std::chrono::days(options.days));
  return ReceiptGenerator({.seed = 1,
                           .from = *parse_rfc3339("2026-08-26T00:00:00Z"),
                           .step = span / static_cast<std::int64_t>(options.receipts)});
}

/// Fills the store; the generator stands behind the last receipt afterwards.
void generate(ReceiptStore& store, ReceiptGenerator& generator, const Options& options) {
  const auto start = Steady::now();
  std::vector<StoredReceipt> batch;
  for (std::uint64_t i = 0; i < options.receipts; i += batch.size()) {
    batch.clear();
    while (batch.size() < 20'000 && i + batch.size() < options.receipts) batch.push_back(generator.next());
    if (batch.back().sequence <= store.mark().sequence) continue;
    if (auto done = store.append(batch, {1, batch.back().sequence * 100 + 100}); !done) stop(done.error());
  }
  for (auto made = options.receipts; made < store.mark().sequence; ++made) generator.next(); // loaded by an earlier run
  fmt::print("loaded {} receipts in {:.0f} s\n", options.receipts, since(start) / 1000);
}

void print_disk(ReceiptStore& store) {
  const DiskUse use = must(store.disk_use({std::chrono::minutes(5), {}}));
  const auto receipts = static_cast<double>(std::max<std::uint64_t>(store.mark().sequence, 1));
  const auto megabytes = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  const auto each = [&](std::int64_t bytes) { return static_cast<double>(bytes) / receipts; };
  fmt::print("file {:.1f} MB ({:.1f} B a receipt), free in it {:.1f} MB, log {:.1f} MB\n", megabytes(use.file_bytes),
             each(use.file_bytes), megabytes(use.free_bytes), megabytes(use.log_bytes));
  for (const DiskUse::Table& table : use.tables)
    fmt::print("  {:<20} {:>10} rows  {:6.2f} B a receipt\n", table.name, table.rows, each(table.bytes));
}

/// Receipts that are closed at a rate, and the loader that follows them.
class Traffic {
public:
  Traffic(ReceiptStore& store, ReceiptGenerator generator, int rate)
      : store_(store), generator_(std::move(generator)), rate_(rate), first_(store.mark().sequence),
        loader_(
            store, [this](const JournalPlace& from, size_t limit, auto wait) { return read(from, limit, wait); },
            clock_),
        closer_([this](const std::stop_token& token) { close(token); }),
        watcher_([this](const std::stop_token& token) { watch(token); }) {}
  ~Traffic() {
    closer_.request_stop();
    watcher_.request_stop();
    closer_.join();
    watcher_.join();
  }

  void print() {
    const LoaderState state = loader_.state();
    fmt::print("loaded meanwhile: {} receipts in {} commits, {} failures {}\n", state.loaded, state.commits,
               state.failures, state.last_error);
    fmt::print("readable by id after its close  {}\n", by_id_.text());
    fmt::print("found by search after its close {}\n", by_search_.text());
  }

private:
  Result<JournalPiece> read(const JournalPlace&, size_t limit, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    more_.wait_for(lock, wait, [&] { return !closed_.empty(); });
    JournalPiece piece;
    while (!closed_.empty() && piece.receipts.size() < limit) {
      piece.receipts.push_back(std::move(closed_.front()));
      closed_.pop_front();
    }
    piece.next =
        piece.receipts.empty() ? store_.mark().next : JournalPlace{1, piece.receipts.back().sequence * 100 + 100};
    return piece;
  }

  void close(const std::stop_token& token) {
    const auto start = Steady::now();
    for (std::int64_t made = 0; !token.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(4))) {
      const auto due = static_cast<std::int64_t>(since(start) / 1000 * rate_);
      const std::scoped_lock lock(mutex_);
      for (; made < due; ++made) {
        closed_.push_back(generator_.next());
        newest_ = {closed_.back().receipt.receipt_id, Steady::now()};
      }
      more_.notify_one();
    }
  }

  /// Takes the newest receipt now and then and asks for it until it is there.
  void watch(const std::stop_token& token) {
    while (!token.stop_requested()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      std::pair<std::string, Steady::time_point> one;
      {
        const std::scoped_lock lock(mutex_);
        one = newest_;
      }
      if (one.first.empty()) continue;
      while (!token.stop_requested() && !store_.find(one.first, Scope::all(), {}))
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      by_id_.all.push_back(since(one.second));
      Search search;
      search.filters.text = one.first;
      while (!token.stop_requested() && must(store_.search(search, Scope::all(), {})).rows.empty()) {
      }
      by_search_.all.push_back(since(one.second));
    }
  }

  ReceiptStore& store_;
  ReceiptGenerator generator_;
  const int rate_;
  const std::uint64_t first_;
  const SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<StoredReceipt> closed_;
  std::pair<std::string, Steady::time_point> newest_;
  Times by_id_;
  Times by_search_;
  Loader loader_;
  std::jthread closer_;
  std::jthread watcher_;
};

struct Asked {
  std::string name;
  std::function<void()> ask;
};

class Questions {
public:
  Questions(ReceiptStore& store, WallTime now) : store_(store), now_(now) {}

  std::vector<Asked> views() {
    std::vector<Asked> all;
    for (const std::string_view name : view_names()) {
      for (const int days : {7, 30, 90}) {
        for (const bool filtered : {false, true}) {
          for (const char* zone : {"UTC", "Europe/Berlin"}) all.push_back(view_of(name, days, filtered, zone));
        }
      }
    }
    return all;
  }

  std::vector<Asked> searches() {
    std::vector<Asked> all;
    const auto add = [&](std::string name, const std::function<void(Search&)>& change) {
      Search search;
      search.range = last(90);
      change(search);
      all.push_back({std::move(name), [this, search] { must(store_.search(search, Scope::all(), {})); }});
    };
    add("newest", [](Search&) {});
    add("one tenant", [](Search& s) { s.filters.values = {{{Dimension::kTenant, ""}, {"tenant-7"}, false}}; });
    add("a rare tenant", [](Search& s) { s.filters.values = {{{Dimension::kTenant, ""}, {"tenant-49"}, false}}; });
    add("errors of a model", [](Search& s) {
      s.filters.values = {{{Dimension::kModel, ""}, {"model-3"}, false}, {{Dimension::kStatus, ""}, {"error"}, false}};
    });
    add("dearest of 30 days", [this](Search& s) {
      s.range = last(30);
      s.order = SearchOrder::kCost;
    });
    add("slowest of a workflow", [](Search& s) {
      s.order = SearchOrder::kLatency;
      s.filters.values = {{{Dimension::kWorkflow, ""}, {"workflow-2"}, false}};
    });
    add("by tag", [](Search& s) { s.filters.values = {{{Dimension::kTag, "team"}, {"team-5"}, false}}; });
    add("text in names", [](Search& s) { s.filters.text = "user-99"; });
    add("fallbacks of a day", [this](Search& s) {
      s.range = last(1);
      s.filters.fallback = true;
    });
    add("unknown cost", [](Search& s) { s.filters.unknown_cost = true; });
    return all;
  }

  std::vector<Asked> free_combinations() {
    constexpr const char* kQueries[] = {
        R"({"measures":["cost","latency_p95"],"dimensions":["workflow","model"],"interval":"day")",
        R"({"measures":["cost","requests","error_rate"],"dimensions":["end_user"],"top":{"dimension":"end_user","by":"cost","n":20})",
        R"({"measures":["cost"],"dimensions":["tags.team"])",
        R"({"measures":["requests","ttft_p99"],"dimensions":["time","category","status"],"interval":"week")",
        R"({"measures":["cost","cost_output"],"dimensions":["tenant","workflow","category"],"filters":{"min_cost_usd":"0.001"})",
        R"({"measures":["requests","refusal_rate"],"dimensions":["time","error_code"],"interval":"day")",
        R"({"measures":["savings","baseline"],"dimensions":["policy_version","category"],"compare":true)",
        R"({"measures":["latency_p50","latency_p95","overhead_p95"],"dimensions":["time"],"interval":"hour","filters":{"tenant":["tenant-1"],"model":["model-0","model-2"]})",
        R"({"measures":["tokens_output","throughput"],"dimensions":["model","region"],"filters":{"q":"workflow-1","max_latency_ms":4000})",
        R"({"measures":["cost","latency_p95"],"dimensions":["attempt_reason","tenant"],"filters":{"cache_hit":false})",
    };
    std::vector<Asked> all;
    for (const char* text : kQueries) {
      const std::string json = fmt::format(R"({},"from":"{}","to":"{}","time_zone":"Europe/Berlin"}})", text,
                                           to_rfc3339(last(90).from), to_rfc3339(now_));
      const Query query = must(query_from_json(json));
      all.push_back({std::string(text).substr(12, 70),
                     [this, query] { must(store_.query(query, Scope::all(), {std::chrono::seconds(30), {}})); }});
    }
    return all;
  }

private:
  TimeRange last(int days) const { return {now_ - std::chrono::days(days), now_}; }

  Asked view_of(std::string_view name, int days, bool filtered, const char* zone) {
    ViewRequest request{last(days), zone, days > 30 ? Interval::kWeek : Interval::kDay, {}};
    if (filtered) request.filters.values = {{{Dimension::kTenant, ""}, {"tenant-1"}, false}};
    const auto panels = must(view(name, request));
    const std::string title = fmt::format("{} {} d {} {}", name, days, filtered ? "one tenant" : "all", zone);
    return {title, [this, panels, name = title] {
              for (const NamedQuery& panel : panels) {
                const auto start = Steady::now();
                must(store_.query(panel.query, Scope::all(), {std::chrono::seconds(30), {}}));
                panels_.all.push_back(since(start));
                worst_panel_[name + "/" + panel.name] =
                    std::max(worst_panel_[name + "/" + panel.name], panels_.all.back());
              }
            }};
  }

  ReceiptStore& store_;
  const WallTime now_;

public:
  Times panels_;
  std::map<std::string, double> worst_panel_;
};

void print_slowest(const std::map<std::string, double>& worst) {
  std::vector<std::pair<double, std::string>> slow;
  for (const auto& [name, time] : worst) slow.emplace_back(time, name);
  std::ranges::sort(slow, std::greater<>());
  for (size_t i = 0; i < std::min<size_t>(slow.size(), 10); ++i)
    fmt::print("    {:7.1f} ms  {}\n", slow[i].first, slow[i].second);
}

/// Asks each question of the list once a round; the first round is not counted.
void measure(const char* title, const std::vector<Asked>& list, int rounds) {
  Times all;
  std::map<std::string, double> worst;
  for (int round = 0; round <= rounds; ++round) {
    for (const Asked& asked : list) {
      const auto start = Steady::now();
      asked.ask();
      if (round == 0) continue;
      all.all.push_back(since(start));
      worst[asked.name] = std::max(worst[asked.name], all.all.back());
    }
  }
  fmt::print("{:<18} {}\n", title, all.text());
  print_slowest(worst);
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--receipts") options.receipts = std::strtoull(value, nullptr, 10);
    if (name == "--days") options.days = std::atoi(value);
    if (name == "--rate") options.rate = std::atoi(value);
    if (name == "--rounds") options.rounds = std::atoi(value);
    if (name == "--file") options.file = value;
  }
  return options;
}

int run(const Options& options) {
  auto store = must(open_duckdb({.file = options.file}));
  ReceiptGenerator generator = generator_of(options);
  generate(*store, generator, options);
  const WallTime now = must(store->search(Search{}, Scope::all(), {})).rows.front().created_at;
  print_disk(*store);
  {
    Traffic traffic(*store, generator, options.rate);
    Questions questions(*store, now);
    measure("views", questions.views(), options.rounds);
    fmt::print("{:<18} {}\n", "panels of views", questions.panels_.text());
    print_slowest(questions.worst_panel_);
    measure("searches", questions.searches(), options.rounds);
    measure("free combinations", questions.free_combinations(), options.rounds);
    traffic.print();
  }
  print_disk(*store);
  return 0;
}

} // namespace
} // namespace kairos::store

int main(int argc, char** argv) { return kairos::store::run(kairos::store::read_options(argc, argv)); }
