#include "api/openapi_document.h"

// The folder src/ is the assembler's include path; root's CMakeLists.txt rebuilds this file when the document changes.
asm(R"(
  .section .rodata
  .global kairos_openapi_begin
  .global kairos_openapi_end
kairos_openapi_begin:
  .incbin "../docs/openapi.json"
kairos_openapi_end:
  .byte 0
  .previous
)");

extern "C" const char kairos_openapi_begin[];
extern "C" const char kairos_openapi_end[];

namespace kairos::api {

std::string_view openapi_document() {
  return {kairos_openapi_begin, static_cast<size_t>(kairos_openapi_end - kairos_openapi_begin)};
}

} // namespace kairos::api
