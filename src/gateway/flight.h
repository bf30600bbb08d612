// Flight: one authenticated request from its body to its receipt. Internal to gateway; lives on the coroutine's frame.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/cost.h"
#include "gateway/gateway.h"
#include "gateway/header_texts.h"
#include "gateway/native_stream.h"
#include "gateway/raw_events.h"
#include "gateway/request_options.h"
#include "gateway/translation.h"
#include "ledger/price_plan.h"
#include "ledger/reservation.h"
#include "model/receipt.h"
#include "providers/answer.h"
#include "providers/client_error.h"
#include "providers/client_request.h"
#include "providers/upstream_request.h"
#include "routing/route.h"

namespace kairos::gateway {

/// What a key's guardrails say of its rate.
ledger::RateLimit limit_of(const config::Guardrails& guardrails);

class Flight {
public:
  Flight(Gateway& gateway, net::Exchange& exchange, config::SnapshotPtr snapshot, config::KeyOwner owner,
         model::Endpoint endpoint);

  /// Answers and leaves a receipt; with `route_only` answers the decision and leaves none.
  net::Task<void> run(bool route_only);
  /// Answers with this error and leaves a receipt; the body is not read.
  net::Task<void> turn_away(providers::ClientError error, std::string retry_after_seconds);

  /// Before run(): what this is a replay of.
  void is_replay(model::Replay replay) { receipt_.replay = std::move(replay); }
  /// Before run(): whatever the tenant's policy says, nothing of it is kept.
  void keeps_nothing() { receipt_.content.reset(); }
  const Ulid& id() const { return id_; }
  /// After run(): as it was closed.
  const model::Receipt& receipt() const { return receipt_; }
  /// True if body() is no longer what the client sent: the tenant's privacy filter has taken something out.
  bool was_redacted() const { return receipt_.privacy.action == config::name(config::PrivacyAction::kRedact); }
  std::string_view body() const { return body_; }
  /// The client's body as rewriting rules made it for the last attempt on the receipt; nullopt: it was sent as it is.
  std::optional<std::string> rewritten_body() const;
  /// False: it was one of many equal refusals, which share a receipt.
  bool has_own_receipt() const { return receipt_.receipt_id == receipt_id(id_); }

private:
  /// How one attempt went, for the loop over the chain.
  enum class Outcome : std::uint8_t { kServed, kTryNext, kEnded };

  struct Refusal { // a provider's, to be passed on as it is
    int status = 0;
    std::string content_type;
    std::string body;
    providers::Headers headers;
    Duration retry_after{};
  };

  /// What opening a call came to: its answer's whole body, or a stream up to its first content.
  enum class Opened : std::uint8_t {
    kFailed,  // no answer, or one that broke before its first content
    kRefused, // a status that is not 2xx
    kBroken,  // a stream that tells of an error before its first content
    kWhole,
    kStream,
  };

  /// One attempt while it runs. Opening it changes the leg alone, so that two may be opened at once; whatever changes
  /// the receipt, the reservation or the client's answer comes after, one leg at a time.
  struct Leg {
    const routing::Choice* choice = nullptr;
    model::Attempt record;
    std::unique_ptr<providers::AnswerTap> tap;
    std::unique_ptr<TranslatedAnswer> translated; // nullptr: the provider's bytes are the client's
    std::vector<std::string> left_out;            // hints that its dialect had no word for
    MonoTime started{};
    MonoTime recorded{};     // record.started_at by the clock that never jumps: before the wait for its place on disk
    MonoTime waited_since{}; // … and the client has been waiting for a provider since then
    TargetRecord* health = nullptr;
    const config::OwnKeys* own_keys = nullptr;      // the tenant's, used instead of the operator's
    std::unique_ptr<net::EventStreamReader> frames; // of a stream that is none of server-sent events
    std::string key_id;                             // of the provider's key
    std::string_view secret;                        // … itself; it lives in the snapshot
    std::int64_t checked_output = 0; // bytes of output at which its length was last held against the bound

    std::string path; // the request to the provider
    std::string body;
    providers::Headers headers;
    std::unique_ptr<net::Call> call;

    bool opened = false; // opening has ended
    Opened as = Opened::kFailed;
    net::CallError failure{net::NetFailure::kCancelled, ""}; // of kFailed
    Refusal refusal;                                         // of kRefused
    std::string answer;                                      // of kWhole
    RawEvents events;                                        // of kStream …
    std::string out;                                         // … what is to be passed on
    std::string terminal;                                    // … its last event, held back
    bool error_event = false;                                // … which tells of an error
    std::string kept; // of a stream that may go into the response cache: what was passed on
    bool too_long_to_keep = false;

    /// There is something to pass on.
    bool answers() const { return opened && (as == Opened::kWhole || as == Opened::kStream); }
  };
  using LegPtr = std::shared_ptr<Leg>;

  /// An answer that did not pass a cascade's checks, for the case that no better one comes.
  struct KeptAnswer {
    int status = 0;
    std::string content_type;
    std::string body;
    std::string finish_reason;
    size_t attempt = 0;
  };

  struct Rewritten { // a body that rules have changed
    std::string body;
    providers::ParsedRequest request;
    std::string rules;
  };
  struct RewriteOutcome { // of one set of rules
    std::uint32_t mask = 0;
    std::optional<model::Rewrite> record; // nullopt: they change nothing
  };

  // Reading and deciding (flight.cc)
  net::Task<bool> read_request();
  bool parse();
  bool parse_body();
  bool read_options();
  bool admit();
  void decide();
  void fill_facts();
  std::optional<providers::ClientError> uncappable() const;
  // The privacy filter (flight_privacy.cc)
  bool screen();
  std::string screened(std::string_view message) const;

  // Prompt rewriting (flight_rewrite.cc)
  std::uint32_t rewrite_mask(const config::Target& target) const;
  std::optional<Rewritten> rewritten(std::uint32_t mask) const;
  void cover_rewrites();
  std::optional<model::Rewrite> rewrite_record(const config::Target& target) const;
  void note_rewrite();

  // The response cache (flight_cache.cc)
  config::CacheMode cache_mode() const;
  bool may_use_cache() const { return cache_mode() != config::CacheMode::kOff || options_.cache == CacheUse::kOnly; }
  std::string_view uncacheable() const;
  std::string cache_key(std::string_view canonical) const;
  net::Task<bool> answer_from_cache();
  // … and by meaning (flight_semantic.cc)
  routing::RouteOutcome route_embedding(std::string_view prompt);
  net::Task<bool> look_up_meaning();
  void start_lookup(Leg& leg, const routing::Choice& choice, TargetRecord& health);
  net::Task<std::vector<float>> embed(Leg& leg, std::string_view prompt);
  std::vector<float> take_embedding(Leg& leg, std::string_view answer);
  void end_lookup(Leg& leg, bool good);
  /// Attempts to serve the request, without the look-up of the cache.
  size_t tries() const { return receipt_.attempts.size() - lookups_; }
  void count_lookup(std::string_view result);
  net::Task<void> send_cached(std::string_view kind);
  std::string last_comment() const;
  void report_size();
  void keep_piece(Leg& leg, std::string_view piece);
  void keep_answer(const Leg& leg, std::string_view content_type, std::string body, std::string terminal);

  // Bounds on the input (flight_bounds.cc)
  void bound_input();
  void route_again_if_counting_helps();
  std::optional<std::int64_t> counted_input(const config::Target& target);
  bool tighten(const routing::Choice& choice);

  // What is tried, in which order (flight_chain.cc)
  net::Task<void> serve();
  net::Task<Outcome> try_choice(const routing::Choice& choice);
  net::Task<void> give_up();
  net::Task<bool> pause(Duration time);
  net::Task<void> end_without_client();
  const routing::Choice* next_choice();
  const routing::Choice* retry_choice() const;
  Duration retry_pause() const;
  Duration time_left() const;
  std::optional<ledger::Refusal> hold(const routing::Choice& choice);
  bool hold_money(const routing::Choice& choice);
  model::AttemptReason reason_of(const routing::Choice& choice) const;
  LegPtr make_leg(const routing::Choice& choice, model::AttemptReason reason);

  // Asking a provider, until there is something of its answer to pass on (flight_open.cc)
  bool prepare(Leg& leg);
  net::Task<void> open(Leg& leg);
  net::Task<void> open_refusal(Leg& leg);
  net::Task<void> open_stream(Leg& leg);
  bool take_piece(Leg& leg, std::string_view piece);
  void take_events(Leg& leg);
  void take_event(Leg& leg, std::string_view name, std::string_view data, std::string_view raw);
  void watch_client(std::vector<LegPtr> legs);
  void client_left();
  bool drains();

  // A second target where the first one is late (flight_hedge.cc)
  bool may_hedge();
  Duration hedge_delay(const Leg& leg) const;
  net::Task<LegPtr> race(LegPtr first);
  net::Task<LegPtr> begin_hedge(LegPtr first);
  void open_apart(LegPtr leg, std::shared_ptr<net::Event> changed);
  net::Task<void> open_and_tell(LegPtr leg, std::shared_ptr<net::Event> changed);
  void end_loser(Leg& leg);

  // What becomes of an answer (flight_serve.cc)
  net::Task<Outcome> conclude(LegPtr leg);
  net::Task<Outcome> relay_whole(Leg& leg);
  net::Task<void> answer_whole(const Leg* leg, int status, std::string_view content_type, std::string_view body);
  net::Task<Outcome> relay_stream(Leg& leg);
  Outcome call_failed(Leg& leg, const net::CallError& error);
  Outcome refused_by_provider(Leg& leg);
  Outcome broken_early(Leg& leg);
  bool blame(const Leg& leg, providers::ErrorClass error);
  void note_refusal(Leg& leg, providers::ErrorClass error);
  void note_success(const Leg& leg);
  bool goes_on_after(providers::ErrorClass error) const;
  net::Task<void> finish_stream(Leg& leg, bool started, model::EndedBy broken_by);
  bool over_its_bound(Leg& leg) const;
  void note_usage(Leg& leg, bool complete);
  void note_answer(Leg& leg, bool complete);

  // Answers in another dialect than the client's (flight_translate.cc)
  void note_left_out(const std::vector<std::string>& names);
  Outcome not_understood(Leg& leg);
  std::string translated_body(Leg& leg, std::string_view body, std::string& content_type);
  void translate_event(Leg& leg, providers::EventKind kind, std::string_view name, std::string_view data);

  // Providers whose streams and keys have a form of their own (native_stream.cc)
  bool take_frames(Leg& leg, std::string_view bytes);
  bool end_without_last_event(Leg& leg);
  KeyPool pool_of(const Leg& leg) const;

  // Cheap first, better where the answer does not do (flight_cascade.cc)
  std::string_view wanting(const Leg& leg) const;
  void keep_and_escalate(Leg& leg, std::string_view check, int status, std::string_view content_type);
  net::Task<void> serve_kept();

  // The receipt (flight_receipt.cc)
  using MakePayload = std::move_only_function<std::string()>;
  net::Task<Result<journal::Appended>> append(journal::Kind kind, MakePayload make);
  net::Task<Result<void>> announce(const Leg& leg, const Leg* beside = nullptr);
  bool announce_briefly(const LegPtr& leg);
  void prepare_announcement();
  void announce_in_full(const Leg& leg);
  net::Task<void> refuse(model::Status status, providers::ClientError error);
  net::Task<bool> leave_shared_receipt();
  std::string decision_json() const;
  const std::optional<Picodollars>& shown_cost() const; // to the client: what it is charged, if it has a price plan
  std::string shown_text(std::string text) const;
  std::string kind_of_refusal() const;
  void seal();
  void correct_rate();
  net::Task<bool> close();
  net::Task<void> withhold();
  static providers::ClientError no_receipt(const Error& why);
  void end_leg(Leg& leg, std::string_view status);
  void count_what_was_produced(Leg& leg);
  std::int64_t output_seen(const Leg& leg) const;
  void record_leg(Leg& leg, std::string_view status);
  void price(model::Attempt& attempt, const catalog::Model& model);
  void add_up();
  void set_savings();
  void finish(model::Status status, int http_status, model::EndedBy ended_by);
  void take_fingerprint();
  void explain();
  void make_head();
  model::Receipt open_receipt(const Leg& leg, const model::Attempt* beside) const;
  std::string open_payload(const Leg& leg, const model::Attempt* beside);
  std::vector<net::Header> answer_headers(std::string_view content_type, bool with_cost);
  ledger::Amounts amounts_of(std::optional<Picodollars> cost, std::span<const model::CostLine> lines) const;
  ledger::Subject subject(std::string_view model_id) const;

  Gateway& gateway_;
  net::Exchange& exchange_;
  const config::SnapshotPtr snapshot_;
  const config::KeyOwner owner_;
  const MonoTime started_;
  std::string body_;
  bool understood_ = false; // the body
  providers::ParsedRequest request_;
  RequestOptions options_;
  model::RequestFacts facts_;
  std::int64_t bound_beside_text_ = 0; // tokens of images, framing and the like, in facts_.input_tokens_bound
  std::array<std::optional<std::int64_t>, 2> counted_text_; // by tokens::EncodingName
  model::Budgets budgets_;
  std::shared_ptr<const model::Health> health_; // as routing saw it
  std::optional<routing::RouteInput> route_input_;
  routing::RouteOutcome route_;
  catalog::ServiceTier tier_ = catalog::ServiceTier::kStandard;
  std::optional<providers::ClientError> wrong_; // why the request is refused
  model::Receipt receipt_;
  journal::SharedHead head_;       // of the receipt's JSON; what made it does not change once it is there
  bool announced_briefly_ = false; // announce_in_full() is to follow
  std::optional<net::Watchdog> in_full_later_;
  Ulid id_;
  ledger::Reservation reservation_;
  size_t next_ = 0;             // place in the chain of what is tried next
  size_t running_ = 0;          // attempts that began and are not on the receipt yet, but the next
  std::vector<LegPtr> watched_; // to be ended when the client leaves
  bool draining_ = false;       // the client left, and the answer is read to its end
  bool hedged_ = false;         // one hedge per request
  bool escalate_ = false;       // only what is better than what has answered is tried
  std::optional<KeptAnswer> kept_;
  std::optional<std::int64_t> too_short_;           // context of a target for which the request was too long
  size_t served_ = 0;                               // the attempt whose answer the client gets
  const routing::Choice* with_other_key_ = nullptr; // the same target at once, with another of its keys
  const routing::Choice* again_ = nullptr;          // worth another try when the chain is exhausted
  Duration retry_after_{};                          // what the provider asked for, at the last refusal
  std::optional<Refusal> last_refusal_;
  std::string left_out_;                 // names of hints that the last attempt's dialect had no word for
  std::vector<RewriteOutcome> rewrites_; // of each set of rules that applies to some target
  std::string cache_key_;                // empty: the answer is not kept
  std::uint64_t erasures_ = 0;           // of the cache, when this began
  std::string context_key_;              // of all but the last message; empty: no look-up by meaning
  std::vector<float> meaning_;           // of the last message
  size_t lookups_ = 0;                   // attempts that embedded the prompt: they come first
  CachedAnswerPtr cached_;               // what the client gets
  std::vector<ledger::Amounts> actual_;  // per attempt, in the reservation's order
  Picodollars worst_so_far_;
  bool worst_unknown_ = false;
  bool opened_ = false;
  bool shared_ = false; // by a flood of equal refusals, whose receipt is written once more
  std::int64_t rate_tokens_ = 0;
  Duration upstream_time_{};
  HeaderTexts header_texts_; // what answer_headers() points into
};

} // namespace kairos::gateway
