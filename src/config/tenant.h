// Tenants, their keys and budgets as configured. The same types describe those that are made through the API, so that
// authentication, routing and accounting do not care where one came from.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/money.h"
#include "config/policies.h"
#include "config/provider_key.h"
#include "model/enums.h"

namespace kairos::config {

/// Who made an object: the file (read-only in the API) or the API (never changed by a reload).
enum class ManagedBy : std::uint8_t { kFile, kApi };
inline constexpr std::array<std::string_view, 2> kManagedByNames = {"file", "api"};
constexpr std::string_view name(ManagedBy v) { return kManagedByNames[static_cast<size_t>(v)]; }

/// Stricter ones last. Names are those of the receipt's privacy.policy.
enum class PrivacyPolicy : std::uint8_t { kNone, kDenyTraining, kZeroRetention };
inline constexpr std::array<std::string_view, 3> kPrivacyPolicyNames = {"none", "deny_training", "zdr"};
constexpr std::string_view name(PrivacyPolicy v) { return kPrivacyPolicyNames[static_cast<size_t>(v)]; }

/// Ids that are let through. An entry may end in '*'. A deny wins over an allow; an empty allow list lets all through.
struct AllowList {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  bool admits(std::string_view id) const;
};
/// Equal, or a prefix of `id` up to a closing '*'.
bool matches(std::string_view pattern, std::string_view id);

/// What one key may do; absent: no limit of its own.
struct Guardrails {
  std::optional<Picodollars> max_cost_per_request;
  std::optional<double> min_quality;
  AllowList models;
  AllowList providers;
  std::optional<std::int64_t> requests_per_minute;
  std::optional<std::int64_t> tokens_per_minute;
};

/// What a key may do with /api/v1, each role more than the one before it. All of them may send requests for their
/// tenant.
enum class Role : std::uint8_t {
  kTenant,   // reads what is its tenant's
  kViewer,   // reads everybody's
  kOperator, // and changes budgets, alerts, views
  kAdmin,    // and tenants and keys
};
inline constexpr std::array<std::string_view, 4> kRoleNames = {"tenant", "viewer", "operator", "admin"};
constexpr std::string_view name(Role v) { return kRoleNames[static_cast<size_t>(v)]; }

struct ApiKey {
  std::string id;
  std::string sha256; // 64 lower-case hex digits of the key's SHA-256
  Role role = Role::kTenant;
  Guardrails guardrails;
  ManagedBy managed = ManagedBy::kFile;
  std::uint64_t version = 0; // of the state store's document; 0: of the file
};

/// What a reseller charges: own unit prices first, else cost plus markup. ledger::PricePlan is made from it.
struct PricePlan {
  std::optional<std::int64_t> markup;                              // millionths of a per cent: 12'500'000 is 12.5 %
  std::map<std::pair<std::string, std::string>, UnitPrice> prices; // (model id or "*", meter name)
};

struct Tenant {
  std::string id;
  std::string name;
  std::vector<ApiKey> keys;
  AllowList models;
  AllowList providers;
  PrivacyPolicy privacy = PrivacyPolicy::kNone;
  std::vector<std::string> regions;       // data may go to these only; empty: anywhere
  model::Quantizations quantizations = 0; // accepted ones; 0: all
  PrivacyFilter privacy_filter;
  std::optional<CacheMode> cache; // nullopt: as the section `cache` says
  std::string baseline_model;     // empty: no savings are computed
  std::optional<PricePlan> price_plan;
  std::optional<std::int64_t> default_max_output_tokens;
  model::ContentPolicy content = model::ContentPolicy::kNone;
  std::optional<std::int64_t> keep_receipts_days; // then they can no longer be searched and read; absent: no end
  std::optional<std::int64_t> keep_content_days;  // then what is kept of prompts and answers is erased; absent: no end
  std::vector<OwnKeys> provider_keys;             // one entry per provider; never shown by the API
  ManagedBy managed = ManagedBy::kFile;
  std::uint64_t version = 0; // of the state store's document; 0: of the file

  /// Its own keys at this provider; nullptr: it uses the operator's.
  const OwnKeys* own_keys(std::string_view provider) const {
    for (const OwnKeys& one : provider_keys) {
      if (one.provider == provider) return &one;
    }
    return nullptr;
  }
};

enum class BudgetPeriod : std::uint8_t { kMonth, kDay, kTotal };
inline constexpr std::array<std::string_view, 3> kBudgetPeriodNames = {"month", "day", "total"};
enum class BudgetMeasure : std::uint8_t { kCost, kCharged };
inline constexpr std::array<std::string_view, 2> kBudgetMeasureNames = {"cost", "charged"};

/// Empty fields do not restrict.
struct BudgetScope {
  std::string tenant;
  std::string workflow;
  std::string api_key_id;
  std::string model_id;
  std::string end_user;
};

struct Budget {
  std::string id;
  BudgetScope scope;
  BudgetPeriod period = BudgetPeriod::kMonth;
  Picodollars cap;
  BudgetMeasure measure = BudgetMeasure::kCost;
  model::OnExceed on_exceed = model::OnExceed::kRefuse;
  std::vector<int> warn_levels; // per cent, ascending
  ManagedBy managed = ManagedBy::kFile;
  std::uint64_t version = 0; // of the state store's document; 0: of the file
};

} // namespace kairos::config
