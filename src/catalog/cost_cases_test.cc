// Runs the golden invoices: tests/cases/cost/*.txt. Their format is on the page README.md beside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "catalog/cost.h"

namespace kairos::catalog {
namespace {

model::Usage reported() {
  model::Usage usage;
  usage.source = model::UsageSource::kProvider;
  return usage;
}

struct AttemptCase {
  model::Usage usage = reported();
  std::vector<PriceRow> rows;
  WallTime time = *parse_rfc3339("2026-08-01T00:00:00Z");
  ServiceTier tier = ServiceTier::kStandard;
};

struct CostCase {
  std::vector<AttemptCase> attempts{1};
  std::vector<std::string> expected; // "meter quantity price cost" and "total cost"
  std::string problem;
};

std::int32_t minutes(const std::string& clock) {
  return std::stoi(clock.substr(0, 2)) * 60 + std::stoi(clock.substr(3));
}

PriceRow read_row(std::istringstream& words, std::string& problem) {
  PriceRow row;
  for (std::string word, value; words >> word;) {
    if (word == "free") {
      row.free = true;
    } else if (const auto tier = parse_service_tier(word)) {
      row.service_tier = *tier;
    } else if (!(words >> value)) {
      problem = "prices: nothing behind " + word;
    } else if (word == "above" || word == "at") {
      row.threshold = std::stoll(value);
      row.start = word == "at" ? TierStart::kAt : TierStart::kAbove;
    } else if (word == "from" || word == "to") {
      (word == "from" ? row.from : row.to) = *parse_rfc3339(value);
    } else if (word == "window") {
      row.window = DayWindow{minutes(value.substr(0, 5)), minutes(value.substr(6))};
    } else {
      problem = "prices: unknown word " + word;
    }
  }
  return row;
}

void read_usage_line(AttemptCase& attempt, const std::string& key, const std::string& value) {
  if (key == "inconsistent") {
    attempt.usage.inconsistent = true;
  } else if (key == "source") {
    model::parse_name(model::kUsageSourceNames, value, attempt.usage.source);
  } else if (const auto meter = model::parse_meter(key)) {
    attempt.usage[*meter] = std::stoll(value);
  } else {
    attempt.usage.other.emplace_back(key, std::stoll(value));
  }
}

void read_price_line(CostCase& read, const std::string& key, const std::string& value) {
  const auto meter = model::parse_meter(key);
  const auto price = parse_usd_per_million(value);
  if (!meter || !price) {
    read.problem = "bad price: " + key + " " + value;
    return;
  }
  read.attempts.back().rows.back().prices[static_cast<size_t>(*meter)] = *price;
}

CostCase read_case(const std::filesystem::path& path) {
  CostCase read;
  std::ifstream file(path);
  std::string section;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key, value;
    words >> key >> value;
    AttemptCase& attempt = read.attempts.back();
    if (key.empty()) continue;
    if (line == "usage" || line == "expect" || key == "raw") {
      section = key;
    } else if (line == "attempt") {
      read.attempts.emplace_back();
      section = key;
    } else if (key == "prices") {
      section = key;
      std::istringstream rest(line.substr(6));
      attempt.rows.push_back(read_row(rest, read.problem));
    } else if (key == "at" && value.starts_with("2")) {
      attempt.time = *parse_rfc3339(value);
    } else if (key == "service_tier") {
      attempt.tier = parse_service_tier(value).value_or(ServiceTier::kStandard);
    } else if (section == "usage") {
      read_usage_line(attempt, key, value);
    } else if (section == "prices") {
      read_price_line(read, key, value);
    } else if (section == "expect") {
      read.expected.push_back(line);
    }
  }
  return read;
}

std::string text(const std::optional<Picodollars>& amount) { return amount ? usd(*amount) : "unknown"; }

std::vector<std::string> bill(const CostCase& read) {
  std::vector<std::string> lines;
  std::vector<model::CostLine> all;
  bool nothing_known = false;
  for (size_t i = 0; i < read.attempts.size(); ++i) {
    const AttemptCase& attempt = read.attempts[i];
    const Priced priced = cost_of(attempt.usage, attempt.rows, attempt.time, attempt.tier, static_cast<int>(i));
    nothing_known = nothing_known || !priced.total;
    for (const model::CostLine& line : priced.lines) {
      EXPECT_EQ(line.attempt, static_cast<int>(i));
      const std::string price = line.unit_price ? usd_per_million(*line.unit_price) : "unknown";
      lines.push_back(line.meter + " " + std::to_string(line.quantity) + " " + price + " " + text(line.cost));
      all.push_back(line);
    }
  }
  lines.push_back("total " + (nothing_known ? "unknown" : text(total_of(all))));
  return lines;
}

TEST(GoldenInvoices, EachComesToTheTotalWorkedByHand) {
  size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(KAIROS_SOURCE_DIR "/tests/cases/cost")) {
    if (entry.path().extension() != ".txt") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const CostCase read = read_case(entry.path());
    EXPECT_EQ(read.problem, "");
    ASSERT_FALSE(read.expected.empty());
    EXPECT_EQ(bill(read), read.expected);
    ++cases;
  }
  EXPECT_GE(cases, 60u);
}

/// A bill within the bounds that a reservation was made for never passes the reservation.
TEST(GoldenInvoices, NoneIsAboveTheWorstCaseOfItsOwnSize) {
  for (const auto& entry : std::filesystem::directory_iterator(KAIROS_SOURCE_DIR "/tests/cases/cost")) {
    if (entry.path().extension() != ".txt") continue;
    SCOPED_TRACE(entry.path().filename().string());
    for (const AttemptCase& attempt : read_case(entry.path()).attempts) {
      const model::Usage& usage = attempt.usage;
      if (usage[model::Meter::kInput] > 1'000'000'000'000) continue; // its sum is out of range on purpose
      Bounds bounds;
      bounds.input_tokens = usage.input_total();
      bounds.max_output_tokens = usage.output_total();
      bounds.needs.audio = usage[model::Meter::kInputAudio] > 0;
      bounds.images = usage[model::Meter::kImage];
      bounds.web_searches = usage[model::Meter::kWebSearch];
      bounds.code_sessions = usage[model::Meter::kCodeSession];
      const auto worst = worst_case(bounds, attempt.rows, attempt.time, attempt.tier);
      const auto cost = cost_of(usage, attempt.rows, attempt.time, attempt.tier, 0).total;
      if (worst && cost) {
        EXPECT_LE(*cost, *worst);
      }
    }
  }
}

} // namespace
} // namespace kairos::catalog
