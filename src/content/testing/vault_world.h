// What the vault's tests share: a vault on a file system that can fail, brought back after a crash.
#pragma once

#include <gtest/gtest.h>

#include "content/vault.h"
#include "journal/testing/faulty_file_system.h"

namespace kairos::content {

using journal::CrashMode;
using journal::FaultyFileSystem;

inline const std::string kFolder = "/data/content";
inline const std::string kMarker = "PLANTED-MARKER";
inline constexpr WallTime kStart{std::chrono::microseconds(1'700'000'000'000'000)};

inline MasterKeys master(std::initializer_list<char> names) {
  std::vector<Key> keys;
  for (const char name : names) keys.emplace_back(std::string(kKeySize, name));
  return MasterKeys(std::move(keys));
}

/// A vault on a file system that can fail, and what is needed to bring it back after a crash.
struct World {
  FaultyFileSystem files;
  FakeClock clock{kStart};
  observe::Metrics metrics;
  UlidGenerator ids{7};
  VaultOptions options;
  std::unique_ptr<Vault> vault;

  explicit World(std::uint64_t seed = 1) : files(seed) {
    options.folder = kFolder;
    options.sync_interval = std::chrono::milliseconds(1);
    EXPECT_TRUE(files.make_folder("/data"));
    open();
  }
  ~World() { vault.reset(); }

  void open(const MasterKeys& keys = master({'a'}), std::vector<Retention> retention = {}) {
    auto opened = Vault::open(files, options, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    vault = std::move(*opened);
    vault->use(keys, std::move(retention));
  }
  void reopen(const MasterKeys& keys = master({'a'}), std::vector<Retention> retention = {}) {
    vault.reset();
    open(keys, std::move(retention));
  }
  void crash(CrashMode mode) {
    vault.reset();
    files.crash(mode);
    open();
  }
  Kept make(std::string_view text, std::string_view tenant = "acme") {
    Kept kept;
    kept.receipt = ids.next(clock.wall_now());
    kept.tenant = tenant;
    kept.request.append(text, 1 << 20);
    kept.request_headers = "x-kairosroute-workflow: poems\n";
    kept.http_status = 200;
    kept.content_type = "application/json";
    kept.answer.append(std::string("answer to ") + std::string(text), 1 << 20);
    return kept;
  }
  Ulid keep(std::string_view text, std::string_view tenant = "acme") {
    Kept kept = make(text, tenant);
    const Ulid id = kept.receipt;
    vault->keep(std::move(kept));
    vault->flush();
    return id;
  }
  /// Every file's bytes.
  std::string all_files() {
    std::string all;
    for (const std::string& name : files.list(kFolder).value_or(std::vector<std::string>{}))
      all += files.content(kFolder + "/" + name).value_or("");
    return all;
  }
  Gone why(const Ulid& id) {
    const auto kept = vault->read(id);
    EXPECT_FALSE(kept.has_value());
    return kept ? Gone::kNever : kept.error().why;
  }
};

} // namespace kairos::content
