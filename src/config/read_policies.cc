#include <fmt/format.h>

#include <algorithm>

#include "config/read.h"
#include "config/units.h"

namespace kairos::config {
namespace {

constexpr size_t kMostRewriteRules = 32; // a bit each, in the rewriter
constexpr size_t kMostReplacements = 100;
constexpr size_t kMostRewriteText = 64 * 1024;

struct Group {
  std::string_view name;
  PrivateKinds kinds;
};
constexpr PrivateKinds kNationalIds = bit(PrivateKind::kUsSsn) | bit(PrivateKind::kUkNino) |
                                      bit(PrivateKind::kDeTaxId) | bit(PrivateKind::kFrNir) | bit(PrivateKind::kEsDni) |
                                      bit(PrivateKind::kItCodiceFiscale) | bit(PrivateKind::kChAhv);
constexpr PrivateKinds kSecrets =
    bit(PrivateKind::kApiKey) | bit(PrivateKind::kPrivateKey) | bit(PrivateKind::kJwt) | bit(PrivateKind::kSecret);
constexpr std::array<Group, 3> kGroups = {
    {{"all", kAllPrivateKinds}, {"national_ids", kNationalIds}, {"secrets", kSecrets}}};

PrivateKinds read_kinds(Reader& reader) {
  std::vector<std::string> texts;
  reader.texts("detect", texts);
  PrivateKinds kinds = 0;
  std::vector<std::string> known(kPrivateKindNames.begin(), kPrivateKindNames.end());
  for (const Group& group : kGroups) known.emplace_back(group.name);
  for (const std::string& text : texts) {
    PrivateKind kind{};
    const auto group = std::ranges::find(kGroups, text, &Group::name);
    if (group != kGroups.end()) {
      kinds |= group->kinds;
    } else if (model::parse_name(kPrivateKindNames, text, kind)) {
      kinds |= bit(kind);
    } else {
      const std::string near = nearest(text, known);
      reader.complain("detect", fmt::format("\"{}\" is not a kind; {}", text.substr(0, 60),
                                            near.empty() ? fmt::format("known are {}", fmt::join(known, ", "))
                                                         : fmt::format("did you mean {}?", near)));
    }
  }
  return kinds;
}

void read_replacements(Reader& rule, RewriteRule& into) {
  std::vector<std::string> removed;
  rule.texts("remove", removed);
  for (const std::string& text : removed) into.replace.push_back({text, ""});
  for (Reader& reader : rule.maps("replace", kMostReplacements)) {
    RewriteRule::Replacement one;
    reader.text("find", one.find);
    reader.text("with", one.with);
    reader.finish();
    into.replace.push_back(std::move(one));
  }
  const auto wrong = [](const RewriteRule::Replacement& one) {
    return one.find.empty() || one.find.size() > kMostRewriteText || one.with.size() > kMostRewriteText;
  };
  if (into.replace.size() > kMostReplacements || std::ranges::any_of(into.replace, wrong)) {
    rule.complain_here(
        fmt::format("remove and replace take at most {} texts of 1 to {} bytes", kMostReplacements, kMostRewriteText));
  }
}

void read_categories(Reader& rule, std::vector<model::Category>& into) {
  std::vector<std::string> texts;
  rule.texts("categories", texts);
  for (const std::string& text : texts) {
    model::Category category{};
    if (model::parse_name(model::kCategoryNames, text, category)) {
      into.push_back(category);
    } else {
      rule.complain("categories",
                    fmt::format("\"{}\" is not one of {}", text.substr(0, 60), fmt::join(model::kCategoryNames, ", ")));
    }
  }
}

RewriteRule read_rewrite_rule(Reader& reader) {
  RewriteRule rule;
  rule.id = reader.id("id");
  read_categories(reader, rule.categories);
  reader.texts("models", rule.models);
  reader.texts("tenants", rule.tenants);
  reader.flag("collapse_whitespace", rule.collapse_whitespace);
  reader.flag("drop_duplicates", rule.drop_duplicates);
  read_replacements(reader, rule);
  reader.text("system_start", rule.system_start);
  reader.text("system_end", rule.system_end);
  reader.text("user_start", rule.user_start);
  reader.text("user_end", rule.user_end);
  reader.finish();
  const std::array<const std::string*, 4> texts = {&rule.system_start, &rule.system_end, &rule.user_start,
                                                   &rule.user_end};
  if (std::ranges::any_of(texts, [](const std::string* text) { return text->size() > kMostRewriteText; }))
    reader.complain_here(fmt::format("a text that is added has at most {} bytes", kMostRewriteText));
  const bool adds = std::ranges::any_of(texts, [](const std::string* text) { return !text->empty(); });
  if (!adds && !rule.collapse_whitespace && !rule.drop_duplicates && rule.replace.empty())
    reader.complain_here("does nothing; give one of collapse_whitespace, drop_duplicates, remove, replace, "
                         "system_start, system_end, user_start, user_end");
  return rule;
}

void read_semantic(Reader& cache, std::optional<SemanticCache>& into) {
  auto reader = cache.map("semantic");
  if (!reader) return;
  SemanticCache semantic;
  semantic.provider = reader->id("provider");
  semantic.model = reader->optional_text("model").value_or("");
  if (semantic.model.empty()) reader->complain("model", "is missing; name an embedding model of the provider");
  reader->share("threshold", semantic.threshold);
  if (semantic.threshold < 0.5) reader->complain("threshold", "must be from 0.5 to 1");
  reader->size("max_prompt_bytes", semantic.max_prompt_bytes, 16, 64 * 1024);
  reader->finish();
  into = std::move(semantic);
}

} // namespace

PrivacyFilter read_privacy_filter(Reader& tenant) {
  PrivacyFilter filter;
  auto reader = tenant.map("privacy_filter");
  if (!reader) return filter;
  filter.detect = read_kinds(*reader);
  if (filter.detect == 0) reader->complain("detect", "name at least one kind, such as [all]");
  reader->choice("action", kPrivacyActionNames, filter.action);
  int narrow_to = 1;
  static constexpr std::array<std::string_view, 2> kNarrowTo = {"deny_training", "zdr"};
  reader->choice("narrow_to", kNarrowTo, narrow_to);
  filter.narrow_to_zdr = narrow_to == 1;
  reader->finish();
  return filter;
}

std::vector<RewriteRule> read_rewrite_rules(Reader& routing) {
  std::vector<RewriteRule> rules;
  for (Reader& reader : routing.maps("rewrite", kMostRewriteRules)) {
    RewriteRule rule = read_rewrite_rule(reader);
    if (std::ranges::find(rules, rule.id, &RewriteRule::id) != rules.end())
      reader.complain("id", fmt::format("rule {} is there twice", rule.id));
    rules.push_back(std::move(rule));
  }
  return rules;
}

void read_cache(Reader& root, Snapshot& into) {
  auto reader = root.map("cache");
  if (!reader) return;
  Cache& cache = into.cache;
  reader->choice("mode", kCacheModeNames, cache.mode);
  reader->duration("ttl", cache.ttl);
  reader->size("max_bytes", cache.max_bytes, 64 * 1024, std::int64_t{64} << 30);
  reader->whole("max_entries", cache.max_entries, 1, 10'000'000);
  reader->size("max_answer_bytes", cache.max_answer_bytes, 1024, 64 * 1024 * 1024);
  reader->flag("any_temperature", cache.any_temperature);
  read_semantic(*reader, cache.semantic);
  reader->finish();
}

/// After the tenants: whoever gets semantic answers needs a model that compares prompts.
void check_cache(Reader& root, const Snapshot& all) {
  const auto semantic = [](const Tenant& tenant) { return tenant.cache == CacheMode::kSemantic; };
  const bool wanted = all.cache.mode == CacheMode::kSemantic || std::ranges::any_of(all.tenants, semantic);
  if (wanted && !all.cache.semantic)
    return root.complain("cache", "mode semantic needs cache.semantic: {provider: …, model: …} of an embedding model");
  if (!all.cache.semantic) return;
  const std::string& model = all.cache.semantic->model;
  const auto ids = provider_ids(root);
  const auto provider = ids.find(all.cache.semantic->provider);
  if (provider == ids.end())
    return root.complain("cache",
                         fmt::format("semantic.provider: {} is not one of `providers`", all.cache.semantic->provider));
  const catalog::Model* one = all.catalog->find(provider->second, model);
  if (one != nullptr && one->capabilities.embeddings) return;
  root.complain("cache",
                fmt::format("semantic.model: {} is not an embedding model of provider {}; give it under models",
                            model.substr(0, 60), provider->first));
}

} // namespace kairos::config
