#include "config/reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kMaxShown = 60; // of a value or key in a message

std::string shown(std::string_view text) {
  std::string safe(text.substr(0, kMaxShown));
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text.size() > kMaxShown ? safe + "..." : safe;
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

} // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  if (word.size() > kMaxShown) return {};
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(word, name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

void Problem::report(int line, const std::string& path, const std::string& what) {
  if (error_) return;
  const std::string place = path.empty() ? "" : path + ": ";
  const std::string number = line > 0 ? fmt::format("{}:", line) : ""; // objects made through the API have no lines
  error_ = Error{Code::kInvalid, fmt::format("{}:{} {}{}", document_, number, place, what)};
}

Reader::Reader(const Node& map, std::string path, Problem& problem)
    : map_(map), path_(std::move(path)), problem_(problem) {}

std::string Reader::path_of(std::string_view key) const {
  return path_.empty() ? shown(key) : path_ + "." + shown(key);
}

void Reader::complain(std::string_view key, std::string_view what) {
  const Node* node = map_.child(key);
  problem_.report(node == nullptr ? map_.line : node->key_line, path_of(key), std::string(what));
}

void Reader::complain_here(std::string_view what) { problem_.report(map_.line, path_, std::string(what)); }

std::string Reader::not_among(std::string_view text, std::span<const std::string_view> names) {
  const std::string near = nearest(text, {names.begin(), names.end()});
  const std::string hint = near.empty() ? "" : fmt::format("; did you mean {}?", near);
  return fmt::format("\"{}\" is not one of {}{}", shown(text), fmt::join(names, ", "), hint);
}

bool Reader::has(std::string_view key) const { return map_.child(key) != nullptr; }

const Node* Reader::take(std::string_view key) {
  asked_.emplace_back(key);
  if (problem_.any()) return nullptr;
  const Node* node = map_.child(key);
  return node == nullptr || node->kind == Node::Kind::kNull ? nullptr : node;
}

const Node* Reader::scalar(std::string_view key) {
  const Node* node = take(key);
  if (node == nullptr || node->kind == Node::Kind::kScalar) return node;
  complain(key,
           node->kind == Node::Kind::kMap ? "must be a single value, not a map" : "must be a single value, not a list");
  return nullptr;
}

void Reader::text(std::string_view key, std::string& into) {
  if (const Node* node = scalar(key)) into = node->scalar;
}

std::optional<std::string> Reader::optional_text(std::string_view key) {
  const Node* node = scalar(key);
  return node == nullptr ? std::nullopt : std::optional(node->scalar);
}

std::optional<bool> Reader::optional_flag(std::string_view key) {
  const Node* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_flag(shown(node->scalar));
  if (value) return *value;
  complain(key, value.error().message);
  return std::nullopt;
}

void Reader::flag(std::string_view key, bool& into) { into = optional_flag(key).value_or(into); }

std::optional<std::int64_t> Reader::optional_whole(std::string_view key, std::int64_t least, std::int64_t most) {
  const Node* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_whole(shown(node->scalar));
  if (!value)
    complain(key, value.error().message);
  else if (*value < least || *value > most)
    complain(key, fmt::format("must be from {} to {}", least, most));
  else
    return *value;
  return std::nullopt;
}

void Reader::whole(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most) {
  into = optional_whole(key, least, most).value_or(into);
}

std::optional<double> Reader::optional_share(std::string_view key) {
  const Node* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_real(shown(node->scalar));
  if (!value)
    complain(key, value.error().message);
  else if (*value < 0 || *value > 1)
    complain(key, "must be from 0 to 1");
  else
    return *value;
  return std::nullopt;
}

void Reader::share(std::string_view key, double& into) { into = optional_share(key).value_or(into); }

void Reader::duration(std::string_view key, Duration& into) {
  const Node* node = scalar(key);
  if (node == nullptr) return;
  const auto value = parse_duration(shown(node->scalar));
  if (!value)
    complain(key, value.error().message);
  else if (*value == Duration::zero())
    complain(key, "must be above 0");
  else
    into = *value;
}

void Reader::size(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most) {
  const Node* node = scalar(key);
  if (node == nullptr) return;
  const auto value = parse_size(shown(node->scalar));
  if (!value)
    complain(key, value.error().message);
  else if (*value < least || *value > most)
    complain(key, fmt::format("must be from {} to {} bytes", least, most));
  else
    into = *value;
}

void Reader::texts(std::string_view key, std::vector<std::string>& into) {
  const Node* node = take(key);
  if (node == nullptr) return;
  if (node->kind != Node::Kind::kList) return complain(key, "must be a list, such as [a, b]");
  into.clear();
  for (const Node& item : node->children) {
    if (item.kind != Node::Kind::kScalar) return complain(key, "must be a list of plain texts");
    into.push_back(item.scalar);
  }
}

std::optional<Picodollars> Reader::usd(std::string_view key) {
  const Node* node = scalar(key);
  if (node == nullptr) return std::nullopt;
  const auto value = parse_usd(shown(node->scalar));
  if (!value)
    complain(key, value.error().message);
  else if (*value < Picodollars(0))
    complain(key, "must not be negative");
  else
    return *value;
  return std::nullopt;
}

std::string Reader::id(std::string_view key) {
  const auto value = optional_text(key);
  if (!value) {
    complain(key, "is missing; give it a name of letters, digits, '.', '_' or '-'");
    return {};
  }
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  };
  if (value->empty() || value->size() > 128 || !std::ranges::all_of(*value, allowed)) {
    complain(key, fmt::format("\"{}\" is not a name of 1 to 128 letters, digits, '.', '_' or '-'", shown(*value)));
  }
  return *value;
}

std::optional<Reader> Reader::map(std::string_view key) {
  const Node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Node::Kind::kMap) return Reader(*node, path_of(key), problem_);
  complain(key, "must be a map of keys to values");
  return std::nullopt;
}

std::vector<Reader> Reader::maps(std::string_view key, size_t most) {
  const Node* node = take(key);
  if (node == nullptr) return {};
  std::vector<Reader> readers;
  if (node->kind != Node::Kind::kList) return complain(key, "must be a list; begin each entry with '- '"), readers;
  if (node->children.size() > most) return complain(key, fmt::format("at most {} entries", most)), readers;
  for (const Node& item : node->children) {
    const std::string place = fmt::format("{}[{}]", path_of(key), readers.size());
    if (item.kind != Node::Kind::kMap) {
      problem_.report(item.line, place, "must be a map of keys to values");
      return readers;
    }
    readers.emplace_back(item, place, problem_);
  }
  return readers;
}

std::vector<std::string> Reader::keys() {
  std::vector<std::string> all;
  for (const Node& node : map_.children) all.push_back(node.key);
  asked_.insert(asked_.end(), all.begin(), all.end());
  return all;
}

void Reader::later(std::initializer_list<std::string_view> keys, std::string_view advice) {
  for (const std::string_view key : keys) {
    asked_.emplace_back(key);
    if (has(key)) complain(key, fmt::format("not in this version; {}", advice));
  }
}

void Reader::no_secret(std::initializer_list<std::string_view> keys, std::string_view advice) {
  for (const std::string_view key : keys) {
    if (has(key)) complain(key, fmt::format("a secret does not belong in this file; {}", advice));
  }
}

void Reader::finish() {
  for (const Node& node : map_.children) {
    if (std::ranges::find(asked_, node.key) != asked_.end()) continue;
    const std::string near = nearest(node.key, asked_);
    const std::string hint =
        near.empty() ? fmt::format("known are {}", fmt::join(asked_, ", ")) : fmt::format("did you mean {}?", near);
    return complain(node.key, "unknown key; " + hint);
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

} // namespace kairos::config
