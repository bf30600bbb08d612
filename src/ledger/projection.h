// Projection: the books of the running server. Opened before anything is spent: read from the file in the data folder,
// if it is of this journal, and brought up to the journal's end; then a thread of its own follows the journal and saves
// the books every five minutes or 50,000 receipts, after a start that had much to read, and at the end. A file that is
// damaged or of another journal is told of and made anew, from the checkpoint that stands for dropped segments
// (journal_base.h) where there is one: it is never needed, only quicker. Readers wait for a fold of
// one record at most, or for a save. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "journal/reader.h"
#include "ledger/books.h"

namespace kairos::ledger {

/// The saved books of a data folder. kNotFound: there are none.
Result<Books> load_books(journal::FileSystem& files, const std::string& data_dir);
Result<> save_books(journal::FileSystem& files, const std::string& data_dir, const Books& books);
/// Reads on up to the journal's end. An error names the record that cannot be counted.
Result<> catch_up(Books& books, const std::shared_ptr<const journal::Reader>& reader);

class Projection {
public:
  /// Told what the books come to each time they have been saved, in a few lines (Books::summary()): for the journal's
  /// CHECKPOINT. On the projection's thread, or the destructor's; nothing is locked meanwhile.
  using Saved = std::function<void(std::string summary)>;

  /// `files` outlives it. An error: the journal cannot be read, or it has lost its beginning and nothing stands for it
  /// (journal_base.h).
  static Result<std::unique_ptr<Projection>> open(journal::FileSystem& files, std::string data_dir,
                                                  std::shared_ptr<const journal::Reader> reader, Saved saved = {});
  /// Stops and saves.
  ~Projection();
  Projection(const Projection&) = delete;
  Projection& operator=(const Projection&) = delete;

  /// Follows the journal from now on.
  void start();

  /// Runs f(const Books&) under the lock.
  template <class F>
  decltype(auto) with(F&& f) const {
    const std::scoped_lock lock(mutex_);
    return std::forward<F>(f)(books_);
  }
  /// Waits until everything before `position` is counted; false after `timeout`.
  bool wait_for(const journal::Position& position, std::chrono::milliseconds timeout) const;

  /// Saves what is new now. Any thread.
  void save();
  /// Nothing before it is needed to go on from the saved books.
  journal::Position saved_place() const;

private:
  struct InFile {
    std::uint64_t sequence = 0; // 0: there is none
    journal::Position next;
  };
  Projection(journal::FileSystem& files, std::string data_dir, std::shared_ptr<const journal::Reader> reader,
             Books books, const InFile& in_file, Saved tell);
  void run(const std::stop_token& stop);
  void wait_for_records(const journal::Cursor& cursor, const std::stop_token& stop);
  bool take_next(journal::Cursor& cursor, journal::Entry& entry);
  std::uint64_t unsaved() const;
  std::optional<std::string> save_changes();

  journal::FileSystem& files_;
  const std::string data_dir_;
  const std::shared_ptr<const journal::Reader> reader_;
  mutable std::mutex mutex_;
  Books books_;
  InFile saved_; // the books in the file
  const Saved tell_;
  std::jthread thread_; // last
};

} // namespace kairos::ledger
