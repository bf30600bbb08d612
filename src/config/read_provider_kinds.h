// What is particular to some providers: their quirks, Azure's deployments, AWS's regions. Internal to config.
#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "config/provider.h"
#include "config/reader.h"

namespace kairos::config {

/// The defaults of what the catalog calls `catalog_id` (docs/providers.md has the same table), and what `quirks` of the
/// provider says.
void read_quirks(Reader& provider, Provider& into);
/// `azure`, which a provider of the catalog's Azure always is.
void read_azure(Reader& provider, Provider& into);
/// True if requests to it speak Bedrock's converse.
bool is_bedrock(const Provider& provider, const catalog::Provider* known);
/// Bedrock's own address in an AWS region; empty for what cannot be the name of a region.
std::string bedrock_url(std::string_view region);
/// The path of OpenAI's dialect below Google's base URL, which is that of its own.
std::string path_prefix(const Provider& provider, const ProviderEndpoint& endpoint, model::Dialect dialect);

/// Each deployment's model is one of the provider's. Needs the final catalog.
void check_deployments(Reader& root, const catalog::Catalog& catalog);

} // namespace kairos::config
