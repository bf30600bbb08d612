#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tokens/counter.h"
#include "tokens/encoding.h"
#include "tokens/estimate.h"
#include "tokens/learnt_factor.h"

namespace kairos::tokens {
namespace {

const Encoding& o200k() { return Encoding::get(EncodingName::kO200k); }
const Encoding& cl100k() { return Encoding::get(EncodingName::kCl100k); }

std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\')
      out += text[i];
    else if (text[i + 1] == '\\')
      out += text[++i];
    else {
      out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    }
  }
  return out;
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<std::uint32_t> numbers(const std::string& line) {
  std::istringstream in(line);
  std::string name;
  in >> name;
  std::vector<std::uint32_t> values;
  for (std::uint32_t value = 0; in >> value;) values.push_back(value);
  return values;
}

struct Case {
  std::string line;
  std::string text;
  bool count_only = false;
  std::vector<std::uint32_t> o200k, cl100k;
};

std::vector<Case> kept_cases() {
  std::ifstream in(KAIROS_SOURCE_DIR "/tests/cases/tokens/exact.txt");
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    if (line.starts_with("text ")) cases.push_back({line, unescape(line.substr(5)), false, {}, {}});
    if (line.starts_with("repeat ")) {
      const size_t space = line.find(' ', 7);
      cases.push_back({line, repeated(unescape(line.substr(space + 1)), std::stoul(line.substr(7))), true, {}, {}});
    }
    if (line.starts_with("o200k")) cases.back().o200k = numbers(line);
    if (line.starts_with("cl100k")) cases.back().cl100k = numbers(line);
  }
  return cases;
}

TEST(Encoding, MakesTheTokensThatTiktokenMakes) {
  const std::vector<Case> cases = kept_cases();
  ASSERT_GT(cases.size(), 150u);
  for (const Case& kept : cases) {
    for (const auto& [encoding, expected] : {std::pair(&o200k(), &kept.o200k), std::pair(&cl100k(), &kept.cl100k)}) {
      if (kept.count_only) {
        EXPECT_EQ(encoding->count(kept.text), expected->at(0)) << kept.line;
      } else {
        EXPECT_EQ(encoding->encode(kept.text), *expected) << kept.line;
        EXPECT_EQ(encoding->count(kept.text), static_cast<std::int64_t>(expected->size())) << kept.line;
      }
    }
  }
}

TEST(Encoding, NeverMakesMoreTokensThanBytesAndTakesAnyBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::int64_t exact = o200k().count(text);
    EXPECT_LE(exact, static_cast<std::int64_t>(text.size()));
    EXPECT_EQ(exact == 0, text.empty());
    EXPECT_LE(exact, byte_bound(text));
    EXPECT_LE(cl100k().count(text), static_cast<std::int64_t>(text.size()));
  }
}

// Merging in quadratic time would take minutes here; the test's time limit is the assertion.
TEST(Encoding, HugePiecesStayNearlyLinear) {
  for (const char* unit : {"a", " ", "!", "ab", "\xE4\xB8\xAD", "\n", "x1"}) {
    const std::string text = repeated(unit, (size_t{1} << 16) / std::string_view(unit).size());
    EXPECT_GT(o200k().count(text), 0);
    EXPECT_GE(o200k().count_at_most(text, 4096), o200k().count(text));
  }
}

TEST(Encoding, LongPiecesAreBoundedByTheirBytes) {
  const std::string text = "word " + std::string(5000, 'a');
  EXPECT_EQ(o200k().count_at_most(text, 4096), 1 + 5001);
  EXPECT_LT(o200k().count(text), 1000);
  EXPECT_EQ(o200k().count_at_most("word word", 4096), 2);
}

TEST(Estimate, IsNearTheExactCountOfOrdinaryText) {
  const std::string prose =
      "Explain to a colleague why the quarterly report shows a loss although the number of customers "
      "has grown by 12 percent, and suggest three measures that would improve the margin.";
  const std::string code = "for (size_t i = 0; i < values.size(); ++i) {\n  total += values[i] * weights[i];\n}\n";
  for (const std::string& text : {prose, code}) {
    const auto exact = static_cast<double>(o200k().count(text));
    EXPECT_NEAR(static_cast<double>(estimate(text)), exact, 0.2 * exact) << text;
  }
  EXPECT_EQ(estimate(""), 0);
  EXPECT_EQ(estimate(" "), 1);
}

TEST(Estimate, TakesAnyBytesAndSeesEachOfThem) {
  EXPECT_GT(estimate(std::string(1000, '\x80')), 200);
  EXPECT_GT(estimate(std::string(1000, '\xF0')), 200);
  std::mt19937 random(11);
  for (int round = 0; round < 1000; ++round) {
    std::string text(1 + random() % 100, '\0');
    for (char& c : text) c = static_cast<char>(random());
    EXPECT_GE(estimate(text), 1);
  }
}

TEST(ByteBound, CountsWhatIsNotUtf8AsItsReplacement) {
  EXPECT_EQ(byte_bound(""), 0);
  EXPECT_EQ(byte_bound("abc"), 4);
  EXPECT_EQ(byte_bound("\xC3\xA9"), 3);
  EXPECT_EQ(byte_bound("\xFF\xC3"), 1 + 3 + 3);
}

TEST(EncodingOf, KnowsOpenAiModelsAndNoOthers) {
  EXPECT_EQ(encoding_of("openai", "gpt-4o-mini"), EncodingName::kO200k);
  EXPECT_EQ(encoding_of("openai", "gpt-4o-2024-08-06"), EncodingName::kO200k);
  EXPECT_EQ(encoding_of("openai", "gpt-5.2"), EncodingName::kO200k);
  EXPECT_EQ(encoding_of("openai", "gpt-4-turbo"), EncodingName::kCl100k);
  EXPECT_EQ(encoding_of("openai", "gpt-4"), EncodingName::kCl100k);
  EXPECT_EQ(encoding_of("openai", "ft:gpt-3.5-turbo:acme"), EncodingName::kCl100k);
  EXPECT_EQ(encoding_of("azure", "gpt-35-turbo"), EncodingName::kCl100k);
  EXPECT_EQ(encoding_of("openrouter", "openai/gpt-4.1"), EncodingName::kO200k);
  EXPECT_EQ(encoding_of("openai", "gpt-42"), std::nullopt);
  EXPECT_EQ(encoding_of("openai", "whisper-1"), std::nullopt);
  EXPECT_EQ(encoding_of("my-vllm", "gpt-4o"), std::nullopt);
  EXPECT_EQ(encoding_of("anthropic", "claude-sonnet-4-5"), std::nullopt);
}

TEST(LearntFactor, LearnsTheRatioOfWhatIsBilled) {
  LearntFactor factor;
  for (int i = 0; i < 4; ++i) factor.observe(1000, 1200);
  EXPECT_EQ(factor.ratio(), std::nullopt);
  for (int i = 0; i < 50; ++i) factor.observe(1000, i % 2 == 0 ? 1200 : 1250);
  EXPECT_NEAR(*factor.ratio(), 1.225, 0.01);
}

TEST(LearntFactor, IgnoresWhatTeachesNothingAndFollowsAChange) {
  LearntFactor factor;
  for (int i = 0; i < 10; ++i) {
    factor.observe(10, 100);
    factor.observe(1000, 0);
    factor.observe(1000, -5);
  }
  EXPECT_EQ(factor.ratio(), std::nullopt);
  for (int i = 0; i < 1000; ++i) factor.observe(1000, 1000);
  for (int i = 0; i < 1000; ++i) factor.observe(1000, 2000);
  EXPECT_NEAR(*factor.ratio(), 2.0, 0.05);
}

TEST(LearntFactor, OneWildReportMovesLittle) {
  LearntFactor factor;
  for (int i = 0; i < 200; ++i) factor.observe(1000, 1000);
  factor.observe(1000, INT64_MAX);
  EXPECT_LT(*factor.ratio(), 1.02);
}

TEST(Bounds, AreNeverBelowTheTruth) {
  for (const Case& kept : kept_cases()) {
    EXPECT_GE(exact_bound(EncodingName::kO200k, kept.text), o200k().count(kept.text)) << kept.line;
    EXPECT_GE(exact_bound(EncodingName::kCl100k, kept.text), cl100k().count(kept.text)) << kept.line;
    EXPECT_GE(byte_bound(kept.text), o200k().count(kept.text)) << kept.line;
  }
}

} // namespace
} // namespace kairos::tokens
