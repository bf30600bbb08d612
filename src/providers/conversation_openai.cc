#include "providers/conversation_openai.h"

#include <algorithm>
#include <array>

namespace kairos::providers {

Checked take_parallel(Conversation& out, Json value, const Path& path) {
  return take_flag<ToolChoice, &ToolChoice::parallel>(out.tool_choice, value, path);
}

Checked take_effort(Conversation& out, Json value, const Path& path) {
  out.thinking.where = path.text();
  auto read = read_string(value, path, out.thinking.effort, 64);
  out.thinking.kind = out.thinking.effort == "none" ? Thinking::Kind::kOff : Thinking::Kind::kEffort;
  return read;
}

Checked take_choice_word(Conversation& out, Json word, const Path& path) {
  using Kind = ToolChoice::Kind;
  constexpr std::array<std::pair<std::string_view, Kind>, 3> kKinds = {
      {{"auto", Kind::kAuto}, {"none", Kind::kNone}, {"required", Kind::kRequired}}};
  for (const auto& [name, kind] : kKinds) {
    if (word.get_string().value_unsafe() != name) continue;
    out.tool_choice.kind = kind;
    return {};
  }
  return cannot_carry(path.text());
}

Checked take_typed_format(Conversation& out, TypedFormat typed, const Path& path) {
  out.format = std::move(typed.format);
  out.format.where = path.text();
  if (typed.type == "json_schema")
    out.format.kind = OutputFormat::Kind::kJsonSchema;
  else if (typed.type == "json_object")
    out.format.kind = OutputFormat::Kind::kJsonObject;
  else if (typed.type != "text")
    return cannot_carry(Path{&path, "type"}.text());
  return {};
}

} // namespace kairos::providers
