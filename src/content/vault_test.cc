// What is kept can be read, is on disk only sealed, and is gone everywhere once it was erased.
#include "content/testing/vault_world.h"

namespace kairos::content {
namespace {

TEST(Vault, GivesBackWhatWasKept) {
  World world;
  const Ulid id = world.keep("a prompt");
  const auto kept = world.vault->read(id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->receipt, id);
  EXPECT_EQ(kept->request.bytes, "a prompt");
  EXPECT_EQ(kept->request_headers, "x-kairosroute-workflow: poems\n");
  EXPECT_EQ(kept->answer.bytes, "answer to a prompt");
  EXPECT_EQ(kept->content_type, "application/json");
  EXPECT_EQ(kept->http_status, 200);
  EXPECT_FALSE(kept->request.truncated());
  EXPECT_EQ(world.why(world.ids.next(kStart)), Gone::kNever);
}

TEST(Vault, WritesNothingInTheClear) {
  World world;
  const std::string prompt = kMarker + " in a prompt";
  world.keep(prompt);
  EXPECT_GT(world.all_files().size(), 200u);
  EXPECT_EQ(world.all_files().find(kMarker), std::string::npos);
}

TEST(Vault, TellsWhatWasCutOff) {
  World world;
  Kept kept = world.make("x");
  const Ulid id = kept.receipt;
  kept.answer = {};
  kept.answer.append("0123456789", 4);
  kept.answer.append("abc", 4);
  world.vault->keep(std::move(kept));
  const auto back = world.vault->read(id);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->answer.bytes, "0123");
  EXPECT_EQ(back->answer.size, 13u);
  EXPECT_TRUE(back->answer.truncated());
}

TEST(Vault, ErasingDestroysTheKeyInEveryFile) {
  World world;
  const Ulid id = world.keep("secret prompt");
  const Ulid other = world.keep("another");
  const std::string before = world.all_files();
  const auto erased = world.vault->erase(id, "acme");
  ASSERT_TRUE(erased && *erased);
  const std::string after = world.all_files();
  ASSERT_EQ(before.size(), after.size());
  size_t zeroed = 0;
  for (size_t i = 0; i < after.size(); ++i) zeroed += before[i] != after[i] && after[i] == 0 ? 1 : 0;
  EXPECT_GE(zeroed, kWrappedSize - 4); // some of its bytes may have been 0 by chance
  EXPECT_EQ(world.why(id), Gone::kErased);
  EXPECT_TRUE(world.vault->read(other));
  world.crash(CrashMode::kPowerFailure);
  EXPECT_EQ(world.why(id), Gone::kErased);
  const auto twice = world.vault->erase(id, "acme");
  ASSERT_TRUE(twice);
  EXPECT_FALSE(*twice);
}

TEST(Vault, WhatIsErasedWhileItIsOnItsWayNeverComes) {
  World world;
  Kept late = world.make(kMarker);
  Kept of_tenant = world.make(kMarker);
  const Ulid first = late.receipt;
  const Ulid second = of_tenant.receipt;
  ASSERT_TRUE(world.vault->erase(first, "acme"));
  ASSERT_TRUE(world.vault->erase_tenant("acme", world.clock.wall_now() + std::chrono::seconds(1)));
  world.vault->keep(std::move(late));
  world.vault->keep(std::move(of_tenant));
  EXPECT_EQ(world.why(first), Gone::kErased);
  EXPECT_EQ(world.why(second), Gone::kErased);
}

TEST(Vault, ErasesATenantUpToATime) {
  World world;
  const Ulid old = world.keep("old");
  const Ulid foreign = world.keep("foreign", "rival");
  world.clock.advance(std::chrono::hours(1));
  const Ulid fresh = world.keep("fresh");
  const auto erased = world.vault->erase_tenant("acme", kStart + std::chrono::minutes(30));
  ASSERT_TRUE(erased);
  EXPECT_EQ(*erased, 1u);
  EXPECT_EQ(world.why(old), Gone::kErased);
  EXPECT_TRUE(world.vault->read(foreign));
  EXPECT_TRUE(world.vault->read(fresh));
}

TEST(Vault, WhatIsTooOldGoesAndItsFilesToo) {
  World world;
  world.options.volume_slots = 2;
  world.reopen(master({'a'}), {{"acme", std::chrono::days(1)}});
  const Ulid old = world.keep("old");
  const Ulid erased = world.keep("erased");
  ASSERT_TRUE(world.vault->erase(erased, "acme"));
  const Ulid forever = world.keep("forever", "rival");
  world.clock.advance(std::chrono::hours(25));
  const Ulid fresh = world.keep("fresh");
  world.vault->sweep();
  EXPECT_EQ(world.why(old), Gone::kNever); // with the whole file
  EXPECT_TRUE(world.vault->read(forever));
  EXPECT_TRUE(world.vault->read(fresh));
  EXPECT_FALSE(world.files.content(kFolder + "/0000000000000001.body"));
  EXPECT_FALSE(world.files.content(kFolder + "/0000000000000001.keys"));
  world.reopen();
  EXPECT_TRUE(world.vault->read(fresh));
}

TEST(Vault, WhatComesOrChangesAfterASweepIsSweptToo) {
  World world;
  world.reopen(master({'a'}), {{"acme", std::chrono::days(1)}, {"rival", std::chrono::days(30)}});
  const Ulid rival = world.keep("stays", "rival");
  world.vault->sweep(); // nothing to do for thirty days
  const Ulid acme = world.keep("goes");
  world.clock.advance(std::chrono::hours(25));
  world.vault->sweep();
  EXPECT_EQ(world.why(acme), Gone::kExpired);
  EXPECT_TRUE(world.vault->read(rival));
  world.vault->use(master({'b', 'a'}), {{"rival", std::chrono::days(1)}});
  world.vault->sweep();
  EXPECT_EQ(world.why(rival), Gone::kExpired);
  const Ulid later = world.keep("later", "rival");
  world.vault->use(master({'c', 'b'}), {});
  world.vault->sweep();
  world.vault->use(master({'c'}), {});
  EXPECT_TRUE(world.vault->read(later));
}

TEST(Vault, ChangesMasterKeys) {
  World world;
  const Ulid id = world.keep("sealed by a");
  world.reopen(master({'b'}));
  EXPECT_EQ(world.why(id), Gone::kSealed);
  world.reopen(master({'b', 'a'}));
  EXPECT_TRUE(world.vault->read(id));
  world.vault->sweep(); // seals anew
  world.reopen(master({'b'}));
  const auto kept = world.vault->read(id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->request.bytes, "sealed by a");
}

TEST(Vault, WhatComesTooFastIsRememberedAsLost) {
  World world;
  world.options.queue_bytes = 100;
  world.reopen();
  const Ulid id = world.keep(std::string(200, 'x'));
  EXPECT_EQ(world.why(id), Gone::kLost);
}

TEST(Vault, WithoutAMasterKeyNothingIsWritten) {
  World world;
  world.vault->use(MasterKeys(), {});
  const Ulid id = world.keep(kMarker);
  EXPECT_EQ(world.why(id), Gone::kLost);
}

TEST(Vault, RedactsBeforeAnythingIsWritten) {
  World world;
  world.options.redact = [](Kept& kept) {
    kept.request.bytes = "[redacted]";
    return true;
  };
  world.reopen();
  Kept kept = world.make("jane@example.com");
  kept.redacted = true;
  const Ulid id = kept.receipt;
  world.vault->keep(std::move(kept));
  EXPECT_EQ(world.vault->read(id)->request.bytes, "[redacted]");
}

TEST(Vault, SearchesInARangeAndStopsAtItsBound) {
  World world;
  world.options.volume_slots = 3;
  world.reopen();
  for (int i = 0; i < 10; ++i) world.keep("needle " + std::to_string(i), i % 2 == 0 ? "acme" : "rival");
  Search search{"acme", kStart, kStart + std::chrono::hours(1), 1 << 20, [] { return true; }, {}};
  std::vector<std::string> seen;
  search.visit = [&](const Kept& kept) {
    seen.push_back(kept.request.bytes);
    return true;
  };
  const auto all = world.vault->search(search);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->complete);
  EXPECT_EQ(seen, (std::vector<std::string>{"needle 8", "needle 6", "needle 4", "needle 2", "needle 0"}));
  search.most_bytes = 100;
  const auto some = world.vault->search(search);
  ASSERT_TRUE(some);
  EXPECT_FALSE(some->complete);
  search.from = kStart + std::chrono::hours(1);
  search.to = kStart + std::chrono::hours(2);
  EXPECT_EQ(world.vault->search(search)->records, 0u);
}

TEST(Record, BytesThatWereChangedNeverOpen) {
  World world;
  const Key key = Key::random();
  const Kept kept = world.make("x");
  const std::string good = encode_record(key, kept);
  ASSERT_TRUE(decode_record(key, kept.receipt, good));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(decode_record(key, kept.receipt, bad)) << i;
    EXPECT_FALSE(decode_record(key, kept.receipt, good.substr(0, i))) << i;
  }
  EXPECT_FALSE(decode_record(Key::random(), kept.receipt, good));
  EXPECT_FALSE(decode_record(key, world.ids.next(kStart), good));
}

} // namespace
} // namespace kairos::content
