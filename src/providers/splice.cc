#include "providers/splice.h"

#include <algorithm>
#include <utility>

namespace kairos::providers {

std::string splice(std::string_view original, std::vector<Edit> edits) {
  // What is inserted where something else is replaced comes before it.
  const auto place = [](const Edit& edit) { return std::pair(edit.where.begin, edit.where.end); };
  std::ranges::stable_sort(edits, {}, place);
  size_t size = original.size();
  for (const Edit& edit : edits) size += edit.with.size();
  std::string result;
  result.reserve(size);
  size_t copied = 0;
  for (const Edit& edit : edits) {
    result.append(original, copied, edit.where.begin - copied);
    result.append(edit.with);
    copied = edit.where.end;
  }
  result.append(original, copied);
  return result;
}

Span with_comma(std::string_view body, const Member& member) {
  const size_t next = body.find_first_not_of(" \t\r\n", member.whole.end);
  if (next != std::string_view::npos && body[next] == ',') return {member.whole.begin, next + 1};
  const size_t before =
      member.whole.begin == 0 ? std::string_view::npos : body.find_last_not_of(" \t\r\n", member.whole.begin - 1);
  if (before != std::string_view::npos && body[before] == ',') return {before, member.whole.end};
  return member.whole;
}

} // namespace kairos::providers
