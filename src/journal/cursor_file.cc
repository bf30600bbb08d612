#include "journal/cursor_file.h"

#include <fmt/format.h>

#include <cstring>

#include "journal/frame.h"

namespace kairos::journal {

Result<std::optional<Position>> CursorFile::load() const {
  auto file = files_->open(path_, OpenMode::kRead);
  if (!file && file.error().code == Code::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  std::array<char, kCursorFileSize + 1> bytes{};
  const auto got = (*file)->read(0, bytes);
  if (!got) return std::unexpected(got.error());
  const std::string_view text(bytes.data(), *got);
  const bool good = text.size() == kCursorFileSize && text.starts_with(kCursorMagic) &&
                    get64(text.data() + 24) == checksum(text.substr(0, 24));
  if (!good)
    return fail(Code::kCorrupt,
                fmt::format("{} is damaged; remove it and what it marks starts from the beginning", path_));
  return Position{get64(text.data() + 8), get64(text.data() + 16)};
}

Result<> CursorFile::save(const Position& position) {
  std::string bytes(kCursorFileSize, '\0');
  std::memcpy(bytes.data(), kCursorMagic.data(), kCursorMagic.size());
  put64(bytes.data() + 8, position.segment);
  put64(bytes.data() + 16, position.offset);
  put64(bytes.data() + 24, checksum(std::string_view(bytes).substr(0, 24)));
  const std::string temporary = path_ + ".new";
  auto file = files_->open(temporary, OpenMode::kCreate);
  if (!file) return std::unexpected(file.error());
  if (auto done = (*file)->write(0, bytes); !done) return done;
  if (auto done = (*file)->sync(); !done) return done;
  if (auto done = files_->rename(temporary, path_); !done) return done;
  const size_t slash = path_.rfind('/');
  return files_->sync_folder(slash == std::string::npos ? "." : path_.substr(0, slash));
}

} // namespace kairos::journal
