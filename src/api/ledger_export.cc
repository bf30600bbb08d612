#include "api/ledger_export.h"

#include <fmt/format.h>

#include "model/json_writer.h"
#include "model/receipt_json.h"

namespace kairos::api {
namespace {

constexpr size_t kRecordsPerPiece = 5'000;
constexpr size_t kBytesPerPiece = 256 * 1024;
constexpr size_t kRowsPerPiece = 2'000;
constexpr size_t kMostPostings = 2'000'000;
constexpr std::chrono::milliseconds kLongestWait{500}; // for the books to have what the journal has

std::string header_of(LedgerFormat format) {
  switch (format) {
  case LedgerFormat::kCsv:
    return ledger::plain_header();
  case LedgerFormat::kFocus:
    return ledger::focus_header();
  case LedgerFormat::kJson:
    return "";
  }
  return "";
}

void append_json(std::string& out, const ledger::ExportRow& row) {
  model::JsonWriter json(out);
  json.begin_object();
  json.key("period_start").string(to_rfc3339(row.key.period_start));
  json.key("grain").string(ledger::kGrainNames[static_cast<size_t>(row.grain)]);
  if (!row.receipt_id.empty()) json.key("receipt_id").string(row.receipt_id);
  json.key("tenant").string(row.key.tenant);
  json.key("workflow").string(row.key.workflow);
  json.key("category").string(model::name(row.key.category));
  json.key("provider").string(row.key.provider);
  json.key("model_id").string(row.key.model_id);
  json.key("meter").string(row.key.meter);
  json.key("basis").string(model::name(row.key.basis));
  json.key("byok").boolean(row.key.byok);
  json.key("correction").boolean(row.key.correction);
  json.key("quantity").string(fmt::format("{}", row.totals.quantity));
  json.key("unit_price_usd_per_million");
  row.key.unit_price ? json.string(usd_per_million(*row.key.unit_price)) : json.null();
  json.key("cost_usd").string(usd_sum(row.totals.cost));
  json.key("charged_usd").string(usd_sum(row.totals.charged));
  json.key("lines").integer(row.totals.lines);
  json.key("unknown_lines").integer(row.totals.unknown);
  json.end_object();
  out.push_back('\n');
}

} // namespace

LedgerExport::LedgerExport(std::shared_ptr<const journal::Reader> reader, LedgerRequest request, FindBase find_base,
                           const ledger::Projection* books)
    : reader_(std::move(reader)), request_(std::move(request)), find_base_(std::move(find_base)), cursor_(reader_),
      end_(reader_->end()), books_(books) {
  cursor_.skip_payloads(); // most records of a long journal are before the range
}

bool LedgerExport::wanted(const model::Receipt& receipt) const {
  if (request_.tenant && *request_.tenant != receipt.tenant) return false;
  return (!request_.from || receipt.created_at >= *request_.from) &&
         (!request_.to || receipt.created_at < *request_.to);
}

void LedgerExport::write(std::string& out, ledger::ExportRow row) const {
  if (request_.charged_only) {
    row.totals.cost = row.totals.charged;
    row.key.unit_price.reset();
  }
  const ledger::ExportParties parties;
  switch (request_.format) {
  case LedgerFormat::kCsv:
    return ledger::append_plain(out, row);
  case LedgerFormat::kFocus:
    return ledger::append_focus(out, row, parties);
  case LedgerFormat::kJson:
    return append_json(out, row);
  }
}

void LedgerExport::add(std::vector<ledger::PostingLine> lines) {
  for (auto& [key, totals] : lines) {
    if (request_.charged_only) key.unit_price.reset();
    postings_[std::move(key)].add(totals);
  }
}

Result<void> LedgerExport::take(journal::Entry& entry, std::string& out) {
  const bool early = request_.from && entry.time < *request_.from; // closed before: created before
  if (!journal::is_chained(entry.kind) || entry.erased || early || entry.sequence <= counted_) return {};
  if (auto loaded = cursor_.load_payload(entry); !loaded) return std::unexpected(loaded.error());
  const bool by_receipt = request_.grain == ledger::Grain::kReceipt;
  const auto rows = [&](auto&& record) {
    for (ledger::ExportRow& row : ledger::export_rows(record)) write(out, std::move(row));
  };
  if (entry.kind == journal::Kind::kCorrection) {
    const auto correction = ledger::correction_from_json(entry.payload);
    if (!correction) return std::unexpected(correction.error());
    if (!wanted(correction->after)) return {};
    by_receipt ? rows(*correction) : add(ledger::postings_of(*correction));
    return {};
  }
  const auto receipt = model::receipt_from_json(entry.payload);
  if (!receipt) return std::unexpected(receipt.error());
  if (!wanted(*receipt)) return {};
  by_receipt ? rows(*receipt) : add(ledger::postings_of(*receipt));
  if (postings_.size() <= kMostPostings) return {};
  return fail(
      Code::kTooLarge,
      fmt::format("the range has more than {} postings: ask for a shorter one, or for grain=receipt", kMostPostings));
}

/// False: the books do not have the range, or not yet all that the journal has.
bool LedgerExport::read_books() {
  if (books_ == nullptr || request_.grain == ledger::Grain::kReceipt || !books_->wait_for(end_, kLongestWait))
    return false;
  auto rows = books_->with([this](const ledger::Books& books) {
    return books.postings().rows(request_.grain, {request_.from, request_.to}, request_.tenant);
  });
  if (!rows) return false;
  request_.charged_only ? add(std::move(*rows)) : rows_.swap(*rows); // without unit prices some rows are one
  return true;
}

/// For a range that begins before the journal does.
Result<void> LedgerExport::read_base() {
  const auto begin = ledger::dropped_until(*reader_);
  if (!begin) return {};
  const auto base = find_base_();
  if (!base) return std::unexpected(base.error());
  if (!*base || (request_.from && *request_.from > (*base)->newest)) return {};
  const bool by_receipt = request_.grain == ledger::Grain::kReceipt;
  if (by_receipt && request_.may_lack_dropped) return {};
  auto rows = by_receipt
                  ? std::nullopt
                  : (*base)->books.postings().rows(ledger::Grain::kHour, {request_.from, request_.to}, request_.tenant);
  if (rows) {
    add(std::move(*rows));
    counted_ = (*base)->sequence();
    return {};
  }
  const WallTime whole = std::chrono::ceil<std::chrono::seconds>((*base)->newest + std::chrono::microseconds(1));
  return fail(Code::kInvalid, fmt::format("from: {}; ask for receipts from {} on, or by hour or day in whole hours",
                                          ledger::dropped_text(*begin), to_rfc3339(whole)));
}

void LedgerExport::end_reading() {
  read_ = true;
  if (postings_.empty()) return;
  // Rolled up before it is cut into pieces: a day is one row.
  if (request_.grain == ledger::Grain::kDay) postings_ = ledger::by_day(postings_);
  rows_.assign(std::make_move_iterator(postings_.begin()), std::make_move_iterator(postings_.end()));
  postings_.clear();
}

/// False: the journal's end.
Result<bool> LedgerExport::read_some(std::string& out) {
  journal::Entry entry;
  for (size_t i = 0; i < kRecordsPerPiece && out.size() < kBytesPerPiece; ++i) {
    const auto more = cursor_.next(entry);
    if (!more) return std::unexpected(more.error()); // never a sum that leaves something out in silence
    if (!*more || entry.position >= end_) return false;
    if (auto taken = take(entry, out); !taken) return std::unexpected(taken.error());
  }
  return true;
}

Result<std::optional<std::string>> LedgerExport::next() {
  if (ended_) return std::nullopt;
  const bool first = !std::exchange(begun_, true);
  std::string out = first ? header_of(request_.format) : "";
  if (first && read_books()) end_reading();
  if (first && !read_) {
    if (auto begun = read_base(); !begun) return std::unexpected(begun.error());
  }
  if (!read_) {
    const auto more = read_some(out);
    if (!more) return std::unexpected(more.error());
    if (!*more) end_reading();
    return out;
  }
  const auto piece = std::span(rows_).subspan(written_).first(std::min(kRowsPerPiece, rows_.size() - written_));
  written_ += piece.size();
  ended_ = written_ == rows_.size();
  for (ledger::ExportRow& row : ledger::export_rows(piece, request_.grain)) write(out, std::move(row));
  return out;
}

} // namespace kairos::api
