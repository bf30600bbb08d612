#include "store/embedded_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "store/state_log.h"

namespace kairos::store {
namespace {

namespace json = boost::json;

constexpr size_t kMaxChanges = 1000;

std::unexpected<Error> io_failed(std::string_view what, const std::filesystem::path& file) {
  return fail(Code::kIo, fmt::format("{} {}: {}", what, file.string(), std::strerror(errno)));
}

/// An open file descriptor.
class File {
public:
  explicit File(int descriptor = -1) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  bool write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }
  bool sync() const { return ::fdatasync(descriptor_) == 0; }

private:
  int descriptor_;
};

bool sync_folder(const std::filesystem::path& file) {
  const auto parent = file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
  const File folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.open() && ::fsync(folder.descriptor()) == 0;
}

bool plain_kind(std::string_view kind) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !kind.empty() && kind.size() <= 32 && std::ranges::all_of(kind, good);
}

Result<> check_change(const Change& change) {
  if (!plain_kind(change.kind)) return fail(Code::kInvalid, "kind: a lower-case word of at most 32 letters");
  if (change.id.empty() || change.id.size() > 256) return fail(Code::kInvalid, "id: between 1 and 256 bytes");
  if (!change.body) return {};
  if (change.body->size() > kMaxDocument)
    return fail(Code::kTooLarge, fmt::format("{} '{}' is longer than 256 KiB", change.kind, change.id));
  boost::system::error_code error;
  const json::value body = json::parse(*change.body, error);
  if (error || !body.is_object())
    return fail(Code::kInvalid, fmt::format("{} '{}' is not a JSON object", change.kind, change.id));
  return {};
}

class EmbeddedState final : public StateStore {
public:
  EmbeddedState(EmbeddedStateOptions options, File file, LoadedState loaded)
      : options_(std::move(options)), file_(std::move(file)), state_(std::move(loaded.state)), size_(loaded.good_bytes),
        compacted_size_(kStateHeader.size()) {}

  std::optional<Document> get(std::string_view kind, std::string_view id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = state_.documents.find(DocumentKey(kind, id));
    return found == state_.documents.end() ? std::nullopt : std::optional(found->second);
  }

  std::vector<Document> list(std::string_view kind) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<Document> documents;
    for (auto at = state_.documents.lower_bound(DocumentKey(kind, ""));
         at != state_.documents.end() && at->first.first == kind; ++at) {
      documents.push_back(at->second);
    }
    return documents;
  }

  Result<std::vector<Document>> commit(const std::vector<Change>& changes, std::string_view who) override {
    const std::scoped_lock lock(mutex_);
    if (broken_)
      return fail(Code::kIo, "the state file could not be written before; nothing more is taken until a restart");
    auto line = plan(changes, who);
    if (!line) return std::unexpected(line.error());
    if (auto written = append(state_line(*line)); !written) return std::unexpected(written.error());
    const auto applied = apply_state_line(state_, *line);
    if (!applied) return std::unexpected(applied.error());
    ++revision_;
    std::vector<Document> after;
    for (const Change& change : changes) {
      const auto found = state_.documents.find(DocumentKey(change.kind, change.id));
      after.push_back(found != state_.documents.end()
                          ? found->second
                          : Document{change.kind, change.id, state_.last_versions[{change.kind, change.id}], ""});
    }
    trim_audit();
    if (size_ > options_.compact_after_bytes && size_ > 2 * compacted_size_) compact();
    return after;
  }

  Result<std::vector<AuditEntry>> audit(std::uint64_t before, size_t limit) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<AuditEntry> entries;
    for (auto entry = state_.audit.rbegin(); entry != state_.audit.rend() && entries.size() < limit; ++entry) {
      if (before == 0 || entry->number < before) entries.push_back(*entry);
    }
    return entries;
  }

  std::uint64_t revision() const override {
    const std::scoped_lock lock(mutex_);
    return revision_;
  }

private:
  /// The log line of these changes, or why they cannot be made.
  Result<std::string> plan(const std::vector<Change>& changes, std::string_view who) const {
    if (changes.empty() || changes.size() > kMaxChanges)
      return fail(Code::kInvalid, "between 1 and 1000 changes at once");
    std::map<DocumentKey, std::pair<std::uint64_t, const std::string*>>
        touched; // what the changes before this one made
    std::string line = "[";
    std::uint64_t number = state_.next_audit;
    for (const Change& change : changes) {
      if (auto checked = check_change(change); !checked) return std::unexpected(checked.error());
      const DocumentKey key(change.kind, change.id);
      if (touched.contains(key))
        return fail(Code::kInvalid, fmt::format("{} '{}' is changed twice", change.kind, change.id));
      const auto found = state_.documents.find(key);
      const bool exists = found != state_.documents.end();
      const std::uint64_t version = exists ? found->second.version : 0;
      if (change.expected && *change.expected != version) {
        return fail(Code::kConflict,
                    fmt::format("{} '{}' is at version {}, not {}: somebody has changed it meanwhile; read it again",
                                change.kind, change.id, version, *change.expected));
      }
      if (!change.body && !exists) return fail(Code::kNotFound, fmt::format("no {} '{}'", change.kind, change.id));
      touched.emplace(key, std::pair(version, nullptr));
      const auto last = state_.last_versions.find(key);
      const AuditEntry entry{number++,         options_.clock->wall_now(),
                             std::string(who), change.kind,
                             change.id,        exists ? std::optional(found->second.body) : std::nullopt,
                             change.body};
      line +=
          (line.size() > 1 ? "," : "") + entry_json(entry, (last == state_.last_versions.end() ? 0 : last->second) + 1);
    }
    return line + "]";
  }

  /// On failure cuts the file back; where that fails too, nothing more is taken.
  Result<> append(const std::string& line) {
    if (file_.write_all(line) && file_.sync()) {
      size_ += line.size();
      return {};
    }
    auto failed = io_failed("writing the state file", options_.file);
    // After a failed sync nobody knows what is on disk: like the journal, stop.
    broken_ = ::ftruncate(file_.descriptor(), static_cast<off_t>(size_)) != 0 || !file_.sync();
    return failed;
  }

  void trim_audit() {
    while (state_.audit.size() > options_.keep_audit) state_.audit.pop_front();
  }

  /// A new file with today's documents, put in the old one's place. If it fails, the old one goes on.
  void compact() {
    const std::string whole = std::string(kStateHeader) + state_line(snapshot_of(state_));
    const std::filesystem::path fresh = options_.file.string() + ".new";
    File file(::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!file.open() || ::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0 || !file.write_all(whole) || !file.sync())
      return;
    if (::rename(fresh.c_str(), options_.file.c_str()) != 0) return;
    broken_ = !sync_folder(options_.file);
    file_ = std::move(file);
    size_ = whole.size();
    compacted_size_ = whole.size();
  }

  const EmbeddedStateOptions options_;
  mutable std::mutex mutex_; // guards all below; held over a commit's write: operators' changes are few
  File file_;
  StateDocuments state_;
  std::uint64_t size_;
  std::uint64_t compacted_size_;
  std::uint64_t revision_ = 0;
  bool broken_ = false;
};

} // namespace

Result<std::unique_ptr<StateStore>> open_embedded_state(const EmbeddedStateOptions& options) {
  File file(::open(options.file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.open()) return io_failed("opening the state file", options.file);
  if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::kConflict, fmt::format("state file {}: another process has it open", options.file.string()));
  }
  std::ifstream in(options.file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  std::string text = std::move(bytes).str();
  if (kStateHeader.starts_with(text)) { // new, or torn while it was made
    if (::ftruncate(file.descriptor(), 0) != 0 || !file.write_all(kStateHeader) || !file.sync() ||
        !sync_folder(options.file)) {
      return io_failed("making the state file", options.file);
    }
    text = kStateHeader;
  }
  auto loaded = read_state_log(text);
  if (!loaded) return fail_in("state file " + options.file.string(), loaded.error());
  if (loaded->good_bytes < text.size() &&
      (::ftruncate(file.descriptor(), static_cast<off_t>(loaded->good_bytes)) != 0 || !file.sync())) {
    return io_failed("cutting a torn write off the state file", options.file);
  }
  return std::make_unique<EmbeddedState>(options, std::move(file), std::move(*loaded));
}

} // namespace kairos::store
