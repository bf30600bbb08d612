#include "store/duckdb/names.h"

#include <algorithm>
#include <mutex>

namespace kairos::store {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

} // namespace

Names::Names() {
  for (Dictionary& dictionary : dictionaries_) dictionary.ids.emplace(dictionary.texts.emplace_back(), 0);
}

std::int32_t Names::find(Kind kind, std::string_view text) const {
  const std::shared_lock lock(mutex_);
  const auto& ids = dictionaries_[static_cast<size_t>(kind)].ids;
  const auto found = ids.find(text);
  return found == ids.end() ? -1 : found->second;
}

std::string Names::text(Kind kind, std::int64_t id) const {
  const std::shared_lock lock(mutex_);
  const auto& texts = dictionaries_[static_cast<size_t>(kind)].texts;
  return id >= 0 && static_cast<size_t>(id) < texts.size() ? texts[static_cast<size_t>(id)] : "";
}

size_t Names::count(Kind kind) const {
  const std::shared_lock lock(mutex_);
  return dictionaries_[static_cast<size_t>(kind)].texts.size();
}

std::vector<std::int64_t> Names::containing(Kind kind, std::string_view part, size_t limit) const {
  const std::shared_lock lock(mutex_);
  const auto& texts = dictionaries_[static_cast<size_t>(kind)].texts;
  std::vector<std::int64_t> ids;
  for (size_t id = 1; id < texts.size() && ids.size() < limit; ++id) {
    if (contains(texts[id], part)) ids.push_back(static_cast<std::int64_t>(id));
  }
  return ids;
}

std::vector<std::string> Names::facet(Kind kind, std::optional<std::int32_t> tenant, size_t limit,
                                      bool& truncated) const {
  const std::shared_lock lock(mutex_);
  const auto& texts = dictionaries_[static_cast<size_t>(kind)].texts;
  std::vector<std::string> values;
  for (size_t id = 1; id < texts.size(); ++id) {
    if (tenant && !facets_.contains(facet_key(*tenant, kind, static_cast<std::int32_t>(id)))) continue;
    truncated = values.size() >= limit;
    if (truncated) break;
    values.push_back(texts[id]);
  }
  std::ranges::sort(values);
  return values;
}

std::uint64_t Names::facet_key(std::int32_t tenant, Kind kind, std::int32_t id) {
  return (static_cast<std::uint64_t>(tenant) << 36U) | (static_cast<std::uint64_t>(kind) << 32U) |
         static_cast<std::uint32_t>(id);
}

std::int32_t Names::add(Kind kind, std::string text) {
  Dictionary& dictionary = dictionaries_[static_cast<size_t>(kind)];
  const auto id = static_cast<std::int32_t>(dictionary.texts.size());
  dictionary.ids.emplace(dictionary.texts.emplace_back(std::move(text)), id);
  return id;
}

std::int32_t Names::intern(Kind kind, std::string_view text) {
  if (const std::int32_t known = find(kind, text); known >= 0) return known;
  const std::unique_lock lock(mutex_);
  const Dictionary& dictionary = dictionaries_[static_cast<size_t>(kind)];
  if (dictionary.texts.size() >= kMaxNames) {
    if (const auto overflow = dictionary.ids.find(kOverflowText); overflow != dictionary.ids.end())
      return overflow->second;
    text = kOverflowText;
  }
  const std::int32_t id = add(kind, std::string(text));
  pending_names_.push_back({kind, id, std::string(text)});
  return id;
}

void Names::occurs(std::int32_t tenant, Kind kind, std::int32_t id) {
  const std::uint64_t key = facet_key(tenant, kind, id);
  if (facets_.contains(key)) return; // only the loader writes, so it may look without the lock
  const std::unique_lock lock(mutex_);
  facets_.insert(key);
  pending_facets_.push_back({tenant, kind, id});
}

void Names::settle() {
  pending_names_.clear();
  pending_facets_.clear();
}

void Names::undo() {
  const std::unique_lock lock(mutex_);
  for (auto name = pending_names_.rbegin(); name != pending_names_.rend(); ++name) {
    Dictionary& dictionary = dictionaries_[static_cast<size_t>(name->kind)];
    dictionary.ids.erase(name->text);
    dictionary.texts.pop_back();
  }
  for (const NewFacet& facet : pending_facets_) facets_.erase(facet_key(facet.tenant, facet.kind, facet.id));
  settle();
}

void Names::restore(Kind kind, std::int32_t id, std::string text) {
  const std::unique_lock lock(mutex_);
  if (static_cast<size_t>(id) == dictionaries_[static_cast<size_t>(kind)].texts.size()) add(kind, std::move(text));
}

void Names::restore_facet(std::int32_t tenant, Kind kind, std::int32_t id) {
  const std::unique_lock lock(mutex_);
  facets_.insert(facet_key(tenant, kind, id));
}

} // namespace kairos::store
