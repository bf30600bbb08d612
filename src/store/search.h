// Receipt search: which receipts match, newest (or dearest, or slowest) first, page by page. A page's cursor is opaque,
// encrypted, bound to the scope, filters and order it was made for, and freezes the set: receipts closed after the
// first page was read never shift later pages.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "model/category.h"
#include "model/enums.h"
#include "store/filters.h"

namespace kairos::store {

/// Where a receipt's CLOSE record starts in the journal; ordered as the journal is.
struct JournalPlace {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  auto operator<=>(const JournalPlace&) const = default;
};

enum class SearchOrder : std::uint8_t { kTime, kCost, kLatency };
inline constexpr std::array<std::string_view, 3> kSearchOrderNames = {"time", "cost", "latency"};

inline constexpr size_t kMaxPage = 1000;

struct Search {
  Filters filters;
  std::optional<TimeRange> range; // of created_at; nullopt: all times
  SearchOrder order = SearchOrder::kTime;
  bool descending = true;
  size_t limit = 50;  // ≤ kMaxPage
  std::string cursor; // empty: from the start
};

/// One line of a list of receipts, as corrections left it; the whole receipt, as it was closed, is read from the
/// journal at `place`.
struct ReceiptRow {
  std::string receipt_id;
  std::uint64_t sequence = 0; // not for a tenant's eyes
  JournalPlace place;
  WallTime created_at{};
  WallTime completed_at{};
  std::string tenant;
  std::string workflow;
  std::string api_key_id;
  std::string end_user;
  std::string requested_model;
  std::string model_id;
  std::string provider;
  std::string region;
  std::string error_code;
  model::Category category = model::Category::kOther;
  model::Status status = model::Status::kSuccess;
  std::int64_t http_status = 0;
  std::optional<Picodollars> cost;
  std::optional<Picodollars> charged;
  std::optional<Picodollars> savings;
  model::CostBasis basis = model::CostBasis::kMetered;
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> ttft_ms;
  std::int64_t attempts = 0;
  std::int64_t count = 1;
  bool cache_hit = false;
  std::optional<JournalPlace> correction; // of the last CORRECTION record, if there was one
};

struct Page {
  std::vector<ReceiptRow> rows;
  std::string next; // cursor of the next page; empty: this was the last
};

/// A receipt and who stands beside it in time, within the scope.
struct Found {
  ReceiptRow row;
  std::string newer; // receipt ids, empty at the ends
  std::string older;
};

/// The values a filter can take, from maintained dictionaries (no scan), sorted.
struct Facet {
  std::string field; // a dimension's name, or "tags" for the known tag keys
  std::vector<std::string> values;
  bool truncated = false; // more than kMaxFacetValues
};
inline constexpr size_t kMaxFacetValues = 1000;

} // namespace kairos::store
