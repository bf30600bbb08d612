// Runs tests/cases/policy/*.txt: a text (or, behind a line "json", a document), and what is left of it with the counts
// of what was found. With KAIROS_UPDATE_CASES set, the expected parts are rewritten for review instead.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/text_cases.h"
#include "policy/redact.h"

namespace kairos::policy {
namespace {

std::string run(const std::string& input) {
  std::string_view text = input;
  if (text.starts_with("#")) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const bool json = text.starts_with("json\n");
  if (json) text.remove_prefix(5);
  const Redacted done = json ? redact_json(text) : redact(text);
  std::string out = done.text + "found";
  for (const auto& [kind, count] : done.counts.named()) out += fmt::format(" {}={}", kind, count);
  return out + "\n";
}

TEST(Redaction, Cases) {
  const std::filesystem::path cases = std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/policy";
  EXPECT_GE(testing::run_cases(cases, run), 50u);
}

} // namespace
} // namespace kairos::policy
