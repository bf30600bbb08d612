#include "journal/node_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ulid.h"
#include "journal/segment.h"

namespace kairos::journal {
namespace {

bool is_node_id(std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !id.empty() && id.size() <= kNodeIdSize && std::all_of(id.begin(), id.end(), allowed);
}

Result<std::string> read_file(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::kRead);
  if (!file && file.error().code == Code::kNotFound) return std::string();
  if (!file) return std::unexpected(file.error());
  std::array<char, kNodeIdSize + 2> bytes{};
  const auto got = (*file)->read(0, bytes);
  if (!got) return std::unexpected(got.error());
  std::string_view text(bytes.data(), *got);
  const bool whole = text.ends_with('\n');
  if (whole) text.remove_suffix(1);
  return whole && is_node_id(text) ? std::string(text) : std::string(); // torn while being made: made again
}

Result<> write_file(FileSystem& files, const std::string& path, const std::string& id) {
  auto file = files.open(path, OpenMode::kCreate);
  if (!file) return std::unexpected(file.error());
  if (auto done = (*file)->write(0, id + "\n"); !done) return done;
  return (*file)->sync();
}

} // namespace

Result<std::string> settle_node_id(FileSystem& files, const std::string& data_dir, const std::string& wanted,
                                   const std::string& in_segments) {
  if (!wanted.empty() && !is_node_id(wanted)) {
    return fail(Code::kInvalid, fmt::format("node_id '{}' must be 1 to {} of A-Z a-z 0-9 . _ -", wanted, kNodeIdSize));
  }
  const std::string path = fmt::format("{}/{}", journal_folder(data_dir), kNodeFile);
  const auto kept = read_file(files, path);
  if (!kept) return std::unexpected(kept.error());
  const std::string known = in_segments.empty() ? *kept : in_segments;
  if (!kept->empty() && *kept != known) {
    return fail(Code::kConflict,
                fmt::format("{} says node '{}', the segments beside it are of node '{}'; do not mix journals", path,
                            *kept, known));
  }
  if (!wanted.empty() && !known.empty() && wanted != known) {
    return fail(Code::kConflict,
                fmt::format("{} belongs to node '{}', not to '{}'; use that node_id or another data_dir",
                            journal_folder(data_dir), known, wanted));
  }
  std::string id = !known.empty()    ? known
                   : !wanted.empty() ? wanted
                                     : UlidGenerator().next(SystemClock().wall_now()).text();
  if (*kept != id) {
    if (auto done = write_file(files, path, id); !done) return std::unexpected(done.error());
  }
  return id;
}

} // namespace kairos::journal
