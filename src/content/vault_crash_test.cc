// Crashes, full disks and damage: whole records or none, and what was erased stays erased.
#include "content/testing/vault_world.h"

namespace kairos::content {
namespace {

TEST(Vault, SurvivesTheDeathOfTheProcess) {
  World world;
  std::vector<Ulid> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(world.keep("prompt " + std::to_string(i)));
  world.crash(CrashMode::kKill);
  for (int i = 0; i < 50; ++i) {
    const auto kept = world.vault->read(ids[static_cast<size_t>(i)]);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->request.bytes, "prompt " + std::to_string(i));
  }
  const Ulid later = world.keep("after the crash");
  EXPECT_TRUE(world.vault->read(later));
}

TEST(Vault, ACrashWhileKeysAreSealedAnewLosesNone) {
  for (std::uint64_t changes = 0; changes < 12; ++changes) {
    World world(changes + 1);
    std::vector<Ulid> ids;
    for (int i = 0; i < 20; ++i) ids.push_back(world.keep("prompt"));
    world.reopen(); // syncs
    world.files.die_after_changes(changes);
    world.vault->use(master({'b', 'a'}), {});
    world.vault->sweep();
    world.crash(CrashMode::kTornSectors);
    world.vault->use(master({'b', 'a'}), {});
    for (const Ulid& id : ids) EXPECT_TRUE(world.vault->read(id)) << changes;
  }
}

TEST(Vault, AnErasureThatWasAnsweredHoldsAfterAnyCrash) {
  for (const CrashMode mode : {CrashMode::kKill, CrashMode::kPowerFailure, CrashMode::kTornSectors}) {
    for (std::uint64_t changes = 0; changes < 10; ++changes) {
      World world(changes + 1);
      const Ulid kept = world.keep("stays");
      const Ulid id = world.keep("goes");
      world.reopen(); // syncs
      world.files.die_after_changes(changes);
      const auto erased = world.vault->erase(id, "acme");
      world.crash(mode);
      EXPECT_TRUE(world.vault->read(kept));
      if (erased) {
        EXPECT_EQ(world.why(id), Gone::kErased);
      }
      ASSERT_TRUE(world.vault->erase(id, "acme"));
      EXPECT_EQ(world.why(id), Gone::kErased);
    }
  }
}

TEST(Vault, ACrashWhileWritingLeavesWholeRecordsOnly) {
  for (std::uint64_t bytes = 0; bytes < 1200; bytes += 37) {
    World world(bytes + 1);
    const Ulid before = world.keep("before");
    world.reopen();
    world.files.die_after_bytes(bytes);
    const Ulid torn = world.keep("torn");
    world.crash(bytes % 2 == 0 ? CrashMode::kKill : CrashMode::kTornSectors);
    EXPECT_TRUE(world.vault->read(before));
    const auto kept = world.vault->read(torn);
    if (kept) {
      EXPECT_EQ(kept->request.bytes, "torn");
    }
    const Ulid after = world.keep("after");
    const auto back = world.vault->read(after);
    ASSERT_TRUE(back) << bytes;
    EXPECT_EQ(back->request.bytes, "after");
  }
}

TEST(Vault, AFullDiskLosesContentAndSaysSo) {
  World world;
  const Ulid before = world.keep("before");
  world.files.set_capacity(world.all_files().size() + 16);
  const Ulid lost = world.keep("lost");
  world.files.set_capacity(std::nullopt);
  EXPECT_NE(world.why(lost), Gone::kErased);
  EXPECT_TRUE(world.vault->read(before));
  EXPECT_TRUE(world.vault->read(world.keep("room again")));
}

TEST(Vault, DamageIsToldNotReturned) {
  World world;
  const Ulid id = world.keep("a prompt of some length, so that there is something to damage");
  world.vault.reset();
  const std::string path = kFolder + "/0000000000000001.body";
  std::string bytes = *world.files.content(path);
  bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] ^ 1);
  world.files.set_content(path, bytes);
  world.open();
  EXPECT_EQ(world.why(id), Gone::kDamaged);
}

} // namespace
} // namespace kairos::content
