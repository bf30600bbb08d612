// Any bytes as a segment file: recovery, verify and cursor never crash, hang or read beyond; what recovery accepts,
// reads.
#include <cstdint>
#include <cstdlib>

#include "journal/reader.h"
#include "journal/recover.h"
#include "journal/testing/faulty_file_system.h"
#include "journal/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace kairos::journal;
  const std::string path = "/data/journal/0000000000000001.seg";
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  FaultyFileSystem files;
  files.set_content(path, bytes);
  if (!verify(files, "/data")) std::abort();
  const auto reader = Reader::open(files, "/data");
  if (!reader) std::abort();
  Cursor cursor(*reader);
  Entry entry;
  for (;;) {
    const auto more = cursor.next(entry);
    if (more && !*more) break;
    if (!more && !cursor.skip_damage()) std::abort();
  }
  const auto recovered = recover(files, "/data");
  if (!recovered)
    (void)recover(files, "/data", {"", true});
  else if (recovered->end.segment != 0 && !verify(files, "/data"))
    std::abort();
  return 0;
}
