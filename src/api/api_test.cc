#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "api/routes.h"
#include "api/search_params.h"
#include "api/static_files.h"
#include "api/work_pool.h"

namespace kairos::api {
namespace {

Answer nothing(const ApiContext&, const Request&) { return {}; }

RouteTable small_table() {
  RouteTable table;
  table.add("GET", "/api/v1/receipts/{id}", kTenant, nothing);
  table.add("GET", "/api/v1/receipts/live", kTenant, nothing);
  table.add("DELETE", "/api/v1/receipts/{id}", kAdmin, nothing);
  return table;
}

TEST(RouteTable, ALiteralWinsOverAParameter) {
  const RouteTable table = small_table();
  EXPECT_EQ(table.find("GET", "/api/v1/receipts/live").route->pattern, "/api/v1/receipts/live");
  const auto match = table.find("GET", "/api/v1/receipts/a%2Fb+c");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.params.at("id"), "a/b+c");
}

TEST(RouteTable, TellsAWrongMethodFromAnUnknownPath) {
  const RouteTable table = small_table();
  EXPECT_EQ(table.find("PUT", "/api/v1/receipts/x").allowed, (std::vector<std::string>{"GET", "DELETE"}));
  EXPECT_EQ(table.find("DELETE", "/api/v1/receipts/live").route, nullptr) << "the literal path has GET only";
  EXPECT_TRUE(table.find("GET", "/api/v1/receipts").allowed.empty());
  EXPECT_TRUE(table.find("GET", "/api/v1/receipts/").allowed.empty()) << "a parameter is never empty";
  EXPECT_NE(table.find("HEAD", "/api/v1/receipts/x").route, nullptr);
}

TEST(QueryValues, RefusesBrokenEscapesAndNamesGivenTwice) {
  EXPECT_EQ(query_values("a=1&b=x%20y+z&c").value().at("b"), "x y z");
  EXPECT_FALSE(query_values("a=%zz"));
  EXPECT_FALSE(query_values("a=1&a=2"));
}

TEST(SearchParams, ReadsFlagsAndValuesThatHoldCommas) {
  const auto search = parse_search("fallback=true&unknown_cost=false&workflow=a%5C,b,c&model=!%5C!x&tenant=%5C!y");
  ASSERT_TRUE(search) << search.error().message;
  EXPECT_EQ(search->filters.fallback, true);
  EXPECT_EQ(search->filters.unknown_cost, false);
  EXPECT_FALSE(search->filters.cache_hit.has_value());
  ASSERT_EQ(search->filters.values.size(), 3U);
  EXPECT_EQ(search->filters.values[0].values, (std::vector<std::string>{"a,b", "c"}));
  EXPECT_TRUE(search->filters.values[1].exclude);
  EXPECT_EQ(search->filters.values[1].values, std::vector<std::string>{"!x"});
  EXPECT_FALSE(search->filters.values[2].exclude);
  EXPECT_FALSE(parse_search("fallback=yes"));
}

TEST(ViewRequest, HasADefaultRangeAndRefusesWhatItDoesNotKnow) {
  const WallTime now = parse_rfc3339("2026-11-23T12:00:00Z").value();
  EXPECT_EQ(parse_view_request("", now)->range.from, now - std::chrono::days(30));
  const auto request = parse_view_request("from=2026-11-01&interval=hour&time_zone=Europe/Bern&tenant=a,b", now);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->range.to, now);
  EXPECT_EQ(request->interval, store::Interval::kHour);
  EXPECT_EQ(request->filters.values.at(0).values.size(), 2u);
  EXPECT_FALSE(parse_view_request("interval=century", now));
  EXPECT_FALSE(parse_view_request("colour=red", now));
}

const std::vector<WebFile> kSite = {{"/index.html", "<html>"},
                                    {"/assets/a-1.js", "long script"},
                                    {"/assets/a-1.js.br", "br"},
                                    {"/assets/a-1.js.gz", "gz"}};

TEST(StaticFiles, ShowsTheDashboardForItsOwnAddressesOnly) {
  EXPECT_EQ(static_answer(kSite, "/", "", "")->body, "<html>");
  EXPECT_EQ(static_answer(kSite, "/spend/by-model", "", "")->body, "<html>");
  EXPECT_EQ(static_answer(kSite, "/tenants/acme.prod", "", "")->body, "<html>");
  EXPECT_FALSE(static_answer(kSite, "/assets/gone.js", "", ""));
  EXPECT_FALSE(static_answer(kSite, "/favicon.gone", "", ""));
  EXPECT_FALSE(static_answer(kSite, "/../etc/passwd.txt", "", ""));
}

TEST(StaticFiles, AnswersWithTheVariantThatIsAcceptedAndItsOwnTag) {
  EXPECT_EQ(static_answer(kSite, "/assets/a-1.js", "gzip, br", "")->body, "br");
  EXPECT_EQ(static_answer(kSite, "/assets/a-1.js", "gzip, br;q=0", "")->body, "gz");
  EXPECT_EQ(static_answer(kSite, "/assets/a-1.js", "", "")->body, "long script");
  const auto first = static_answer(kSite, "/assets/a-1.js", "br", "");
  EXPECT_EQ(static_answer(kSite, "/assets/a-1.js", "br", first->etag)->status, 304);
  EXPECT_EQ(static_answer(kSite, "/assets/a-1.js", "gzip", first->etag)->status, 200);
  EXPECT_EQ(first->content_type, "text/javascript; charset=utf-8");
}

TEST(StaticFiles, SaysHowToBuildTheDashboardWhereItIsMissing) {
  EXPECT_NE(static_answer({}, "/", "", "")->body.find("npm run build"), std::string_view::npos);
}

TEST(WorkPool, AnExportNeverTakesAllWorkers) {
  WorkPool pool;
  std::mutex gate;
  gate.lock();
  std::atomic<int> exports_begun{0};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.submit(Urgency::kExport, [&] {
      ++exports_begun;
      const std::scoped_lock wait(gate);
    }));
  }
  std::promise<void> answered;
  ASSERT_TRUE(pool.submit(Urgency::kInteractive, [&] { answered.set_value(); }));
  answered.get_future().get(); // would hang if exports held both workers
  EXPECT_LE(exports_begun, 1);
  gate.unlock();
  pool.stop();
  EXPECT_EQ(exports_begun, 3) << "what was accepted is done";
  EXPECT_FALSE(pool.submit(Urgency::kInteractive, [] {}));
}

TEST(WorkPool, RefusesWhenTooMuchWaits) {
  WorkPool pool(2, 1);
  std::mutex gate;
  gate.lock();
  std::atomic<int> begun{0};
  const auto hold = [&] {
    ++begun;
    const std::scoped_lock wait(gate);
  };
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += pool.submit(Urgency::kInteractive, hold) ? 1 : 0;
  gate.unlock();
  pool.stop(); // before what its jobs use is gone
  EXPECT_LE(accepted, 3);
  EXPECT_GE(accepted, 1);
}

} // namespace
} // namespace kairos::api
