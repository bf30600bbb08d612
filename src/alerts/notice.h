// A message about an alert, before it takes a channel's shape: what, how much, since when, why, and where to look.
// A delivery is one notice for one channel, with an id that stays the same over retries and crashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "alerts/machine.h"

namespace kairos::alerts {

enum class NoticeKind : std::uint8_t { kFiring, kReminder, kResolved, kAcknowledged, kTest };
inline constexpr std::array<std::string_view, 5> kNoticeKindNames = {"firing", "reminder", "resolved", "acknowledged",
                                                                     "test"};
constexpr std::string_view name(NoticeKind v) { return kNoticeKindNames[static_cast<size_t>(v)]; }

struct Notice {
  NoticeKind kind = NoticeKind::kFiring;
  config::AlertSeverity severity = config::AlertSeverity::kWarn;
  std::string rule;
  std::string title;    // of the rule
  std::string headline; // what
  std::string figures;  // how much
  std::string reason;   // why it was raised
  std::string why;      // it ended, or who acknowledged
  std::string incident;
  std::string dedup_key; // of rule, tenant and group: the same for every incident of them
  std::string tenant;    // empty: the whole platform
  Labels labels;
  WallTime since{};
  WallTime at{};
  std::string view_url;     // empty: no public address is known
  std::string receipts_url; // of the receipts behind it

  bool over() const { return kind == NoticeKind::kResolved; }
};

struct Delivery {
  std::string id;
  std::string channel;
  Notice notice;
  WallTime created{};
  // Not kept across restarts:
  int attempts = 0;
  std::optional<MonoTime> first_try;
  MonoTime not_before{};
  bool running = false;
  std::vector<std::string> recipients; // of a mail that some have already; empty: all of the channel's
};

/// "Many errors" over "error rate 12 % on provider openai"; "Resolved: …" when it is over.
std::string subject(const Notice& notice);
std::string dedup_key(const std::string& rule, const std::string& group_key);
std::string delivery_id(const Notice& notice, const std::string& channel);

std::string to_json(const Delivery& delivery);
Result<Delivery> delivery_from_json(std::string_view text);

} // namespace kairos::alerts
