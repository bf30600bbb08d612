// Records of the journal, as appended and as read. Payloads are opaque here: compact JSON by agreement of the callers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ulid.h"
#include "journal/format.h"

namespace kairos::journal {

/// The numbers are stored: never renumber.
enum class Kind : std::uint8_t {
  kOpen = 1,       // a receipt begins: decision and reserved worst case
  kAttempt = 2,    // a further attempt is about to be dispatched
  kClose = 3,      // the finished receipt: gets a sequence and a link of the hash chain
  kCorrection = 4, // corrects a closed receipt: gets both as well
  kFeedback = 5,
  kErase = 6, // written by Writer::erase only
  kConfig = 7,
  kCheckpoint = 8, // written by Writer::checkpoint only; carries chain head and last sequence
};
inline constexpr std::array<std::string_view, 8> kKindNames = {"OPEN",     "ATTEMPT", "CLOSE",  "CORRECTION",
                                                               "FEEDBACK", "ERASE",   "CONFIG", "CHECKPOINT"};
inline std::string_view name(Kind kind) { return kKindNames.at(static_cast<size_t>(kind) - 1); }
/// CLOSE and CORRECTION: counted by `sequence` and linked by hash.
inline bool is_chained(Kind kind) { return kind == Kind::kClose || kind == Kind::kCorrection; }

/// Where a record starts; ordered as the journal is. {} is the beginning, whichever segment is the first one kept.
struct Position {
  std::uint64_t segment = 0; // number in the segment's file name, from 1
  std::uint64_t offset = 0;  // byte in that file
  auto operator<=>(const Position&) const = default;
};
/// "segment 7, byte 4096"
std::string to_string(const Position& position);

/// The beginning of the payloads of several records of one receipt, compressed once for all of them. Belongs to one
/// receipt; only whoever encodes its records touches it meanwhile.
struct SharedHead {
  std::string text;
  std::string compressed; // made with the first record
};

/// How a record is stored. Readers do not care.
enum class Packing : std::uint8_t {
  kSmall,  // compressed
  kAtOnce, // what follows the head is not, since somebody waits for this very record
};

struct Record {
  Kind kind = Kind::kOpen;
  Ulid receipt; // zero where there is none
  WallTime time{};
  std::string payload;        // at most kMaxPayload bytes, head included
  SharedHead* head = nullptr; // what stands before `payload`; must live until the completion
  Packing packing = Packing::kSmall;
  size_t size() const { return payload.size() + (head == nullptr ? 0 : head->text.size()); }
};

/// A record whose payload is made when the journal takes it, on the journal's thread (or in append_here() on the
/// caller's). `make` is called at most once, before the completion and never after it: what it reads must stay, and
/// must not change, until then.
struct LateRecord {
  Kind kind = Kind::kOpen;
  Ulid receipt;
  WallTime time{};
  std::move_only_function<std::string()> make; // what stands behind `head`, which it may fill the first time
  SharedHead* head = nullptr;                  // as Record::head
  Packing packing = Packing::kSmall;
};

/// What the writer made of a Record. For kinds that are not chained sequence is 0 and the hashes are zero.
struct Appended {
  Position position;
  std::uint64_t sequence = 0;
  Hash prev_hash{};
  Hash hash{}; // SHA-256(prev_hash ‖ sequence, 8 bytes big-endian ‖ SHA-256(stored payload bytes))
};

/// A record as read. In a CHECKPOINT `sequence` and `prev_hash` are the last sequence and the chain head before it.
struct Entry {
  Kind kind = Kind::kOpen;
  Ulid receipt;
  WallTime time{};
  std::uint64_t sequence = 0;
  Hash prev_hash{};
  Hash hash{};
  bool erased = false; // the payload was erased and is empty
  std::string payload;
  Position position;
  Position next; // where reading goes on
};

} // namespace kairos::journal
