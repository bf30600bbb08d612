#include "content/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kairos::content {
namespace {

constexpr size_t kSlotsAtOnce = 2048;
constexpr std::string_view kBody = ".body";
constexpr std::string_view kKeys = ".keys";

std::uint64_t slot_place(std::uint32_t index) { return kSlotSize * (std::uint64_t{index} + 1); }

Result<std::string> read_exactly(journal::File& file, std::uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const auto got = file.read(offset, bytes);
  if (!got) return std::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

} // namespace

Volume::Volume(journal::FileSystem& files, std::string folder, std::uint64_t number)
    : files_(&files), folder_(std::move(folder)), number_(number) {}

std::string Volume::path(std::string_view suffix) const { return fmt::format("{}/{:016}{}", folder_, number_, suffix); }

/// The keys file is made last: without it there is no volume.
Result<Volume> Volume::create(journal::FileSystem& files, const std::string& folder, std::uint64_t number) {
  Volume volume(files, folder, number);
  volume.salt_ = random_bytes(kSaltSize);
  for (const std::string_view suffix : {kBody, kKeys}) {
    auto file = files.open(volume.path(suffix), journal::OpenMode::kCreate);
    if (!file) return std::unexpected(file.error());
    const std::string header = suffix == kBody ? body_header(number) : keys_header(number, volume.salt_);
    if (auto written = (*file)->write(0, header); !written) return std::unexpected(written.error());
    if (auto synced = (*file)->sync(); !synced) return std::unexpected(synced.error());
    if (auto named = files.sync_folder(folder); !named) return std::unexpected(named.error());
    (suffix == kBody ? volume.body_ : volume.keys_) = std::move(*file);
  }
  volume.body_end_ = kBodyHeaderSize;
  return volume;
}

Result<Volume> Volume::open(journal::FileSystem& files, const std::string& folder, std::uint64_t number) {
  Volume volume(files, folder, number);
  const auto keys = volume.keys();
  if (!keys) return std::unexpected(keys.error());
  const auto header = read_exactly(**keys, 0, kSlotSize);
  if (!header) return std::unexpected(header.error());
  auto salt = read_keys_header(*header, number);
  if (!salt) return fail(Code::kCorrupt, fmt::format("{}: is not a file of content keys", volume.path(kKeys)));
  volume.salt_ = std::move(*salt);
  const auto body = volume.body();
  if (!body && body.error().code != Code::kNotFound) return std::unexpected(body.error());
  volume.has_body_ = body.has_value();
  if (body) {
    const auto size = (*body)->size();
    if (!size) return std::unexpected(size.error());
    volume.body_end_ = std::max<std::uint64_t>(*size, kBodyHeaderSize);
  }
  if (auto surveyed = volume.survey(); !surveyed) return std::unexpected(surveyed.error());
  volume.close();
  return volume;
}

Result<std::vector<std::uint64_t>> Volume::list(journal::FileSystem& files, const std::string& folder) {
  const auto names = files.list(folder);
  if (!names) return std::unexpected(names.error());
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && std::string_view(end) == kKeys && number > 0) numbers.push_back(number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

Result<journal::File*> Volume::keys() {
  if (keys_ != nullptr) return keys_.get();
  auto file = files_->open(path(kKeys), journal::OpenMode::kWrite);
  if (!file) return std::unexpected(file.error());
  keys_ = std::move(*file);
  return keys_.get();
}

Result<journal::File*> Volume::body() {
  if (body_ != nullptr) return body_.get();
  auto file = files_->open(path(kBody), journal::OpenMode::kWrite);
  if (!file) return std::unexpected(file.error());
  body_ = std::move(*file);
  return body_.get();
}

void Volume::close() {
  keys_.reset();
  body_.reset();
}

void Volume::count(const Slot& slot, int by) {
  if (slot.state == SlotState::kLive) live_ += static_cast<std::uint32_t>(by);
  if (slot.state == SlotState::kExpired) ended_ += static_cast<std::uint32_t>(by);
}

void Volume::note(const Slot& slot) {
  const WallTime created = slot.receipt.time();
  const bool first = least_ == Ulid{} && most_ == Ulid{};
  least_ = first ? slot.receipt : std::min(least_, slot.receipt);
  most_ = std::max(most_, slot.receipt);
  oldest_ = first ? created : std::min(oldest_, created);
  newest_ = std::max(newest_, created);
}

Result<> Volume::survey() {
  const auto file = keys();
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  const std::uint64_t whole = *size / kSlotSize;
  slots_ = static_cast<std::uint32_t>(whole > 0 ? whole - 1 : 0);
  std::uint32_t good = 0;
  auto walked = for_each([&](std::uint32_t, const Slot& slot) {
    ++good;
    note(slot);
    count(slot, 1);
    return true;
  });
  damaged_ = slots_ - good;
  return walked;
}

Result<> Volume::append(std::string_view record, const Slot& slot) {
  const auto body_file = body();
  if (!body_file) return std::unexpected(body_file.error());
  const auto keys_file = keys();
  if (!keys_file) return std::unexpected(keys_file.error());
  if (!record.empty()) {
    if (auto written = (*body_file)->write(body_end_, record); !written) return written;
  }
  if (auto written = (*keys_file)->write(slot_place(slots_), encode_slot(slot)); !written) return written;
  body_end_ += record.size();
  ++slots_;
  note(slot);
  count(slot, 1);
  return {};
}

Result<> Volume::sync() {
  if (body_ != nullptr) {
    if (auto synced = body_->sync(); !synced) return synced;
  }
  return keys_ != nullptr ? keys_->sync() : Result<>();
}

Result<> Volume::for_each(const std::function<bool(std::uint32_t, const Slot&)>& each) {
  const auto file = keys();
  if (!file) return std::unexpected(file.error());
  for (std::uint32_t from = 0; from < slots_; from += kSlotsAtOnce) {
    const size_t count = std::min<size_t>(kSlotsAtOnce, slots_ - from);
    const auto bytes = read_exactly(**file, slot_place(from), count * kSlotSize);
    if (!bytes) return std::unexpected(bytes.error());
    for (size_t i = 0; i < bytes->size() / kSlotSize; ++i) {
      const auto slot = decode_slot(std::string_view(*bytes).substr(i * kSlotSize, kSlotSize));
      if (slot && !each(from + static_cast<std::uint32_t>(i), *slot)) return {};
    }
  }
  return {};
}

Result<std::optional<Volume::At>> Volume::find(const Ulid& receipt) {
  std::optional<At> found;
  auto walked = for_each([&](std::uint32_t index, const Slot& slot) {
    if (slot.receipt == receipt) found = At{index, slot};
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  return found;
}

Result<> Volume::rewrite(const std::vector<At>& changed) {
  if (changed.empty()) return {};
  const auto file = keys();
  if (!file) return std::unexpected(file.error());
  for (const At& one : changed) {
    const auto before = read_exactly(**file, slot_place(one.index), kSlotSize);
    if (!before) return std::unexpected(before.error());
    if (auto written = (*file)->write(slot_place(one.index), encode_slot(one.slot)); !written) return written;
    if (const auto old = decode_slot(*before)) count(*old, -1);
    count(one.slot, 1);
  }
  return (*file)->sync();
}

Result<std::string> Volume::read_record(const Slot& slot) {
  if (slot.length > kMaxRaw + kRecordHeaderSize + kTagSize) return fail(Code::kCorrupt, "a kept record is too long");
  const auto file = body();
  if (!file) return std::unexpected(file.error());
  return read_exactly(**file, slot.offset, slot.length);
}

Result<> Volume::remove_body() {
  body_.reset();
  if (auto removed = files_->remove(path(kBody)); !removed && removed.error().code != Code::kNotFound) return removed;
  has_body_ = false;
  return files_->sync_folder(folder_);
}

Result<> Volume::remove_all() {
  close();
  if (auto removed = files_->remove(path(kBody)); !removed && removed.error().code != Code::kNotFound) return removed;
  if (auto removed = files_->remove(path(kKeys)); !removed) return removed;
  return files_->sync_folder(folder_);
}

} // namespace kairos::content
