#include "store/journal_source.h"

#include <fmt/format.h>

#include "model/receipt_json.h"

namespace kairos::store {
namespace {

constexpr size_t kMaxRecordsPerPiece = 100'000; // records of other kinds do not hold a batch back for ever

journal::Position position_of(const JournalPlace& place) { return {place.segment, place.offset}; }
JournalPlace place_of(const journal::Position& position) { return {position.segment, position.offset}; }

/// The receipt of a record; nullopt if the record is none, or an erased one.
Result<std::optional<StoredReceipt>> receipt_of(const journal::Entry& entry) {
  if (entry.kind != journal::Kind::kClose || entry.erased) return std::nullopt;
  auto receipt = model::receipt_from_json(entry.payload, model::ReceiptPart::kBooked);
  if (!receipt) {
    return fail(Code::kCorrupt, fmt::format("receipt with sequence {} at {}: {}", entry.sequence,
                                            journal::to_string(entry.position), receipt.error().message));
  }
  return StoredReceipt{std::move(*receipt), entry.sequence, place_of(entry.position)};
}

/// One cursor, kept between calls and opened anew when the caller jumps.
class Follower {
public:
  explicit Follower(std::shared_ptr<const journal::Reader> reader) : reader_(std::move(reader)), cursor_(at({})) {}

  Result<JournalPiece> read(const JournalPlace& from, size_t limit, std::chrono::milliseconds wait) {
    if (!started_ || place_of(cursor_.position()) != from) cursor_ = at(position_of(from));
    started_ = true;
    JournalPiece piece;
    piece.next = from;
    if (!fill(piece, limit)) return fail(failed_.code, failed_.message);
    if (piece.receipts.empty() && piece.next == from && cursor_.wait_for_more(wait) && !fill(piece, limit)) {
      return fail(failed_.code, failed_.message);
    }
    return piece;
  }

private:
  journal::Cursor at(const journal::Position& position) const {
    journal::Cursor cursor(reader_, position);
    cursor.skip_open_payloads();
    return cursor;
  }
  /// False: failed_ says why.
  bool fill(JournalPiece& piece, size_t limit) {
    for (size_t records = 0; piece.receipts.size() < limit && records < kMaxRecordsPerPiece; ++records) {
      const auto more = cursor_.next(entry_);
      if (!more && more.error().code == Code::kCorrupt && cursor_.skip_damage()) continue;
      if (!more) {
        failed_ = more.error();
        if (failed_.code == Code::kNotFound)
          failed_.message += "; the store is behind it: stop the server and run `kairosroute rebuild`";
        return false;
      }
      if (!*more) break;
      auto receipt = receipt_of(entry_);
      if (receipt && *receipt) piece.receipts.push_back(std::move(**receipt));
      piece.next = place_of(entry_.next);
    }
    return true;
  }

  std::shared_ptr<const journal::Reader> reader_;
  journal::Cursor cursor_;
  journal::Entry entry_;
  Error failed_{};
  bool started_ = false;
};

} // namespace

JournalSource follow_journal(std::shared_ptr<const journal::Reader> reader) {
  auto follower = std::make_shared<Follower>(std::move(reader));
  return [follower](const JournalPlace& from, size_t limit, std::chrono::milliseconds wait) {
    return follower->read(from, limit, wait);
  };
}

NextReceipt receipts_of_journal(std::shared_ptr<const journal::Reader> reader) {
  auto cursor = std::make_shared<journal::Cursor>(std::move(reader));
  cursor->skip_open_payloads();
  return [cursor]() -> Result<std::optional<StoredReceipt>> {
    journal::Entry entry;
    while (true) {
      const auto more = cursor->next(entry);
      if (!more && more.error().code == Code::kCorrupt && cursor->skip_damage()) continue;
      if (!more) return std::unexpected(more.error());
      if (!*more) return std::nullopt;
      auto receipt = receipt_of(entry);
      if (!receipt || *receipt) return receipt;
    }
  };
}

} // namespace kairos::store
