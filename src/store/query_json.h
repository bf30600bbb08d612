// Query, filters and tables as JSON. Errors are kInvalid and begin with the field's path: "measures[2]: no such measure
// 'costs'; did you mean 'cost'?". Money is a decimal string in answers ("0.0131022"); percentiles are integers.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/query.h"

namespace kairos::store {

/// {"measures":["cost"],"dimensions":["time","model"],"filters":{"tenant":["a"],"not":{"status":["refused"]},
///  "min_cost_usd":"0.01"},"from":"…","to":"…","time_zone":"Europe/Berlin","interval":"day","compare":true,
///  "top":{"dimension":"model","by":"cost","n":5},"order":[{"by":"cost","desc":true}],"limit":100,"totals":true}
/// Checked by check() too. At most 64 KiB.
Result<Query> query_from_json(std::string_view json);
std::string to_json(const Query& query);

/// {"columns":[{"name","type"}],"rows":[[…]],"totals":[…]|null,"groups":n,"percentile_error":0.01,
///  "incomplete_before":"…"|null}
std::string to_json(const Table& table);
/// The text of one cell as CSV and views print it; "" for unknown.
std::string cell_text(const Cell& cell);

} // namespace kairos::store
