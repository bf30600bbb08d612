#include "telemetry/trace_exporter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <protozero/pbf_reader.hpp>
#include <set>

#include "base/guarded.h"
#include "journal/testing/journal_fixture.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "telemetry/testing/fake_receiver.h"

namespace kairos::telemetry {
namespace {

using std::chrono::milliseconds;

/// Receipt number `n`: three spans with ids of its own.
std::string receipt(int n) {
  model::Receipt one = model::sample_receipt();
  one.trace.span_id = fmt::format("{:015x}a", n + 1);
  one.attempts[0].span_id = fmt::format("{:015x}b", n + 1);
  one.attempts[1].span_id = fmt::format("{:015x}c", n + 1);
  return model::to_json(one);
}

/// Span ids of a protobuf request, in order.
std::vector<std::string> span_ids(const std::string& body) {
  std::vector<std::string> ids;
  protozero::pbf_reader request(body);
  while (request.next(1)) {
    protozero::pbf_reader resource = request.get_message();
    while (resource.next(2)) {
      protozero::pbf_reader scope = resource.get_message();
      while (scope.next(2)) {
        protozero::pbf_reader span = scope.get_message();
        if (span.next(2)) ids.push_back(span.get_bytes());
      }
    }
  }
  return ids;
}

/// What a receiver has got and taken.
class Taken {
public:
  std::string take(const std::string& body) {
    ids_.with([&](std::multiset<std::string>& ids) {
      for (std::string& id : span_ids(body)) ids.insert(std::move(id));
    });
    return http(200);
  }
  size_t count() const {
    return ids_.with([](const std::multiset<std::string>& ids) { return ids.size(); });
  }
  size_t different() const {
    return ids_.with([](const std::multiset<std::string>& ids) { return std::set(ids.begin(), ids.end()).size(); });
  }

private:
  Guarded<std::multiset<std::string>> ids_;
};

class TraceExporterTest : public testing::Test {
public:
  TraceExporterOptions options(const std::string& id, const std::string& url) const {
    TraceExporterOptions made;
    made.id = id;
    made.signal.url = url;
    made.signal.timeout = milliseconds(300);
    made.sender.version = "0.1.0";
    made.batch_spans = 30;
    made.batch_delay = milliseconds(20);
    made.cursor_path = journal::kDir + "/otlp-" + id + ".cursor";
    made.stop_time = milliseconds(300);
    return made;
  }
  std::unique_ptr<TraceExporter> start(const TraceExporterOptions& made) {
    auto started = TraceExporter::start(made, writer->reader(), files, metrics, recent);
    EXPECT_TRUE(started.has_value()) << started.error().message;
    return started ? std::move(*started) : nullptr;
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) {
      const auto number = static_cast<std::uint64_t>(written);
      ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kOpen, number, receipt(written))));
      ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, number, receipt(written))));
      ++written;
    }
  }
  std::uint64_t dropped(const std::string& id, const std::string& reason) {
    return metrics.counter("kairosroute_otlp_export_dropped_spans_total", "", {{"destination", id}, {"reason", reason}})
        .value();
  }

  journal::FaultyFileSystem files;
  observe::Metrics metrics;
  RecentReceipts recent;
  std::unique_ptr<journal::Writer> writer = journal::start(files);
  int written = 0;
};

TEST_F(TraceExporterTest, SendsEveryClosedReceiptOnce) {
  Taken taken;
  FakeReceiver receiver([&](const std::string& body) { return taken.take(body); });
  write(3); // before it is started for the first time: not sent
  const auto exporter = start(options("a", receiver.url()));
  write(50);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 150; })) << taken.count();
  EXPECT_EQ(taken.different(), 150u);
  EXPECT_TRUE(comes_true([&] { return exporter->position() == writer->reader()->end(); }));
}

TEST_F(TraceExporterTest, ADestinationThatIsDownGetsEverythingLater) {
  Taken taken;
  std::atomic<bool> down = true;
  FakeReceiver receiver([&](const std::string& body) { return down ? http(503) : taken.take(body); });
  const auto exporter = start(options("a", receiver.url()));
  write(200);
  EXPECT_TRUE(comes_true([&] { return receiver.requests() >= 1; }));
  EXPECT_EQ(taken.count(), 0u);
  down = false;
  EXPECT_TRUE(comes_true([&] { return taken.different() == 600; })) << taken.different();
  EXPECT_EQ(taken.count(), 600u);
}

TEST_F(TraceExporterTest, GoesOnWhereItWasAfterARestart) {
  Taken taken;
  std::atomic<bool> down = false;
  FakeReceiver receiver([&](const std::string& body) { return down ? std::string() : taken.take(body); });
  auto exporter = start(options("a", receiver.url()));
  write(10);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 30; }));
  down = true;
  write(10);
  exporter.reset();
  write(10);
  EXPECT_EQ(taken.count(), 30u);
  down = false;
  exporter = start(options("a", receiver.url()));
  EXPECT_TRUE(comes_true([&] { return taken.different() == 90; })) << taken.different();
}

TEST_F(TraceExporterTest, StoppingSendsWhatIsLeft) {
  Taken taken;
  FakeReceiver receiver([&](const std::string& body) { return taken.take(body); });
  TraceExporterOptions slow = options("a", receiver.url());
  slow.batch_delay = std::chrono::hours(1);
  auto exporter = start(slow);
  write(45);
  exporter.reset();
  EXPECT_EQ(taken.count(), 135u);
}

TEST_F(TraceExporterTest, AStalledDestinationHoldsNobodyUp) {
  Taken taken;
  FakeReceiver good([&](const std::string& body) { return taken.take(body); });
  const auto stalled = start(options("stalled", "http://127.0.0.1:9/v1/traces"));
  const auto working = start(options("working", good.url()));
  write(100);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 300; })) << taken.count();
  EXPECT_LT(stalled->position(), working->position());
}

TEST_F(TraceExporterTest, RefusedBatchesAreCountedAndLeftBehind) {
  Taken taken;
  std::atomic<int> asked = 0;
  FakeReceiver receiver([&](const std::string& body) { return asked++ == 0 ? http(500) : taken.take(body); });
  const auto exporter = start(options("a", receiver.url()));
  write(20);
  EXPECT_TRUE(comes_true([&] { return taken.count() + dropped("a", "http_500") == 60; })) << taken.count();
  EXPECT_GT(dropped("a", "http_500"), 0u);
  EXPECT_EQ(taken.different(), taken.count()) << "what was refused is not sent again";
}

TEST_F(TraceExporterTest, WhatIsTooLargeIsSplitUntilItFits) {
  for (const auto protocol : {config::OtlpProtocol::kProtobuf, config::OtlpProtocol::kJson}) {
    Taken taken;
    std::atomic<int> refused = 0;
    FakeReceiver receiver([&](const std::string& body) {
      const bool json = body.starts_with('{');
      if (json ? body.size() > 20'000 : span_ids(body).size() > 4) return ++refused, http(413);
      return json ? http(200) : taken.take(body);
    });
    const std::string id = protocol == config::OtlpProtocol::kProtobuf ? "p" : "j";
    TraceExporterOptions made = options(id, receiver.url());
    made.signal.protocol = protocol;
    const auto exporter = start(made);
    write(40);
    observe::Counter& taken_spans = metrics.counter("kairosroute_otlp_exported_spans_total", "", {{"destination", id}});
    EXPECT_TRUE(comes_true([&] { return taken_spans.value() == 120; })) << taken_spans.value();
    EXPECT_GT(refused, 0);
    EXPECT_EQ(dropped(id, "http_413"), 0u);
    EXPECT_EQ(taken.different(), id == "p" ? 120u : 0u) << "each once, whole";
  }
}

TEST_F(TraceExporterTest, ASpanThatIsTooLargeAloneIsDropped) {
  FakeReceiver receiver([&](const std::string&) { return http(413); });
  const auto exporter = start(options("a", receiver.url()));
  write(2);
  EXPECT_TRUE(comes_true([&] { return dropped("a", "http_413") == 6; })) << dropped("a", "http_413");
  EXPECT_TRUE(comes_true([&] { return exporter->position() == writer->reader()->end(); }));
}

TEST_F(TraceExporterTest, PartialSuccessIsCountedAndNotRepeated) {
  FakeReceiver receiver([&](const std::string&) { return http(200, std::string("\x0a\x02\x08\x02", 4)); });
  const auto exporter = start(options("a", receiver.url()));
  write(1);
  EXPECT_TRUE(comes_true([&] { return dropped("a", "rejected") == 2; }));
  EXPECT_TRUE(comes_true([&] { return exporter->position() == writer->reader()->end(); }));
  EXPECT_EQ(receiver.requests(), 1u);
}

TEST_F(TraceExporterTest, UnsampledTracesAndBadIdsAreNotSent) {
  Taken taken;
  FakeReceiver receiver([&](const std::string& body) { return taken.take(body); });
  const auto exporter = start(options("a", receiver.url()));
  model::Receipt unsampled = model::sample_receipt();
  unsampled.trace.sampled = false;
  model::Receipt malformed = model::sample_receipt();
  malformed.trace.trace_id = "x";
  ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, 1'000, model::to_json(unsampled))));
  ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, 1'001, model::to_json(malformed))));
  ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, 1'002, "{\"not\": \"one\"")));
  write(1);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 3; }));
  EXPECT_EQ(dropped("a", "bad_ids"), 3u);
  EXPECT_EQ(dropped("a", "unreadable"), 1u);
}

TEST_F(TraceExporterTest, ContentThatIsStillComingIsWaitedForOfYoungReceiptsOnly) {
  Guarded<std::string> bodies;
  FakeReceiver receiver([&](const std::string& body) {
    bodies.with([&](std::string& all) { all += body; });
    return http(200);
  });
  std::atomic<int> asked = 0;
  TraceExporterOptions made = options("a", receiver.url());
  made.find_content = [&](const model::Receipt& one, size_t most) -> FoundContent {
    EXPECT_EQ(most, 2'000u);
    const bool young = one.workflow == "young";
    if (++asked < 3 || !young) return {{}, true};
    return {{"", "planted-prompt", "planted-answer", false}, false};
  };
  const auto exporter = start(made);
  model::Receipt old = model::sample_receipt();
  old.content = model::ContentPolicy::kFull;
  model::Receipt none = model::sample_receipt();
  none.content.reset();
  model::Receipt young = old;
  young.workflow = "young";
  young.completed_at = std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
  int number = 0;
  for (const model::Receipt& one : {old, none, young})
    ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, 1'000 + static_cast<std::uint64_t>(number++),
                                                model::to_json(one))));
  EXPECT_TRUE(comes_true([&] { return exporter->position() == writer->reader()->end(); }));
  EXPECT_EQ(asked, 3) << "once for the old one, never where nothing is kept, again for the young one";
  EXPECT_NE(bodies.with([](const std::string& all) { return all; }).find("planted-prompt"), std::string::npos);
}

TEST_F(TraceExporterTest, ContentThatWentWhileADestinationWasDownIsNotSent) {
  Guarded<std::string> bodies;
  std::atomic<bool> down = true;
  Taken taken;
  FakeReceiver receiver([&](const std::string& body) {
    if (down) return http(503, "", "Retry-After: 1\r\n");
    bodies.with([&](std::string& all) { all += body; });
    return taken.take(body);
  });
  std::atomic<bool> erased = false;
  TraceExporterOptions made = options("a", receiver.url());
  made.find_content = [&](const model::Receipt&, size_t) -> FoundContent {
    if (erased) return {};
    return {{"", "planted-prompt", "", false}, false};
  };
  const auto exporter = start(made);
  model::Receipt one = model::sample_receipt();
  one.content = model::ContentPolicy::kFull;
  ASSERT_TRUE(append(*writer, journal::record(journal::Kind::kClose, 1'000, model::to_json(one))));
  EXPECT_TRUE(comes_true([&] { return receiver.requests() >= 1; }));
  erased = true;
  down = false;
  write(1);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 6; })) << taken.count();
  EXPECT_EQ(bodies.with([](const std::string& all) { return all; }).find("planted-prompt"), std::string::npos);
}

TEST_F(TraceExporterTest, ADamagedPlaceMeansAllOverAgain) {
  Taken taken;
  FakeReceiver receiver([&](const std::string& body) { return taken.take(body); });
  auto exporter = start(options("a", receiver.url()));
  write(5);
  EXPECT_TRUE(comes_true([&] { return taken.count() == 15; }));
  exporter.reset();
  {
    auto file = files.open(journal::kDir + "/otlp-a.cursor", journal::OpenMode::kWrite);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->write(0, "rubbish"));
  }
  exporter = start(options("a", receiver.url()));
  EXPECT_TRUE(comes_true([&] { return taken.count() == 30; })) << taken.count();
  EXPECT_EQ(taken.different(), 15u);
}

} // namespace
} // namespace kairos::telemetry
