#include "config/read_provider_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/read.h"

namespace kairos::config {
namespace {

constexpr std::string_view kGoogle = "https://generativelanguage.googleapis.com/v1beta";

struct KnownQuirks {
  std::string_view catalog_id;
  Quirks quirks;
};
// platform.openai.com/docs/api-reference/chat: max_tokens is refused by reasoning models. docs.mistral.ai/api: unknown
// fields are refused, and a stream's last chunk carries usage unasked. api-docs.deepseek.com: max_tokens.
constexpr std::array kQuirks = {KnownQuirks{"openai", {OutputBound::kMaxCompletionTokens, true}},
                                KnownQuirks{"azure", {OutputBound::kMaxCompletionTokens, true}},
                                KnownQuirks{"mistral", {OutputBound::kMaxTokens, false}},
                                KnownQuirks{"deepseek", {OutputBound::kMaxTokens, true}}};

/// Goes into a path.
bool is_plain(std::string_view text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && std::ranges::all_of(text, plain);
}

void read_deployments(Reader& azure, Azure& into) {
  auto reader = azure.map("deployments");
  if (!reader) return;
  for (const std::string& model : reader->keys()) {
    const std::string deployment = reader->optional_text(model).value_or("");
    if (!is_plain(deployment)) reader->complain(model, "is not the name of a deployment");
    into.deployments[model] = deployment;
  }
}

/// The rest of the path depends on the form of the address and is added.
void check_azure_address(Reader& provider, const Provider& into) {
  for (const ProviderEndpoint& endpoint : into.endpoints) {
    if (endpoint.base_url.find("/openai") == std::string::npos) continue;
    provider.complain("base_url",
                      "give the resource's address alone, such as https://NAME.openai.azure.com; the rest of "
                      "the path is added");
  }
}

} // namespace

void read_quirks(Reader& provider, Provider& into) {
  const auto* const known = std::ranges::find(kQuirks, into.catalog_id, &KnownQuirks::catalog_id);
  if (known != kQuirks.end()) into.quirks = known->quirks;
  auto reader = provider.map("quirks");
  if (!reader) return;
  reader->choice("output_bound", kOutputBoundNames, into.quirks.output_bound);
  reader->flag("stream_options", into.quirks.stream_options);
  reader->finish();
}

void read_azure(Reader& provider, Provider& into) {
  auto reader = provider.map("azure");
  if (into.catalog_id == "azure" || reader) into.azure.emplace();
  if (into.azure) check_azure_address(provider, into);
  if (!reader) return;
  reader->text("api_version", into.azure->api_version);
  if (!into.azure->api_version.empty() && !is_plain(into.azure->api_version))
    reader->complain("api_version", "must be a version such as 2024-10-21");
  read_deployments(*reader, *into.azure);
  reader->finish();
}

bool is_bedrock(const Provider& provider, const catalog::Provider* known) {
  if (provider.dialect) return *provider.dialect == model::Dialect::kBedrock;
  return known != nullptr && !known->dialects.empty() && known->dialects.front() == model::Dialect::kBedrock;
}

std::string bedrock_url(std::string_view region) {
  if (!is_plain(region) || std::ranges::count(region, '-') < 2) return "";
  return fmt::format("https://bedrock-runtime.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
}

std::string path_prefix(const Provider& provider, const ProviderEndpoint& endpoint, model::Dialect dialect) {
  const bool google = provider.catalog_id == "google" && endpoint.base_url == kGoogle;
  return google && dialect == model::Dialect::kOpenAi ? "/openai" : "";
}

void check_deployments(Reader& root, const catalog::Catalog& catalog) {
  for (Reader& provider : root.maps("providers", kMostProviders)) {
    auto azure = provider.map("azure");
    auto deployments = azure ? azure->map("deployments") : std::nullopt;
    if (!deployments) continue;
    const std::string id = provider.optional_text("id").value_or("");
    const std::string catalog_id = provider.optional_text("catalog").value_or(id);
    std::vector<std::string> names;
    for (const catalog::Model& model : catalog.models()) {
      if (model.provider == catalog_id) names.push_back(model.id);
    }
    for (const std::string& model : deployments->keys()) {
      if (std::ranges::find(names, model) != names.end()) continue;
      const std::string near = nearest(model, names);
      deployments->complain(model,
                            fmt::format("{} has no such model; {}", id,
                                        near.empty() ? "add it under models" : fmt::format("did you mean {}?", near)));
    }
  }
}

} // namespace kairos::config
