// The published sample's alerts, computed by the built-in rules from the receipts of the demo's history: six and a half
// days before the end of a month, with fewer receipts than the demo has.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "alerts/evaluation.h"
#include "alerts/machine.h"
#include "alerts/wording.h"
#include "app/demo_config.h"
#include "app/demo_history.h"
#include "app/startup.h"
#include "config/load.h"
#include "ledger/budgets.h"
#include "ledger/projection.h"
#include "store/duckdb/duckdb_store.h"
#include "store/journal_source.h"

namespace kairos::app {
namespace {

const WallTime kNow = *parse_rfc3339("2026-11-24T12:00:00Z");

class DemoPast : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    DemoPlan plan;
    plan.listen = "127.0.0.1:0";
    plan.data_dir = folder_;
    plan.sim_port = 1;
    plan.admin_key = "kr-demo";
    for (const std::string& tenant : demo_tenants()) plan.keys[tenant] = "kr-" + tenant;
    std::ofstream(folder_ / "demo.yaml") << demo_config(plan);
    const auto snapshot = config::load_file((folder_ / "demo.yaml").string(), config::process_environment());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    HistoryOptions options;
    options.days = 25;
    options.receipts_per_day = 1000;
    options.now = kNow;
    const auto made = write_history(*snapshot, options);
    ASSERT_TRUE(made) << made.error().message;
    load(**snapshot);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void load(const config::Snapshot& snapshot) {
    journal::PosixFileSystem files;
    journal::RecoverOptions recovery;
    recovery.node_id = kDemoNode;
    const auto recovered = journal::recover(files, folder_.string(), recovery);
    ASSERT_TRUE(recovered) << recovered.error().message;
    journal::WriterOptions writing;
    writing.data_dir = folder_.string();
    auto writer = journal::Writer::start(files, writing, *recovered);
    ASSERT_TRUE(writer) << writer.error().message;
    ledger::Books books;
    const auto folded = ledger::catch_up(books, (*writer)->reader());
    ASSERT_TRUE(folded) << folded.error().message;
    budgets_ = std::make_unique<ledger::EmbeddedBudgets>(books.budgets());
    ASSERT_TRUE(budgets_->replace(budget_specs(snapshot)));
    store::DuckDbOptions database;
    database.file = folder_ / store::kStoreFile;
    auto opened = store::open_duckdb(database);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    const store::JournalSource source = store::follow_journal((*writer)->reader());
    for (store::JournalPlace place;;) {
      const auto piece = source(place, 20'000, std::chrono::milliseconds(0));
      ASSERT_TRUE(piece) << piece.error().message;
      if (piece->receipts.empty()) return;
      ASSERT_TRUE(store_->append(piece->receipts, piece->next));
      place = piece->next;
    }
  }

  /// What every built-in rule says at once. `for` is passed over: the history stands still.
  std::vector<std::string> headlines() {
    alerts::Inputs inputs;
    inputs.query = [this](const store::Query& query) {
      return store_->query(query, store::Scope::all(), {std::chrono::seconds(60), {}});
    };
    inputs.budgets = [this](WallTime now) { return budgets_->status(now); };
    inputs.gauges = [](config::AlertSignal, WallTime) { return std::vector<alerts::Reading>(); };
    alerts::Evaluation evaluation(inputs, kNow, kNow);
    std::vector<alerts::RulePtr> rules;
    for (config::AlertRule spec : alerts::built_in_rules()) {
      spec.hold = {};
      rules.push_back(*alerts::compile(spec, std::chrono::seconds(30)));
      evaluation.add(*rules.back());
    }
    std::vector<std::string> all;
    for (const alerts::RulePtr& rule : rules) {
      const auto readings = evaluation.readings(*rule);
      EXPECT_TRUE(readings) << rule->spec.id << ": " << readings.error().message;
      alerts::RuleState state;
      for (const auto& one : alerts::step(*rule, state, *readings, kNow, [](const alerts::Labels&) { return false; })) {
        all.push_back(alerts::headline(*rule, one.instance));
      }
    }
    return all;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kairos-demo-" + std::to_string(::getpid()));
  std::unique_ptr<ledger::EmbeddedBudgets> budgets_;
  std::unique_ptr<store::ReceiptStore> store_;
};

TEST_F(DemoPast, HasTheAlertsOfThePublishedSample) {
  const std::vector<std::string> all = headlines();
  std::string text;
  for (const std::string& one : all) text += one + "\n";
  for (const char* wanted :
       {"budget nova-labs-prod-month at 89 % with 6 days left", "p95 latency under 800 ms for 48 h on gpt-4.1-nano",
        "cache hit rate crossed 40 % on summarization",
        "privacy filter dropped 14 candidates for tenant northwind-clinic"}) {
    EXPECT_NE(std::ranges::find(all, wanted), all.end()) << wanted << "\n" << text;
  }
  EXPECT_LE(all.size(), 8u) << text; // a demo that cries wolf shows nothing
}

} // namespace
} // namespace kairos::app
