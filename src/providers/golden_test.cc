// The providers' half of the golden invoices (tests/cases/cost/README.md): `raw` → `usage`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "providers/usage.h"

namespace kairos::providers {
namespace {

const std::map<std::string, UsageShape> kShapes = {{"openai_chat", UsageShape::kOpenAiChat},
                                                   {"openai_responses", UsageShape::kOpenAiResponses},
                                                   {"anthropic", UsageShape::kAnthropic},
                                                   {"gemini", UsageShape::kGemini},
                                                   {"bedrock", UsageShape::kBedrock}};

struct Bill {
  std::string where;
  std::string dialect;
  std::string raw;
  std::map<std::string, std::int64_t> usage;
  bool inconsistent = false;
};

void take_usage_line(Bill& bill, const std::string& line) {
  std::istringstream words(line);
  std::string name;
  std::int64_t quantity = 0;
  words >> name;
  if (name == "inconsistent") bill.inconsistent = true;
  if (words >> quantity) bill.usage[name] = quantity;
}

bool begins_section(const std::string& word) {
  return word == "at" || word == "service_tier" || word == "prices" || word == "expect" || word == "attempt" ||
         word == "raw" || word == "usage";
}

std::vector<Bill> bills_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<Bill> bills;
  std::string section;
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (begins_section(word)) {
      section = word;
      if (word == "raw") {
        bills.push_back({file.filename().string(), {}, {}, {}, false});
        words >> bills.back().dialect;
      }
      if (word == "attempt") section.clear();
    } else if (!bills.empty() && section == "raw" && line.starts_with("{")) {
      bills.back().raw = line;
    } else if (!bills.empty() && section == "usage") {
      take_usage_line(bills.back(), line);
    }
  }
  return bills;
}

std::map<std::string, std::int64_t> counted(const model::Usage& usage) {
  std::map<std::string, std::int64_t> result;
  for (size_t i = 0; i < model::kMeterCount; ++i) {
    if (usage.quantities[i] != 0) result.emplace(model::kMeterNames[i], usage.quantities[i]);
  }
  for (const auto& [name, quantity] : usage.other) result.emplace(name, quantity);
  return result;
}

TEST(GoldenInvoices, WhatProvidersReportBecomesDisjointClasses) {
  size_t run = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(KAIROS_SOURCE_DIR) / "tests/cases/cost")) {
    if (entry.path().extension() != ".txt") continue;
    for (Bill& bill : bills_of(entry.path())) {
      const auto shape = kShapes.find(bill.dialect);
      ASSERT_TRUE(shape != kShapes.end()) << bill.where << ": " << bill.dialect;
      const auto usage = read_usage(shape->second, bill.raw);
      std::erase_if(bill.usage, [](const auto& line) { return line.second == 0; });
      EXPECT_EQ(usage ? counted(*usage) : (std::map<std::string, std::int64_t>{}), bill.usage) << bill.where << "\n"
                                                                                               << bill.raw;
      EXPECT_EQ(usage && usage->inconsistent, bill.inconsistent) << bill.where << "\n" << bill.raw;
      ++run;
    }
  }
  EXPECT_GE(run, 40U); // the runner found them
}

} // namespace
} // namespace kairos::providers
