# The three things every folder needs: a library, its tests, its benchmarks.
include(GoogleTest)

add_library(faultline_options INTERFACE)
target_include_directories(faultline_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(faultline_options INTERFACE
  -Wall -Wextra -Wpedantic $<$<BOOL:${FAULTLINE_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # A false alarm on "text" + std::to_string(n): GCC bug 105651.
  target_compile_options(faultline_options INTERFACE -Wno-restrict)
endif()
if(FAULTLINE_SANITIZE)
  # With sanitizers GCC sees uninitialized values where there are none (its manual says so).
  target_compile_options(faultline_options INTERFACE
    -fsanitize=${FAULTLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    -Wno-maybe-uninitialized)
  target_link_options(faultline_options INTERFACE -fsanitize=${FAULTLINE_SANITIZE})
  if(FAULTLINE_SANITIZE MATCHES address)
    # Else each start of such a large program takes a while for its relocations.
    target_link_options(faultline_options INTERFACE -no-pie)
  endif()
endif()

# The tests that the sanitizers' builds run, and what ./bench runs.
add_custom_target(unit_tests)
add_custom_target(benchmarks)

# faultline_library(NAME SOURCES a.cc ... LIBRARIES ...)
function(faultline_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC faultline_options ${ARG_LIBRARIES})
endfunction()

# faultline_test(NAME SOURCES a_test.cc ... LIBRARIES ... [LABELS unit|broker|kind|long]
#   [TIMEOUT s] [COST n] [LOCK name] [ONE_THREAD] [NOT_ALONE])
# One executable; every case of it is a ctest of its own, but with sanitizers, where the start
# of a process takes longer than most cases: there each quarter of them is one. `unit` needs nothing
# but the file system, `broker` runs real brokers, `kind` a kind cluster that all of
# them share (faultline_kind_fixture), `long` is left to ./test --long. What
# runs brokers has the machine for itself, unless it judges no gap in what they serve
# (NOT_ALONE); of the others those of a high cost begin, and of those with the same LOCK
# one runs at a time.
# Where there is but one thread, the thread sanitizer has nothing to look for. Its name in
# ctest starts with NAME/, since of two tests of one name ctest would run only one.
function(faultline_test name)
  cmake_parse_arguments(ARG "ONE_THREAD;NOT_ALONE" "TIMEOUT;COST;LOCK" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(ARG_ONE_THREAD AND FAULTLINE_SANITIZE STREQUAL "thread")
    return()
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_COST)
    set(ARG_COST 0)
  endif()
  if(NOT ARG_LABELS MATCHES "^(unit|broker|kind|long)$")
    message(FATAL_ERROR "${name}: LABELS must be one of unit, broker, kind, long; not ${ARG_LABELS}")
  endif()
  set(fixture)
  if(ARG_LABELS STREQUAL "kind")
    set(fixture FIXTURES_REQUIRED kind_cluster)
  endif()
  set(run_serial TRUE)
  if(ARG_LABELS STREQUAL "unit" OR ARG_NOT_ALONE)
    set(run_serial FALSE)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  if(ARG_LABELS STREQUAL "unit")
    add_dependencies(unit_tests ${name})
  endif()
  target_link_libraries(${name} PRIVATE faultline_options ${ARG_LIBRARIES} GTest::gtest_main)
  set(lock)
  if(ARG_LOCK)
    set(lock RESOURCE_LOCK ${ARG_LOCK})
  endif()
  set(properties LABELS ${ARG_LABELS} RUN_SERIAL ${run_serial} COST ${ARG_COST}
    ENVIRONMENT_MODIFICATION PATH=path_list_prepend:${PROJECT_BINARY_DIR}  # faultline-agent
    ${fixture} ${lock})
  if(FAULTLINE_SANITIZE)
    faultline_quarters(${name} TIMEOUT 900 ${properties})
  else()
    gtest_discover_tests(${name}
      TEST_PREFIX ${name}/
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
      DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT ${ARG_TIMEOUT} ${properties})
  endif()
endfunction()

function(faultline_quarters name)
  foreach(quarter RANGE 3)
    set(test ${name}/quarter-${quarter})
    add_test(NAME ${test} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES
      ENVIRONMENT "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${quarter}" ${ARGN})
  endforeach()
endfunction()

# Each build folder has a kind cluster of its own for its tests: made before the first
# and removed after the last of them, also where they failed. -DFAULTLINE_KIND_CLUSTER=NAME
# chooses another.
string(MD5 kind_cluster ${PROJECT_BINARY_DIR})
string(SUBSTRING ${kind_cluster} 0 8 kind_cluster)
set(FAULTLINE_KIND_CLUSTER faultline-test-${kind_cluster} CACHE STRING
  "The kind cluster of the tests")

# faultline_kind_fixture(): where Docker or kind is missing, `up` says so and the tests
# are skipped, unless FAULTLINE_REQUIRE names kind.
function(faultline_kind_fixture)
  add_test(NAME kind_cluster/up COMMAND faultline up --cluster ${FAULTLINE_KIND_CLUSTER})
  add_test(NAME kind_cluster/down COMMAND faultline down --cluster ${FAULTLINE_KIND_CLUSTER})
  set_tests_properties(kind_cluster/up PROPERTIES FIXTURES_SETUP kind_cluster)
  set_tests_properties(kind_cluster/down PROPERTIES FIXTURES_CLEANUP kind_cluster)
  set_tests_properties(kind_cluster/up kind_cluster/down PROPERTIES
    LABELS kind TIMEOUT 1200 RUN_SERIAL TRUE SKIP_RETURN_CODE 2
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

# faultline_benchmark(NAME SOURCES ... LIBRARIES ...): run by ./bench
function(faultline_benchmark name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE faultline_options ${ARG_LIBRARIES} benchmark::benchmark_main)
  add_dependencies(benchmarks ${name})
endfunction()
