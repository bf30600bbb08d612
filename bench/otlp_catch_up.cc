// A destination that was down comes back: N receipts lie in a journal on disk, the exporter sends them all to a
// receiver on loopback that counts different span ids. Prints time, rate, CPU a receipt and the growth of memory.
//   otlp_catch_up [RECEIPTS] [FOLDER]
#include <fmt/format.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <protozero/pbf_reader.hpp>
#include <unordered_set>

#include "journal/writer.h"
#include "model/receipt_json.h"
#include "model/testing/sample_receipt.h"
#include "telemetry/testing/fake_receiver.h"
#include "telemetry/trace_exporter.h"

namespace kairos::telemetry {
namespace {

class SpanCounter {
public:
  void take(const std::string& body) {
    protozero::pbf_reader request(body);
    while (request.next(1)) {
      protozero::pbf_reader resource = request.get_message();
      while (resource.next(2)) {
        protozero::pbf_reader scope = resource.get_message();
        while (scope.next(2)) {
          protozero::pbf_reader span = scope.get_message();
          if (span.next(2)) ids_.insert(span.get_bytes());
        }
      }
    }
    count_ = ids_.size();
  }
  size_t count() const { return count_; }

private:
  std::unordered_set<std::string> ids_;
  std::atomic<size_t> count_{0};
};

long resident_kb() {
  std::ifstream in("/proc/self/statm");
  long total = 0, resident = 0;
  in >> total >> resident;
  return resident * 4;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

std::string receipt(int n) {
  model::Receipt one = model::sample_receipt();
  one.attempts.erase(one.attempts.begin());
  one.trace.span_id = fmt::format("{:015x}a", n + 1);
  one.attempts[0].span_id = fmt::format("{:015x}c", n + 1);
  return model::to_json(one);
}

Ulid ulid(int n) {
  Ulid id;
  for (size_t i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return id;
}

void fill(journal::Writer& writer, int receipts) {
  for (int i = 0; i < receipts; ++i) {
    while (!writer.append({journal::Kind::kClose, ulid(i), WallTime{}, receipt(i)}, [](auto) {})) {
      if (!writer.flush()) std::abort();
    }
  }
  if (!writer.flush()) std::abort();
}

int run(int receipts, const std::string& folder) {
  std::filesystem::create_directories(folder);
  journal::PosixFileSystem files;
  const auto recovered = journal::recover(files, folder, {"bench", false});
  auto writer = journal::Writer::start(files, {.data_dir = folder}, *recovered);
  SpanCounter arrived;
  std::atomic<bool> down = true;
  FakeReceiver receiver([&](const std::string& body) {
    if (down) return http(503);
    arrived.take(body);
    return http(200);
  });
  observe::Metrics metrics;
  RecentReceipts recent;
  TraceExporterOptions options;
  options.id = "bench";
  options.signal.url = receiver.url();
  options.cursor_path = folder + "/otlp-bench.cursor";
  auto exporter = TraceExporter::start(std::move(options), (*writer)->reader(), files, metrics, recent);
  fill(**writer, receipts);
  const long before_kb = resident_kb();
  const double cpu = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  down = false;
  const auto wanted = 2 * static_cast<size_t>(receipts);
  while (arrived.count() < wanted && std::chrono::steady_clock::now() < begun + std::chrono::minutes(10)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print("{} of {} spans in {:.1f} s, {:.0f} receipts/s, {:.1f} us CPU a receipt with the receiver, memory {:+} MB "
             "(of that {} MB the receiver's ids)\n",
             arrived.count(), wanted, took.count(), receipts / took.count(), (cpu_seconds() - cpu) * 1e6 / receipts,
             (resident_kb() - before_kb) / 1024, arrived.count() * 56 >> 20);
  return arrived.count() == wanted ? 0 : 1;
}

} // namespace
} // namespace kairos::telemetry

int main(int argc, char** argv) {
  const int receipts = argc > 1 ? std::atoi(argv[1]) : 300'000;
  const std::string folder = argc > 2 ? argv[2] : std::filesystem::temp_directory_path() / "kairos-catch-up";
  std::filesystem::remove_all(folder);
  const int ended = kairos::telemetry::run(receipts, folder);
  std::filesystem::remove_all(folder);
  return ended;
}
