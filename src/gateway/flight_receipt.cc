#include <fmt/format.h>

#include <algorithm>

#include "gateway/flight.h"
#include "ledger/price_plan.h"
#include "ledger/tenant_view.h"
#include "model/candidate_json.h"
#include "model/receipt_json.h"
#include "tokens/estimate.h"

namespace kairos::gateway {
namespace {

std::int64_t ms_between(MonoTime from, MonoTime to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

constexpr std::string_view kReasonFollows = "The process ended before the reason was written.";

} // namespace

/// `make` runs while this flight waits, mostly on the journal's thread: it may read and change what is the flight's
/// own. A request that is alone writes by itself, since nobody else waits for this loop and two handovers take longer;
/// and it does not compress what only it has, for which memory would be fetched that has gone from the caches.
net::Task<Result<journal::Appended>> Flight::append(journal::Kind kind, MakePayload make) {
  journal::LateRecord record{kind, id_, gateway_.services_.clock.wall_now(), std::move(make), &head_};
  journal::Writer& writer = gateway_.services_.journal;
  in_full_later_.reset(); // whatever this record is, it says more
  announced_briefly_ = false;
  if (gateway_.services_.in_flight.load(std::memory_order_relaxed) == 1) {
    record.packing = journal::Packing::kAtOnce;
    if (auto written = writer.append_here(record)) co_return std::move(*written);
    record.packing = journal::Packing::kSmall;
  }
  using Answer = Result<journal::Appended>;
  std::move_only_function<void(std::move_only_function<void(Answer)>)> start =
      [&](std::move_only_function<void(Answer)> deliver) {
        writer.append_unwoken(std::move(record), std::move(deliver));
        gateway_.wake_journal_soon();
      };
  auto waiting = net::await_from_busy_thread<Answer>(exchange_.loop(), std::move(start));
  co_return co_await std::move(waiting);
}

/// OPEN before the first dispatch, ATTEMPT before each further one: the receipt as it would stand if we crashed now.
/// `beside`: a leg that is being opened meanwhile; a copy of it is taken, since it goes on changing on the loop.
net::Task<Result<void>> Flight::announce(const Leg& leg, const Leg* beside) {
  const auto kind = opened_ ? journal::Kind::kAttempt : journal::Kind::kOpen;
  std::unique_ptr<model::Attempt> running;
  if (beside != nullptr) running = std::make_unique<model::Attempt>(beside->record);
  if (beside != nullptr && beside->choice->worst_case) running->cost = *beside->choice->worst_case;
  MakePayload make = [this, &leg, running = std::move(running)] { return open_payload(leg, running.get()); };
  auto written = co_await append(kind, std::move(make));
  if (!written) co_return std::unexpected(written.error());
  co_return Result<void>();
}

/// OPEN of a request that is alone, short: all that is reserved and where it goes, but of the decision's reason and the
/// candidates only that they follow. Their JSON takes longer than everything else that stands between the client and
/// the provider. announce_in_full() follows in some milliseconds, unless the receipt's next record is earlier. False:
/// announce() it.
bool Flight::announce_briefly(const LegPtr& leg) {
  if (gateway_.services_.in_flight.load(std::memory_order_relaxed) != 1) return false;
  MakePayload make = [this, &leg] {
    model::Receipt open = open_receipt(*leg, nullptr);
    open.decision.reason = kReasonFollows;
    return model::to_json(open);
  };
  journal::LateRecord record{journal::Kind::kOpen, id_,     gateway_.services_.clock.wall_now(),
                             std::move(make),      nullptr, journal::Packing::kAtOnce};
  const auto written = gateway_.services_.journal.append_here(record);
  if (!written || !*written) return false;
  announced_briefly_ = true;
  in_full_later_.emplace(exchange_.loop(), [this, leg] { announce_in_full(*leg); });
  in_full_later_->expire_after(net::Loop::kTick);
  return true;
}

/// While the provider works on a request that is alone: what the receipt's next records share.
void Flight::prepare_announcement() {
  make_head();
  gateway_.compressor_.compress(head_);
}

/// What announce_briefly() left out. Nothing waits for it, so if it cannot be written the CLOSE tells of it: only a
/// crash before it leaves a receipt without its candidates.
void Flight::announce_in_full(const Leg& leg) {
  if (!std::exchange(announced_briefly_, false)) return;
  journal::Writer& writer = gateway_.services_.journal;
  std::string payload = open_payload(leg, nullptr);
  payload.insert(0, head_.text);
  static_cast<void>(
      writer.append({journal::Kind::kAttempt, id_, gateway_.services_.clock.wall_now(), std::move(payload)}, nullptr));
}

/// The receipt alone wants to know it.
void Flight::take_fingerprint() {
  std::string& fingerprint = receipt_.request.fingerprint;
  if (understood_ && fingerprint.empty()) fingerprint = fingerprint_of(gateway_.services_.fingerprint_key, body_);
}

/// For whoever shows the receipt's candidates, or writes them again.
void Flight::explain() {
  take_fingerprint();
  if (!route_.field || !receipt_.candidates.empty()) return;
  auto explained = routing::explain(route_);
  receipt_.decision.reason = std::move(explained.reason);
  receipt_.candidates = std::move(explained.candidates);
  receipt_.omitted = std::move(explained.omitted);
}

/// Made with the first record. As a rule the candidates are never more than text here: as values they are a hundred
/// pieces of memory, taken on the journal's thread and given back on the loop's.
void Flight::make_head() {
  if (!head_.text.empty()) return;
  if (shared_ || !route_.field || !receipt_.candidates.empty()) {
    explain();
    head_.text = model::json_head(receipt_);
    return;
  }
  take_fingerprint();
  auto explained = routing::explain_written(route_);
  receipt_.decision.reason = std::move(explained.reason);
  receipt_.omitted = std::move(explained.omitted);
  head_.text = model::json_head(receipt_, explained.candidates);
}

/// The receipt as it would stand if we crashed while this leg runs.
model::Receipt Flight::open_receipt(const Leg& leg, const model::Attempt* beside) const {
  model::Receipt open = receipt_;
  open.completed_at = leg.record.started_at;
  if (beside != nullptr) {
    open.attempts.push_back(*beside);
    open.attempts.back().status = "interrupted";
  }
  open.attempts.push_back(leg.record);
  open.attempts.back().status = "interrupted";
  if (leg.choice->worst_case) open.attempts.back().cost = *leg.choice->worst_case;
  open.cost.basis = model::CostBasis::kReservation;
  open.cost.byok = ledger::paid_by_tenant(open.attempts);
  if (!worst_unknown_) open.cost.total = worst_so_far_;
  open.execution.status = model::Status::kInterrupted;
  open.execution.ended_by = model::EndedBy::kCrash;
  open.execution.model_id = leg.record.model_id;
  open.execution.provider = leg.record.provider;
  open.execution.region = leg.record.region;
  open.budget_charges = reservation_.open_charges();
  return open;
}

std::string Flight::open_payload(const Leg& leg, const model::Attempt* beside) {
  make_head();
  return model::json_tail(open_receipt(leg, beside));
}

/// Tokens of what has come of the answer.
std::int64_t Flight::output_seen(const Leg& leg) const {
  const auto kept = static_cast<std::int64_t>(leg.tap->output().size());
  return tokens::estimate(leg.tap->output()) + std::max<std::int64_t>(leg.tap->facts().output_bytes - kept, 0) / 4;
}

/// Usage did not come: count the output that did, and take the estimate for the input.
void Flight::count_what_was_produced(Leg& leg) {
  model::Usage& usage = leg.record.usage;
  usage[model::Meter::kInput] = facts_.input_tokens_est;
  if (leg.record.rewrite)
    usage[model::Meter::kInput] = std::max<std::int64_t>(0, facts_.input_tokens_est + leg.record.rewrite->tokens_diff);
  usage[model::Meter::kOutput] = output_seen(leg);
  usage.source = model::UsageSource::kEstimated;
}

ledger::Amounts Flight::amounts_of(std::optional<Picodollars> cost, std::span<const model::CostLine> lines) const {
  return {cost, cost ? ledger::charged(owner_.tenant->price_plan, lines, receipt_.attempts) : std::nullopt};
}

/// Puts an attempt that is over in its place on the receipt. Of two that ran at once the later one may end first.
void Flight::price(model::Attempt& attempt, const catalog::Model& model) {
  auto priced = catalog::cost_of(attempt.usage, model.prices, attempt.started_at, tier_, attempt.index);
  attempt.cost = priced.total;
  const auto place = static_cast<size_t>(attempt.index);
  if (receipt_.attempts.size() <= place) receipt_.attempts.resize(place + 1);
  if (actual_.size() <= place) actual_.resize(place + 1);
  receipt_.attempts[place] = attempt;
  actual_[place] = amounts_of(priced.total, priced.lines);
  if (reservation_.open()) reservation_.finish_attempt(place, actual_[place]);
  auto& lines = receipt_.cost.lines;
  const auto after = std::ranges::find_if(lines, [&](const auto& line) { return line.attempt > attempt.index; });
  lines.insert(after, priced.lines.begin(), priced.lines.end());
}

/// What is on the receipt of an attempt that is over. Its time runs from its started_at, so that started_at +
/// latency_ms is when it ended; health and hedging count from when it was sent.
void Flight::record_leg(Leg& leg, std::string_view status) {
  if (status != "success") announce_in_full(leg); // who knows when the next record comes
  in_full_later_.reset();
  leg.record.status = status;
  leg.record.latency_ms = ms_between(leg.recorded, gateway_.services_.clock.mono_now());
  price(leg.record, *leg.choice->target->model);
}

/// … and the request's own times and place go by it.
void Flight::end_leg(Leg& leg, std::string_view status) {
  record_leg(leg, status);
  upstream_time_ += gateway_.services_.clock.mono_now() - leg.waited_since;
  served_ = static_cast<size_t>(leg.record.index);
  receipt_.execution.model_id = leg.record.model_id;
  receipt_.execution.provider = leg.record.provider;
  receipt_.execution.region = leg.record.region;
  if (leg.record.ttft_ms) receipt_.execution.ttft_ms = ms_between(started_, leg.started) + *leg.record.ttft_ms;
}

void Flight::add_up() {
  std::optional<Picodollars> total = Picodollars(0);
  bool provider_said = true;
  for (const model::Attempt& attempt : receipt_.attempts) {
    if (&attempt == &receipt_.attempts.front()) {
      receipt_.usage = attempt.usage;
    } else {
      receipt_.usage.add(attempt.usage);
    }
    provider_said = provider_said && attempt.usage.source == model::UsageSource::kProvider;
    if (!attempt.cost) total.reset();
    if (total && attempt.cost) *total += *attempt.cost;
  }
  receipt_.cost.byok = ledger::paid_by_tenant(receipt_.attempts);
  if (receipt_.attempts.empty()) receipt_.usage.source = model::UsageSource::kCounted;
  receipt_.cost.total = total;
  receipt_.cost.basis = provider_said ? model::CostBasis::kMetered : model::CostBasis::kCounted;
  if (owner_.tenant->price_plan) ledger::charge(*owner_.tenant->price_plan, receipt_.cost, receipt_.attempts);
}

void Flight::set_savings() {
  const std::string& baseline = owner_.tenant->baseline_model;
  if (baseline.empty() || receipt_.execution.status != model::Status::kSuccess) return;
  if (!cached_ && served_ >= receipt_.attempts.size()) return;
  const auto targets = snapshot_->targets_named(baseline);
  const model::Usage& used = cached_ ? cached_->usage : receipt_.attempts[served_].usage;
  std::vector<model::CostLine> lines;
  if (!targets.empty()) {
    lines =
        catalog::cost_of(used, targets.front()->model->prices, receipt_.created_at, catalog::ServiceTier::kStandard, 0)
            .lines;
  } else {
    lines.push_back({0, "input_tokens", used.input_total(), std::nullopt, std::nullopt});
  }
  receipt_.savings = ledger::savings(baseline, lines, receipt_.cost.total);
}

void Flight::finish(model::Status status, int http_status, model::EndedBy ended_by) {
  receipt_.execution.status = status;
  receipt_.execution.http_status = http_status;
  receipt_.execution.ended_by = ended_by;
  if (status == model::Status::kSuccess) {
    receipt_.execution.error_code.clear();
    receipt_.execution.error_message.clear();
  }
}

/// What is worked out last: times, sums, savings and what the budgets are charged.
void Flight::seal() {
  const MonoTime now = gateway_.services_.clock.mono_now();
  receipt_.completed_at = gateway_.services_.clock.wall_now();
  receipt_.execution.latency_ms = ms_between(started_, now);
  receipt_.execution.overhead_us =
      std::chrono::duration_cast<std::chrono::microseconds>(now - started_ - upstream_time_).count();
  add_up();
  set_savings();
  if (!reservation_.open()) return;
  const ledger::Settlement settlement = reservation_.preview(actual_);
  receipt_.budget_charges = settlement.charges;
  if (receipt_.budget) receipt_.budget->overrun = settlement.overrun;
}

/// The key's bucket was given the estimate at the start; a request that was refused later gets all of it back.
void Flight::correct_rate() {
  if (rate_tokens_ == 0) return;
  const std::int64_t used = receipt_.usage.input_total() + receipt_.usage.output_total();
  gateway_.services_.rates.correct(owner_.key->id, limit_of(owner_.key->guardrails), rate_tokens_, used,
                                   gateway_.services_.clock.mono_now());
}

/// Writes the CLOSE record, then turns what is held into what is spent. False: the receipt could not be written.
net::Task<bool> Flight::close() {
  seal();
  MakePayload make = [this] {
    make_head();
    return model::json_tail(receipt_);
  };
  auto written = co_await append(journal::Kind::kClose, std::move(make));
  if (!written) co_return false; // the money stays held; recovery closes the OPEN
  if (reservation_.open()) reservation_.settle(actual_);
  correct_rate();
  co_return true;
}

/// After a close() that failed, of an answer that is whole: nobody gets it without a receipt.
net::Task<void> Flight::withhold() {
  const net::ResponseHeaders plain = {{"Content-Type", "application/json"}};
  const providers::ClientError lost{
      503, "", "the receipt cannot be written, so the answer is withheld", "", "receipt_unavailable", ""};
  const std::string text = providers::error_body(providers::client_dialect(receipt_.request.endpoint), lost);
  co_await exchange_.respond(503, plain, text);
}

/// After an announce() that failed.
providers::ClientError Flight::no_receipt(const Error& why) {
  return {
      503, "", "the receipt cannot be written, so the request is refused: " + why.message, "", "receipt_unavailable",
      ""};
}

/// What POST /v1/route answers.
std::string Flight::decision_json() const {
  if (!owner_.tenant->price_plan) return model::to_json(receipt_);
  return model::to_json(ledger::tenant_view(receipt_, ledger::charged_budgets(*snapshot_)));
}

std::string Flight::kind_of_refusal() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", receipt_.api_key_id, model::name(receipt_.request.endpoint),
                     receipt_.execution.http_status, receipt_.execution.error_code, receipt_.request.model,
                     receipt_.workflow);
}

/// True if this refusal is one of a flood of equal ones and counted in their receipt.
net::Task<bool> Flight::leave_shared_receipt() {
  const std::string kind = kind_of_refusal();
  const auto place = gateway_.floods_.join(kind, gateway_.services_.clock.mono_now(), receipt_.receipt_id);
  if (place == RefusalFloods::Place::kOwnReceipt) co_return false;
  if (place == RefusalFloods::Place::kShared) {
    correct_rate();
    co_return true;
  }
  seal();
  shared_ = true;
  MakePayload make = [this] {
    make_head();
    return model::json_tail(receipt_);
  };
  auto written = co_await append(journal::Kind::kOpen, std::move(make));
  if (!written) co_return false;
  gateway_.floods_.share(kind, id_, receipt_);
  correct_rate();
  co_return true;
}

net::Task<void> Flight::refuse(model::Status status, providers::ClientError error) {
  if (receipt_.execution.error_code.empty())
    receipt_.execution.error_code = error.code.empty() ? "invalid_request" : error.code;
  receipt_.execution.error_message = screened(error.message);
  const bool by_cap = error.http_status == 402;
  finish(status, error.http_status, by_cap ? model::EndedBy::kCap : model::EndedBy::kRouter);
  const bool shared = !opened_ && !reservation_.open() && co_await leave_shared_receipt();
  const bool closed = shared || co_await close();
  if (!closed) header_texts_.clear();
  const auto headers = answer_headers("application/json", false);
  error.message = shown_text(std::move(error.message));
  const std::string body = providers::error_body(providers::client_dialect(receipt_.request.endpoint), error);
  co_await exchange_.respond(error.http_status, headers, body);
}

const std::optional<Picodollars>& Flight::shown_cost() const {
  return owner_.tenant->price_plan ? receipt_.cost.charged : receipt_.cost.total;
}

std::string Flight::shown_text(std::string text) const {
  return owner_.tenant->price_plan ? ledger::tenant_text(text, ledger::charged_budgets(*snapshot_)) : text;
}

std::vector<net::Header> Flight::answer_headers(std::string_view content_type, bool with_cost) {
  const auto add = [this](std::string_view name, std::string_view value) { header_texts_.add(name, value); };
  add("Content-Type", content_type);
  if (content_type == "text/event-stream") add("Cache-Control", "no-cache");
  add("X-KairosRoute-Receipt", receipt_.receipt_id);
  add("traceparent", traceparent(receipt_.trace, receipt_.trace.span_id));
  const bool attempted = !receipt_.execution.model_id.empty();
  const std::string& model = attempted ? receipt_.execution.model_id : receipt_.decision.model_id;
  const std::string& provider = attempted ? receipt_.execution.provider : receipt_.decision.provider;
  if (!model.empty()) add("X-KairosRoute-Model", model);
  if (!provider.empty()) add("X-KairosRoute-Provider", provider);
  if (!left_out_.empty()) add("X-KairosRoute-Left-Out", left_out_);
  if (receipt_.classification.confidence > 0)
    add("X-KairosRoute-Category", model::name(receipt_.classification.category));
  const bool resold =
      owner_.tenant->price_plan.has_value(); // then the tenant is told what it is charged, and nothing else
  if (const auto& cost = shown_cost(); with_cost && cost) add("X-KairosRoute-Cost", usd(*cost));
  if (with_cost && !resold && receipt_.savings && receipt_.savings->savings)
    add("X-KairosRoute-Savings", usd(*receipt_.savings->savings));
  return header_texts_.list();
}

} // namespace kairos::gateway
