#include "gateway/request_options.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "model/receipt.h"

namespace kairos::gateway {
namespace {

std::unexpected<Error> bad(std::string_view option, std::string_view value, std::string_view expected) {
  return fail(Code::kInvalid, fmt::format("X-KairosRoute-{}: '{}' is not {}", option, value.substr(0, 64), expected));
}

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

Result<void> add_tag(RequestOptions& options, std::string_view key, std::string_view value) {
  if (key.empty() || key.size() > model::kMaxTagKey || value.size() > model::kMaxTagValue) {
    return fail(Code::kInvalid, fmt::format("X-KairosRoute-Tags: tag '{}': a key has 1 to {} bytes, a value at most {}",
                                            key.substr(0, 64), model::kMaxTagKey, model::kMaxTagValue));
  }
  const auto taken =
      std::find_if(options.tags.begin(), options.tags.end(), [&](const auto& tag) { return tag.first == key; });
  if (taken != options.tags.end())
    return fail(Code::kInvalid, fmt::format("X-KairosRoute-Tags: tag '{}' is given twice", key));
  if (options.tags.size() >= model::kMaxTags) {
    return fail(Code::kInvalid, fmt::format("X-KairosRoute-Tags: more than {} tags", model::kMaxTags));
  }
  options.tags.emplace_back(key, value);
  return {};
}

Result<void> set_tags(RequestOptions& options, std::string_view list) {
  options.tags.clear();
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view tag = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (tag.empty()) continue;
    const size_t equals = tag.find('=');
    if (equals == std::string_view::npos) return bad("Tags", tag, "of the form key=value");
    auto added = add_tag(options, trim(tag.substr(0, equals)), trim(tag.substr(equals + 1)));
    if (!added) return added;
  }
  return {};
}

Result<void> set_max_cost(RequestOptions& options, std::string_view value) {
  const auto amount = parse_usd(value);
  if (!amount || *amount < Picodollars(0)) return bad("Max-Cost-Usd", value, "an amount in USD like 0.05");
  options.constraints.max_cost = *amount;
  return {};
}

Result<void> set_min_quality(RequestOptions& options, std::string_view value) {
  double quality = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), quality);
  if (error != std::errc() || end != value.data() + value.size() || !(quality >= 0 && quality <= 1)) {
    return bad("Min-Quality", value, "a number from 0 to 1");
  }
  options.constraints.min_quality = quality;
  return {};
}

Result<void> set_latency(RequestOptions& options, std::string_view value) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
  if (error != std::errc() || end != value.data() + value.size() || ms <= 0 || ms > 3'600'000) {
    return bad("Preferred-Max-Latency-Ms", value, "a whole number of milliseconds, at most 3600000");
  }
  options.constraints.preferred_max_latency_ms = ms;
  return {};
}

Result<void> set_throughput(RequestOptions& options, std::string_view value) {
  std::int64_t tokens = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), tokens);
  if (error != std::errc() || end != value.data() + value.size() || tokens <= 0 || tokens > 1'000'000) {
    return bad("Preferred-Min-Throughput", value, "a whole number of tokens per second, at most 1000000");
  }
  options.constraints.preferred_min_throughput = tokens;
  return {};
}

Result<void> set_quantizations(RequestOptions& options, std::string_view list) {
  options.constraints.quantizations = 0;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    model::Quantization one{};
    if (!model::parse_name(model::kQuantizationNames, name, one))
      return bad("Quantizations", name, fmt::format("one of {}", fmt::join(model::kQuantizationNames, ", ")));
    options.constraints.quantizations |= model::bit(one);
  }
  return {};
}

Result<void> set_collection(RequestOptions& options, std::string_view value) {
  if (value != "deny" && value != "allow") return bad("Data-Collection", value, "'deny' or 'allow'");
  options.constraints.deny_data_collection = value == "deny";
  return {};
}

Result<void> set_zdr(RequestOptions& options, std::string_view value) {
  if (value != "true" && value != "false") return bad("Zdr", value, "'true' or 'false'");
  options.constraints.zero_retention = value == "true";
  return {};
}

Result<void> set_region(RequestOptions& options, std::string_view value) {
  if (value.size() > 64) return bad("Region", value, "a region name of at most 64 bytes");
  options.constraints.region = value;
  return {};
}

Result<void> set_workflow(RequestOptions& options, std::string_view value) {
  if (value.size() > kMaxWorkflow) return bad("Workflow", value, "at most 128 bytes long");
  options.workflow = value;
  return {};
}

Result<void> set_cache(RequestOptions& options, std::string_view value) {
  if (value == "off") {
    options.cache = CacheUse::kOff;
  } else if (value == "only") {
    options.cache = CacheUse::kOnly;
  } else {
    return bad("Cache", value, "'off' or 'only'");
  }
  return {};
}

struct Option {
  std::string_view header;
  std::string_view field;
  Result<void> (*set)(RequestOptions&, std::string_view);
};
constexpr std::array<Option, 11> kOptions = {{{"Workflow", "workflow", set_workflow},
                                              {"Tags", "tags", set_tags},
                                              {"Max-Cost-Usd", "max_cost_usd", set_max_cost},
                                              {"Min-Quality", "min_quality", set_min_quality},
                                              {"Data-Collection", "data_collection", set_collection},
                                              {"Zdr", "zdr", set_zdr},
                                              {"Region", "region", set_region},
                                              {"Cache", "cache", set_cache},
                                              {"Preferred-Max-Latency-Ms", "preferred_max_latency_ms", set_latency},
                                              {"Preferred-Min-Throughput", "preferred_min_throughput", set_throughput},
                                              {"Quantizations", "quantizations", set_quantizations}}};

std::string_view trimmed_token(simdjson::ondemand::value& value) { return trim(value.raw_json_token()); }

Result<void> tags_object(RequestOptions& options, simdjson::ondemand::value& value) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS)
    return fail(Code::kInvalid, "kairosroute.tags: must be an object of strings");
  for (auto field : object) {
    std::string_view text;
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return fail(Code::kInvalid, "kairosroute.tags: bad key");
    const std::string kept(key);
    if (field.value().get_string().get(text) != simdjson::SUCCESS) {
      return fail(Code::kInvalid, fmt::format("kairosroute.tags.{}: must be a string", kept.substr(0, 64)));
    }
    auto added = add_tag(options, kept, text);
    if (!added) return added;
  }
  return {};
}

Result<void> quantization_list(RequestOptions& options, simdjson::ondemand::value& value) {
  const auto no_list = fail(Code::kInvalid, "kairosroute.quantizations: must be a list of names, such as [\"bf16\"]");
  simdjson::ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return no_list;
  model::Quantizations accepted = 0;
  for (auto item : array) {
    std::string_view name;
    if (item.get_string().get(name) != simdjson::SUCCESS) return no_list;
    auto set = set_quantizations(options, name.empty() ? "''" : name);
    if (!set) return fail(Code::kInvalid, fmt::format("kairosroute.quantizations: {}", set.error().message));
    accepted |= options.constraints.quantizations;
  }
  options.constraints.quantizations = accepted;
  return {};
}

Result<void> set_field(RequestOptions& options, const Option& option, simdjson::ondemand::value& value) {
  if (option.field == "tags") return tags_object(options, value);
  if (option.field == "quantizations") return quantization_list(options, value);
  std::string_view text;
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) == simdjson::SUCCESS && type == simdjson::ondemand::json_type::string) {
    if (value.get_string().get(text) != simdjson::SUCCESS)
      return fail(Code::kInvalid, fmt::format("kairosroute.{}: bad string", option.field));
  } else {
    text = trimmed_token(value); // numbers and true/false by their exact text: an amount never becomes a float
  }
  auto set = option.set(options, text);
  if (!set) return fail(Code::kInvalid, fmt::format("kairosroute.{}: {}", option.field, set.error().message));
  return {};
}

} // namespace

Result<bool> set_option(RequestOptions& options, std::string_view name, std::string_view value) {
  for (const Option& option : kOptions) {
    if (!same(option.header, name)) continue;
    auto set = option.set(options, trim(value));
    if (!set) return std::unexpected(set.error());
    return true;
  }
  return false;
}

Result<RequestOptions> parse_options_object(std::string_view json) {
  thread_local simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return fail(Code::kInvalid, "kairosroute: must be an object");
  }
  RequestOptions options;
  for (auto field : object) {
    std::string_view key;
    simdjson::ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS)
      return fail(Code::kInvalid, "kairosroute: not well formed");
    const auto* const option =
        std::find_if(kOptions.begin(), kOptions.end(), [&](const Option& o) { return o.field == key; });
    if (option == kOptions.end()) {
      return fail(Code::kInvalid, fmt::format("kairosroute.{}: there is no such option; see the list in the README",
                                              key.substr(0, 64)));
    }
    if (field.value().get(value) != simdjson::SUCCESS) return fail(Code::kInvalid, "kairosroute: not well formed");
    auto set = set_field(options, *option, value);
    if (!set) return std::unexpected(set.error());
  }
  return options;
}

} // namespace kairos::gateway
