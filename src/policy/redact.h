// Replaces what the detector finds by placeholders: "mail a@b.com" becomes "mail [EMAIL_1]". The same value gets the
// same placeholder throughout one text or body, so that who reads it can still tell two people apart. Pure; linear time
// (but for the look-up of a value among those found before). What is put in finds nothing when it is looked at again.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/policies.h"

namespace kairos::policy {

/// How often each kind was found.
struct Counts {
  std::array<std::int64_t, config::kPrivateKindCount> of{};

  std::int64_t total() const;
  /// Kinds that were found, by name: the receipt's privacy.detected.
  std::vector<std::pair<std::string, std::int64_t>> named() const;
  bool operator==(const Counts&) const = default;
};

struct Redacted {
  std::string text;
  Counts counts;
};

Redacted redact(std::string_view text, config::PrivateKinds kinds = config::kAllPrivateKinds);

/// A JSON document, such as a request's body or an answer's. Looked at is the unescaped text of each string value; what
/// is replaced are the bytes that stand for it, so the document stays valid and every other byte stays as it was.
/// Not looked at: keys; values that are names for machines (model, role, type, ids, user, …: docs/privacy.md), base64
/// data, and what stands under a `kairosroute` member of the outermost object. Numbers are looked at only in the
/// arguments of tool calls, and become strings where something is found in them.
/// A document that is not JSON comes back with what could be read of its strings done; it never crashes.
Redacted redact_json(std::string_view body, config::PrivateKinds kinds = config::kAllPrivateKinds);

/// The same counts without making the text. `steps` as for detect().
Counts detect_json(std::string_view body, config::PrivateKinds kinds, std::uint64_t* steps = nullptr);

} // namespace kairos::policy
