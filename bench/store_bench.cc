// The receipt store under load: makes N receipts over D days (skewed over 50 tenants, 20 workflows, 15 models) straight
// into a store, then asks a fixed list of questions (store_questions.h) while R receipts a second are being loaded, and
// prints how long they took, how soon a receipt can be read, and what a receipt takes on disk.
//   store_bench [--receipts 10000000] [--days 90] [--rate 500] [--rounds 3] [--file FILE] [--grow FROM]
// A FILE that exists is used as it is. --rounds 0 only loads. --grow FROM makes FILE of the store FROM instead: ten
// receipts for each of its, in the same span of time (store_grow.h).
#include <filesystem>
#include <functional>
#include <map>

#include "store/duckdb/duckdb_store.h"
#include "store_grow.h"
#include "store_questions.h"
#include "store_traffic.h"

namespace kairos::store {
namespace {

struct Options {
  std::uint64_t receipts = 10'000'000;
  int days = 90;
  int rate = 500;
  int rounds = 3;
  std::filesystem::path file = "store_bench.duckdb";
  std::filesystem::path grow;
};

constexpr std::uint64_t kGrowTimes = 10;

/// Not at midnight, so that ranges of whole days end within days, as they nearly always do.
ReceiptGenerator generator_of(const Options& options) {
  const auto span = std::chrono::microseconds(std::chrono::days(options.days));
  return ReceiptGenerator({.seed = 1,
                           .from = *parse_rfc3339("2026-08-26T14:30:00Z"),
                           .step = span / static_cast<std::int64_t>(options.receipts)});
}

/// Fills the store. The last ones come in small pieces, as they do from requests, so that the roll-ups are as far
/// behind as they are in a day's work.
void generate(ReceiptStore& store, const Options& options) {
  if (store.mark().sequence >= options.receipts) return;
  constexpr std::uint64_t kSmall = 100'000;
  ReceiptGenerator generator = generator_of(options);
  const auto start = Steady::now();
  std::vector<StoredReceipt> batch;
  for (std::uint64_t i = 0; i < options.receipts; i += batch.size()) {
    const size_t size = i + kSmall < options.receipts ? 20'000 : 500;
    batch.clear();
    while (batch.size() < size && i + batch.size() < options.receipts) batch.push_back(generator.next());
    if (auto done = store.append(batch, {1, batch.back().sequence * 100 + 100}); !done) stop(done.error());
  }
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
    if (name == "--grow") options.grow = value;
  }
  return options;
}

/// Goes on behind the newest receipt, in real time.
ReceiptGenerator live_generator(const Options& options, std::uint64_t sequence, WallTime newest) {
  return ReceiptGenerator({.seed = 2,
                           .from = newest,
                           .step = std::chrono::microseconds(1'000'000 / std::max(options.rate, 1)),
                           .after = sequence});
}

int run(const Options& options) {
  const bool grows = !options.grow.empty() && !std::filesystem::exists(options.file);
  if (grows) grow(options.grow, options.file, kGrowTimes);
  auto store = must(open_duckdb({.file = options.file}));
  if (options.grow.empty()) generate(*store, options);
  const WallTime newest = must(store->search(Search{}, Scope::all(), {})).rows.front().created_at;
  if (!options.grow.empty()) roll_up(*store, live_generator(options, store->mark().sequence, newest));
  print_disk(*store);
  if (options.rounds == 0) return 0;
  const WallTime start = must(store->search(Search{}, Scope::all(), {})).rows.front().created_at;
  Traffic traffic(*store, live_generator(options, store->mark().sequence, start), options.rate);
  Questions questions(*store, start);
  measure("views", questions.views(false), options.rounds);
  measure("panels of views", questions.views(true), options.rounds);
  measure("searches", questions.searches(), options.rounds);
  measure("free combinations", questions.free_combinations(), options.rounds);
  traffic.print();
  return 0;
}

} // namespace
} // namespace kairos::store

int main(int argc, char** argv) { return kairos::store::run(kairos::store::read_options(argc, argv)); }
