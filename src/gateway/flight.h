// Flight: one authenticated request from its body to its receipt. Internal to gateway; lives on the coroutine's frame.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/cost.h"
#include "gateway/gateway.h"
#include "gateway/raw_events.h"
#include "gateway/request_options.h"
#include "ledger/price_plan.h"
#include "ledger/reservation.h"
#include "model/receipt.h"
#include "providers/answer.h"
#include "providers/client_error.h"
#include "providers/client_request.h"
#include "routing/route.h"

namespace kairos::gateway {

class Flight {
public:
  Flight(Gateway& gateway, net::Exchange& exchange, config::SnapshotPtr snapshot, config::KeyOwner owner, model::Endpoint endpoint);

  /// Answers and leaves a receipt; with `route_only` answers the decision and leaves none.
  net::Task<void> run(bool route_only);

private:
  /// How one attempt went, for the loop over the chain.
  enum class Outcome : std::uint8_t { kServed, kTryNext, kEnded };
  struct Leg { // one attempt while it runs
    const routing::Choice* choice = nullptr;
    model::Attempt record;
    std::unique_ptr<providers::AnswerTap> tap;
    MonoTime started{};
  };

  // Reading and deciding (flight.cc)
  net::Task<bool> read_request();
  bool parse(std::string_view body);
  bool read_options();
  bool admit();
  void decide();
  void fill_facts();
  std::optional<providers::ClientError> uncappable() const;

  // Serving (flight_serve.cc)
  net::Task<void> serve();
  net::Task<Outcome> pass_on_refusal(Leg& leg, int status, std::string body, std::string content_type);
  net::Task<Outcome> try_choice(const routing::Choice& choice, bool more);
  bool hold_money(const routing::Choice& choice);
  net::Task<Result<void>> announce(const Leg& leg);
  net::Task<Outcome> dispatch(Leg& leg, bool more);
  net::Task<Outcome> relay_whole(Leg& leg, net::Call& call, bool more);
  net::Task<Outcome> relay_stream(Leg& leg, net::Call& call, bool more);
  net::Task<Outcome> refused_by_provider(Leg& leg, net::Call& call, bool more);
  Outcome call_failed(Leg& leg, const net::CallError& error, bool more);
  net::Task<void> finish_stream(Leg& leg, bool started, std::string terminal);
  void take_events(Leg& leg, RawEvents& events, std::string& out, std::string& terminal);
  void note_answer(Leg& leg);

  // The receipt (flight_receipt.cc)
  net::Task<Result<journal::Appended>> append(journal::Kind kind, std::string payload);
  net::Task<void> refuse(model::Status status, providers::ClientError error);
  net::Task<bool> close();
  void end_leg(Leg& leg, std::string_view status);
  void count_what_was_produced(Leg& leg);
  void price(model::Attempt& attempt, const catalog::Model& model);
  void add_up();
  void set_savings();
  void finish(model::Status status, int http_status, model::EndedBy ended_by);
  std::string open_payload(const Leg& leg) const;
  std::vector<net::Header> answer_headers(std::string_view content_type, bool with_cost);
  std::optional<Picodollars> charged(std::span<const model::CostLine> lines) const;
  ledger::Amounts amounts_of(std::optional<Picodollars> cost, std::span<const model::CostLine> lines) const;
  ledger::Subject subject(std::string_view model_id) const;

  Gateway& gateway_;
  net::Exchange& exchange_;
  const config::SnapshotPtr snapshot_;
  const config::KeyOwner owner_;
  const MonoTime started_;
  std::string body_;
  providers::ParsedRequest request_;
  RequestOptions options_;
  model::RequestFacts facts_;
  model::Budgets budgets_;
  routing::RouteOutcome route_;
  catalog::ServiceTier tier_ = catalog::ServiceTier::kStandard;
  std::optional<providers::ClientError> wrong_; // why the request is refused
  model::Receipt receipt_;
  Ulid id_;
  ledger::Reservation reservation_;
  std::vector<ledger::Amounts> actual_; // per attempt, in the reservation's order
  Picodollars worst_so_far_;
  bool worst_unknown_ = false;
  bool opened_ = false;
  std::int64_t rate_tokens_ = 0;
  Duration upstream_time_{};
  std::vector<std::string> header_texts_; // names and values in turn: what answer_headers() points into
};

} // namespace kairos::gateway
