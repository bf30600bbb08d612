// Filters and scope as SQL conditions. Values are integers (names are looked up in the dictionary first), so
// nothing that a user writes ever becomes SQL text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/duckdb/connection.h"
#include "store/duckdb/names.h"
#include "store/duckdb/parts.h"
#include "store/scope.h"

namespace kairos::store {

/// Of created, in microseconds since 1970: [from, to).
struct TimeSpan {
  std::int64_t from_us = INT64_MIN;
  std::int64_t to_us = INT64_MAX;
};

/// What must hold for a row of the asked table, which is called r: the raw one, or a roll-up that has the filters'
/// dimensions.
std::vector<std::string> conditions_of(const Filters& filters, const Scope& scope, const Names& names, Grain grain,
                                       const TimeSpan& span, bool rolled_up = false);
/// Adds " WHERE …", if there is any.
void append_where(std::string& sql, const std::vector<std::string>& conditions);

/// The kind of dictionary a dimension's keys belong to; nullopt for those of fixed words and time.
std::optional<Kind> kind_of(Dimension dimension);
/// The words of a dimension that has fixed ones; empty for the others.
std::span<const std::string_view> words_of(Dimension dimension);

} // namespace kairos::store
