#include "alerts/state_file.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>

#include "base/hex.h"
#include "journal/sha256.h"
#include "model/json_writer.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

constexpr std::string_view kHeader = "kairosroute-alerts/1\n";
constexpr size_t kChecksum = 16;
constexpr std::uint64_t kLargest = 1024 * 1024 * 1024;

std::string checksum(std::string_view text) {
  journal::Sha256 sha256;
  const journal::Hash digest = sha256({journal::as_bytes(text)});
  return to_hex(std::span(digest).first(kChecksum / 2));
}

void write_put(model::JsonWriter& out, std::string_view kind, std::string_view id, const std::string* text) {
  out.begin_array().string(kind).string(id);
  text == nullptr ? out.null() : out.string(*text);
  out.end_array();
}

std::string line_of(std::string_view array) { return fmt::format("{} {}\n", checksum(array), array); }

} // namespace

Result<std::unique_ptr<StateFile>> StateFile::open(journal::FileSystem& files, const std::string& folder) {
  std::unique_ptr<StateFile> state(new StateFile(files, folder));
  auto file = files.open(state->path(), journal::OpenMode::kWrite);
  if (!file && file.error().code != Code::kNotFound) return std::unexpected(file.error());
  if (file) state->file_ = std::move(*file);
  auto ready = file ? state->read() : state->start_anew();
  if (!ready) return fail_in("opening " + state->path(), ready.error());
  std::error_code ignored; // not on this file system: then it is as private as its folder
  std::filesystem::permissions(state->path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               ignored);
  return state;
}

Result<> StateFile::start_anew() {
  auto file = files_.open(path(), journal::OpenMode::kCreate);
  if (!file) return std::unexpected(file.error());
  file_ = std::move(*file);
  if (auto written = file_->write(0, kHeader); !written) return written;
  if (auto synced = file_->sync(); !synced) return synced;
  size_ = compacted_size_ = kHeader.size();
  return files_.sync_folder(folder_);
}

Result<> StateFile::read() {
  const auto length = file_->size();
  if (!length) return std::unexpected(length.error());
  if (*length > kLargest) return fail(Code::kTooLarge, "it is larger than 1 GiB");
  std::string text(*length, '\0');
  const auto got = file_->read(0, text);
  if (!got) return std::unexpected(got.error());
  text.resize(*got);
  if (text.size() < kHeader.size() && kHeader.starts_with(text)) return start_anew(); // a crash while it was made
  if (!text.starts_with(kHeader)) return fail(Code::kCorrupt, "it is not a file of alerts");
  size_t at = kHeader.size();
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    if (end == text.npos) break; // an unfinished write
    const std::string_view line(text.data() + at, end - at);
    const bool good = line.size() > kChecksum + 1 && checksum(line.substr(kChecksum + 1)) == line.substr(0, kChecksum);
    if (!good && end + 1 == text.size()) break; // the last line: its bytes did not all arrive
    if (!good) return fail(Code::kCorrupt, fmt::format("the line at byte {} is damaged", at));
    if (auto applied = apply(line.substr(kChecksum + 1)); !applied) return applied;
    at = end + 1;
  }
  size_ = compacted_size_ = at;
  if (at == text.size()) return {};
  return file_->truncate(at);
}

Result<> StateFile::apply(std::string_view array) {
  boost::system::error_code error;
  const json::value document = json::parse(array, error);
  if (error || !document.is_array()) return fail(Code::kCorrupt, "a line is not a JSON array");
  for (const json::value& one : document.get_array()) {
    const json::array* put = one.if_array();
    const bool good = put != nullptr && put->size() == 3 && (*put)[0].is_string() && (*put)[1].is_string() &&
                      ((*put)[2].is_string() || (*put)[2].is_null());
    if (!good) return fail(Code::kCorrupt, "a line holds something that is not a document");
    Documents& documents = kinds_[std::string((*put)[0].get_string())];
    const std::string id((*put)[1].get_string());
    if ((*put)[2].is_null()) {
      documents.erase(id);
    } else {
      documents[id] = std::string((*put)[2].get_string());
    }
  }
  return {};
}

Result<> StateFile::commit(const std::vector<Put>& puts) {
  if (puts.empty()) return {};
  if (broken_)
    return fail(Code::kIo, "the file of alerts could not be written before; nothing more is taken until a restart");
  std::string array;
  model::JsonWriter out(array);
  out.begin_array();
  for (const Put& put : puts) write_put(out, put.kind, put.id, put.text ? &*put.text : nullptr);
  out.end_array();
  const std::string line = line_of(array);
  auto written = file_->write(size_, line);
  if (written) written = file_->sync();
  if (!written) {
    broken_ = true;
    return fail_in("writing " + path(), written.error());
  }
  size_ += line.size();
  for (const Put& put : puts) {
    if (put.text) {
      kinds_[put.kind][put.id] = *put.text;
    } else {
      kinds_[put.kind].erase(put.id);
    }
  }
  return size_ > kCompactAfter && size_ > 2 * compacted_size_ ? compact() : Result<>();
}

const StateFile::Documents& StateFile::all(const std::string& kind) const {
  static const Documents kNone;
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? kNone : found->second;
}

/// A new file beside it, renamed over it. Failing leaves the old one in use.
Result<> StateFile::compact() {
  const std::string beside = path() + ".new";
  auto file = files_.open(beside, journal::OpenMode::kCreate);
  if (!file) return {};
  std::error_code ignored;
  std::filesystem::permissions(beside, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               ignored);
  std::string text(kHeader);
  for (const auto& [kind, documents] : kinds_) {
    for (const auto& [id, body] : documents) {
      std::string array;
      model::JsonWriter out(array);
      out.begin_array();
      write_put(out, kind, id, &body);
      out.end_array();
      text += line_of(array);
    }
  }
  if (!(*file)->write(0, text) || !(*file)->sync() || !files_.rename(beside, path()) || !files_.sync_folder(folder_))
    return {};
  file_ = std::move(*file);
  size_ = compacted_size_ = text.size();
  return {};
}

} // namespace kairos::alerts
