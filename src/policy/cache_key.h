// What makes two requests the same for the response cache (docs/caching.md): their bodies mean the same, whatever the
// order of members, white space and escapes. Pure; time and memory are bounded by the body's size times its depth.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kairos::policy {

/// Longer bodies have no canonical form: looking them up would cost more than it is worth.
inline constexpr size_t kMaxCanonicalBody = 1024 * 1024;
inline constexpr size_t kMaxCanonicalDepth = 64;

/// The body with its members ordered, without white space, strings in one spelling. Left out are members that do not
/// change the answer: kairosroute, user, metadata, safety_identifier, prompt_cache_key, service_tier. nullopt:
/// it is too long or too deep, or no JSON object.
std::optional<std::string> canonical_body(std::string_view body);

/// The same for requests that end in a message of the user, without that message: what has to be equal for two requests
/// that mean the same. nullopt as above, and if what is last is not the plain text of a user.
std::optional<std::string> canonical_context(std::string_view body);

/// True if an answer's JSON or events say that the model refused: a member `refusal` that is not null, or a part of the
/// type "refusal".
bool says_refusal(std::string_view answer);

} // namespace kairos::policy
