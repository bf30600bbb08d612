// What people change through the API, told to the audit trail of the state store. The telling waits in the file of
// alerts, in the same commit as the change, until the state store has it: a crash in between loses nothing. Secrets
// never get there; what is told is what the API shows.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "alerts/service_impl.h"
#include "model/json_writer.h"
#include "observe/log.h"

namespace kairos::alerts {
namespace {

namespace json = boost::json;

constexpr std::string_view kAudit = "audit";

std::optional<std::string> text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

/// True: the state store has it, or never will.
bool tell(store::StateStore& state, const std::string& text) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* object = error ? nullptr : document.if_object();
  if (object == nullptr) return true;
  const store::Change change{text_of(*object, "kind").value_or(""), text_of(*object, "id").value_or(""),
                             text_of(*object, "after"), std::nullopt};
  const auto there = state.get(change.kind, change.id);
  const bool told = there ? change.body == there->body : !change.body; // before a crash
  if (told) return true;
  const auto done = state.commit({change}, text_of(*object, "who").value_or(""));
  if (done) return true;
  observe::log_error("alerts", "a change is not in the audit trail yet",
                     {{"kind", change.kind}, {"id", change.id}, {"why", done.error().message}});
  return done.error().code == Code::kInvalid;
}

} // namespace

void Service::Impl::note_change(std::string_view kind, std::string_view id, const std::optional<std::string>& shown,
                                std::string_view who) {
  std::string text;
  model::JsonWriter out(text);
  out.begin_object().key("kind").string(kind).key("id").string(id).key("who").string(who);
  if (shown) out.key("after").string(*shown);
  out.end_object();
  book.put(std::string(kAudit), fmt::format("{:016x}", ++change_number), std::move(text));
}

Result<> Service::Impl::commit_change() {
  auto done = commit();
  if (done) tell_audit();
  return done;
}

void Service::Impl::tell_audit() {
  const StateFile::Documents waiting = book.documents(std::string(kAudit)); // a copy: it changes below
  for (const auto& [number, text] : waiting) {
    change_number = std::max<std::uint64_t>(change_number, std::strtoull(number.c_str(), nullptr, 16));
    if (!tell(parts.state, text)) break; // the later ones must not come before it
    book.put(std::string(kAudit), number, std::nullopt);
  }
  if (!waiting.empty()) (void)commit(); // a failure is logged there; then it is told again, and found told
}

} // namespace kairos::alerts
