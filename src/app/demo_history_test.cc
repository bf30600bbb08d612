// A history of another size than the demo's: receipts that show fewer candidates count the others, caps are in
// proportion.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

#include "app/demo_config.h"
#include "app/demo_history.h"
#include "config/load.h"
#include "journal/reader.h"
#include "journal/recover.h"
#include "journal/writer.h"
#include "model/receipt_json.h"

namespace kairos::app {
namespace {

class DemoHistory : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    DemoPlan plan;
    plan.listen = "127.0.0.1:0";
    plan.data_dir = folder_;
    plan.sim_port = 1;
    plan.admin_key = "kr-demo";
    plan.scale = 0.5;
    for (const std::string& tenant : demo_tenants()) plan.keys[tenant] = "kr-" + tenant;
    std::ofstream(folder_ / "demo.yaml") << demo_config(plan);
    auto snapshot = config::load_file((folder_ / "demo.yaml").string(), config::process_environment());
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    snapshot_ = *snapshot;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<model::Receipt> receipts() {
    journal::PosixFileSystem files;
    journal::RecoverOptions recovery;
    recovery.node_id = kDemoNode;
    const auto recovered = journal::recover(files, folder_.string(), recovery);
    EXPECT_TRUE(recovered);
    journal::WriterOptions writing;
    writing.data_dir = folder_.string();
    auto writer = journal::Writer::start(files, writing, *recovered);
    EXPECT_TRUE(writer);
    std::vector<model::Receipt> all;
    journal::Cursor cursor((*writer)->reader());
    for (journal::Entry entry;;) {
      const auto more = cursor.next(entry);
      EXPECT_TRUE(more);
      if (!more || !*more) return all;
      if (entry.kind != journal::Kind::kClose) continue;
      const auto receipt = model::receipt_from_json(entry.payload);
      EXPECT_TRUE(receipt);
      all.push_back(*receipt);
    }
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kairos-demo-history-" + std::to_string(::getpid()));
  config::SnapshotPtr snapshot_;
};

TEST_F(DemoHistory, ShowsAsManyCandidatesAsItIsToldAndCountsTheOthers) {
  HistoryOptions options;
  options.days = 1;
  options.receipts_per_day = 200;
  options.candidates = 3;
  options.now = *parse_rfc3339("2026-11-24T12:00:00Z");
  const auto made = write_history(snapshot_, options);
  ASSERT_TRUE(made) << made.error().message;
  const auto all = receipts();
  ASSERT_EQ(all.size(), *made);
  EXPECT_NEAR(static_cast<double>(all.size()), 200, 40);
  std::optional<std::int64_t> targets;
  for (const model::Receipt& one : all) {
    if (one.candidates.empty()) continue;
    EXPECT_LE(one.candidates.size(), 3U);
    std::int64_t seen = static_cast<std::int64_t>(one.candidates.size());
    for (const auto& [filter, count] : one.omitted) seen += count;
    if (!targets) targets = seen;
    EXPECT_EQ(seen, *targets) << one.receipt_id;
    if (one.attempts.size() == 1) {
      EXPECT_EQ(one.candidates.front().model_id, one.decision.model_id);
    }
  }
  EXPECT_GT(targets.value_or(0), 10);
}

TEST_F(DemoHistory, CapsAreInProportionToWhatIsAsked) {
  const auto found = std::ranges::find(snapshot_->budgets, "nova-labs-prod-month", &config::Budget::id);
  ASSERT_NE(found, snapshot_->budgets.end());
  EXPECT_EQ(found->cap, *parse_usd(std::string_view("20")));
}

} // namespace
} // namespace kairos::app
