#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "store/embedded_state.h"
#include "store/testing/temporary_folder.h"

namespace kairos::store {
namespace {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class StateTest : public ::testing::Test {
protected:
  std::unique_ptr<StateStore> open() {
    auto state = open_embedded_state(options_);
    EXPECT_TRUE(state) << state.error().message;
    return state ? std::move(*state) : nullptr;
  }

  SystemClock clock_;
  TemporaryFolder folder_;
  EmbeddedStateOptions options_{.file = folder_ / "state.log", .clock = &clock_};
};

TEST_F(StateTest, ChangesSurviveARestartWithTheirHistory) {
  {
    const auto state = open();
    ASSERT_TRUE(
        state->commit({{"tenant", "acme", R"({"name":"Acme"})", 0}, {"budget", "b1", R"({"cap":"1"})", {}}}, "ann"));
    ASSERT_TRUE(state->commit({{"tenant", "acme", R"({"name":"Acme \"2\""})", 1}}, "bob"));
    ASSERT_TRUE(state->commit({{"budget", "b1", std::nullopt, 1}}, "bob"));
    EXPECT_EQ(state->revision(), 3U);
  }
  const auto state = open();
  EXPECT_EQ(state->get("tenant", "acme"), (Document{"tenant", "acme", 2, R"({"name":"Acme \"2\""})"}));
  EXPECT_TRUE(state->list("budget").empty());
  const auto audit = state->audit(0, 10);
  ASSERT_EQ(audit->size(), 4U);
  EXPECT_EQ(audit->front().who, "bob");
  EXPECT_EQ(audit->front().before, R"({"cap":"1"})");
  EXPECT_FALSE(audit->front().after.has_value());
  EXPECT_EQ(state->audit(audit->front().number, 1)->front().before, R"({"name":"Acme"})");
  EXPECT_EQ(state->commit({{"budget", "b1", "{}", 0}}, "ann")->front().version, 3U)
      << "a deleted version never comes again";
}

TEST_F(StateTest, WrongChangesChangeNothing) {
  const auto state = open();
  ASSERT_TRUE(state->commit({{"view", "v", "{}", {}}}, "ann"));
  const auto code = [&](std::vector<Change> changes) { return state->commit(changes, "ann").error().code; };
  EXPECT_EQ(code({{"view", "w", "{}", {}}, {"view", "v", "{}", 7}}), Code::kConflict);
  EXPECT_EQ(code({{"view", "v", "{}", 0}}), Code::kConflict);
  EXPECT_EQ(code({{"view", "x", std::nullopt, {}}}), Code::kNotFound);
  EXPECT_EQ(code({{"view", "w", "[1]", {}}}), Code::kInvalid);
  EXPECT_EQ(code({{"No Kind", "w", "{}", {}}}), Code::kInvalid);
  EXPECT_EQ(code({{"view", "w", "{\"a\":\"" + std::string(kMaxDocument, 'x') + "\"}", {}}}), Code::kTooLarge);
  EXPECT_EQ(code({}), Code::kInvalid);
  EXPECT_EQ(state->list("view").size(), 1U);
  EXPECT_EQ(state->revision(), 1U);
}

TEST_F(StateTest, CutAnywhereItHoldsExactlyTheFinishedCommits) {
  std::vector<size_t> ends;
  {
    const auto state = open();
    for (int i = 0; i < 5; ++i) {
      ends.push_back(read_file(options_.file).size());
      ASSERT_TRUE(state->commit({{"key", std::to_string(i), R"({"tenant":"t"})", 0}}, "ann"));
    }
  }
  const std::string whole = read_file(options_.file);
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    write_file(options_.file, std::string_view(whole).substr(0, cut));
    auto state = open_embedded_state(options_);
    ASSERT_TRUE(state) << cut << ": " << state.error().message;
    size_t finished = static_cast<size_t>(std::ranges::upper_bound(ends, cut) - ends.begin());
    finished = cut == whole.size() ? 5 : finished == 0 ? 0 : finished - 1;
    EXPECT_EQ((*state)->list("key").size(), finished) << cut;
    EXPECT_TRUE((*state)->commit({{"key", "new", "{}", 0}}, "ann")) << cut;
  }
}

TEST_F(StateTest, AFlippedBitIsFoundAndNamed) {
  {
    const auto state = open();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(state->commit({{"key", std::to_string(i), "{}", 0}}, "ann"));
  }
  const std::string whole = read_file(options_.file);
  for (size_t at = 0; at + 1 < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    if (damaged[at] == '\n') continue; // makes two wrong lines: covered by its neighbours
    write_file(options_.file, damaged);
    const auto state = open_embedded_state(options_);
    ASSERT_FALSE(state) << at;
    EXPECT_EQ(state.error().code, Code::kCorrupt);
  }
}

TEST_F(StateTest, CompactionKeepsDocumentsVersionsAndAudit) {
  options_.compact_after_bytes = 4096;
  options_.keep_audit = 10;
  {
    const auto state = open();
    for (int i = 0; i < 500; ++i)
      ASSERT_TRUE(state->commit({{"setting", "theme", "{\"n\":" + std::to_string(i) + "}", {}}}, "ann"));
    ASSERT_TRUE(state->commit({{"view", "gone", "{}", {}}}, "ann"));
    ASSERT_TRUE(state->commit({{"view", "gone", std::nullopt, {}}}, "ann"));
  }
  EXPECT_LT(read_file(options_.file).size(), 16'000U);
  const auto state = open();
  EXPECT_EQ(state->get("setting", "theme"), (Document{"setting", "theme", 500, "{\"n\":499}"}));
  EXPECT_FALSE(state->get("view", "gone"));
  EXPECT_EQ(state->audit(0, 1)->front().number, 502U);
}

TEST_F(StateTest, TwoProcessesCannotHaveItOpen) {
  const auto state = open();
  EXPECT_EQ(open_embedded_state(options_).error().code, Code::kConflict);
}

TEST_F(StateTest, WhatWasAcknowledgedSurvivesKillMinusNine) {
  options_.compact_after_bytes = 8192; // compactions happen among the kills
  int last = -1;
  for (int round = 0; round < 10; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto state = open_embedded_state(options_);
      for (int i = last + 1; state; ++i) {
        if (!(*state)->commit({{"setting", "n", "{\"n\":" + std::to_string(i) + "}", {}}}, "child")) break;
        if (write(pipe_ends[1], &i, sizeof(i)) != sizeof(i)) break;
      }
      _exit(1);
    }
    close(pipe_ends[1]);
    int acknowledged = last;
    for (int n = 0; n < 25 + round * 7; ++n)
      ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof(acknowledged)), static_cast<ssize_t>(sizeof(acknowledged)));
    kill(child, SIGKILL);
    while (read(pipe_ends[0], &acknowledged, sizeof(acknowledged)) == static_cast<ssize_t>(sizeof(acknowledged)))
      last = acknowledged;
    waitpid(child, nullptr, 0);
    close(pipe_ends[0]);
    const auto state = open();
    ASSERT_NE(state, nullptr);
    const std::string body = state->get("setting", "n")->body;
    const int stored = std::stoi(body.substr(5));
    EXPECT_GE(stored, acknowledged) << "an acknowledged commit is gone";
    EXPECT_LE(stored, acknowledged + 1);
    last = stored;
  }
}

} // namespace
} // namespace kairos::store
