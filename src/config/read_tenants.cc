#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kMostTenantKeys = 10'000;
constexpr size_t kMostBudgets = 20'000;
constexpr std::string_view kHashIt = "give its SHA-256 as sha256 (printf %s KEY | sha256sum)";

std::string read_sha256(Reader& reader) {
  std::string text = reader.optional_text("sha256").value_or("");
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  const auto hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.size() != 64 || !std::ranges::all_of(text, hex)) {
    reader.complain("sha256", fmt::format("must be 64 hex digits; {}", kHashIt));
  }
  return text;
}

/// `admin: true` is the older way to say `role: admin`.
void read_role(Reader& reader, Role& into) {
  bool admin = false;
  reader.flag("admin", admin);
  if (admin && reader.has("role")) reader.complain("admin", "remove it: role says what the key may do");
  if (admin) into = Role::kAdmin;
  reader.choice("role", kRoleNames, into);
}

} // namespace

ApiKey read_key(Reader& reader) {
  ApiKey key;
  key.id = reader.id("id");
  reader.no_secret({"key", "secret", "value", "token"}, kHashIt);
  key.sha256 = read_sha256(reader);
  read_role(reader, key.role);
  Guardrails& rails = key.guardrails;
  rails.max_cost_per_request = reader.usd("max_cost_per_request_usd");
  rails.min_quality = reader.optional_share("min_quality");
  rails.models = read_allow_list(reader, "models");
  rails.providers = read_allow_list(reader, "providers");
  rails.requests_per_minute = reader.optional_whole("requests_per_minute", 1, 1'000'000'000);
  rails.tokens_per_minute = reader.optional_whole("tokens_per_minute", 1, 1'000'000'000'000);
  reader.finish();
  return key;
}

namespace {

void read_own_prices(Reader& plan, PricePlan& into) {
  auto models = plan.map("prices");
  if (!models) return;
  for (const std::string& model : models->keys()) {
    auto meters = models->map(model);
    if (!meters) continue;
    for (const std::string& meter : meters->keys()) {
      const std::string text = meters->optional_text(meter).value_or("");
      const auto known = model::parse_meter(meter);
      if (!known) {
        meters->complain(meter, "unknown meter; use names as in receipts, such as input_tokens");
        continue;
      }
      const bool free = text == "0";
      const auto price =
          model::is_token_meter(*known) ? catalog::parse_token_price(text, free) : catalog::parse_fee(text, free);
      if (price)
        into.prices[{model, meter}] = *price;
      else
        meters->complain(meter, price.error().message);
    }
  }
}

std::optional<PricePlan> read_price_plan(Reader& tenant) {
  auto reader = tenant.map("price_plan");
  if (!reader) return std::nullopt;
  PricePlan plan;
  if (const Node* node = reader->scalar("markup_percent")) {
    const auto markup = parse_percent(node->scalar.substr(0, 60));
    if (markup)
      plan.markup = *markup;
    else
      reader->complain("markup_percent", markup.error().message);
  }
  read_own_prices(*reader, plan);
  reader->finish();
  if (!plan.markup && plan.prices.empty()) reader->complain_here("give markup_percent, prices or both");
  return plan;
}

void read_baseline(Reader& reader, const catalog::Catalog& catalog, Tenant& into) {
  reader.text("baseline_model", into.baseline_model);
  if (into.baseline_model.empty() || !catalog.find(into.baseline_model).empty()) return;
  std::vector<std::string> ids;
  for (const catalog::Model& model : catalog.models()) ids.push_back(model.id);
  const std::string near = nearest(into.baseline_model, ids);
  const std::string hint = near.empty() ? "give it under models" : fmt::format("did you mean {}?", near);
  reader.complain("baseline_model", "is not a model of the catalog; " + hint);
}

void read_content_policy(Reader& reader, const Content& content, Tenant& into) {
  reader.choice("content", model::kContentPolicyNames, into.content);
  if (into.content != model::ContentPolicy::kNone && content.master_keys.empty())
    reader.complain("content", "what is kept is encrypted: give a master key with content.key_env or content.key_file");
}

void read_retention(Reader& tenant, Tenant& into) {
  auto reader = tenant.map("retention");
  if (!reader) return;
  into.keep_receipts_days = reader->optional_whole("receipts_days", 1, 36'500);
  into.keep_content_days = reader->optional_whole("content_days", 1, 36'500);
  reader->finish();
}

BudgetScope read_scope(Reader& budget, const Tenant* owner) {
  BudgetScope scope;
  if (auto reader = budget.map("scope")) {
    reader->text("tenant", scope.tenant);
    reader->text("workflow", scope.workflow);
    reader->text("key", scope.api_key_id);
    reader->text("model", scope.model_id);
    reader->text("end_user", scope.end_user);
    reader->finish();
    const bool foreign = owner != nullptr && !scope.tenant.empty() && scope.tenant != owner->id;
    if (foreign) reader->complain("tenant", fmt::format("this budget stands under tenant {}; remove it", owner->id));
  }
  if (owner != nullptr) scope.tenant = owner->id;
  return scope;
}

std::vector<int> read_warn_levels(Reader& reader) {
  std::vector<std::string> texts;
  std::vector<int> levels;
  reader.texts("warn_levels", texts);
  for (const std::string& text : texts) {
    const auto level = parse_whole(text.substr(0, 60));
    const bool fits = level && *level >= 1 && *level <= 100 && (levels.empty() || *level > levels.back());
    if (!fits) {
      reader.complain("warn_levels", "must be ascending whole per cents from 1 to 100, such as [50, 80, 95]");
      return {};
    }
    levels.push_back(static_cast<int>(*level));
  }
  return levels;
}

} // namespace

Budget read_budget(Reader& reader, const Tenant* owner) {
  Budget budget;
  budget.id = reader.id("id");
  budget.scope = read_scope(reader, owner);
  reader.choice("period", kBudgetPeriodNames, budget.period);
  const auto cap = reader.usd("cap_usd");
  if (!cap) reader.complain("cap_usd", "is missing; give the cap in USD, such as 25 or 0.50");
  budget.cap = cap.value_or(Picodollars(0));
  reader.choice("measure", kBudgetMeasureNames, budget.measure);
  reader.choice("on_exceed", model::kOnExceedNames, budget.on_exceed);
  budget.warn_levels = read_warn_levels(reader);
  reader.finish();
  return budget;
}

namespace {

void add_budgets(Reader& parent, const Tenant* owner, Snapshot& into) {
  for (Reader& reader : parent.maps("budgets", kMostBudgets)) into.budgets.push_back(read_budget(reader, owner));
}

} // namespace

Tenant read_tenant(Reader& reader, Snapshot& into) {
  Tenant tenant;
  tenant.id = reader.id("id");
  tenant.name = reader.optional_text("name").value_or(tenant.id);
  for (Reader& key : reader.maps("keys", kMostTenantKeys)) tenant.keys.push_back(read_key(key));
  tenant.models = read_allow_list(reader, "models");
  tenant.providers = read_allow_list(reader, "providers");
  if (auto privacy = reader.map("privacy")) {
    privacy->choice("policy", kPrivacyPolicyNames, tenant.privacy);
    privacy->texts("regions", tenant.regions);
    privacy->finish();
  }
  tenant.privacy_filter = read_privacy_filter(reader);
  if (reader.has("cache")) reader.choice("cache", kCacheModeNames, tenant.cache.emplace());
  tenant.quantizations = read_quantizations(reader);
  read_baseline(reader, *into.catalog, tenant);
  tenant.price_plan = read_price_plan(reader);
  tenant.default_max_output_tokens = reader.optional_whole("default_max_output_tokens", 1, 10'000'000);
  read_content_policy(reader, into.content, tenant);
  read_retention(reader, tenant);
  reader.take("provider_keys"); // read_own_keys
  add_budgets(reader, &tenant, into);
  reader.finish();
  return tenant;
}

namespace {

/// Those made through the API are read last, so that the second one tells.
std::string twice(std::string_view what, std::string_view id, ManagedBy second) {
  const std::string_view hint =
      second == ManagedBy::kApi ? ": once in this file and once made through the API; rename it here or delete it there"
                                : "";
  return fmt::format("{} {} is there twice{}", what, id, hint);
}

/// Ids are unique over the whole file, and so are the keys themselves.
void check_unique(Reader& root, const Snapshot& all) {
  std::set<std::string_view> tenants, keys, hashes;
  std::map<std::string_view, ManagedBy> budgets;
  for (const Tenant& tenant : all.tenants) {
    if (!tenants.insert(tenant.id).second) root.complain("tenants", twice("tenant", tenant.id, tenant.managed));
    for (const ApiKey& key : tenant.keys) {
      if (!keys.insert(key.id).second) root.complain("tenants", twice("key id", key.id, key.managed));
      if (!hashes.insert(key.sha256).second) {
        root.complain("tenants",
                      fmt::format("key {} has the sha256 of another key; each key belongs to one tenant", key.id));
      }
    }
  }
  for (const Budget& budget : all.budgets) {
    const auto twin = budgets.emplace(budget.id, budget.managed);
    const bool by_api = budget.managed == ManagedBy::kApi || twin.first->second == ManagedBy::kApi;
    if (!twin.second) root.complain("budgets", twice("budget", budget.id, by_api ? ManagedBy::kApi : ManagedBy::kFile));
  }
}

} // namespace

AllowList read_allow_list(Reader& parent, std::string_view key) {
  AllowList list;
  auto reader = parent.map(key);
  if (!reader) return list;
  reader->texts("allow", list.allow);
  reader->texts("deny", list.deny);
  reader->finish();
  return list;
}

void read_tenants(Reader& root, Snapshot& into) {
  for (Reader& reader : root.maps("tenants", kMostTenants)) into.tenants.push_back(read_tenant(reader, into));
}

void read_budgets(Reader& root, Snapshot& into) {
  add_budgets(root, nullptr, into);
  check_unique(root, into);
  if (into.journal.receipt_required || into.budgets.empty()) return;
  root.complain("journal", "receipt_required: false is not allowed together with budgets; remove it");
}

bool matches(std::string_view pattern, std::string_view id) {
  return pattern.ends_with('*') ? id.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == id;
}

bool AllowList::admits(std::string_view id) const {
  const auto hit = [&](const std::string& pattern) { return matches(pattern, id); };
  return std::ranges::none_of(deny, hit) && (allow.empty() || std::ranges::any_of(allow, hit));
}

} // namespace kairos::config
