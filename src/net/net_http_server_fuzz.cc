// Requests, without sockets.
#include "net/fuzz_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  return kairos::net::compare_cuts(kairos::net::MessageParser::Kind::kRequest, data, size);
}
