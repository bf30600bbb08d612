#include "ledger/projection.h"

#include <fmt/format.h>

#include <condition_variable>

#include "ledger/journal_base.h"
#include "observe/log.h"
#include "observe/threads.h"

namespace kairos::ledger {
namespace {

constexpr std::chrono::minutes kSaveEvery{5};
/// What a start reads of the journal grows with what was not saved, so a busy server saves sooner, and one that has
/// just read much saves at once: a process that is killed again and again before its first five minutes still starts
/// fast.
constexpr std::uint64_t kSaveAfter = 50'000; // receipts
constexpr std::uint64_t kSaveAtStartAfter = 1'000;
constexpr std::chrono::milliseconds kGather{20};
constexpr std::uint64_t kLargest = 1u << 30;

std::string path_of(const std::string& data_dir) { return fmt::format("{}/{}", data_dir, kBooksFile); }

/// Whether these books were folded from this journal, and it has all that comes after them.
Result<bool> is_of(const Books& books, const journal::Reader& reader) {
  const auto begin = reader.begin();
  if (!begin) return std::unexpected(begin.error());
  const std::uint64_t first = *begin ? (*begin)->first_sequence : 1;
  if (books.next() > reader.end() || books.sequence() + 1 < first) return false;
  if (books.sequence() == 0) return true;
  const auto entry = reader.read(books.last());
  if (!entry && entry.error().code == Code::kNotFound) // its segment was dropped, and it was the last one before
    return books.sequence() + 1 == first && books.hash() == (*begin)->prev_hash;
  if (!entry) return false;
  return entry->sequence == books.sequence() && entry->hash == books.hash();
}

/// Where reading goes on for books that have all before the journal's beginning.
Result<journal::Position> place_behind(const Books& books, const journal::Reader& reader) {
  const auto begin = reader.begin();
  if (!begin) return std::unexpected(begin.error());
  const bool gone = *begin && books.next().segment < (*begin)->segment;
  if (!gone) return books.next();
  if (books.sequence() + 1 >= (*begin)->first_sequence) return (*begin)->position();
  return fail(Code::kNotFound,
              fmt::format("the ledger is of sequence {}, but {}", books.sequence(), dropped_text(**begin)));
}

/// From the file; where it cannot be used, from what a checkpoint says of dropped segments, or from nothing.
Result<std::pair<Books, bool>> first_books(journal::FileSystem& files, const std::string& data_dir,
                                           const std::shared_ptr<const journal::Reader>& reader) {
  auto books = load_books(files, data_dir);
  if (!books && books.error().code != Code::kNotFound)
    observe::log_warn("ledger", books.error().message + "; it is made anew from the journal");
  if (books) {
    const auto good = is_of(*books, *reader);
    if (!good) return std::unexpected(good.error());
    if (*good) return std::pair(std::move(*books), true);
    observe::log_warn("ledger", path_of(data_dir) + " is not of this journal, or older than it; it is made anew");
  }
  auto base = needed_base(files, data_dir, reader);
  if (!base) return std::unexpected(base.error());
  return std::pair(*base ? std::move((*base)->books) : Books(), false);
}

} // namespace

Result<Books> load_books(journal::FileSystem& files, const std::string& data_dir) {
  auto file = files.open(path_of(data_dir), journal::OpenMode::kRead);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  if (*size > kLargest)
    return fail(Code::kCorrupt, fmt::format("{} is {} bytes long, which no ledger is", path_of(data_dir), *size));
  std::string text(*size, '\0');
  const auto got = (*file)->read(0, text);
  if (!got) return std::unexpected(got.error());
  text.resize(*got);
  auto books = Books::from_text(text);
  return books ? std::move(books) : fail_in(path_of(data_dir), books.error());
}

Result<> save_books(journal::FileSystem& files, const std::string& data_dir, const Books& books) {
  const std::string temporary = path_of(data_dir) + ".new";
  auto file = files.open(temporary, journal::OpenMode::kCreate);
  if (!file) return std::unexpected(file.error());
  if (auto done = (*file)->write(0, books.to_text()); !done) return done;
  if (auto done = (*file)->sync(); !done) return done;
  if (auto done = files.rename(temporary, path_of(data_dir)); !done) return done;
  return files.sync_folder(data_dir);
}

Result<> catch_up(Books& books, const std::shared_ptr<const journal::Reader>& reader) {
  const auto from = place_behind(books, *reader);
  if (!from) return std::unexpected(from.error());
  journal::Cursor cursor(reader, *from);
  cursor.skip_open_payloads();
  journal::Entry entry;
  while (true) {
    const auto more = cursor.next(entry);
    if (!more) return std::unexpected(more.error());
    if (!*more) return {};
    if (auto taken = books.take(entry); !taken) return taken;
  }
}

Result<std::unique_ptr<Projection>> Projection::open(journal::FileSystem& files, std::string data_dir,
                                                     std::shared_ptr<const journal::Reader> reader, Saved saved) {
  auto first = first_books(files, data_dir, reader);
  if (!first) return std::unexpected(first.error());
  auto& [books, of_file] = *first;
  const InFile in_file = of_file ? InFile{books.sequence(), books.next()} : InFile{};
  if (auto done = catch_up(books, reader); !done) return std::unexpected(done.error());
  return std::unique_ptr<Projection>(
      new Projection(files, std::move(data_dir), std::move(reader), std::move(books), in_file, std::move(saved)));
}

Projection::Projection(journal::FileSystem& files, std::string data_dir, std::shared_ptr<const journal::Reader> reader,
                       Books books, const InFile& in_file, Saved tell)
    : files_(files), data_dir_(std::move(data_dir)), reader_(std::move(reader)), books_(std::move(books)),
      saved_(in_file), tell_(std::move(tell)) {}

Projection::~Projection() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  save();
}

void Projection::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

/// Several records at once: waking up costs more than counting one.
void Projection::wait_for_records(const journal::Cursor& cursor, const std::stop_token& stop) {
  if (!cursor.wait_for_more(std::chrono::seconds(1), stop)) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, kGather, [] { return false; });
}

void Projection::run(const std::stop_token& stop) {
  observe::give_way_to_requests();
  journal::Cursor cursor(reader_, with([](const Books& books) { return books.next(); }));
  cursor.skip_open_payloads();
  journal::Entry entry;
  if (unsaved() >= kSaveAtStartAfter) save();
  auto save_at = std::chrono::steady_clock::now() + kSaveEvery;
  while (!stop.stop_requested()) {
    const bool more = take_next(cursor, entry);
    if (unsaved() >= kSaveAfter || std::chrono::steady_clock::now() >= save_at) {
      save();
      save_at = std::chrono::steady_clock::now() + kSaveEvery;
    }
    if (!more) wait_for_records(cursor, stop);
  }
}

/// False: nothing more for now. What cannot be read is told of; verify names it too.
bool Projection::take_next(journal::Cursor& cursor, journal::Entry& entry) {
  const auto more = cursor.next(entry);
  if (!more) {
    observe::log_error("ledger", "a piece of the journal cannot be counted", {{"error", more.error().message}});
    return more.error().code == Code::kCorrupt && cursor.skip_damage().has_value();
  }
  if (!*more) return false;
  const std::scoped_lock lock(mutex_);
  const auto taken = books_.take(entry);
  if (!taken) observe::log_error("ledger", "a record cannot be counted", {{"error", taken.error().message}});
  return true;
}

bool Projection::wait_for(const journal::Position& position, std::chrono::milliseconds timeout) const {
  const auto until = std::chrono::steady_clock::now() + timeout;
  while (with([&](const Books& books) { return books.next() < position; })) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void Projection::save() {
  if (auto summary = save_changes(); summary && tell_) tell_(std::move(*summary));
}

std::uint64_t Projection::unsaved() const {
  const std::scoped_lock lock(mutex_);
  return books_.sequence() - saved_.sequence;
}

journal::Position Projection::saved_place() const {
  const std::scoped_lock lock(mutex_);
  return books_.sequence() == saved_.sequence ? books_.next() : saved_.next;
}

/// What was saved; nullopt: there was nothing new, or it did not work.
std::optional<std::string> Projection::save_changes() {
  const std::scoped_lock lock(mutex_);
  if (books_.sequence() == saved_.sequence) return std::nullopt;
  const auto saved = save_books(files_, data_dir_, books_);
  if (!saved) {
    observe::log_warn("ledger", "the ledger could not be saved; the next start reads more of the journal",
                      {{"error", saved.error().message}});
    return std::nullopt;
  }
  saved_ = {books_.sequence(), books_.next()};
  return books_.summary();
}

} // namespace kairos::ledger
