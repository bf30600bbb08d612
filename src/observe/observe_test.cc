#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "observe/log.h"
#include "observe/metrics.h"
#include "observe/threads.h"

namespace kairos::observe {
namespace {

TEST(Log, LinesInBothFormats) {
  const LogFields fields = {{"receipt_id", "rcpt_1"}, {"status", 200}, {"cost", 0.25}, {"cached", false}};
  EXPECT_EQ(log_line(LogFormat::kLogfmt, "T", LogLevel::kInfo, "gateway", "all done", fields),
            R"(time=T level=info part=gateway msg="all done" receipt_id=rcpt_1 status=200 cost=0.25 cached=false)");
  EXPECT_EQ(log_line(LogFormat::kJson, "T", LogLevel::kWarn, "net", "x", fields),
            R"({"time":"T","level":"warn","part":"net","msg":"x","receipt_id":"rcpt_1","status":200,)"
            R"("cost":0.25,"cached":false})");
}

TEST(Log, NothingBreaksALine) {
  EXPECT_EQ(log_line(LogFormat::kLogfmt, "T", LogLevel::kError, "p", "a\nb \"q\" \x01 \xff \xc3\xa9", {}),
            "time=T level=error part=p msg=\"a\\nb \\\"q\\\" \\u0001 \xef\xbf\xbd \xc3\xa9\"");
  EXPECT_EQ(log_line(LogFormat::kLogfmt, "T", LogLevel::kError, "p", "", {{"n", std::string("a=b")}}),
            R"(time=T level=error part=p msg="" n="a=b")");
}

TEST(Log, LevelsPerPart) {
  ASSERT_TRUE(set_log_levels("warn,net=debug"));
  EXPECT_TRUE(log_enabled("net", LogLevel::kDebug));
  EXPECT_FALSE(log_enabled("journal", LogLevel::kInfo));
  const auto wrong = set_log_levels("info,net=loud");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "\"loud\" is not a log level; use debug, info, warn, error or off");
  EXPECT_TRUE(log_enabled("net", LogLevel::kDebug)) << "a wrong text changes nothing";
  ASSERT_TRUE(set_log_levels("info"));
}

TEST(Metrics, SameNameAndLabelsAreTheSameObject) {
  Metrics metrics;
  Counter& one = metrics.counter("kairosroute_requests_total", "Requests.", {{"status", "ok"}, {"kind", "a"}});
  Counter& same = metrics.counter("kairosroute_requests_total", "Requests.", {{"kind", "a"}, {"status", "ok"}});
  EXPECT_EQ(&one, &same);
}

TEST(Metrics, Exposition) {
  Metrics metrics;
  metrics.counter("kairosroute_requests_total", "Requests.", {{"model", "a\"b"}}).add(3);
  metrics.gauge("kairosroute_lag_records", "Lag.").set(2.5);
  const std::array<double, 2> bounds = {0.1, 1};
  Histogram& times = metrics.histogram("kairosroute_time_seconds", "Times.", bounds);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) times.observe(value);
  const std::string page = metrics.exposition();
  for (const char* line :
       {"# TYPE kairosroute_requests_total counter\nkairosroute_requests_total{model=\"a\\\"b\"} 3\n",
        "kairosroute_lag_records 2.5\n", "kairosroute_time_seconds_count 4\n",
        "kairosroute_time_seconds_bucket{le=\"0.1\"} 2\n", "kairosroute_time_seconds_bucket{le=\"1\"} 3\n",
        "kairosroute_time_seconds_bucket{le=\"+Inf\"} 4\n"}) {
    EXPECT_NE(page.find(line), page.npos) << line << page;
  }
}

TEST(Metrics, AmountsAreCountedExactly) {
  Metrics metrics;
  Counter& dollars = metrics.amounts_counter("kairosroute_cost_usd_total", "Cost.", 1e12);
  for (int i = 0; i < 1000; ++i) dollars.add(13'102'200'001);
  EXPECT_EQ(dollars.value(), 13'102'200'001'000u);
  EXPECT_NE(metrics.exposition().find("kairosroute_cost_usd_total 13.102200001"), std::string::npos)
      << metrics.exposition();
}

TEST(Metrics, FamiliesForExporters) {
  Metrics metrics("gen_ai.");
  const std::array<double, 2> bounds = {1, 4};
  Histogram& sizes =
      metrics.histogram("gen_ai.client.token.usage", "Tokens.", bounds, {{"gen_ai.token.type", "input"}});
  for (const double value : {1.0, 2.0, 9.0, 10.0}) sizes.observe(value);
  const auto families = metrics.families();
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].kind, MetricFamily::Kind::kHistogram);
  EXPECT_EQ(families[0].bounds, (std::vector<double>{1, 4}));
  ASSERT_EQ(families[0].points.size(), 1u);
  EXPECT_EQ(families[0].points[0].buckets, (std::vector<std::uint64_t>{1, 1, 2}));
  EXPECT_EQ(families[0].points[0].sum, 22);
}

TEST(Metrics, LabelsAreBounded) {
  Metrics metrics;
  for (size_t i = 0; i < 3 * kMaxSeries; ++i) {
    metrics.counter("kairosroute_many_total", "Many.", {{"model", std::to_string(i)}}).add();
  }
  const Counter& rest = metrics.counter("kairosroute_many_total", "Many.", {{"model", "never seen"}});
  EXPECT_EQ(rest.value(), 2 * kMaxSeries);
}

TEST(Threads, ThoseThatGiveWayStandBehindTheProcessAndOnce) {
  const auto nice_of = [](pid_t thread) { return getpriority(PRIO_PROCESS, static_cast<id_t>(thread)); };
  const int before = nice_of(0);
  int behind = 0;
  int heir = 0;
  std::jthread([&] {
    give_way_to_requests();
    behind = nice_of(0);
    std::jthread([&] {
      give_way_to_requests(); // a thread of such a thread
      heir = nice_of(0);
    }).join();
  }).join();
  EXPECT_EQ(behind, std::min(before + 5, 19));
  EXPECT_EQ(heir, behind);
  EXPECT_EQ(nice_of(0), before);
}

TEST(Threads, HaveNamesAndUsedTime) {
  std::atomic<bool> stop = false;
  std::jthread heir;
  {
    const NewThreadsAre named("kr-heir");
    heir = std::jthread([&] {
      while (!stop) {
      }
    });
  }
  std::jthread own([&] {
    name_this_thread("kr-a-name-that-is-too-long");
    while (!stop) {
    }
  });
  double seconds = 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seconds == 0 && std::chrono::steady_clock::now() < give_up) { // until both have run
    const auto used = thread_cpu_seconds();
    const auto cut = used.find("kr-a-name-that-");
    const auto inherited = used.find("kr-heir");
    if (cut != used.end() && inherited != used.end()) seconds = std::min(cut->second, inherited->second);
  }
  stop = true;
  EXPECT_GT(seconds, 0);
  EXPECT_FALSE(thread_cpu_seconds().contains("")) << "the maker has its name again";
}

TEST(Metrics, CountsFromManyThreads) {
  Metrics metrics;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 10'000; ++i) {
        metrics.counter("kairosroute_x_total", "X.").add();
        if (i % 1000 == 0) {
          EXPECT_FALSE(metrics.exposition().empty());
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(metrics.counter("kairosroute_x_total", "X.").value(), 40'000u);
}

} // namespace
} // namespace kairos::observe
