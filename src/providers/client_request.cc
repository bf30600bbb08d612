#include "providers/client_request.h"

#include "providers/request_reader.h"

namespace kairos::providers {
namespace {

std::span<const FieldRule> rules_of(model::Endpoint endpoint) {
  switch (endpoint) {
  case model::Endpoint::kChatCompletions:
    return chat_rules();
  case model::Endpoint::kResponses:
    return responses_rules();
  case model::Endpoint::kEmbeddings:
    return embeddings_rules();
  case model::Endpoint::kCompletions:
    return completions_rules();
  case model::Endpoint::kMessages:
    return anthropic_rules();
  }
  return {};
}

std::string_view prompt_field(model::Endpoint endpoint) {
  switch (endpoint) {
  case model::Endpoint::kChatCompletions:
  case model::Endpoint::kMessages:
    return "messages";
  case model::Endpoint::kCompletions:
    return "prompt";
  case model::Endpoint::kResponses:
  case model::Endpoint::kEmbeddings:
    break;
  }
  return "input";
}

Checked check_required(const ParsedRequest& request) {
  if (request.model.empty()) return refuse("model", "is required");
  const bool elsewhere = request.endpoint == model::Endpoint::kResponses &&
                         (!request.previous_response_id.empty() || request.remote_parts);
  if (request.messages == 0 && !elsewhere) return refuse(std::string(prompt_field(request.endpoint)), "is required");
  return {};
}

WireResult<ParsedRequest> parse(model::Endpoint endpoint, std::string_view body) {
  const auto document = parse_json(body);
  if (!document) return refuse("", "the body is " + document.error().message);
  const auto object = as_object(*document, Path{nullptr, ""}, "an object");
  if (!object) return refuse("", "the body must be a JSON object");
  ParsedRequest request;
  request.endpoint = endpoint;
  request.dialect = client_dialect(endpoint);
  request.needs.embeddings = endpoint == model::Endpoint::kEmbeddings;
  request.edits.first_member = body.find('{') + 1;
  request.text.reserve(body.size()); // nearly all of it is prompt text
  RequestReader reader{body, request};
  auto read = read_fields(reader, *object, rules_of(endpoint));
  if (read) read = check_required(request);
  if (!read) return std::unexpected(read.error());
  return request;
}

constexpr std::array<std::pair<std::string_view, model::Variant>, 3> kVariants = {
    {{":free", model::Variant::kFree},
     {":thinking", model::Variant::kThinking},
     {":extended", model::Variant::kExtended}}};

} // namespace

WireResult<ParsedRequest> parse_client_request(model::Endpoint endpoint, std::string_view body) {
  auto request = parse(endpoint, body);
  if (request && endpoint == model::Endpoint::kMessages && !request->max_output_tokens)
    return refuse("max_tokens", "is required");
  return request;
}

WireResult<ParsedRequest> parse_count_request(std::string_view body) { return parse(model::Endpoint::kMessages, body); }

std::optional<WireError> must_be_pinned(const ParsedRequest& request) {
  if (request_facts(request).pinned()) return std::nullopt;
  if (request.endpoint == model::Endpoint::kEmbeddings) {
    return refuse("model", "name a model: vectors of different models cannot be compared, so embeddings are not routed")
        .error();
  }
  if (request.endpoint == model::Endpoint::kCompletions) {
    return refuse("model", "name a model: few take plain prompts, so completions are not routed").error();
  }
  if (!request.previous_response_id.empty()) {
    return refuse("previous_response_id",
                  "only the provider that has that response can go on from it; name the model that gave it")
        .error();
  }
  return std::nullopt;
}

model::RequestFacts request_facts(const ParsedRequest& request) {
  model::RequestFacts facts;
  facts.endpoint = request.endpoint;
  facts.dialect = request.dialect;
  facts.model = request.model;
  for (const auto& [suffix, variant] : kVariants) {
    if (request.model.size() <= suffix.size() || !request.model.ends_with(suffix)) continue;
    facts.model.resize(request.model.size() - suffix.size());
    facts.variant = variant;
  }
  facts.stream = request.stream;
  facts.needs = request.needs;
  facts.max_output_tokens = request.max_output_tokens;
  facts.choices = request.choices;
  return facts;
}

} // namespace kairos::providers
