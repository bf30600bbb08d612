# Everything from outside, in one place. All but DuckDB are Debian 12 packages (README.md says what each is for).
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark QUIET)
find_package(prometheus-cpp REQUIRED)

function(kairos_plain_library target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} INTERFACE ${${target}_INCLUDE})
  if(library)
    find_library(${target}_LIBRARY ${library} REQUIRED)
    target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
  endif()
endfunction()

kairos_plain_library(zstd::zstd zstd.h zstd)
kairos_plain_library(xxHash::xxhash xxhash.h xxhash)
kairos_plain_library(cctz cctz/time_zone.h cctz)
if(KAIROS_MIMALLOC)
  kairos_plain_library(mimalloc mimalloc.h mimalloc)
endif()
kairos_plain_library(protozero protozero/pbf_writer.hpp "")

# DuckDB: a system one or DUCKDB_ROOT (duckdb.h and libduckdb.so in it), which tools/fetch_duckdb.sh fills.
set(DUCKDB_ROOT "$ENV{DUCKDB_ROOT}" CACHE PATH "folder with duckdb.h and libduckdb.so")
find_path(DUCKDB_INCLUDE duckdb.h HINTS ${DUCKDB_ROOT} ${DUCKDB_ROOT}/include REQUIRED)
find_library(DUCKDB_LIBRARY duckdb HINTS ${DUCKDB_ROOT} ${DUCKDB_ROOT}/lib REQUIRED)
# The library travels beside the binary, so that build/release/ can be copied as it is.
file(COPY ${DUCKDB_LIBRARY} DESTINATION ${CMAKE_BINARY_DIR} FOLLOW_SYMLINK_CHAIN)
get_filename_component(duckdb_file ${DUCKDB_LIBRARY} NAME)
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${CMAKE_BINARY_DIR}/${duckdb_file} IMPORTED_NO_SONAME TRUE
                                        INTERFACE_INCLUDE_DIRECTORIES ${DUCKDB_INCLUDE})
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

# Asio and Beast are compiled once (src/net/asio_impl.cc), not in each file that uses them.
add_library(kairos_asio INTERFACE)
target_compile_definitions(kairos_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                                                 BOOST_ASIO_NO_DEPRECATED
                                                 # a request's coroutines are a dozen frames deep: keep their memory
                                                 BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16
                                                 # … and take it from operator new: glibc's aligned_alloc is slow
                                                 BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
target_link_libraries(kairos_asio INTERFACE Boost::headers OpenSSL::SSL Threads::Threads)
