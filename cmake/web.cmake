# kairos_web(target): builds the files of web/dist into the target (src/api/static_files.h), or none if the dashboard was
# not built. KAIROS_WEB=ON makes a missing dashboard an error.
function(kairos_web target)
  set(dist ${CMAKE_SOURCE_DIR}/web/dist)
  if(KAIROS_WEB AND NOT EXISTS ${dist}/index.html)
    message(FATAL_ERROR "KAIROS_WEB is ON and there is no web/dist/index.html: run `npm ci && npm run build` in web/")
  endif()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${dist} ${dist}/*)
  list(FILTER files EXCLUDE REGEX "[\"\\\\]")
  set(assembler "")
  set(names "")
  set(rows "")
  set(paths "")
  set(number 0)
  foreach(file ${files})
    string(APPEND assembler "  .global kairos_web_${number}\nkairos_web_${number}:\n  .incbin \"${dist}/${file}\"\n  .global kairos_web_${number}_end\nkairos_web_${number}_end:\n  .byte 0\n")
    string(APPEND names "extern \"C\" const char kairos_web_${number}[];\nextern \"C\" const char kairos_web_${number}_end[];\n")
    string(APPEND rows "      {\"/${file}\", {kairos_web_${number}, static_cast<size_t>(kairos_web_${number}_end - kairos_web_${number})}},\n")
    list(APPEND paths ${dist}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  set(generated ${CMAKE_BINARY_DIR}/generated/web_files.cc)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[// Made by cmake/web.cmake from web/dist.
#include "api/static_files.h"

#include <vector>

asm(R"(
  .section .rodata
@assembler@  .previous
)");

@names@
namespace kairos::api {

std::span<const WebFile> web_files() {
  static const std::vector<WebFile> kFiles = {
@rows@  };
  return kFiles;
}

} // namespace kairos::api
]])
  set_property(SOURCE ${generated} PROPERTY OBJECT_DEPENDS "${paths}")
  target_sources(${target} PRIVATE ${generated})
endfunction()
