// Any bytes as the body of a request: rewriting and the cache's canonical form read nothing out of bounds; the
// canonical form of a canonical form is itself.
#include <cstdlib>

#include "policy/cache_key.h"
#include "policy/rewrite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos;
  if (size == 0) return 0;
  const auto endpoint = static_cast<model::Endpoint>(data[0] % model::kEndpointNames.size());
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  config::RewriteRule rule;
  rule.id = "r";
  rule.collapse_whitespace = rule.drop_duplicates = true;
  rule.replace = {{"a", "bb"}, {" ", ""}};
  rule.system_start = rule.system_end = rule.user_start = rule.user_end = "\"x\"\n";
  policy::rewrite(endpoint, body, std::span(&rule, 1), 1);
  policy::says_refusal(body);
  policy::canonical_context(body);
  if (const auto canonical = policy::canonical_body(body)) {
    if (policy::canonical_body(*canonical) != canonical) std::abort();
  }
  return 0;
}
