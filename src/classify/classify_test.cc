#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "classify/classifier.h"
#include "classify/features.h"
#include "classify/weights.h"

namespace kairos::classify {
namespace {

using model::Category;

constexpr std::string_view kCaseFolder = KAIROS_SOURCE_DIR "/tests/cases/classify/";

model::Classification classify(std::string_view text) { return Classifier::embedded().classify(text); }

/// The prompts of a file, separated by lines "---".
std::vector<std::string> prompts_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> prompts(1);
  for (std::string line; std::getline(in, line);) {
    if (line == "---")
      prompts.emplace_back();
    else
      prompts.back() += (prompts.back().empty() ? "" : "\n") + line;
  }
  return prompts;
}

TEST(Classifier, GoldenPrompts) {
  for (const std::string_view category : model::kCategoryNames) {
    const std::vector<std::string> prompts = prompts_of(std::string(kCaseFolder) + std::string(category) + ".txt");
    ASSERT_GE(prompts.size(), 2u) << category;
    for (const std::string& prompt : prompts) EXPECT_EQ(name(classify(prompt).category), category) << prompt;
  }
}

std::string unescape(std::string_view text) {
  const std::map<char, char> escapes = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'\\', '\\'}};
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) out += text[i] == '\\' ? escapes.at(text[++i]) : text[i];
  return out;
}

// The floors are the figures of docs/classifier.md for this very sample. New weights may not fall below them.
TEST(Classifier, HeldOutAccuracyIsNotBelowTheDocumentedOne) {
  const std::map<std::string, double> documented = {{"autoj", 0.80}, {"vicuna", 0.88}};
  std::map<std::string, std::pair<int, int>> right_of_all;
  std::ifstream in(std::string(kCaseFolder) + "held_out.tsv");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream fields(line);
    std::string source, label, prompt;
    std::getline(std::getline(std::getline(fields, source, '\t'), label, '\t'), prompt, '\t');
    const auto probabilities = classify(unescape(prompt)).probabilities;
    const auto learnt = std::span(probabilities).first(kLearntCategories);
    auto& [right, all] = right_of_all[source];
    right += model::kCategoryNames[std::ranges::max_element(learnt) - learnt.begin()] == label;
    ++all;
  }
  ASSERT_EQ(right_of_all.size(), documented.size());
  for (const auto& [source, floor] : documented) {
    const auto [right, all] = right_of_all[source];
    RecordProperty(source, std::to_string(right) + "/" + std::to_string(all));
    EXPECT_GE(static_cast<double>(right) / all, floor) << source << ": " << right << " of " << all;
  }
}

void expect_sound(const model::Classification& result) {
  const double sum = std::accumulate(result.probabilities.begin(), result.probabilities.end(), 0.0);
  EXPECT_NEAR(sum, 1.0, 1e-9);
  for (const double p : result.probabilities) EXPECT_TRUE(p >= 0 && p <= 1) << p;
  EXPECT_DOUBLE_EQ(result.confidence, result.probabilities[static_cast<size_t>(result.category)]);
  EXPECT_EQ(result.confidence, *std::ranges::max_element(result.probabilities));
  const bool abstained = result.category == Category::kOther;
  EXPECT_EQ(abstained, result.probabilities[static_cast<size_t>(Category::kOther)] > 0);
}

TEST(Classifier, IsSoundAndDeterministicOnAnyBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 1500, '\0');
    const bool ascii = round % 2 == 0;
    for (char& c : text) c = static_cast<char>(ascii ? 32 + random() % 95 : random());
    const model::Classification result = classify(text);
    expect_sound(result);
    EXPECT_EQ(result.probabilities, classify(text).probabilities);
  }
}

TEST(Classifier, AbstainsWhereItCannotRead) {
  for (const std::string text :
       {"", "   ", "\n\n", "\xFF\xFE\xFF", "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C"}) {
    const model::Classification result = classify(text);
    EXPECT_EQ(result.category, Category::kOther) << text;
    EXPECT_GE(result.confidence, 0.75) << text;
    expect_sound(result);
  }
}

TEST(Classifier, ReadsOnlyTheBeginningAndTheEndWordByWord) {
  const std::string begin = "Write a Python function that parses the following log lines.\n";
  const std::string middle(100'000, 'x');
  std::string other_middle = middle;
  other_middle[50'000] = 'y';
  EXPECT_EQ(classify(begin + middle).probabilities, classify(begin + other_middle).probabilities);
}

TEST(Features, StayWithinTheirBounds) {
  Features features;
  for (const std::string unit : {"a ", "{", "1 ", "\xC3\xA9 ", "' "}) {
    std::string text;
    while (text.size() < 10'000) text += unit;
    extract_features(text, features);
    EXPECT_LT(features.count, kMostFeatures) << unit;
    EXPECT_GT(features.count, 100u) << unit;
  }
}

TEST(Classifier, NamesItsVersion) {
  EXPECT_TRUE(Classifier::embedded().version().starts_with("ngram-"));
  EXPECT_EQ(classify("hello there").classifier, Classifier::embedded().version());
}

std::vector<std::uint8_t> small_weights(const WeightsHeader& header) {
  std::vector<std::uint8_t> bytes(sizeof header + 256 * kLearntCategories, 0);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST(Classifier, RefusesWeightsThatAreNotWellFormed) {
  WeightsHeader good;
  std::ranges::copy(kWeightsMagic, good.magic.begin());
  good.bucket_bits = 8;
  EXPECT_TRUE(Classifier::open(small_weights(good)).has_value());

  WeightsHeader bad = good;
  bad.magic[0] = 'X';
  EXPECT_EQ(Classifier::open(small_weights(bad)).error().code, Code::kCorrupt);
  bad = good;
  bad.bucket_bits = 9;
  EXPECT_EQ(Classifier::open(small_weights(bad)).error().code, Code::kCorrupt);
  bad.bucket_bits = 60;
  EXPECT_EQ(Classifier::open(small_weights(bad)).error().code, Code::kCorrupt);
  bad = good;
  bad.temperature = 0;
  EXPECT_EQ(Classifier::open(small_weights(bad)).error().code, Code::kCorrupt);
  bad = good;
  bad.bias[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Classifier::open(small_weights(bad)).error().code, Code::kCorrupt);
  EXPECT_EQ(Classifier::open({}).error().code, Code::kCorrupt);
}

TEST(PromptText, TakesTheLastMessageAndAfterAShortOneTheSystemPrompt) {
  EXPECT_EQ(prompt_text("hello", ""), "hello");
  EXPECT_EQ(prompt_text("hello", "You write SQL."), "hello\nYou write SQL.");
  EXPECT_EQ(prompt_text("", "You write SQL."), "You write SQL.");
  const std::string message(1000, 'm');
  EXPECT_EQ(prompt_text(message, "You write SQL."), message);
  const std::string huge = std::string(100'000, 'a') + std::string(100'000, 'b');
  const std::string cut = prompt_text(huge, "You write SQL.");
  EXPECT_EQ(cut, std::string(2048, 'a') + std::string(2048, 'b'));
  EXPECT_LE(prompt_text("hi", huge).size(), 4096u);
}

} // namespace
} // namespace kairos::classify
