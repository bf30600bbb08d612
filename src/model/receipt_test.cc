#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "model/json_writer.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"

namespace kairos::model {
namespace {

TEST(ReceiptJson, ReadsBackExactlyWhatWasWritten) {
  const std::string json = to_json(sample_receipt());
  const auto read = receipt_from_json(json);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(to_json(*read), json);
}

TEST(ReceiptJson, KeepsTheNamesOfThePublishedSample) {
  const std::string json = to_json(sample_receipt());
  for (const char* fragment :
       {R"("classification":{"category":"reasoning","confidence":0.91)", R"("candidates":[{"model_id":)",
        R"("filtered_out_by":"budget")", R"("fallback_chain":["gemini-3-pro"])",
        R"("execution":{"actual_cost_usd":0.0131022,"actual_latency_ms":692,"status":"success")"}) {
    EXPECT_NE(json.find(fragment), std::string::npos) << fragment << "\n" << json;
  }
}

TEST(ReceiptJson, EveryByteIsEscapedWhereverItStands) {
  const std::vector<std::pair<std::string, std::string>> bytes = {
      {"\"", "\\\""},
      {"\\", "\\\\"},
      {"\n", "\\n"},
      {"\x1f", "\\u001f"},
      {" ", " "},
      {"\x7f", "\x7f"},
      {"\x80", "\xEF\xBF\xBD"},
      {std::string(1, '\0'), "\\u0000"},
  };
  for (size_t before = 0; before < 20; ++before) {
    for (size_t behind = 0; behind < 20; ++behind) {
      for (const auto& [byte, escaped] : bytes) {
        const std::string begin(before, 'a'), end(behind, 'z');
        std::string text;
        append_json_string(text, begin + byte + end);
        EXPECT_EQ(text, '"' + begin + escaped + end + '"');
      }
    }
  }
}

TEST(ReceiptJson, UnknownMoneyIsNullNeverZero) {
  Receipt receipt = sample_receipt();
  receipt.cost.total.reset();
  receipt.cost.lines.front().cost.reset();
  const auto read = receipt_from_json(to_json(receipt));
  ASSERT_TRUE(read.has_value());
  EXPECT_FALSE(read->cost.total.has_value());
  EXPECT_FALSE(read->cost.lines.front().cost.has_value());
  EXPECT_NE(to_json(receipt).find(R"("actual_cost_usd":null)"), std::string::npos);
}

TEST(ReceiptJson, IntegrityIsAddedBehindTheStoredBytes) {
  const std::string whole = with_integrity(to_json(sample_receipt()), Integrity{7, "aa", "bb"});
  EXPECT_TRUE(whole.ends_with(R"(,"sequence":7,"integrity":{"prev_hash":"aa","hash":"bb"}})")) << whole;
  EXPECT_TRUE(receipt_from_json(whole).has_value());
}

TEST(ReceiptJson, DamagedBytesAreNamedNotCrashedOn) {
  const std::string json = to_json(sample_receipt());
  for (size_t cut = 0; cut < json.size(); cut += 7)
    EXPECT_FALSE(receipt_from_json(json.substr(0, cut)).has_value()) << cut;
  const auto wrong = receipt_from_json(R"({"receipt_id":"x","execution":{"status":"fine"}})");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().message, "receipt field 'status' is not a known word");
}

TEST(ReceiptJson, WhatIsBookedIsAllButTheCandidates) {
  Receipt whole = sample_receipt();
  const auto booked = receipt_from_json(to_json(whole), ReceiptPart::kBooked);
  ASSERT_TRUE(booked.has_value()) << booked.error().message;
  ASSERT_FALSE(whole.candidates.empty());
  whole.candidates.clear();
  whole.omitted.clear();
  EXPECT_EQ(to_json(*booked), to_json(whole));
}

TEST(ReceiptJson, CandidatesAreLeftOutOnlyWhereTheyAre) {
  Receipt whole = sample_receipt();
  whole.workflow = R"(,"candidates":[)";
  whole.tags = {{R"(,"candidates":[{)", R"(],"candidates_omitted":{)"}};
  whole.candidates.front().reasons = {R"(],"candidates_omitted":{"x":1})"};
  whole.decision.reason = R"(],"candidates_omitted":)";
  const std::string json = to_json(whole);
  whole.candidates.clear();
  whole.omitted.clear();
  for (const std::string& text : {json, to_json(whole)}) {
    const auto booked = receipt_from_json(text, ReceiptPart::kBooked);
    ASSERT_TRUE(booked.has_value()) << booked.error().message;
    EXPECT_EQ(to_json(*booked), to_json(whole));
    const auto outcome = receipt_from_json(text, ReceiptPart::kOutcome);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    EXPECT_EQ(outcome->workflow, whole.workflow);
    EXPECT_EQ(outcome->attempts.size(), whole.attempts.size());
  }
}

TEST(JsonWriter, SharesHaveSixDigits) {
  std::vector<double> shares = {0,          -0.0,      1,          0.5,       0.1,  0.0001,
                                0.00009999, 0.9999994, 0.99999951, 0.1234565, 12.5, -0.25};
  for (std::uint64_t seed = 1; shares.size() < 20'000; seed = seed * 6364136223846793005ULL + 1442695040888963407ULL) {
    const double share = static_cast<double>(seed >> 11) / 9007199254740992.0;
    shares.push_back(share);
    shares.push_back(share * share * share);
    shares.push_back(std::round(share * 1e4) / 1e4);
  }
  for (const double share : shares) {
    std::string text;
    JsonWriter(text).real(share);
    EXPECT_EQ(text, fmt::format("{:.6g}", share));
  }
}

TEST(JsonWriter, HostileTextIsAlwaysValidJson) {
  std::string out;
  JsonWriter(out).string(std::string_view("a\"\\\n\0\xff\xed\xa0\x80<\xc3\xa9\xf0\x9f\x98\x80", 16));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0000\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD<\xc3\xa9\xf0\x9f\x98\x80\"");
}

TEST(Usage, SumKeepsTheLessCertainSource) {
  Usage sum = sample_receipt().attempts[1].usage;
  Usage more;
  more[Meter::kInput] = 5;
  more.other = {{"video_tokens", 3}};
  more.source = UsageSource::kCounted;
  sum.add(more);
  EXPECT_EQ(sum[Meter::kInput], 4085);
  EXPECT_EQ(sum.source, UsageSource::kCounted);
  EXPECT_EQ(sum.other.front().second, 3);
}

} // namespace
} // namespace kairos::model
