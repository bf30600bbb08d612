// What the writers of bodies have in common, whatever the dialect. Internal to providers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/json_writer.h"
#include "providers/conversation.h"
#include "providers/request_reader.h"
#include "providers/translate.h"

namespace kairos::providers {

using PartKind = Part::Kind;

/// What a dialect calls a setting that it takes as it is.
struct Word {
  Knob knob{};
  std::string_view name{};
};

/// One body. The conversation and the target must outlive it.
class BodyWriter {
public:
  BodyWriter(const Conversation& from, const UpstreamTarget& target) : from_(from), target_(target), json_(out_.body) {
    out_.left_out = from.left_out;
  }

protected:
  /// By the dialect's word. Without one: hints are left out, what asks for the usual is said already, and all others
  /// are refused.
  Checked write_setting(const Setting& setting, std::span<const Word> words);
  /// This dialect caches by itself.
  void leave_out_cache(const std::string& cache_control);

  const Conversation& from_;
  const UpstreamTarget& target_;
  Written out_{};
  model::JsonWriter json_;
};

/// The texts of the system prompts at the beginning, but for empty ones.
WireResult<std::vector<const Part*>> system_texts(const Conversation& conversation);

/// A tool call's arguments as a JSON object.
WireResult<std::string> arguments_of(const Part& call);

/// A file that is a text, with its name: that is part of what the model reads.
std::string text_of_file(const Part& file);

/// How the client's dialect says that only one tool may be called at a time.
std::string parallel_field(const Conversation& conversation);

/// A schema with a description, unless it has one.
std::string described(const std::string& schema, std::string_view description);

/// 0 if it is no array.
size_t array_size(std::string_view json);

// --- models of Anthropic, whoever serves them: docs.anthropic.com/en/docs/build-with-claude/extended-thinking ---

/// In how many tokens to reason: a budget as it was asked for, if it is below the bound on the output; for an effort at
/// most half of that bound. 0: not at all (and named in `left_out`), since the results are given of calls whose
/// thoughts are not sent along. `takes_redacted`: thoughts that are opaque altogether are sent along.
WireResult<std::int64_t> claude_budget(const Conversation& conversation, const UpstreamTarget& target,
                                       bool takes_redacted, std::vector<std::string>& left_out);

inline constexpr std::string_view kNoForceWhileThinking =
    "Anthropic's models cannot be made to call a tool while they reason";

/// Refuses values that these models do not take, at all or while they reason.
Checked check_for_claude(const Setting& setting, bool thinks);

} // namespace kairos::providers
