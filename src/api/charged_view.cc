#include "api/charged_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace kairos::api {
namespace {

using store::Measure;

constexpr std::array kHidden = {Measure::kCostInterrupted, Measure::kBaseline,   Measure::kSavings,
                                Measure::kAvoided,         Measure::kCostInput,  Measure::kCostCacheRead,
                                Measure::kCostCacheWrite,  Measure::kCostOutput, Measure::kCostReasoning,
                                Measure::kCostOther};

bool hidden(Measure measure) { return std::ranges::find(kHidden, measure) != kHidden.end(); }
Measure charged_for(Measure measure) { return measure == Measure::kCost ? Measure::kCharged : measure; }

std::unexpected<Error> forbidden(std::string_view field, std::string_view name) {
  return fail(
      Code::kForbidden,
      fmt::format("{}: '{}' is not for this key, which sees what its tenant is charged; ask for charged", field, name));
}

Result<> check_query(const store::Query& query) {
  for (const Measure measure : query.measures) {
    if (hidden(measure)) return forbidden("measures", store::name(measure));
  }
  if (query.top && hidden(query.top->by)) return forbidden("top.by", store::name(query.top->by));
  if (query.filters.min_cost || query.filters.max_cost) return forbidden("filters", "min_cost_usd and max_cost_usd");
  return {};
}

/// The same query over what is charged, each measure once.
store::Query over_charged(const store::Query& asked) {
  store::Query query = asked;
  query.measures.clear();
  for (const Measure measure : asked.measures) {
    const Measure mapped = charged_for(measure);
    if (std::ranges::find(query.measures, mapped) == query.measures.end()) query.measures.push_back(mapped);
  }
  if (query.top) query.top->by = charged_for(query.top->by);
  for (store::Order& order : query.order) {
    if (auto* measure = std::get_if<Measure>(&order.by)) *measure = charged_for(*measure);
  }
  return query;
}

/// Which column of the answer each column that was asked for is.
std::vector<size_t> sources_of(const store::Query& asked, const store::Query& run) {
  std::vector<size_t> sources;
  const size_t dimensions = asked.dimensions.size();
  for (size_t i = 0; i < dimensions; ++i) sources.push_back(i);
  for (size_t turn = 0; turn < (asked.compare ? 2U : 1U); ++turn) {
    for (const Measure measure : asked.measures) {
      const auto place = std::ranges::find(run.measures, charged_for(measure)) - run.measures.begin();
      sources.push_back(dimensions + turn * run.measures.size() + static_cast<size_t>(place));
    }
  }
  return sources;
}

std::vector<store::Cell> picked(const std::vector<store::Cell>& row, const std::vector<size_t>& sources) {
  std::vector<store::Cell> out;
  for (const size_t source : sources) out.push_back(row[source]);
  return out;
}

/// The answer in the columns that were asked for, under the names that were asked for.
store::Table as_asked(store::Table table, const store::Query& asked, const store::Query& run) {
  const std::vector<size_t> sources = sources_of(asked, run);
  std::vector<store::Column> columns;
  for (const size_t source : sources) columns.push_back(table.columns[source]);
  for (size_t i = 0; i < asked.measures.size(); ++i) {
    const std::string name(store::name(asked.measures[i]));
    columns[asked.dimensions.size() + i].name = name;
    if (asked.compare) columns[asked.dimensions.size() + asked.measures.size() + i].name = name + ".previous";
  }
  table.columns = std::move(columns);
  for (auto& row : table.rows) row = picked(row, sources);
  if (table.totals) table.totals = picked(*table.totals, sources);
  return table;
}

} // namespace

bool charged_only(const Principal& principal, const config::Snapshot& snapshot) {
  if (principal.role >= config::Role::kViewer) return false;
  const config::Tenant* tenant = snapshot.tenant(principal.tenant);
  return tenant != nullptr && tenant->price_plan.has_value();
}

store::ReceiptRow shown(const Request& request, store::ReceiptRow row) {
  if (!request.charged_only) return row;
  row.cost = row.charged;
  row.savings.reset();
  return row;
}

Result<> check_search(const Request& request, const store::Search& search) {
  if (!request.charged_only) return {};
  if (search.filters.min_cost || search.filters.max_cost) return forbidden("min_cost and max_cost", "cost");
  if (search.order == store::SearchOrder::kCost) return forbidden("order", "cost");
  return {};
}

Result<store::Table> ask(store::ReceiptStore& store, const Request& request, const store::Query& query,
                         const store::ReadOptions& options) {
  return std::move(ask_all(store, request, std::span(&query, 1), options).front());
}

std::vector<Result<store::Table>> ask_all(store::ReceiptStore& store, const Request& request,
                                          std::span<const store::Query> queries, const store::ReadOptions& options) {
  if (!request.charged_only) return store.query_all(queries, request.scope, options);
  std::vector<store::Query> runs;
  std::vector<size_t> allowed; // which queries they are of
  std::vector<Result<store::Table>> tables(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    if (auto checked = check_query(queries[i]); !checked) {
      tables[i] = std::unexpected(checked.error());
    } else {
      runs.push_back(over_charged(queries[i]));
      allowed.push_back(i);
    }
  }
  if (runs.empty()) return tables;
  auto answers = store.query_all(runs, request.scope, options);
  for (size_t i = 0; i < answers.size(); ++i) {
    Result<store::Table>& table = tables[allowed[i]];
    table = std::move(answers[i]);
    if (table) table = as_asked(std::move(*table), queries[allowed[i]], runs[i]);
  }
  return tables;
}

std::vector<store::NamedQuery> shown(const Request& request, std::vector<store::NamedQuery> panels) {
  if (!request.charged_only) return panels;
  for (auto& [name, query] : panels) {
    std::erase_if(query.measures, hidden);
    if (query.top && hidden(query.top->by)) query.top->by = Measure::kCharged;
    std::erase_if(query.order, [](const store::Order& one) {
      return std::holds_alternative<Measure>(one.by) && hidden(std::get<Measure>(one.by));
    });
  }
  std::erase_if(panels, [](const store::NamedQuery& one) { return one.query.measures.empty(); });
  return panels;
}

} // namespace kairos::api
