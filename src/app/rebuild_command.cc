#include "app/rebuild_command.h"

#include <fmt/format.h>

#include <filesystem>

#include "app/failed.h"
#include "app/verify_command.h"
#include "journal/data_dir_lock.h"
#include "journal/verify.h"
#include "ledger/journal_base.h"
#include "store/duckdb/duckdb_store.h"

namespace kairos::app {
namespace {

std::filesystem::path store_file(const std::string& data_dir) {
  return std::filesystem::path(data_dir) / store::kStoreFile;
}

Result<> start_from_nothing(const std::string& data_dir, const journal::Reader& reader) {
  if (const auto begin = ledger::dropped_until(reader))
    fmt::print(stderr, "kairosroute: {}; the store has nothing of before from now on\n", ledger::dropped_text(*begin));
  return store::delete_duckdb(store_file(data_dir));
}

/// What to do where rows of dropped receipts cannot be kept.
Error refusal(const Error& why, const journal::Begin& begin) {
  return {why.code, fmt::format("{}. {}, so only a store has the rows and sums of before, and this one cannot be made "
                                "anew around them. Nothing was changed. Restore receipts.duckdb from a backup, or give "
                                "--without-dropped to make the store of what the journal has and lose them",
                                why.message, ledger::dropped_text(begin))};
}

Result<> keep_dropped(journal::FileSystem& files, const std::string& data_dir,
                      const std::shared_ptr<journal::Reader>& reader, const journal::Begin& begin) {
  const auto base = ledger::needed_base(files, data_dir, reader);
  if (!base) return std::unexpected(refusal(base.error(), begin));
  store::RewindTo to{begin.first_sequence - 1, {begin.segment, 0}, begin.first_sequence - 1, 0};
  if (*base) to.sequence = (*base)->sequence();
  if (*base) to.receipts = (*base)->receipts;
  const auto kept = store::rewind_duckdb(store_file(data_dir), to);
  if (!kept) return std::unexpected(refusal(kept.error(), begin));
  fmt::print("kept {} rows up to sequence {}: {}\n", *kept, to.before, ledger::dropped_text(begin));
  return {};
}

} // namespace

int rebuild(const std::string& data_dir, bool without_dropped) {
  const auto lock = journal::DataDirLock::acquire(data_dir);
  if (!lock) return failed(lock.error());
  journal::PosixFileSystem files;
  const auto report = journal::verify(files, data_dir);
  if (!report) return failed(report.error());
  const auto reader = journal::Reader::open(files, data_dir);
  if (!reader) return failed(reader.error());
  const auto begin = ledger::dropped_until(**reader);
  const auto ready = begin && !without_dropped ? keep_dropped(files, data_dir, *reader, *begin)
                                               : start_from_nothing(data_dir, **reader);
  if (!ready) return failed(ready.error());
  const auto opened = loaded_store(data_dir, *reader, report->last_sequence);
  if (!opened) return failed(opened.error());
  fmt::print("rebuilt from {} receipts\n", (*opened)->mark().sequence - (begin ? begin->first_sequence - 1 : 0));
  return 0;
}

} // namespace kairos::app
