// GET /api/v1/receipts/live: receipts as they close, as server-sent events. The id of an event is its receipt's; who
// comes back with one gets what it missed, from the ring or from the journal, or a `gap` that says so.
#include <fmt/format.h>

#include "api/api.h"
#include "api/charged_view.h"
#include "api/live_feed.h"
#include "api/live_filter.h"
#include "api/receipt_json.h"
#include "api/search_params.h"
#include "api/work_pool.h"
#include "model/receipt_json.h"

namespace kairos::api {
namespace {

constexpr size_t kEventsPerWrite = 128;
constexpr size_t kMostCaughtUp = 10'000;     // receipts of the scope
constexpr size_t kMostRecordsRead = 200'000; // of the journal
constexpr size_t kRecordsPerStep = 2'000;
constexpr Duration kBeat = std::chrono::seconds(10);

/// One watcher's stream.
struct LiveStream {
  const Request& request;
  WatcherPtr watcher;
  store::Filters filters;
  std::string last_id; // delivered or passed over
  std::int64_t delivered = 0;
  std::int64_t dropped = 0;

  void add_receipt(std::string& text, const model::Receipt& receipt, std::string_view row) {
    last_id = receipt.receipt_id;
    if (!matches(filters, receipt)) return;
    std::string charged;
    if (request.charged_only) {
      model::JsonWriter json(charged);
      write_row(json, shown(request, row_of(receipt)));
      row = charged;
    }
    fmt::format_to(std::back_inserter(text), "id: {}\nevent: receipt\ndata: {}\n\n", receipt.receipt_id, row);
    ++delivered;
  }
  /// nullopt: nobody knows how many.
  void add_gap(std::string& text, std::optional<std::uint64_t> missed, std::string_view to) {
    std::string data;
    model::JsonWriter json(data);
    json.begin_object();
    json.key("dropped");
    missed ? json.integer(static_cast<std::int64_t>(*missed)) : json.null();
    json.key("from");
    last_id.empty() ? json.null() : json.string(last_id);
    json.key("to");
    to.empty() ? json.null() : json.string(to);
    json.end_object();
    dropped += static_cast<std::int64_t>(missed.value_or(0));
    fmt::format_to(std::back_inserter(text), "event: gap\ndata: {}\n\n", data);
  }
  void add_beat(std::string& text) const {
    fmt::format_to(std::back_inserter(text), ": alive\nevent: stats\ndata: {{\"receipts\":{},\"dropped\":{}}}\n\n",
                   delivered, dropped);
  }
};

/// Leaves the feed whenever and however the stream ends.
struct Seat {
  LiveFeed& feed;
  WatcherPtr watcher;
  ~Seat() { feed.leave(watcher); }
};

void beat_later(const std::weak_ptr<Watcher>& watcher) {
  const auto alive = watcher.lock();
  if (!alive) return;
  alive->loop.after(kBeat, [watcher] {
    const auto still = watcher.lock();
    if (!still) return;
    still->beat = true;
    still->news.notify();
    beat_later(watcher);
  });
}

/// A piece of what was missed, read from the journal on a worker.
struct Missed {
  std::vector<std::shared_ptr<const LiveItem>> items;
  journal::Position next;
  size_t records = 0;
  bool done = false;
  bool failed = false;
};

Missed read_missed(const journal::Reader& reader, std::shared_ptr<const journal::Reader> shared, journal::Position from,
                   journal::Position until, const store::Scope& scope) {
  Missed missed;
  journal::Cursor cursor(std::move(shared), from);
  journal::Entry entry;
  missed.next = from;
  while (missed.records < kRecordsPerStep && missed.next < until && missed.next < reader.end()) {
    const auto more = cursor.next(entry);
    missed.failed = !more;
    if (!more || !*more || entry.position >= until) break;
    ++missed.records;
    missed.next = entry.next;
    if (entry.kind != journal::Kind::kClose || entry.erased) continue;
    auto receipt = model::receipt_from_json(entry.payload);
    if (!receipt || (scope.tenant_id() && *scope.tenant_id() != receipt->tenant)) continue;
    auto item = std::make_shared<LiveItem>();
    model::JsonWriter json(item->row);
    write_row(json, row_of(*receipt));
    item->receipt = std::move(*receipt);
    missed.items.push_back(std::move(item));
  }
  missed.done = missed.failed || missed.records < kRecordsPerStep;
  return missed;
}

/// Where the journal goes on behind that receipt; nullopt: unknown, or not the asker's.
std::optional<journal::Position> place_behind(const ApiContext& context, const std::string& receipt_id,
                                              const store::Scope& scope) {
  const auto found = context.services.store.find(receipt_id, scope, {});
  if (!found) return std::nullopt;
  const auto entry = context.services.journal->read({found->row.place.segment, found->row.place.offset});
  return entry ? std::optional(entry->next) : std::nullopt;
}

template <class T>
net::Task<T> ask_worker(const ApiContext& context, net::Exchange& exchange, std::function<T()> make) {
  T nothing{};
  auto waiting =
      on_worker<T>(context.pool, exchange.executor(), Urgency::kInteractive, std::move(make), std::move(nothing));
  co_return co_await std::move(waiting);
}

/// Sends what came between the receipt that the client has seen last and the beginning of the feed.
net::Task<bool> catch_up(const ApiContext& context, net::Exchange& exchange, const store::Scope& scope,
                         LiveStream& stream, std::string seen, journal::Position until) {
  std::function<std::optional<journal::Position>()> find = [&] { return place_behind(context, seen, scope); };
  auto place = co_await ask_worker<std::optional<journal::Position>>(context, exchange, std::move(find));
  std::string text;
  size_t receipts = 0;
  size_t records = 0;
  bool complete = place.has_value();
  while (place && *place < until) {
    std::function<Missed()> read = [&] {
      return read_missed(*context.services.journal, context.services.journal, *place, until, scope);
    };
    const Missed missed = co_await ask_worker<Missed>(context, exchange, std::move(read));
    for (const auto& item : missed.items) stream.add_receipt(text, item->receipt, item->row);
    if (!co_await exchange.write(text)) co_return false;
    text.clear();
    receipts += missed.items.size();
    records += missed.records;
    place = missed.next;
    complete = missed.next >= until;
    if (missed.records == 0 || missed.failed || receipts > kMostCaughtUp || records > kMostRecordsRead) break;
  }
  if (!complete) stream.add_gap(text, std::nullopt, "");
  co_return co_await exchange.write(text);
}

net::Task<void> send_live(const ApiContext& context, net::Exchange& exchange, const Request& request,
                          LiveStream& stream) {
  std::string text;
  while (!exchange.client_gone()) {
    const LiveBatch batch = context.live.take(*stream.watcher, kEventsPerWrite);
    text.clear();
    if (batch.dropped > 0) stream.add_gap(text, batch.dropped, batch.items.front()->receipt.receipt_id);
    for (const auto& item : batch.items) stream.add_receipt(text, item->receipt, item->row);
    if (std::exchange(stream.watcher->beat, false)) stream.add_beat(text);
    if (batch.ended || !still_valid(context, request.principal)) {
      co_await exchange.finish(text);
      co_return;
    }
    if (!co_await exchange.write(text)) co_return;
    if (!batch.more) co_await stream.watcher->news.wait();
  }
}

net::Task<void> follow(const ApiContext& context, net::Exchange& exchange, const Request& request) {
  static constexpr std::array<std::string_view, 1> kOthers = {"last_event_id"};
  auto search = parse_search(request.query, kOthers);
  if (search && search->range)
    search = fail(Code::kInvalid, "from and to: a live stream has no range; GET /api/v1/receipts has");
  if (search) {
    if (auto allowed = check_search(request, *search); !allowed) search = std::unexpected(allowed.error());
  }
  auto joined = search ? context.live.join(exchange.loop(), request.scope)
                       : Result<LiveFeed::Joined>(std::unexpected(search.error()));
  if (!joined) {
    const Answer refused = problem(joined.error());
    co_await respond(exchange, refused);
    co_return;
  }
  const Seat seat{context.live, joined->watcher};
  LiveStream stream{request, joined->watcher, std::move(search->filters), "", 0, 0};
  exchange.on_client_gone([watcher = joined->watcher] { watcher->news.notify(); });
  const std::string seen = last_event_id(exchange.head(), request.query);
  const net::ResponseHeaders headers = {{"Content-Type", "text/event-stream"},
                                        {"Cache-Control", "no-cache, no-transform"},
                                        {"X-Accel-Buffering", "no"},
                                        {"X-Content-Type-Options", "nosniff"}};
  if (!co_await exchange.start_stream(200, headers, "retry: 2000\n\n")) co_return;
  beat_later(stream.watcher);
  stream.last_id = seen;
  if (!seen.empty() && !context.live.rewind(*stream.watcher, seen)) {
    if (!co_await catch_up(context, exchange, request.scope, stream, seen, joined->live_from)) co_return;
  }
  co_await send_live(context, exchange, request, stream);
}

} // namespace

void add_live_routes(RouteTable& table) { table.add_stream("GET", "/api/v1/receipts/live", kTenant, follow); }

} // namespace kairos::api
