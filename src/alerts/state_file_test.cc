// The file of alerts: what a crash or a damage leaves of it.
#include "alerts/state_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace kairos::alerts {
namespace {

class StateFiles : public ::testing::Test {
protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<StateFile> opened() {
    auto file = StateFile::open(files_, folder_);
    EXPECT_TRUE(file) << file.error().message;
    return file ? std::move(*file) : nullptr;
  }
  std::filesystem::path path() const { return folder_ / "alerts.state"; }
  std::string text() const {
    std::ifstream in(path());
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(path()) << text; }

  journal::PosixFileSystem files_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kairos-alerts-" + std::to_string(::getpid()));
};

TEST_F(StateFiles, AreCutOffAtEveryByteOfTheLastLineAndRefusedBeforeIt) {
  {
    auto file = opened();
    ASSERT_TRUE(file->commit({{"a", "1", "one"}, {"a", "2", "two"}}));
  }
  const std::string before = text();
  {
    auto file = opened();
    ASSERT_TRUE(file->commit({{"a", "1", std::nullopt}, {"b", "x\ny", "three \"quoted\"\n"}}));
  }
  const std::string whole = text();
  const StateFile::Documents old = {{"1", "one"}, {"2", "two"}};
  for (size_t size = before.size(); size < whole.size(); ++size) {
    write(whole.substr(0, size));
    EXPECT_EQ(opened()->all("a"), old) << size;
    EXPECT_EQ(text(), before);
  }
  write(whole);
  EXPECT_EQ(opened()->all("a"), (StateFile::Documents{{"2", "two"}}));
  EXPECT_EQ(opened()->all("b"), (StateFile::Documents{{"x\ny", "three \"quoted\"\n"}}));
  std::string damaged = whole;
  damaged[damaged.find("two")] = 'T';
  write(damaged);
  const auto refused = StateFile::open(files_, folder_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kCorrupt);
}

TEST_F(StateFiles, ThatAreNone) {
  for (const char* none : {"hello\n", "kairosroute-alerts/2\n", "kairosroute-journal/1 and more\n"}) {
    write(none);
    EXPECT_FALSE(StateFile::open(files_, folder_)) << none;
  }
  write("kairosroute-al"); // a crash while it was made
  EXPECT_TRUE(opened()->all("a").empty());
}

TEST_F(StateFiles, StaySmallWhenTheSameThingChangesForever) {
  auto file = opened();
  const std::string body(200'000, 'x');
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(file->commit({{"a", std::to_string(i % 3), body + std::to_string(i)}}));
  EXPECT_LT(std::filesystem::file_size(path()), 6'000'000u);
  file = nullptr;
  EXPECT_EQ(opened()->all("a").at("1"), body + "199");
}

TEST_F(StateFiles, AreReadableByTheirOwnerOnly) {
  opened();
  EXPECT_EQ(std::filesystem::status(path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

} // namespace
} // namespace kairos::alerts
