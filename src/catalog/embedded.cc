#include "catalog/embedded.h"

// The folder src/ is the assembler's include path; root's CMakeLists.txt rebuilds this file when the catalog changes.
asm(R"(
  .section .rodata
  .balign 64
  .global kairos_catalog_begin
  .global kairos_catalog_end
kairos_catalog_begin:
  .incbin "../config/catalog.json"
kairos_catalog_end:
  .byte 0
  .previous
)");

extern "C" const char kairos_catalog_begin[];
extern "C" const char kairos_catalog_end[];

namespace kairos::catalog {

std::string_view embedded_catalog() {
  return {kairos_catalog_begin, static_cast<size_t>(kairos_catalog_end - kairos_catalog_begin)};
}

} // namespace kairos::catalog
