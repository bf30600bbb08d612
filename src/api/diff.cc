#include "api/diff.h"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <span>

namespace kairos::api {
namespace {

namespace json = boost::json;
using Op = TextPiece::Op;
using Pieces = std::vector<std::string_view>;

constexpr size_t kMostChanges = 1000;
constexpr size_t kMostDistance = 1000; // of words: beyond, the middle counts as replaced as a whole

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Words, each with the space behind it; or lines.
Pieces cut(std::string_view text, bool by_lines) {
  Pieces pieces;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool ends =
        by_lines ? text[i] == '\n' : is_space(text[i]) && (i + 1 == text.size() || !is_space(text[i + 1]));
    if (!ends) continue;
    pieces.push_back(text.substr(begin, i + 1 - begin));
    begin = i + 1;
  }
  if (begin < text.size()) pieces.push_back(text.substr(begin));
  return pieces;
}

void add(std::vector<TextPiece>& out, Op op, std::string_view text) {
  if (text.empty()) return;
  if (!out.empty() && out.back().op == op) {
    out.back().text.append(text);
  } else {
    out.push_back({op, std::string(text)});
  }
}

/// Myers' O(ND) algorithm (1986), forward, with the furthest reach of each step kept for the way back. Empty: more than
/// kMostDistance edits.
std::vector<Op> shortest_edit(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  const auto n = static_cast<std::int64_t>(a.size());
  const auto m = static_cast<std::int64_t>(b.size());
  const std::int64_t most = std::min<std::int64_t>(n + m, kMostDistance);
  std::vector<std::int64_t> reach(static_cast<size_t>(2 * most + 3), 0);
  std::vector<std::vector<std::int64_t>> steps;
  const auto at = [&](std::int64_t k) { return static_cast<size_t>(k + most + 1); };
  const auto came_down = [&](const std::vector<std::int64_t>& r, std::int64_t k, std::int64_t d) {
    return k == -d || (k != d && r[at(k - 1)] < r[at(k + 1)]);
  };
  std::int64_t distance = -1;
  for (std::int64_t d = 0; d <= most && distance < 0; ++d) {
    steps.emplace_back(reach.begin() + static_cast<std::ptrdiff_t>(at(-d) - 1),
                       reach.begin() + static_cast<std::ptrdiff_t>(at(d) + 2));
    for (std::int64_t k = -d; k <= d; k += 2) {
      std::int64_t x = came_down(reach, k, d) ? reach[at(k + 1)] : reach[at(k - 1)] + 1;
      while (x < n && x - k < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(x - k)]) ++x;
      reach[at(k)] = x;
      if (x >= n && x - k >= m) distance = d;
    }
  }
  if (distance < 0) return {};
  std::vector<Op> ops;
  std::int64_t x = n;
  std::int64_t y = m;
  for (std::int64_t d = distance; d >= 0; --d) {
    const std::vector<std::int64_t>& before = steps[static_cast<size_t>(d)];
    const auto was = [&](std::int64_t k) { return before[static_cast<size_t>(k + d + 1)]; };
    const std::int64_t k = x - y;
    const bool down = k == -d || (k != d && was(k - 1) < was(k + 1));
    const std::int64_t from_k = down ? k + 1 : k - 1;
    const std::int64_t from_x = d == 0 ? 0 : was(from_k);
    const std::int64_t from_y = d == 0 ? 0 : from_x - from_k;
    while (x > from_x && y > from_y) {
      ops.push_back(Op::kEqual);
      --x;
      --y;
    }
    if (d == 0) break;
    ops.push_back(down ? Op::kInsert : Op::kDelete);
    x = from_x;
    y = from_y;
  }
  std::ranges::reverse(ops);
  return ops;
}

void diff_pieces(const Pieces& a, const Pieces& b, std::vector<TextPiece>& out) {
  size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const std::span<const std::string_view> middle_a(a.data() + head, a.size() - head - tail);
  const std::span<const std::string_view> middle_b(b.data() + head, b.size() - head - tail);
  for (size_t i = 0; i < head; ++i) add(out, Op::kEqual, a[i]);
  const std::vector<Op> ops = shortest_edit(middle_a, middle_b);
  if (ops.empty()) {
    for (const std::string_view piece : middle_a) add(out, Op::kDelete, piece);
    for (const std::string_view piece : middle_b) add(out, Op::kInsert, piece);
  }
  size_t x = 0;
  size_t y = 0;
  for (const Op op : ops) {
    add(out, op, op == Op::kInsert ? middle_b[y] : middle_a[x]);
    x += op == Op::kInsert ? 0 : 1;
    y += op == Op::kDelete ? 0 : 1;
  }
  for (size_t i = a.size() - tail; i < a.size(); ++i) add(out, Op::kEqual, a[i]);
}

std::optional<json::value> parse(std::string_view text) {
  json::parse_options options;
  options.max_depth = 64;
  boost::system::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error || !(value.is_object() || value.is_array())) return std::nullopt;
  return value;
}

std::string below(const std::string& path, std::string_view key) {
  std::string out = path + "/";
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

void compare(const json::value& a, const json::value& b, const std::string& path, std::vector<JsonChange>& out);

/// How many members two values share; 1 or 0 where one is no object.
size_t alike(const json::value& a, const json::value& b) {
  if (!a.is_object() || !b.is_object()) return a == b ? 1 : 0;
  return static_cast<size_t>(std::ranges::count_if(a.get_object(), [&](const json::key_value_pair& member) {
    const json::value* other = b.get_object().if_contains(member.key());
    return other != nullptr && *other == member.value();
  }));
}

/// Elements stand against each other from the front or, where that pairs more that is alike (a message was put before
/// all others), from the back.
void compare_arrays(const json::array& a, const json::array& b, const std::string& path, std::vector<JsonChange>& out) {
  const size_t both = std::min(a.size(), b.size());
  const size_t more_a = a.size() - both;
  const size_t more_b = b.size() - both;
  size_t front = 0;
  size_t back = 0;
  for (size_t i = 0; i < both && a.size() != b.size(); ++i) {
    front += alike(a[i], b[i]);
    back += alike(a[more_a + i], b[more_b + i]);
  }
  const bool from_back = back > front;
  const auto alone = [&](const json::array& all, JsonChange::Op op, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const bool added = op == JsonChange::Op::kAdd;
      out.push_back({op, below(path, std::to_string(i)), added ? nullptr : all[i], added ? all[i] : nullptr});
    }
  };
  if (from_back) {
    alone(a, JsonChange::Op::kRemove, 0, more_a);
    alone(b, JsonChange::Op::kAdd, 0, more_b);
  }
  for (size_t i = 0; i < both; ++i) {
    const size_t in_b = from_back ? more_b + i : i;
    compare(a[from_back ? more_a + i : i], b[in_b], below(path, std::to_string(in_b)), out);
  }
  if (from_back) return;
  alone(a, JsonChange::Op::kRemove, both, a.size());
  alone(b, JsonChange::Op::kAdd, both, b.size());
}

void compare(const json::value& a, const json::value& b, const std::string& path, std::vector<JsonChange>& out) {
  if (out.size() >= kMostChanges || a == b) return;
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.get_object()) {
      const json::value* other = b.get_object().if_contains(key);
      if (other != nullptr) {
        compare(value, *other, below(path, key), out);
      } else {
        out.push_back({JsonChange::Op::kRemove, below(path, key), value, nullptr});
      }
    }
    for (const auto& [key, value] : b.get_object()) {
      if (!a.get_object().contains(key)) out.push_back({JsonChange::Op::kAdd, below(path, key), nullptr, value});
    }
    return;
  }
  if (a.is_array() && b.is_array()) return compare_arrays(a.get_array(), b.get_array(), path, out);
  out.push_back({JsonChange::Op::kChange, path, a, b});
}

} // namespace

std::vector<TextPiece> diff_text(std::string_view before, std::string_view after) {
  std::vector<TextPiece> out;
  for (const bool by_lines : {false, true}) {
    const Pieces a = cut(before, by_lines);
    const Pieces b = cut(after, by_lines);
    if (a.size() + b.size() > kMostWords) continue;
    diff_pieces(a, b, out);
    return out;
  }
  add(out, before == after ? Op::kEqual : Op::kDelete, before);
  if (before != after) add(out, Op::kInsert, after);
  return out;
}

std::optional<std::vector<JsonChange>> diff_json(std::string_view before, std::string_view after) {
  const auto a = parse(before);
  const auto b = parse(after);
  if (!a || !b) return std::nullopt;
  std::vector<JsonChange> out;
  compare(*a, *b, "", out);
  if (out.size() > kMostChanges) out.resize(kMostChanges);
  return out;
}

namespace {

json::array pieces_of(std::string_view before, std::string_view after) {
  static constexpr std::array<std::string_view, 3> kTextOps = {"equal", "delete", "insert"};
  json::array pieces;
  for (const TextPiece& piece : diff_text(before, after))
    pieces.push_back({{"op", kTextOps[static_cast<size_t>(piece.op)]}, {"text", piece.text}});
  return pieces;
}

/// A text as it is, anything else as JSON, nothing as nothing.
std::string plain(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return value.is_null() ? std::string() : json::serialize(value);
}

} // namespace

std::string text_changes_to_json(std::string_view before, std::string_view after) {
  json::array list;
  if (const auto changes = diff_json(before, after)) {
    for (const JsonChange& change : *changes)
      list.push_back({{"path", change.path}, {"pieces", pieces_of(plain(change.before), plain(change.after))}});
  } else {
    list.push_back({{"path", ""}, {"pieces", pieces_of(before, after)}});
  }
  return json::serialize(list);
}

std::string diff_to_json(std::string_view before, std::string_view after) {
  static constexpr std::array<std::string_view, 3> kJsonOps = {"add", "remove", "change"};
  json::array text = pieces_of(before, after);
  json::value members = nullptr;
  if (const auto changes = diff_json(before, after)) {
    json::array list;
    for (const JsonChange& change : *changes)
      list.push_back({{"op", kJsonOps[static_cast<size_t>(change.op)]},
                      {"path", change.path},
                      {"before", change.before},
                      {"after", change.after}});
    members = std::move(list);
  }
  const json::object all = {{"equal", before == after}, {"text", std::move(text)}, {"json", std::move(members)}};
  return json::serialize(all);
}

} // namespace kairos::api
