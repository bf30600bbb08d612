// Runs text cases, for tests: every file of a folder holds cases separated by lines of '====', each an input, a line
// '----' and what must come of it. With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace kairos::testing {

inline std::string run_case(const std::string& file, const std::string& one, bool update,
                            const std::function<std::string(const std::string&)>& run) {
  constexpr std::string_view kRule = "----\n";
  const size_t rule = one.find(kRule);
  const std::string input = one.substr(0, rule);
  const std::string output = run(input);
  const std::string expected = rule == one.npos ? "" : one.substr(rule + kRule.size());
  if (!update) {
    EXPECT_EQ(output, expected) << file << ": " << input;
  }
  return input + std::string(kRule) + output;
}

/// How many cases there were.
inline size_t run_cases(const std::filesystem::path& folder,
                        const std::function<std::string(const std::string& input)>& run) {
  constexpr std::string_view kNext = "====\n";
  const bool update = std::getenv("KAIROS_UPDATE_CASES") != nullptr;
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path());
    std::string file((std::istreambuf_iterator<char>(in)), {}), written;
    while (!file.empty()) {
      const size_t end = std::min(file.find(kNext), file.size());
      written += (written.empty() ? "" : std::string(kNext)) +
                 run_case(entry.path().filename(), file.substr(0, end), update, run);
      file.erase(0, std::min(end + kNext.size(), file.size()));
      ++count;
    }
    if (update) std::ofstream(entry.path()) << written;
  }
  return count;
}

} // namespace kairos::testing
