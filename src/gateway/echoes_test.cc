#include "gateway/echoes.h"

#include <gtest/gtest.h>

namespace kairos::gateway {
namespace {

TEST(Echoes, WhatThePromptHasTooIsLeftOut) {
  EXPECT_EQ(without_echo("cannot answer 'my secret plan for tomorrow' now", "Here is my secret plan for tomorrow."),
            "cannot answer '…' now");
  EXPECT_EQ(without_echo("the model is overloaded", "Write a haiku about the sea."), "the model is overloaded");
  EXPECT_EQ(without_echo("short", "short"), "short");
  EXPECT_EQ(without_echo("aaaaaaaaaaaaaaaaaaaaaaaa", std::string(100'000, 'a')), "…");
  EXPECT_EQ(without_echo("", "x"), "");
}

TEST(Echoes, KeysAreHidden) {
  std::string text = "Incorrect API key: sk-very-secret. sk-very-secret!";
  hide(text, "sk-very-secret");
  EXPECT_EQ(text, "Incorrect API key: **************. **************!");
  hide(text, "key");
  EXPECT_EQ(text, "Incorrect API key: **************. **************!");
}

} // namespace
} // namespace kairos::gateway
