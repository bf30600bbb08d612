#include "policy/prompt_texts.h"

#include <map>

#include "policy/json_strings.h"

namespace kairos::policy {
namespace {

/// A text whose message's role is not known before the message ends.
struct Pending {
  PromptText text;
  size_t message = 0;
};

enum class Speaker : std::uint8_t { kUnknown, kSystem, kUser, kOther };

Speaker speaker(std::string_view role) {
  if (role == "user") return Speaker::kUser;
  return role == "system" || role == "developer" ? Speaker::kSystem : Speaker::kOther;
}

class Finder {
public:
  Finder(model::Endpoint endpoint, std::string_view body) : endpoint_(endpoint), body_(body), walker_(body) {}

  PromptTexts run() {
    JsonValue value;
    while (walker_.next(value)) {
      if (value.kind == JsonValue::Kind::kString) string(value);
    }
    settle();
    set_place();
    return std::move(out_);
  }

private:
  std::string_view list() const { return endpoint_ == model::Endpoint::kResponses ? "input" : "messages"; }
  std::string_view system() const {
    switch (endpoint_) {
    case model::Endpoint::kResponses:
      return "instructions";
    case model::Endpoint::kMessages:
      return "system";
    default:
      return {};
    }
  }

  void string(const JsonValue& value) {
    const size_t depth = value.depth;
    const PromptText text{PromptText::Role::kUser, value.begin, value.end, value.escaped, false};
    const bool in_system = !system().empty() && walker_.key_is(0, system());
    if (in_system && (depth == 1 || (depth == 3 && walker_.key_is(2, "text")))) {
      out_.texts.push_back(text);
      out_.texts.back().role = PromptText::Role::kSystem;
      return;
    }
    const bool prompt = endpoint_ == model::Endpoint::kCompletions && depth == 1 && walker_.key_is(0, "prompt");
    const bool input = endpoint_ == model::Endpoint::kResponses && depth == 1 && walker_.key_is(0, "input");
    if (prompt || input) {
      pending_.push_back({text, 0});
      speakers_[0] = Speaker::kUser;
    }
    if (!walker_.key_is(0, list())) return;
    const size_t message = walker_.index(1);
    if (depth == 3 && walker_.key_is(2, "role")) {
      speakers_[message] = speaker(body_.substr(value.begin, value.end - value.begin));
    } else if ((depth == 3 && walker_.key_is(2, "content")) ||
               (depth == 5 && walker_.key_is(2, "content") && walker_.key_is(4, "text"))) {
      pending_.push_back({text, message});
    }
  }

  void settle() {
    std::optional<size_t> last_user;
    for (const auto& [message, who] : speakers_) {
      if (who == Speaker::kUser) last_user = message;
    }
    for (Pending& one : pending_) {
      const auto who = speakers_.find(one.message);
      if (who == speakers_.end() || who->second == Speaker::kOther || who->second == Speaker::kUnknown) continue;
      if (who->second == Speaker::kSystem) one.text.role = PromptText::Role::kSystem;
      one.text.last_user = last_user == one.message;
      out_.texts.push_back(one.text);
    }
  }

  void set_place() {
    if (endpoint_ == model::Endpoint::kChatCompletions) {
      const size_t place = walker_.list_begin(list());
      if (place != std::string_view::npos) out_.system_place = place;
    } else if (!system().empty() && !walker_.has_member(system())) {
      out_.system_place = body_.find('{') + 1;
    }
    if (!out_.system_place) return;
    const size_t next = body_.find_first_not_of(" \t\r\n", *out_.system_place);
    out_.messages_empty = next != body_.npos && (body_[next] == ']' || body_[next] == '}');
  }

  model::Endpoint endpoint_;
  std::string_view body_;
  JsonWalker walker_;
  PromptTexts out_;
  std::vector<Pending> pending_;
  std::map<size_t, Speaker> speakers_;
};

} // namespace

PromptTexts find_prompt_texts(model::Endpoint endpoint, std::string_view body) {
  if (endpoint == model::Endpoint::kEmbeddings) return {};
  return Finder(endpoint, body).run();
}

} // namespace kairos::policy
