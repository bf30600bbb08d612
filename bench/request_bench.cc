// What the parts of one usual chat request cost, each by itself, in microseconds of CPU on one thread: the best of five
// rounds, so that a busy machine disturbs little. No sockets, no journal; bench/gateway.mjs measures the whole.
//   request_bench [REQUESTS_PER_ROUND]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>

#include "catalog/cost.h"
#include "classify/classifier.h"
#include "config/load.h"
#include "journal/codec.h"
#include "journal/sha256.h"
#include "model/candidate_json.h"
#include "model/receipt_json.h"
#include "providers/answer.h"
#include "providers/client_request.h"
#include "providers/upstream_request.h"
#include "routing/route.h"
#include "tokens/estimate.h"

namespace {

using namespace kairos;

constexpr auto kEndpoint = model::Endpoint::kChatCompletions;
constexpr WallTime kNow{std::chrono::seconds(1'790'000'000)};

double cpu_micros() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Whose work is not thrown away by the compiler.
volatile size_t kept = 0;

void part(const char* name, int count, const std::function<size_t()>& work) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const double began = cpu_micros();
    for (int i = 0; i < count; ++i) kept = kept + work();
    best = std::min(best, (cpu_micros() - began) / count);
  }
  std::printf("%-44s%8.2f us\n", name, best);
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out.append(text);
  return out;
}

std::string request_body() {
  return R"({"model":"auto","max_tokens":200,"messages":[{"role":"system","content":"You are a helpful assistant of a )"
         R"(travel agency. Answer briefly and in a friendly tone."},{"role":"user","content":")" +
         repeated(
             "I would like to spend three days in Lisbon in May with two children. What should we see, where could "
             "we stay, and what will it cost? ",
             4) +
         R"("}]})";
}

std::string answer_body() {
  return R"({"id":"chatcmpl-bench","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,)"
         R"("finish_reason":"stop","message":{"role":"assistant","content":")" +
         repeated("Three days are enough for Belem, the castle and a day at the beach in Cascais. ", 5) +
         R"("}}],"usage":{"prompt_tokens":160,"completion_tokens":95,"total_tokens":255}})";
}

config::SnapshotPtr snapshot() {
  config::Environment environment;
  environment.variable = [](std::string_view name) {
    return name == "BENCH_KEY" ? std::optional<std::string>("sk-bench") : std::nullopt;
  };
  auto loaded = config::load("providers: [{id: openai, base_url: \"http://127.0.0.1:1/v1\", api_key_env: BENCH_KEY}]\n"
                             "tenants: [{id: bench, baseline_model: gpt-4o}]\n",
                             "bench.yaml", environment);
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    std::exit(1);
  }
  return *loaded;
}

model::Receipt receipt_of(const config::Snapshot& config, const routing::RouteOutcome& outcome,
                          const model::Classification& classification) {
  model::Receipt receipt;
  receipt.receipt_id = "rcpt_01M84C4WDN5W6YWT9MR8KR7S4A";
  receipt.node_id = receipt.tenant = "bench";
  receipt.created_at = receipt.completed_at = kNow;
  receipt.trace.trace_id = receipt.request.fingerprint = std::string(32, 'a');
  receipt.request.model = "auto";
  receipt.classification = classification;
  receipt.decision = outcome.decision;
  auto explained = routing::explain_written(outcome);
  receipt.decision.reason = std::move(explained.reason);
  receipt.omitted = std::move(explained.omitted);
  receipt.cost.price_version = config.catalog->price_version();
  model::Attempt attempt;
  attempt.model_id = outcome.decision.model_id;
  attempt.provider = outcome.decision.provider;
  attempt.status = "success";
  attempt.usage[model::Meter::kInput] = 160;
  attempt.usage[model::Meter::kOutput] = 95;
  const auto priced = catalog::cost_of(attempt.usage, outcome.chain.front().target->model->prices, kNow,
                                       catalog::ServiceTier::kStandard, 0);
  receipt.cost.lines = priced.lines;
  receipt.cost.total = attempt.cost = priced.total;
  receipt.attempts.push_back(std::move(attempt));
  return receipt;
}

void written(int count, const model::Receipt& receipt, const std::string& candidates) {
  const std::string head = model::json_head(receipt, candidates);
  const std::string tail = model::json_tail(receipt);
  const std::string whole = head + tail;
  journal::Compressor compressor;
  journal::SharedHead shared{head, {}};
  std::string out;
  part("its JSON: what all its records share", count, [&] { return model::json_head(receipt, candidates).size(); });
  part("its JSON: the rest, per record", count, [&] { return model::json_tail(receipt).size(); });
  part("compressing what they share", count, [&] {
    out.clear();
    return static_cast<size_t>(compressor.append_smaller(out, head)) + out.size();
  });
  part("compressing the rest, per record", count, [&] {
    out.clear();
    return static_cast<size_t>(compressor.append_smaller(out, shared, tail)) + out.size();
  });
  journal::Decompressor decompressor;
  std::string back;
  part("reading it back: decompressing", count,
       [&] { return static_cast<size_t>(decompressor.decompress(out, whole.size(), back).has_value()); });
  const auto read = [&](model::ReceiptPart which) {
    return [&whole, which] { return static_cast<size_t>(model::receipt_from_json(whole, which).has_value()); };
  };
  part("reading it back: all of it", count, read(model::ReceiptPart::kAll));
  part("reading it back: what store and ledger keep", count, read(model::ReceiptPart::kBooked));
  part("reading it back: what metrics need", count, read(model::ReceiptPart::kOutcome));
  std::printf("%zu bytes of JSON (%zu shared), %zu compressed, %zu candidates\n", whole.size(), head.size(), out.size(),
              model::receipt_from_json(whole)->candidates.size());
}

} // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2000;
  const config::SnapshotPtr config = snapshot();
  const std::string body = request_body();
  const std::string answer = answer_body();
  std::printf("%zu targets\n", config->targets.size());
  part("reading the request", count,
       [&] { return static_cast<size_t>(providers::parse_client_request(kEndpoint, body).has_value()); });
  const auto request = providers::parse_client_request(kEndpoint, body);
  part("estimating its tokens", count, [&] { return static_cast<size_t>(tokens::estimate(request->text)); });
  model::Classification classification;
  part("classifying it", count, [&] {
    const std::string prompt = classify::prompt_text(request->last_user(), request->system());
    classification = classify::Classifier::embedded().classify(prompt);
    return static_cast<size_t>(classification.category);
  });
  journal::Sha256 sha256;
  part("its fingerprint", count, [&] { return size_t{sha256({journal::as_bytes(body)})[0]}; });
  model::RequestFacts facts = providers::request_facts(*request);
  facts.input_tokens_est = 160;
  facts.input_tokens_bound = 700;
  model::Budgets budgets;
  budgets.headrooms.push_back({"month", "", Picodollars(1'000'000'000'000'000), model::OnExceed::kRefuse});
  const model::Health health;
  const config::ApiKey key;
  routing::RouteInput input{facts, classification, *config, config->tenants.at(0), key, health, budgets, kNow};
  input.dialects = {true, false, false, false};
  routing::RouteOutcome outcome;
  part("deciding where it goes, under a cap", count, [&] {
    outcome = routing::route(input);
    return outcome.chain.size();
  });
  part("saying why, as the receipt's JSON", count, [&] { return routing::explain_written(outcome).candidates.size(); });
  part("saying why, as values", count, [&] { return routing::explain(outcome).candidates.size(); });
  providers::UpstreamTarget target;
  target.model_id = outcome.decision.model_id;
  target.max_output_tokens = 200;
  part("its bytes for the provider", count, [&] { return providers::upstream_body(*request, body, target)->size(); });
  part("reading the answer", count, [&] {
    providers::AnswerTap tap(kEndpoint, model::Dialect::kOpenAi);
    tap.keep_output();
    tap.on_body(answer);
    return tap.output().size();
  });
  written(count, receipt_of(*config, outcome, classification), routing::explain_written(outcome).candidates);
  return 0;
}
