#include "providers/upstream_request.h"

#include <fmt/format.h>

#include <vector>

#include "model/json_writer.h"
#include "providers/splice.h"

namespace kairos::providers {
namespace {

std::string as_json_string(std::string_view text) {
  std::string json;
  model::append_json_string(json, text);
  return json;
}

void replace_if_different(std::vector<Edit>& edits, std::string_view body, Span where, std::string with) {
  if (where.of(body) != with) edits.push_back({where, std::move(with)});
}

bool has_bound(model::Endpoint endpoint) { return endpoint != model::Endpoint::kEmbeddings; }

std::string_view bound_field(const ParsedRequest& request, const UpstreamTarget& target) {
  if (request.endpoint == model::Endpoint::kResponses) return "max_output_tokens";
  if (request.edits.bound_named_twice && !request.max_output_field.empty()) return request.max_output_field;
  if (request.endpoint == model::Endpoint::kChatCompletions) {
    if (target.wants_max_completion_tokens) return "max_completion_tokens";
    if (!target.wants_max_tokens && !request.max_output_field.empty()) return request.max_output_field;
  }
  return "max_tokens";
}

void edit_bound(std::vector<Edit>& edits, const ParsedRequest& request, std::string_view body,
                const UpstreamTarget& target) {
  if (!has_bound(request.endpoint) || target.max_output_tokens <= 0) return;
  const std::string_view field = bound_field(request, target);
  const std::string number = std::to_string(target.max_output_tokens);
  const auto& given = request.edits.max_output;
  if (!given) {
    edits.push_back(
        {{request.edits.first_member, request.edits.first_member}, fmt::format("\"{}\":{},", field, number)});
  } else if (field == request.max_output_field) {
    replace_if_different(edits, body, given->value, number);
  } else {
    edits.push_back({given->whole, fmt::format("\"{}\":{}", field, number)});
  }
}

bool streams_usage_on_demand(model::Endpoint endpoint) {
  return endpoint == model::Endpoint::kChatCompletions || endpoint == model::Endpoint::kCompletions;
}

void edit_stream_usage(std::vector<Edit>& edits, const ParsedRequest& request, const UpstreamTarget& target) {
  if (!request.stream || request.include_usage || target.no_stream_options) return;
  if (!streams_usage_on_demand(request.endpoint)) return;
  const EditPoints& points = request.edits;
  if (points.include_usage) {
    edits.push_back({*points.include_usage, "true"});
  } else if (points.stream_options_inside) {
    const size_t at = *points.stream_options_inside;
    edits.push_back({{at, at}, points.stream_options_empty ? "\"include_usage\":true" : "\"include_usage\":true,"});
  } else if (points.stream_options) { // null
    edits.push_back({points.stream_options->value, "{\"include_usage\":true}"});
  } else {
    edits.push_back({{points.first_member, points.first_member}, "\"stream_options\":{\"include_usage\":true},"});
  }
}

std::string same_dialect_body(const ParsedRequest& request, std::string_view body, const UpstreamTarget& target) {
  std::vector<Edit> edits;
  if (request.edits.model)
    replace_if_different(edits, body, request.edits.model->value, as_json_string(target.model_id));
  edit_bound(edits, request, body, target);
  edit_stream_usage(edits, request, target);
  if (request.edits.kairosroute) edits.push_back({with_comma(body, *request.edits.kairosroute), ""});
  return splice(body, std::move(edits));
}

} // namespace

bool speaks_natively(model::Endpoint endpoint, const UpstreamTarget& target) {
  if (target.dialect != client_dialect(endpoint)) return false;
  return endpoint != model::Endpoint::kResponses || target.serves_responses;
}

model::Endpoint upstream_endpoint(model::Endpoint endpoint, const UpstreamTarget& target) {
  return speaks_natively(endpoint, target) ? endpoint : model::Endpoint::kChatCompletions;
}

bool can_serve(model::Endpoint endpoint, model::Dialect provider) {
  if (provider == client_dialect(endpoint)) return true;
  return endpoint == model::Endpoint::kChatCompletions || endpoint == model::Endpoint::kResponses ||
         endpoint == model::Endpoint::kMessages; // every dialect has an AnswerReader
}

WireResult<std::string> upstream_body(const ParsedRequest& request, std::string_view body,
                                      const UpstreamTarget& target) {
  if (target.dialect == request.dialect) return same_dialect_body(request, body, target);
  return refuse("model", "this model speaks another dialect than the request");
}

} // namespace kairos::providers
