#include "ledger/journal_base.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "journal/cursor_file.h"
#include "ledger/correction.h"
#include "ledger/number.h"
#include "ledger/postings.h"
#include "model/receipt_json.h"

namespace kairos::ledger {
namespace {

constexpr std::string_view kBaseHead = "kairosroute-base/1 ";
constexpr size_t kMostParts = 1'000;

std::unexpected<Error> corrupt_base(std::string_view why) {
  return fail(Code::kCorrupt, fmt::format("the checkpoint that stands for dropped segments is damaged: {}", why));
}

std::string mark_path(const std::string& data_dir) { return fmt::format("{}/journal/{}", data_dir, kBaseMark); }

/// What stands in the first line of each part, behind kBaseHead: part, parts, then the sums, then the checksum of it
/// all.
struct PartLine {
  std::uint64_t part = 0;
  std::uint64_t parts = 0;
  std::string sums;      // equal in all parts of one base
  std::string_view text; // behind the line: a piece of the books
};

std::string sums_of(const JournalBase& base) {
  return fmt::format("{} {} {} {} {} {} {} {} {}", base.segment, base.receipts, base.corrections, decimal(base.cost, 0),
                     decimal(base.charged, 0), decimal(base.corrected, 0), decimal(base.counted, 0),
                     base.newest.time_since_epoch().count(), base.sequence());
}

/// nullopt: it is the checkpoint of something else.
std::optional<PartLine> part_of(std::string_view payload) {
  if (!payload.starts_with(kBaseHead)) return std::nullopt;
  PartLine line;
  std::string_view head = payload.substr(0, payload.find('\n'));
  line.text = payload.substr(std::min(head.size() + 1, payload.size()));
  head.remove_prefix(kBaseHead.size());
  const auto part = next_number(head);
  const auto parts = next_number(head);
  if (!part || !parts || *part < 1 || *part > *parts || *parts > static_cast<Int128>(kMostParts)) return std::nullopt;
  line.part = static_cast<std::uint64_t>(*part);
  line.parts = static_cast<std::uint64_t>(*parts);
  line.sums = head;
  return line;
}

bool fits_count(Int128 number) { return number >= 0 && number <= INT64_MAX; }

Result<JournalBase> base_of(std::string_view sums, std::string_view text) {
  std::array<Int128, 9> cells{};
  for (Int128& cell : cells) {
    const auto number = next_number(sums);
    if (!number) return corrupt_base("its first line");
    cell = *number;
  }
  for (const size_t count : {0, 1, 2, 7, 8}) {
    if (!fits_count(cells[count])) return corrupt_base("its first line");
  }
  auto books = Books::from_text(text);
  if (!books) return corrupt_base(books.error().message);
  if (static_cast<Int128>(books->sequence()) != cells[8]) return corrupt_base("its books are of another sequence");
  JournalBase base;
  base.segment = static_cast<std::uint64_t>(cells[0]);
  base.receipts = static_cast<std::uint64_t>(cells[1]);
  base.corrections = static_cast<std::uint64_t>(cells[2]);
  base.cost = cells[3];
  base.charged = cells[4];
  base.corrected = cells[5];
  base.counted = cells[6];
  base.newest = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(cells[7])));
  base.books = std::move(*books);
  return base;
}

/// Puts parts together as they come.
class BaseParts {
public:
  /// A whole base, once its last part is there.
  std::optional<Result<JournalBase>> take(std::string_view payload) {
    const auto line = part_of(payload);
    if (!line) return std::nullopt;
    if (line->part == 1) {
      text_.clear();
      sums_ = line->sums;
      got_ = 0;
    }
    if (line->part != got_ + 1 || line->sums != sums_) {
      got_ = 0; // a base that was begun and never finished
      return std::nullopt;
    }
    got_ = line->part;
    text_ += line->text;
    if (got_ < line->parts) return std::nullopt;
    got_ = 0;
    return base_of(sums_, std::exchange(text_, {}));
  }

private:
  std::string sums_;
  std::string text_;
  std::uint64_t got_ = 0;
};

/// The next CHECKPOINT with its payload; nullopt: no more.
Result<bool> next_checkpoint(journal::Cursor& cursor, journal::Entry& entry) {
  while (true) {
    const auto more = cursor.next(entry);
    if (!more && more.error().code == Code::kCorrupt && cursor.skip_damage()) continue;
    if (!more) return std::unexpected(more.error());
    if (!*more) return false;
    if (entry.kind != journal::Kind::kCheckpoint) continue;
    if (auto loaded = cursor.load_payload(entry); !loaded) return std::unexpected(loaded.error());
    return true;
  }
}

/// From `from` on: the first base (`first`), or the last one.
Result<std::optional<JournalBase>> read_base(const std::shared_ptr<const journal::Reader>& reader,
                                             const journal::Position& from, bool first) {
  journal::Cursor cursor(reader, from);
  cursor.skip_payloads();
  journal::Entry entry;
  BaseParts parts;
  std::optional<JournalBase> found;
  std::optional<Error> wrong;
  while (true) {
    const auto more = next_checkpoint(cursor, entry);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
    auto base = parts.take(entry.payload);
    if (!base) continue;
    if (*base)
      found = std::move(**base);
    else
      wrong = base->error();
    if (first && found) return found;
  }
  if (!found && wrong) return std::unexpected(std::move(*wrong));
  return found;
}

} // namespace

Result<> JournalBase::take(const journal::Entry& entry) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kCorrupt, fmt::format("journal {}: {}", journal::to_string(entry.position), why));
  };
  if (journal::is_chained(entry.kind)) {
    if (entry.sequence <= sequence()) return {}; // of a segment that should have gone before
    if (entry.sequence != sequence() + 1) return refuse(fmt::format("sequence {} should come next", sequence() + 1));
    if (entry.prev_hash != books.hash()) return refuse("the hash chain is broken");
  }
  newest = std::max(newest, entry.time);
  if (entry.kind == journal::Kind::kClose && !entry.erased) {
    const auto receipt = model::receipt_from_json(entry.payload);
    if (!receipt) return refuse(receipt.error().message);
    receipts += 1;
    cost += receipt->cost.total ? receipt->cost.total->value() : 0;
    charged += receipt->cost.charged ? receipt->cost.charged->value() : 0;
    counted += known_cost(*receipt);
    newest = std::max(newest, receipt->created_at);
    return books.take(entry, *receipt);
  }
  if (entry.kind == journal::Kind::kCorrection && !entry.erased) {
    const auto correction = correction_from_json(entry.payload);
    if (!correction) return refuse(correction.error().message);
    const PicoSum difference = known_cost(correction->after) - known_cost(correction->before);
    corrections += 1;
    corrected += difference;
    counted += difference;
  }
  return books.take(entry);
}

std::vector<std::string> to_checkpoints(const JournalBase& base, size_t part_bytes) {
  const std::string text = base.books.to_text();
  const size_t parts = std::max<size_t>(1, (text.size() + part_bytes - 1) / part_bytes);
  const std::string sums = sums_of(base);
  std::vector<std::string> out;
  for (size_t i = 0; i < parts; ++i) {
    out.push_back(fmt::format("{}{} {} {}\n", kBaseHead, i + 1, parts, sums));
    out.back().append(std::string_view(text).substr(i * part_bytes, part_bytes));
  }
  return out;
}

Result<std::optional<JournalBase>> find_base(journal::FileSystem& files, const std::string& data_dir,
                                             const std::shared_ptr<const journal::Reader>& reader) {
  if (const auto mark = journal::CursorFile(files, mark_path(data_dir)).load();
      mark && *mark && **mark < reader->end()) {
    auto marked = read_base(reader, **mark, true);
    if (marked && *marked) return marked;
  }
  return read_base(reader, {}, false);
}

Result<> save_base_mark(journal::FileSystem& files, const std::string& data_dir, const journal::Position& first_part) {
  return journal::CursorFile(files, mark_path(data_dir)).save(first_part);
}

Result<std::optional<JournalBase>> needed_base(journal::FileSystem& files, const std::string& data_dir,
                                               const std::shared_ptr<const journal::Reader>& reader) {
  const auto begin = reader->begin();
  if (!begin) return std::unexpected(begin.error());
  if (!*begin || (*begin)->first_sequence <= 1) return std::nullopt;
  const auto stands = [&](const std::optional<JournalBase>& base) {
    return base && base->sequence() + 1 >= (*begin)->first_sequence;
  };
  auto base = find_base(files, data_dir, reader);
  if (base && stands(*base)) return base;
  base = read_base(reader, {}, false); // the mark may be an old one
  if (base && stands(*base)) return base;
  if (!base && base.error().code == Code::kIo) return base;
  return fail(Code::kCorrupt,
              fmt::format("the journal in {} begins at sequence {}, and nothing in it says what was spent before: no "
                          "CHECKPOINT stands for the segments that are missing. Restore them (or {}) from a backup",
                          data_dir, (*begin)->first_sequence, kBooksFile));
}

std::optional<journal::Begin> dropped_until(const journal::Reader& reader) {
  const auto begin = reader.begin();
  if (!begin || !*begin || (*begin)->first_sequence <= 1) return std::nullopt;
  return *begin;
}

std::string dropped_text(const journal::Begin& begin) {
  return fmt::format("the journal begins at sequence {} ({}): older segments were dropped (journal.keep_days)",
                     begin.first_sequence, to_rfc3339(begin.time));
}

} // namespace kairos::ledger
