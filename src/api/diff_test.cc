#include "api/diff.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <random>

namespace kairos::api {
namespace {

using Op = TextPiece::Op;

std::string side(const std::vector<TextPiece>& pieces, Op left_out) {
  std::string text;
  for (const TextPiece& piece : pieces) {
    if (piece.op != left_out) text += piece.text;
  }
  return text;
}

TEST(DiffText, ComparesWords) {
  const auto pieces = diff_text("The sea is blue and wide", "The sea was blue and wide");
  EXPECT_EQ(pieces,
            (std::vector<TextPiece>{
                {Op::kEqual, "The sea "}, {Op::kDelete, "is "}, {Op::kInsert, "was "}, {Op::kEqual, "blue and wide"}}));
}

TEST(DiffText, EqualAndEmptyTexts) {
  EXPECT_EQ(diff_text("same", "same"), (std::vector<TextPiece>{{Op::kEqual, "same"}}));
  EXPECT_TRUE(diff_text("", "").empty());
  EXPECT_EQ(diff_text("", "new"), (std::vector<TextPiece>{{Op::kInsert, "new"}}));
  EXPECT_EQ(diff_text("old", ""), (std::vector<TextPiece>{{Op::kDelete, "old"}}));
}

TEST(DiffText, BothTextsComeBackWhateverTheyAre) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      const auto words = random() % 30;
      for (unsigned i = 0; i < words; ++i)
        text += std::string(1, static_cast<char>('a' + random() % 3)) + " \n"[random() % 2];
    }
    const auto pieces = diff_text(texts[0], texts[1]);
    EXPECT_EQ(side(pieces, Op::kInsert), texts[0]);
    EXPECT_EQ(side(pieces, Op::kDelete), texts[1]);
  }
}

TEST(DiffText, LargeTextsAreBounded) {
  std::string a;
  std::string b;
  for (int i = 0; i < 9'000; ++i) {
    a += "left" + std::to_string(i) + " ";
    b += "right" + std::to_string(i) + " ";
  }
  const auto pieces = diff_text(a, b);
  EXPECT_EQ(side(pieces, Op::kInsert), a);
  EXPECT_EQ(side(pieces, Op::kDelete), b);
}

TEST(DiffJson, NamesWhatChanged) {
  const auto changes = diff_json(R"({"a":1,"b":[1,2],"c/d":"x"})", R"({"a":2,"b":[1],"e":null})");
  ASSERT_TRUE(changes);
  std::string told;
  for (const JsonChange& change : *changes)
    told += std::to_string(static_cast<int>(change.op)) + " " + change.path + " " +
            boost::json::serialize(change.before) + " " + boost::json::serialize(change.after) + "\n";
  EXPECT_EQ(told, "2 /a 1 2\n1 /b/1 2 null\n1 /c~1d \"x\" null\n0 /e null null\n");
  EXPECT_TRUE(diff_json("[1]", "[1]")->empty());
  EXPECT_FALSE(diff_json("text", "[1]"));
}

TEST(TextChanges, AreThoseOfEachTextByItsWords) {
  EXPECT_EQ(
      text_changes_to_json(R"({"model":"m","messages":[{"role":"user","content":"Say hello."}]})",
                           R"({"model":"m","messages":[{"role":"system","content":"Be brief."},)"
                           R"({"role":"user","content":"Say hello. /m"}]})"),
      R"([{"path":"/messages/0","pieces":[{"op":"insert","text":"{\"role\":\"system\",\"content\":\"Be brief.\"}"}]},)"
      R"({"path":"/messages/1/content","pieces":[{"op":"equal","text":"Say "},{"op":"delete","text":"hello."},)"
      R"({"op":"insert","text":"hello. /m"}]}])");
  EXPECT_EQ(text_changes_to_json(R"({"a":"x)", R"({"a":"y)"),
            R"([{"path":"","pieces":[{"op":"delete","text":"{\"a\":\"x"},{"op":"insert","text":"{\"a\":\"y"}]}])");
  EXPECT_EQ(text_changes_to_json("{}", "{}"), "[]");
}

} // namespace
} // namespace kairos::api
