// Any bytes as a segment file: recovery, verify and cursor never crash, hang or read beyond; what recovery leaves
// verifies as far as framing goes. Each input is tried as it is and with its checksums made right, so that what is
// behind them is reached.
#include <cstdint>
#include <cstdlib>

#include "journal/frame.h"
#include "journal/reader.h"
#include "journal/recover.h"
#include "journal/testing/faulty_file_system.h"
#include "journal/verify.h"

namespace kairos::journal {
namespace {

std::string with_right_checksums(std::string bytes) {
  if (bytes.size() < kSegmentHeaderSize) return bytes;
  put64(bytes.data() + kSegChecksum, checksum(std::string_view(bytes).substr(0, kSegChecksum)));
  for (size_t at = kSegmentHeaderSize; at + kChainedHeaderSize <= bytes.size();) {
    char* const frame = bytes.data() + at;
    const size_t header = header_size(static_cast<Kind>(frame[kFrameKind]));
    const size_t payload = get32(frame + kFrameStoredSize);
    const size_t there = std::min(payload, bytes.size() - at - header);
    put64(frame + kFramePayloadSum, checksum({frame + header, there}));
    std::string summed(frame, header - kFrameChecksumSize);
    summed[kFrameFlags] = static_cast<char>(summed[kFrameFlags] & ~kFlagErased);
    put64(frame + header - kFrameChecksumSize, checksum(summed));
    at += header + payload;
  }
  return bytes;
}

void read_everything(FileSystem& files) {
  const auto reader = Reader::open(files, "/data");
  if (!reader) std::abort();
  Cursor cursor(*reader);
  Entry entry;
  for (;;) {
    const auto more = cursor.next(entry);
    if (more && !*more) return;
    if (!more && !cursor.skip_damage()) std::abort();
  }
}

void try_bytes(const std::string& bytes) {
  FaultyFileSystem files;
  files.set_content("/data/journal/0000000000000001.seg", bytes);
  if (!verify(files, "/data")) std::abort();
  read_everything(files);
  auto recovered = recover(files, "/data");
  if (!recovered) recovered = recover(files, "/data", {"", true});
  if (!recovered) return;
  const auto report = verify(files, "/data");
  if (!report || report->torn_tail) std::abort();
  read_everything(files);
}

} // namespace
} // namespace kairos::journal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  kairos::journal::try_bytes(bytes);
  kairos::journal::try_bytes(kairos::journal::with_right_checksums(bytes));
  return 0;
}
