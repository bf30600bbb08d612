// Answers, without sockets; the bytes also go through the decompressor.
#include "net/fuzz_parser.h"
#include "net/inflate.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  kairos::net::Inflater inflater(10'000);
  std::string out;
  const bool fed = inflater.feed({reinterpret_cast<const char*>(data), size}, out).has_value();
  if (out.size() > 10'000 || (!fed && inflater.finish())) std::abort();
  return kairos::net::compare_cuts(kairos::net::MessageParser::Kind::kResponse, data, size);
}
