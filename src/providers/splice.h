// Edits to a client's bytes: every byte outside the edits stays as it was. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/client_request.h"

namespace kairos::providers {

/// Replaces `where` by `with`; an empty span inserts.
struct Edit {
  Span where;
  std::string with;
};

/// Applies edits, given in any order; insertions at the same place in the order given, and before
/// what is replaced there. They must not overlap.
std::string splice(std::string_view original, std::vector<Edit> edits);

/// The span that removes `member` together with the comma that goes with it, so that what is left is still JSON.
Span with_comma(std::string_view body, const Member& member);

} // namespace kairos::providers
