#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "model/receipt_json.h"

namespace kairos::model {
namespace {

namespace od = simdjson::ondemand;

/// The first thing that is wrong; later reads do nothing.
struct Context {
  std::string wrong;

  void complain(std::string_view field, std::string_view expected) {
    if (wrong.empty()) wrong = fmt::format("receipt field '{}' is not {}", field, expected);
  }
};

bool is_null(od::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

/// Reads one field's value into a member; one overload per type of member.
struct Field {
  Context& context;
  std::string_view name;
  od::value value;

  void into(std::string& out) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return context.complain(name, "a string");
    out = text;
  }
  void into(bool& out) {
    if (value.get_bool().get(out) != simdjson::SUCCESS) context.complain(name, "true or false");
  }
  void into(std::int64_t& out) {
    if (value.get_int64().get(out) != simdjson::SUCCESS) context.complain(name, "an integer");
  }
  void into(int& out) {
    std::int64_t wide = 0;
    into(wide);
    out = static_cast<int>(wide);
  }
  void into(double& out) {
    if (value.get_double().get(out) != simdjson::SUCCESS) context.complain(name, "a number");
  }
  void into(Picodollars& out) {
    const auto amount = parse_usd(number_text());
    if (!amount) return context.complain(name, "an amount in USD");
    out = *amount;
  }
  void into(UnitPrice& out) {
    const auto price = parse_usd_per_million(number_text());
    if (!price) return context.complain(name, "a price");
    out = *price;
  }
  void into(WallTime& out) {
    std::string text;
    into(text);
    const auto time = parse_rfc3339(text);
    if (!time) return context.complain(name, "a time");
    out = *time;
  }
  template <class T>
  void into(std::optional<T>& out) {
    if (is_null(value)) return out.reset();
    out.emplace();
    into(*out);
  }
  template <class E, size_t N>
  void into(E& out, const std::array<std::string_view, N>& names) {
    std::string text;
    into(text);
    if (!parse_name(names, text, out)) context.complain(name, "a known word");
  }
  void into(std::vector<std::string>& out) {
    items([&](Field item) { item.into(out.emplace_back()); });
  }
  void into(std::vector<std::pair<std::string, std::int64_t>>& out) {
    fields([&](Field field) { field.into(out.emplace_back(std::string(field.name), 0).second); });
  }
  void into(std::vector<std::pair<std::string, std::string>>& out) {
    fields([&](Field field) { field.into(out.emplace_back(std::string(field.name), "").second); });
  }

  template <class F>
  void items(F&& each) {
    od::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return context.complain(name, "an array");
    for (auto element : array) {
      od::value item;
      if (element.get(item) != simdjson::SUCCESS) return context.complain(name, "well formed");
      each(Field{context, name, item});
    }
  }
  template <class F>
  void fields(F&& each) {
    od::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return context.complain(name, "an object");
    for (auto field : object) {
      std::string_view key;
      od::value inner;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(inner) != simdjson::SUCCESS) {
        return context.complain(name, "well formed");
      }
      each(Field{context, key, inner});
    }
  }

private:
  std::string_view number_text() {
    std::string_view text = value.raw_json_token();
    const size_t end = text.find_last_not_of(" \t\r\n");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  }
};

void read_usage(Field in, Usage& out) {
  in.fields([&](Field f) {
    if (f.name == "source") return f.into(out.source, kUsageSourceNames);
    if (f.name == "inconsistent") return f.into(out.inconsistent);
    if (f.name == "other") return f.into(out.other);
    if (const auto meter = parse_meter(f.name)) f.into(out[*meter]);
  });
}

void read_request(Field in, RequestSummary& out) {
  in.fields([&](Field f) {
    if (f.name == "endpoint") return f.into(out.endpoint, kEndpointNames);
    if (f.name == "model") return f.into(out.model);
    if (f.name == "pinned") return f.into(out.pinned);
    if (f.name == "stream") return f.into(out.stream);
    if (f.name == "input_tokens_est") return f.into(out.input_tokens_est);
    if (f.name == "max_output_tokens") return f.into(out.max_output_tokens);
    if (f.name == "has_tools") return f.into(out.has_tools);
    if (f.name == "has_images") return f.into(out.has_images);
    if (f.name == "fingerprint") return f.into(out.fingerprint);
  });
}

/// Classifier versions outlive the receipt that names them; there are few.
std::string_view interned(const std::string& text) {
  static std::mutex mutex;
  static std::vector<std::unique_ptr<std::string>> known;
  const std::scoped_lock lock(mutex);
  for (const auto& entry : known) {
    if (*entry == text) return *entry;
  }
  if (known.size() >= 1000) return "unknown"; // bounded, whatever a damaged journal says
  return *known.emplace_back(std::make_unique<std::string>(text));
}

void read_classification(Field in, Classification& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "category") return f.into(out.category, kCategoryNames);
    if (f.name == "confidence") return f.into(out.confidence);
    if (f.name == "classifier") {
      std::string version;
      f.into(version);
      out.classifier = interned(version);
    }
    if (f.name == "probabilities" && part != ReceiptPart::kTold) {
      f.fields([&](Field p) {
        Category category{};
        if (parse_name(kCategoryNames, p.name, category)) p.into(out.probabilities[static_cast<size_t>(category)]);
      });
    }
  });
}

void read_candidate(Field in, Candidate& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "model_id") return f.into(out.model_id);
    if (f.name == "provider") return f.into(out.provider);
    if (f.name == "score") return f.into(out.score);
    if (f.name == "est_cost_usd") return f.into(out.est_cost);
    if (f.name == "rank") return f.into(out.rank);
    if (f.name == "filters") return f.items([&](Field item) { item.into(out.filters.emplace_back(), kFilterNames); });
    if (part == ReceiptPart::kTold) return;
    if (f.name == "region") return f.into(out.region);
    if (f.name == "quality") return f.into(out.quality);
    if (f.name == "est_latency_ms") return f.into(out.est_latency_ms);
    if (f.name == "reasons") return f.into(out.reasons);
  });
}

void read_rewrite(Field in, Rewrite& out) {
  in.fields([&](Field f) {
    if (f.name == "rule") return f.into(out.rule);
    if (f.name == "before_sha256") return f.into(out.before_sha256);
    if (f.name == "after_sha256") return f.into(out.after_sha256);
    if (f.name == "tokens_diff") return f.into(out.tokens_diff);
  });
}

void read_decision(Field in, Decision& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "model_id") return f.into(out.model_id);
    if (f.name == "provider") return f.into(out.provider);
    if (f.name == "region") return f.into(out.region);
    if (f.name == "strategy") return f.into(out.strategy);
    if (f.name == "fallback_chain") return f.into(out.fallback_chain);
    if (f.name == "prompt_rewritten") return f.into(out.prompt_rewritten);
    if (f.name == "reason") return f.into(out.reason);
    if (f.name == "router_version") return f.into(out.router_version);
    if (f.name == "policy_version") return f.into(out.policy_version);
    if (f.name == "rewrite" && part != ReceiptPart::kTold) return read_rewrite(f, out.rewrite.emplace());
  });
}

void read_attempt(Field in, Attempt& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "index") return f.into(out.index);
    if (f.name == "model_id") return f.into(out.model_id);
    if (f.name == "provider") return f.into(out.provider);
    if (f.name == "region") return f.into(out.region);
    if (f.name == "started_at") return f.into(out.started_at);
    if (f.name == "ttft_ms") return f.into(out.ttft_ms);
    if (f.name == "latency_ms") return f.into(out.latency_ms);
    if (f.name == "status") return f.into(out.status);
    if (f.name == "http_status") return f.into(out.http_status);
    if (f.name == "error_type") return f.into(out.error_type);
    if (f.name == "response_model") return f.into(out.response_model);
    if (f.name == "response_id") return f.into(out.response_id);
    if (f.name == "usage") return read_usage(f, out.usage);
    if (f.name == "cost_usd") return f.into(out.cost);
    if (f.name == "reason") return f.into(out.reason, kAttemptReasonNames);
    if (f.name == "escalated_for") return f.into(out.escalated_for);
    if (f.name == "span_id") return f.into(out.span_id);
    if (f.name == "rewrite" && part != ReceiptPart::kTold) return read_rewrite(f, out.rewrite.emplace());
    if (f.name == "byok") return f.into(out.byok);
  });
}

void read_cost_line(Field in, CostLine& out) {
  in.fields([&](Field f) {
    if (f.name == "attempt") return f.into(out.attempt);
    if (f.name == "meter") return f.into(out.meter);
    if (f.name == "quantity") return f.into(out.quantity);
    if (f.name == "unit_price_usd_per_mtok") return f.into(out.unit_price);
    if (f.name == "cost_usd") return f.into(out.cost);
    if (f.name == "charged_usd") return f.into(out.charged);
  });
}

void read_cost(Field in, Cost& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "lines" && (part == ReceiptPart::kOutcome || part == ReceiptPart::kTold)) return;
    if (f.name == "lines") return f.items([&](Field item) { read_cost_line(item, out.lines.emplace_back()); });
    if (f.name == "price_version") return f.into(out.price_version);
    if (f.name == "basis") return f.into(out.basis, kCostBasisNames);
    if (f.name == "total_usd") return f.into(out.total);
    if (f.name == "charged_usd") return f.into(out.charged);
    if (f.name == "byok") return f.into(out.byok);
  });
}

void read_execution(Field in, Execution& out) {
  in.fields([&](Field f) {
    if (f.name == "actual_latency_ms") return f.into(out.latency_ms);
    if (f.name == "status") return f.into(out.status, kStatusNames);
    if (f.name == "model_id") return f.into(out.model_id);
    if (f.name == "provider") return f.into(out.provider);
    if (f.name == "region") return f.into(out.region);
    if (f.name == "ttft_ms") return f.into(out.ttft_ms);
    if (f.name == "overhead_us") return f.into(out.overhead_us);
    if (f.name == "finish_reason") return f.into(out.finish_reason);
    if (f.name == "http_status") return f.into(out.http_status);
    if (f.name == "ended_by") return f.into(out.ended_by, kEndedByNames);
    if (f.name == "error_code") return f.into(out.error_code);
    if (f.name == "error_message") return f.into(out.error_message);
  });
}

void read_cache(Field in, CacheSummary& out) {
  in.fields([&](Field f) {
    if (f.name == "hit") return f.into(out.hit);
    if (f.name == "kind") return f.into(out.kind);
    if (f.name == "avoided_cost_usd") return f.into(out.avoided_cost);
    if (f.name == "source_receipt_id") return f.into(out.source_receipt_id);
  });
}

void read_budget(Field in, BudgetSummary& out, ReceiptPart part) {
  in.fields([&](Field f) {
    if (f.name == "id") return f.into(out.id);
    if (f.name == "state") return f.into(out.state);
    if (f.name == "reserved_usd") return f.into(out.reserved);
    if (part == ReceiptPart::kTold) return;
    if (f.name == "cap_usd") return f.into(out.cap);
    if (f.name == "spent_before_usd") return f.into(out.spent_before);
    if (f.name == "overrun_usd") return f.into(out.overrun);
  });
}

void read_charge(Field in, BudgetCharge& out) {
  in.fields([&](Field f) {
    if (f.name == "budget_id") return f.into(out.budget_id);
    if (f.name == "period") return f.into(out.period);
    if (f.name == "amount_usd") return f.into(out.amount);
  });
}

void read_trace(Field in, TraceIds& out) {
  in.fields([&](Field f) {
    if (f.name == "trace_id") return f.into(out.trace_id);
    if (f.name == "span_id") return f.into(out.span_id);
    if (f.name == "parent_span_id") return f.into(out.parent_span_id);
    if (f.name == "sampled") return f.into(out.sampled);
  });
}

void read_privacy(Field in, PrivacySummary& out) {
  in.fields([&](Field f) {
    if (f.name == "policy") return f.into(out.policy);
    if (f.name == "detected") return f.into(out.detected);
    if (f.name == "dropped") return f.into(out.dropped);
    if (f.name == "action") return f.into(out.action);
  });
}

void read_savings(Field in, Savings& out) {
  in.fields([&](Field f) {
    if (f.name == "baseline_model_id") return f.into(out.baseline_model_id);
    if (f.name == "baseline_cost_usd") return f.into(out.baseline_cost);
    if (f.name == "savings_usd") return f.into(out.savings);
  });
}

void read_replay(Field in, Replay& out) {
  in.fields([&](Field f) {
    if (f.name == "of") return f.into(out.of);
    if (f.name == "content") return f.into(out.content);
  });
}

/// True if the field was one of the plain ones at the top.
bool read_identity(Field f, Receipt& out, ReceiptPart part) {
  if (f.name == "receipt_id") return f.into(out.receipt_id), true;
  if (f.name == "node_id") return f.into(out.node_id), true;
  if (f.name == "created_at") return f.into(out.created_at), true;
  if (f.name == "completed_at") return f.into(out.completed_at), true;
  if (f.name == "tenant") return f.into(out.tenant), true;
  if (f.name == "workflow") return f.into(out.workflow), true;
  if (f.name == "api_key_id") return f.into(out.api_key_id), true;
  if (f.name == "end_user") return f.into(out.end_user), true;
  if (f.name == "tags") return part == ReceiptPart::kTold || (f.into(out.tags), true);
  if (f.name == "count") return f.into(out.count), true;
  if (f.name == "content_policy") return f.into(out.content.emplace(), kContentPolicyNames), true;
  return false;
}

bool is_outcome(std::string_view group) {
  static constexpr std::array<std::string_view, 7> kGroups = {"trace",     "request", "attempts",      "cost",
                                                              "execution", "savings", "budget_charges"};
  return std::ranges::find(kGroups, group) != kGroups.end();
}

void read_group(Field f, Receipt& out, ReceiptPart part) {
  if (part == ReceiptPart::kOutcome && !is_outcome(f.name)) return;
  if (part == ReceiptPart::kBooked && (f.name == "candidates" || f.name == "candidates_omitted")) return;
  if (f.name == "trace") return read_trace(f, out.trace);
  if (f.name == "request") return read_request(f, out.request);
  if (f.name == "classification") return read_classification(f, out.classification, part);
  if (f.name == "privacy") return read_privacy(f, out.privacy);
  if (f.name == "candidates") return f.items([&](Field c) { read_candidate(c, out.candidates.emplace_back(), part); });
  if (f.name == "candidates_omitted") return f.into(out.omitted);
  if (f.name == "decision") return read_decision(f, out.decision, part);
  if (f.name == "attempts") return f.items([&](Field a) { read_attempt(a, out.attempts.emplace_back(), part); });
  if (f.name == "usage") return read_usage(f, out.usage);
  if (f.name == "cost") return read_cost(f, out.cost, part);
  if (f.name == "execution") return read_execution(f, out.execution);
  if (f.name == "cache") return read_cache(f, out.cache.emplace());
  if (f.name == "budget") return read_budget(f, out.budget.emplace(), part);
  if (f.name == "budget_charges") return f.items([&](Field c) { read_charge(c, out.budget_charges.emplace_back()); });
  if (f.name == "savings") return read_savings(f, out.savings.emplace());
  if (f.name == "replay") return read_replay(f, out.replay.emplace());
}

/// Most of the bytes are candidates; who does not want them has them cut out before anything is parsed. Both marks can
/// only be keys: inside of a text their quotes would be escaped.
void copy_without_candidates(std::string_view json, std::string& out) {
  constexpr std::string_view kBegin = ",\"candidates\":[";
  constexpr std::string_view kEnd = "],\"candidates_omitted\":";
  const size_t begin = json.find(kBegin);
  const size_t end = begin == json.npos ? json.npos : json.find(kEnd, begin + kBegin.size());
  if (end == json.npos) {
    out.assign(json);
    return;
  }
  out.assign(json.substr(0, begin + kBegin.size())).append(json.substr(end));
}

} // namespace

Result<Receipt> receipt_from_json(std::string_view json, ReceiptPart part) {
  thread_local od::parser parser;
  thread_local std::string padded;
  const bool candidates = part == ReceiptPart::kAll || part == ReceiptPart::kTold;
  candidates ? void(padded.assign(json)) : copy_without_candidates(json, padded);
  const size_t size = padded.size();
  padded.resize(size + simdjson::SIMDJSON_PADDING);
  od::document document;
  od::value root;
  if (parser.iterate(simdjson::padded_string_view(padded.data(), size, padded.size())).get(document) !=
          simdjson::SUCCESS ||
      document.get_value().get(root) != simdjson::SUCCESS) {
    return fail(Code::kCorrupt, "receipt is not JSON");
  }
  Receipt receipt;
  Context context;
  Field{context, "receipt", root}.fields([&](Field f) {
    if (!read_identity(f, receipt, part)) read_group(f, receipt, part);
  });
  if (context.wrong.empty() && receipt.receipt_id.empty()) context.wrong = "receipt has no receipt_id";
  if (!context.wrong.empty()) return fail(Code::kCorrupt, context.wrong);
  return receipt;
}

} // namespace kairos::model
