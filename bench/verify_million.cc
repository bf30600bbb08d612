// How long the money of N receipts (1,000,000) takes to fold, to save, to load and to verify: a journal of believable
// receipts, the store, the books. `ninja -C build/release verify_million && build/release/verify_million [N] [FOLDER]`.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "api/verification.h"
#include "journal/recover.h"
#include "journal/writer.h"
#include "ledger/projection.h"
#include "model/receipt_json.h"
#include "store/duckdb/duckdb_store.h"
#include "store/testing/generated_receipts.h"

namespace {

using namespace kairos;

constexpr size_t kBatch = 20'000;

[[noreturn]] void give_up(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  std::exit(1);
}

template <class T>
T need(Result<T> result) {
  if (!result) give_up(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Clocked {
public:
  explicit Clocked(std::string what) : what_(std::move(what)) {}
  ~Clocked() {
    fmt::print("{:<44} {:8.2f} s\n", what_,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  }

private:
  const std::string what_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Writes the journal and the store.
void fill(size_t count, journal::Writer& writer, store::ReceiptStore& store) {
  store::ReceiptGenerator generator({.seed = 3,
                                     .from = *parse_rfc3339("2026-08-25"),
                                     .step = std::chrono::microseconds(7'776'000),
                                     .tenants = 20,
                                     .workflows = 5,
                                     .models = 6}); // 90 days at a million
  std::vector<store::StoredReceipt> batch;
  for (size_t i = 1; i <= count; ++i) {
    batch.push_back(generator.next());
    model::Receipt& receipt = batch.back().receipt;
    const auto month = to_rfc3339(receipt.created_at).substr(0, 7);
    receipt.budget_charges = {{receipt.tenant + "-month", month, receipt.cost.total.value_or(Picodollars(0))}};
    need(writer.append({journal::Kind::kClose, {}, receipt.completed_at, model::to_json(receipt)},
                       [](const Result<journal::Appended>& done) {
                         if (!done) give_up(done.error());
                       }));
    if (batch.size() < kBatch && i < count) continue;
    need(writer.flush());
    need(store.append(batch, {1, i}));
    batch.clear();
  }
}

} // namespace

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::filesystem::path folder =
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path() / "kairos-verify-million";
  std::filesystem::remove_all(folder);
  journal::PosixFileSystem files;
  const auto recovered = need(journal::recover(files, folder.string()));
  journal::WriterOptions options;
  options.data_dir = folder.string();
  const auto writer = need(journal::Writer::start(files, options, recovered));
  const auto store = need(store::open_duckdb({.file = folder / "receipts.duckdb"}));
  {
    const Clocked clocked(fmt::format("{} receipts into journal and store", count));
    fill(count, *writer, *store);
  }
  ledger::Books books;
  {
    const Clocked clocked("the books from the whole journal");
    need(ledger::catch_up(books, writer->reader()));
  }
  {
    const Clocked clocked("saving the books");
    need(ledger::save_books(files, folder.string(), books));
  }
  std::optional<ledger::Books> loaded;
  {
    const Clocked clocked("loading the books (a start)");
    loaded = need(ledger::load_books(files, folder.string()));
  }
  for (const ledger::Grain grain : {ledger::Grain::kDay, ledger::Grain::kHour}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto rows = loaded->postings().rows(grain, {});
    fmt::print("{:<44} {:8.3f} s, {} rows\n",
               fmt::format("all postings by {}", ledger::kGrainNames[static_cast<size_t>(grain)]),
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
               rows ? rows->size() : 0);
  }
  std::optional<api::Verified> verified;
  {
    const Clocked clocked("verify: receipts, ledger, budgets, views");
    verified = need(api::verify_money(writer->reader(), *store, std::move(loaded)));
  }
  fmt::print("{} receipts, {} USD, {} problems\n", verified->receipts, usd_sum(verified->cost),
             verified->problems.size());
  for (const std::string& one : verified->problems) fmt::print("  {}\n", one);
  std::filesystem::remove_all(folder);
  return verified->ok() ? 0 : 1;
}
