// The store's answers against a fold over the same receipts, at every measure and dimension, in several zones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "store/duckdb/duckdb_store.h"
#include "store/query_json.h"
#include "store/sketch.h"
#include "store/testing/generated_receipts.h"
#include "store/testing/reference_fold.h"
#include "store/testing/temporary_folder.h"
#include "store/time_buckets.h"
#include "store/views.h"

namespace kairos::store {
namespace {

WallTime at(std::string_view text) { return *parse_rfc3339(text); }

/// 4000 receipts over about 10 days that hold both a change of summer time and a month's end.
class QueryTest : public ::testing::Test {
protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    store_ = open_duckdb({.file = *folder_ / "store.duckdb"})->release();
    // Everything from roll-ups that can be: brought up to date with each batch but the last, packed often, never exact.
    rolled_ = open_duckdb({.file = *folder_ / "rolled.duckdb",
                           .exact_rows = -1,
                           .rollup_lag = 600,
                           .rollup_large_lag = 600,
                           .rollup_loose = 900})
                  ->release();
    ReceiptGenerator generator({.seed = 7,
                                .from = at("2026-10-22T20:00:00Z"),
                                .step = std::chrono::minutes(4),
                                .tenants = 6,
                                .workflows = 5,
                                .models = 6});
    receipts_ = new std::vector<StoredReceipt>;
    for (int i = 0; i < 4000; ++i) receipts_->push_back(generator.next());
    for (size_t first = 0; first < 4000; first += 700) {
      const auto batch = std::span(*receipts_).subspan(first, std::min<size_t>(700, 4000 - first));
      ASSERT_TRUE(store_->append(batch, {1, first + batch.size()}));
      ASSERT_TRUE(rolled_->append(batch, {1, first + batch.size()}));
    }
  }
  static void TearDownTestSuite() {
    delete store_;
    delete rolled_;
    delete receipts_;
    delete folder_;
  }

  static Query base() {
    Query query;
    query.measures = {Measure::kCost, Measure::kRequests};
    query.range = {at("2026-10-22T00:00:00Z"), at("2026-11-05T00:00:00Z")};
    query.totals = true;
    query.limit = kMaxGroups;
    return query;
  }

  /// `error`: what a percentile may be away, as a part of itself.
  static void expect_same_cells(const Table& table, const std::vector<Cell>& got, const std::vector<Cell>& expected,
                                const std::string& about) {
    ASSERT_EQ(got.size(), expected.size()) << about;
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].index(), expected[i].index()) << about << " column " << table.columns[i].name;
      const auto* real = std::get_if<double>(&expected[i]);
      const auto* whole = std::get_if<std::int64_t>(&expected[i]);
      if (real != nullptr && std::holds_alternative<double>(got[i])) {
        EXPECT_NEAR(std::get<double>(got[i]), *real, 1e-9 * std::max(1.0, std::abs(*real))) << about;
      } else if (whole != nullptr && table.columns[i].name.find("_p") != std::string::npos) {
        const auto bound = static_cast<double>(*whole) * table.percentile_error;
        EXPECT_NEAR(static_cast<double>(std::get<std::int64_t>(got[i])), static_cast<double>(*whole), bound) << about;
      } else {
        EXPECT_EQ(cell_text(got[i]), cell_text(expected[i])) << about << " column " << table.columns[i].name;
      }
    }
  }

  static void expect_fold(const Query& query, const Scope& scope = Scope::all()) {
    const Table expected = reference_answer(*receipts_, query, scope);
    for (ReceiptStore* store : {store_, rolled_}) {
      const auto table = store->query(query, scope, {});
      const std::string about = (store == store_ ? "raw: " : "rolled up: ") + to_json(query);
      ASSERT_TRUE(table) << table.error().message << about;
      EXPECT_LE(table->percentile_error, store == store_ ? 0 : kSketchError);
      ASSERT_EQ(table->rows.size(), expected.rows.size()) << about;
      for (size_t row = 0; row < expected.rows.size(); ++row)
        expect_same_cells(*table, table->rows[row], expected.rows[row], about);
      if (query.totals) expect_same_cells(*table, *table->totals, *expected.totals, about);
    }
  }

  /// The receipts that have this value.
  static void narrow(Filters& filters, const DimensionRef& dimension, const std::string& text) {
    if (dimension.dimension == Dimension::kCacheHit) {
      filters.cache_hit = text == "true";
    } else if (dimension.dimension == Dimension::kFallback) {
      filters.fallback = text == "true";
    } else if (dimension.dimension == Dimension::kCosted) {
      filters.unknown_cost = text == "false";
    } else {
      filters.values.push_back({dimension, {text}, false});
    }
  }

  /// Row of a query for receipts and cost, in this order.
  static void expect_drill_down(ReceiptStore& store, const Query& query, const std::vector<Cell>& row) {
    Search search;
    search.limit = 300;
    search.filters = query.filters;
    search.range = query.range;
    for (size_t d = 0; d < query.dimensions.size(); ++d) {
      const auto& text = std::get<std::string>(row[d]);
      if (query.dimensions[d].dimension != Dimension::kTime) {
        narrow(search.filters, query.dimensions[d], text);
        continue;
      }
      const TimeRange bucket = *bucket_range(text, query.interval, query.time_zone);
      search.range = TimeRange{std::max(bucket.from, query.range.from), std::min(bucket.to, query.range.to)};
    }
    std::int64_t receipts = 0;
    PicoSum cost = 0;
    do {
      const auto page = store.search(search, Scope::all(), {});
      ASSERT_TRUE(page) << page.error().message;
      receipts += static_cast<std::int64_t>(page->rows.size());
      for (const ReceiptRow& receipt : page->rows) cost += receipt.cost ? receipt.cost->value() : 0;
      search.cursor = page->next;
    } while (!search.cursor.empty());
    const size_t at = query.dimensions.size();
    EXPECT_EQ(receipts, std::get<std::int64_t>(row[at])) << to_json(query);
    EXPECT_EQ(cost, std::holds_alternative<Money>(row[at + 1]) ? std::get<Money>(row[at + 1]).picodollars : 0)
        << to_json(query);
  }

  static TemporaryFolder* folder_;
  static ReceiptStore* store_;
  static ReceiptStore* rolled_;
  static std::vector<StoredReceipt>* receipts_;
};
TemporaryFolder* QueryTest::folder_ = nullptr;
ReceiptStore* QueryTest::store_ = nullptr;
ReceiptStore* QueryTest::rolled_ = nullptr;
std::vector<StoredReceipt>* QueryTest::receipts_ = nullptr;

std::vector<DimensionRef> all_dimensions() {
  std::vector<DimensionRef> all;
  for (size_t i = 0; i + 1 < kDimensionNames.size(); ++i) all.push_back({static_cast<Dimension>(i), ""});
  all.push_back({Dimension::kTag, "team"});
  all.push_back({Dimension::kTag, "never-seen"});
  return all;
}

std::vector<Measure> measures_for(const std::vector<DimensionRef>& dimensions) {
  std::vector<Measure> fitting;
  for (size_t i = 0; i < kMeasureNames.size(); ++i) {
    Query query;
    query.measures = {static_cast<Measure>(i)};
    query.dimensions = dimensions;
    query.range = {at("2026-01-01"), at("2026-01-02")};
    if (check(query)) fitting.push_back(static_cast<Measure>(i));
  }
  return fitting;
}

TEST_F(QueryTest, EveryMeasureByEveryDimensionIsTheFold) {
  for (const DimensionRef& dimension : all_dimensions()) {
    Query query = base();
    query.dimensions = {dimension};
    query.measures = measures_for(query.dimensions);
    expect_fold(query);
  }
}

TEST_F(QueryTest, LocalBucketsAreTheFoldInEveryZoneAndInterval) {
  for (const char* zone :
       {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}) {
    for (size_t interval = 0; interval < kIntervalNames.size(); ++interval) {
      Query query = base();
      query.time_zone = zone;
      query.interval = static_cast<Interval>(interval);
      query.dimensions = {{Dimension::kTime, ""}};
      expect_fold(query);
    }
  }
}

TEST_F(QueryTest, RandomQueriesAreTheFold) {
  std::mt19937 random(11);
  const auto one_of = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const auto dimensions = all_dimensions();
  for (int round = 0; round < 300; ++round) {
    Query query = base();
    for (size_t i = one_of(4); i > 0; --i) {
      const DimensionRef& dimension = dimensions[one_of(dimensions.size())];
      if (std::ranges::find(query.dimensions, dimension) == query.dimensions.end())
        query.dimensions.push_back(dimension);
    }
    query.measures = measures_for(query.dimensions);
    query.time_zone = one_of(2) == 0 ? "UTC" : "Europe/Berlin";
    query.interval = static_cast<Interval>(1 + one_of(4));
    query.range.from += std::chrono::hours(one_of(100));
    if (one_of(3) == 0)
      query.filters.values.push_back(
          {{Dimension::kModel, ""}, {"model-0", "model-2", "no-such-model"}, one_of(2) == 0});
    if (one_of(3) == 0)
      query.filters.values.push_back({{Dimension::kStatus, ""}, {"success", "interrupted"}, one_of(2) == 0});
    if (one_of(4) == 0) query.filters.values.push_back({{Dimension::kTag, "team"}, {"team-1", ""}, one_of(2) == 0});
    if (one_of(4) == 0) query.filters.min_cost = Picodollars(static_cast<std::int64_t>(one_of(2'000'000'000)));
    if (one_of(4) == 0) query.filters.max_latency_ms = static_cast<std::int64_t>(one_of(5000));
    if (one_of(6) == 0) query.filters.unknown_cost = one_of(2) == 0;
    if (one_of(6) == 0) query.filters.cache_hit = one_of(2) == 0;
    if (one_of(6) == 0) query.filters.fallback = one_of(2) == 0;
    expect_fold(query, one_of(3) == 0 ? Scope::tenant("tenant-1") : Scope::all());
  }
}

TEST_F(QueryTest, TotalsOfEveryGroupingEqualTheUngroupedTotal) {
  const auto total = store_->query(base(), Scope::all(), {});
  for (size_t i = 0; i < 2 * all_dimensions().size(); ++i) {
    const DimensionRef dimension = all_dimensions()[i / 2];
    ReceiptStore* store = i % 2 == 0 ? store_ : rolled_;
    if (dimension.dimension == Dimension::kAttemptReason) continue;
    Query query = base();
    query.dimensions = {dimension};
    query.top =
        dimension.dimension == Dimension::kTime ? std::nullopt : std::optional(TopN{dimension, Measure::kCost, 2});
    const auto table = store->query(query, Scope::all(), {});
    ASSERT_TRUE(table) << table.error().message;
    PicoSum sum = 0;
    for (const auto& row : table->rows) {
      if (const auto* known = std::get_if<Money>(&row[1])) sum += known->picodollars;
    }
    EXPECT_EQ(Cell(Money{sum}), total->rows[0][0]) << name(dimension);
    EXPECT_EQ(table->totals->at(1), total->rows[0][0]) << name(dimension);
    EXPECT_LE(query.top ? table->rows.size() : 0, 3U);
  }
}

TEST_F(QueryTest, EveryRowsDrillDownListsTheReceiptsItCounts) {
  Query query = base();
  query.measures = {Measure::kReceipts, Measure::kCost};
  query.dimensions = {{Dimension::kTime, ""}, {Dimension::kModel, ""}, {Dimension::kTag, "team"}};
  query.time_zone = "Europe/Berlin";
  const auto table = store_->query(query, Scope::all(), {});
  ASSERT_TRUE(table);
  for (size_t i = 0; i < table->rows.size(); i += 9) {
    const auto& row = table->rows[i];
    Search search;
    search.limit = kMaxPage;
    search.range = *bucket_range(std::get<std::string>(row[0]), query.interval, query.time_zone);
    search.filters.values = {{query.dimensions[1], {std::get<std::string>(row[1])}, false},
                             {query.dimensions[2], {std::get<std::string>(row[2])}, false}};
    const auto page = store_->search(search, Scope::all(), {});
    ASSERT_TRUE(page) << page.error().message;
    PicoSum cost = 0;
    for (const ReceiptRow& receipt : page->rows) cost += receipt.cost ? receipt.cost->value() : 0;
    EXPECT_EQ(static_cast<std::int64_t>(page->rows.size()), std::get<std::int64_t>(row[3]));
    EXPECT_EQ(std::holds_alternative<Money>(row[4]) ? std::get<Money>(row[4]).picodollars : 0, cost);
  }
}

/// Any grouping of receipts, any filter: a row's values and its bucket of time, as a search, list what it counts.
TEST_F(QueryTest, RandomGroupingsDrillDownToWhatTheyCount) {
  std::mt19937 random(23);
  const auto dimensions = all_dimensions();
  for (int round = 0; round < 25; ++round) {
    Query query = base();
    query.measures = {Measure::kReceipts, Measure::kCost};
    query.time_zone = round % 2 == 0 ? "UTC" : "America/New_York";
    query.interval = static_cast<Interval>(2 + random() % 4);
    while (query.dimensions.size() < 1 + static_cast<size_t>(round) % 3) {
      const DimensionRef& one = dimensions[random() % dimensions.size()];
      const bool fits = one.dimension != Dimension::kAttemptReason &&
                        std::ranges::find(query.dimensions, one) == query.dimensions.end();
      if (fits) query.dimensions.push_back(one);
    }
    if (round % 3 == 0) query.filters.max_latency_ms = 2000;
    ReceiptStore* store = round % 4 < 2 ? store_ : rolled_;
    const auto table = store->query(query, Scope::all(), {});
    ASSERT_TRUE(table) << table.error().message;
    for (int pick = 0; pick < 5 && !table->rows.empty(); ++pick)
      expect_drill_down(*store, query, table->rows[random() % table->rows.size()]);
  }
}

TEST_F(QueryTest, ComparisonPutsTheSameWeekdayBeside) {
  Query query = base();
  query.range = {at("2026-10-29T00:00:00Z"), at("2026-11-01T00:00:00Z")};
  query.dimensions = {{Dimension::kTime, ""}};
  query.compare = true;
  const auto table = store_->query(query, Scope::all(), {});
  ASSERT_TRUE(table) << table.error().message;
  Query before = base();
  before.range = {at("2026-10-22T00:00:00Z"), at("2026-10-25T00:00:00Z")};
  before.dimensions = query.dimensions;
  const auto old = store_->query(before, Scope::all(), {});
  ASSERT_EQ(table->rows.size(), 3U);
  ASSERT_EQ(old->rows.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(cell_text(table->rows[i][3]), cell_text(old->rows[i][1]));
  EXPECT_EQ(cell_text(table->totals->at(3)), cell_text(old->totals->at(1)));
}

TEST_F(QueryTest, HostileValuesAreOnlyValues) {
  for (const char* text : {"'; DROP TABLE receipts; --", "\" OR 1=1 --", "%", "$1", "\0x", "(select 1)"}) {
    Query query = base();
    query.filters.values = {{{Dimension::kTenant, ""}, {text}, false}};
    query.dimensions = {{Dimension::kTag, text}};
    const auto table = store_->query(query, Scope::all(), {});
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_TRUE(table->rows.empty());
    Search search;
    search.filters.text = text;
    ASSERT_TRUE(store_->search(search, Scope::tenant(text), {}));
  }
  EXPECT_EQ(std::get<std::int64_t>(store_->query(base(), Scope::all(), {})->rows[0][1]) > 0, true);
}

TEST_F(QueryTest, LimitsAreToldNotCrashedInto) {
  ReadOptions late;
  late.timeout = std::chrono::milliseconds(0);
  const auto timed_out = store_->query(base(), Scope::all(), late);
  ASSERT_FALSE(timed_out);
  EXPECT_EQ(timed_out.error().code, Code::kTimeout);
  std::stop_source cancelled;
  cancelled.request_stop();
  ReadOptions gone;
  gone.cancel = cancelled.get_token();
  const auto dropped = store_->query(base(), Scope::all(), gone);
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().code, Code::kCancelled);
  EXPECT_TRUE(store_->query(base(), Scope::all(), {})) << "the connection works again";
  for (const auto& table : store_->query_all(std::vector{base(), base()}, Scope::all(), gone)) {
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code, Code::kCancelled);
  }
}

TEST_F(QueryTest, OneThatIsRefusedLeavesTheOthersAsTheyAre) {
  std::vector<Query> queries(4, base());
  queries[0].measures.clear();
  queries[2].time_zone = "Nowhere/City";
  queries[3].dimensions = {{Dimension::kTime, ""}, {Dimension::kTenant, ""}};
  const auto tables = store_->query_all(queries, Scope::all(), {});
  ASSERT_EQ(tables.size(), queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    const auto alone = store_->query(queries[i], Scope::all(), {});
    ASSERT_EQ(tables[i].has_value(), alone.has_value()) << i;
    const auto told = [](const Result<Table>& one) { return one ? to_json(*one) : one.error().message; };
    EXPECT_EQ(told(tables[i]), told(alone)) << i;
  }
  EXPECT_FALSE(tables[0] || tables[2]);
}

/// All panels of a view asked at once, from what they have in common, say what each says alone.
TEST_F(QueryTest, EveryViewAnswersAtOnceWhatItsPanelsAnswerAlone) {
  constexpr std::pair<const char*, Interval> kTimes[] = {{"UTC", Interval::kDay},
                                                         {"Europe/Berlin", Interval::kDay},
                                                         {"UTC", Interval::kWeek},
                                                         {"Asia/Kolkata", Interval::kHour}};
  for (const auto& [zone, interval] : kTimes) {
    for (const std::string_view name : view_names()) {
      ViewRequest request{{at("2026-10-25T03:20:00Z"), at("2026-11-01T16:40:00Z")}, zone, interval, {}};
      if (interval == Interval::kWeek) request.filters.values = {{{Dimension::kTenant, ""}, {"tenant-1"}, false}};
      const auto panels = view(name, request);
      ASSERT_TRUE(panels);
      std::vector<Query> queries;
      for (const NamedQuery& panel : *panels) queries.push_back(panel.query);
      for (ReceiptStore* store : {store_, rolled_}) {
        const auto tables = store->query_all(queries, Scope::all(), {});
        ASSERT_EQ(tables.size(), queries.size());
        for (size_t i = 0; i < queries.size(); ++i) {
          const auto alone = store->query(queries[i], Scope::all(), {});
          ASSERT_TRUE(alone) << name << "/" << (*panels)[i].name << ": " << alone.error().message;
          ASSERT_TRUE(tables[i]) << name << ": " << tables[i].error().message;
          EXPECT_EQ(to_json(*tables[i]), to_json(*alone)) << name << "/" << (*panels)[i].name << " " << zone;
          queries[i].order.clear(); // the fold has none
          if (!queries[i].compare && !queries[i].top) expect_fold(queries[i]);
        }
      }
    }
  }
}

/// What raw rows or one roll-up answer to several at once: with other intervals, dimensions, durations, tops, measures.
TEST_F(QueryTest, QuestionsOfTheSameReceiptsAnswerAtOnceWhatEachAnswersAlone) {
  const auto by = [](auto... dimension) { return std::vector<DimensionRef>{{dimension, ""}...}; };
  std::vector<Query> queries(9, base());
  queries[1].dimensions = by(Dimension::kTenant);
  queries[1].top = TopN{queries[1].dimensions[0], Measure::kRequests, 2};
  queries[2].dimensions = by(Dimension::kTime);
  queries[2].interval = Interval::kHour;
  queries[3].dimensions = by(Dimension::kTime, Dimension::kModel);
  queries[3].top = TopN{queries[3].dimensions[1], Measure::kRequests, 3};
  queries[4].dimensions = by(Dimension::kCacheHit, Dimension::kFallback, Dimension::kRequestedModel);
  queries[5].dimensions = by(Dimension::kModel, Dimension::kFallback);
  queries[6].dimensions = by(Dimension::kCategory, Dimension::kCosted);
  queries[7].dimensions = by(Dimension::kAttemptReason);
  queries[8].dimensions = by(Dimension::kTenant, Dimension::kEndUser);
  for (size_t i = 0; i < queries.size(); ++i) {
    queries[i].measures = {Measure::kCost, Measure::kAttempts, Measure::kLatencyP95};
    if (i % 2 == 0 && i != 0) queries[i].measures.push_back(Measure::kTtftP50);
    queries[i].compare = i % 3 == 0;
  }
  for (int kind = 0; kind < 6; ++kind) {
    for (Query& query : queries) {
      query.filters = {};
      if (kind % 2 == 1) query.filters.values = {{{Dimension::kStatus, ""}, {"refused"}, true}};
      if (kind / 2 == 1) query.filters.unknown_cost = false;
      if (kind / 2 == 2) query.filters.max_latency_ms = 4000;
    }
    for (ReceiptStore* store : {store_, rolled_}) {
      const auto tables = store->query_all(queries, Scope::all(), {});
      for (size_t i = 0; i < queries.size(); ++i) {
        const auto alone = store->query(queries[i], Scope::all(), {});
        ASSERT_TRUE(alone && tables[i]) << i;
        EXPECT_EQ(to_json(*tables[i]), to_json(*alone)) << to_json(queries[i]);
        if (!queries[i].compare && !queries[i].top) expect_fold(queries[i]);
      }
    }
  }
}

TEST_F(QueryTest, ViewsHaveNames) {
  EXPECT_EQ(view("nonsense", {}).error().message,
            "no view 'nonsense'; there are savings, mix, latency, spend, tenants");
}

TEST(QueryJson, ReadsBackWhatItWrites) {
  const std::string text =
      R"({"measures":["cost","latency_p95"],"dimensions":["time","tags.team"],"filters":{"model":["a","b"],)"
      R"("not":{"status":["refused"]},"min_cost_usd":"0.01","q":"x"},"from":"2026-10-01T00:00:00.000000Z",)"
      R"("to":"2026-11-01T00:00:00.000000Z","time_zone":"Europe/Berlin","interval":"week","compare":true,)"
      R"("top":{"dimension":"tags.team","by":"requests","n":3},"order":[{"by":"cost","desc":false}],"limit":7,"totals":true})";
  const auto query = query_from_json(text);
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(to_json(*query), text);
}

TEST(QueryJson, RefusalsNameTheField) {
  const auto message = [](std::string_view fields) {
    const auto query = query_from_json("{" + std::string(fields) + R"(,"from":"2026-10-01","to":"2026-11-01"})");
    return query ? std::string("accepted") : query.error().message;
  };
  EXPECT_EQ(message(R"("measures":["costs"])"), "measures[0]: no such measure 'costs'; did you mean 'cost'?");
  EXPECT_EQ(message(R"("measures":["cost"],"dimensions":["model","model"])"), "dimensions[1]: 'model' is there twice");
  EXPECT_EQ(message(R"("measures":["savings"],"dimensions":["attempt_reason"])"),
            "measures[0]: 'savings' belongs to whole receipts and cannot be grouped by attempt_reason");
  EXPECT_EQ(message(R"("measures":["cost"],"filters":{"min_cost_usd":0.1})"),
            "filters.min_cost_usd: must be a decimal string, like \"0.25\"");
  EXPECT_EQ(message(R"("measures":["cost"],"filter":{})"), "filter: no such field 'filter'; did you mean 'filters'?");
  EXPECT_EQ(message(R"("measures":["cost"],"limit":0)"), "limit: between 1 and 100000");
  EXPECT_EQ(query_from_json(R"({"measures":["cost"],"from":"2026-10-02","to":"2026-10-02"})").error().message,
            "to: it must be after 'from'");
  EXPECT_FALSE(query_from_json("[[[[[[[[[[[[").has_value());
}

TEST(TimeBuckets, SummerTimeDaysHaveTheirOwnLength) {
  const auto day = bucket_range("2026-10-25", Interval::kDay, "Europe/Berlin");
  ASSERT_TRUE(day);
  EXPECT_EQ(day->to - day->from, std::chrono::hours(25));
  EXPECT_EQ(bucket_range("2026-03-29", Interval::kDay, "Europe/Berlin")->to -
                bucket_range("2026-03-29", Interval::kDay, "Europe/Berlin")->from,
            std::chrono::hours(23));
  EXPECT_EQ(bucket_range("2026-Q4", Interval::kQuarter, "UTC")->to, at("2027-01-01"));
  EXPECT_FALSE(bucket_range("2026-10", Interval::kDay, "UTC"));
  EXPECT_FALSE(offset_pieces("Nowhere/City", {at("2026-01-01"), at("2026-02-01")}));
  EXPECT_FALSE(offset_pieces("../../etc/passwd", {at("2026-01-01"), at("2026-02-01")}));
  const auto months = previous_range({at("2026-11-01"), at("2026-12-01")}, "UTC");
  EXPECT_EQ(months->from, at("2026-09-27"));
}

} // namespace
} // namespace kairos::store
