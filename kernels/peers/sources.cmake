# SPDX-License-Identifier: Apache-2.0
# Peers that are built from the user's own sources instead of taken from the system: what a claim about today's version of
# a library has to rest on. Each is built as its own CMake builds it, without tests and with what softmax needs alone.
set(SOFTMARK_XNNPACK_SOURCE "" CACHE PATH "A checkout of google/XNNPACK to build and use; empty: the system's")
set(SOFTMARK_ONEDNN_SOURCE "" CACHE PATH "A checkout of uxlfoundation/oneDNN to build and use; empty: the system's")
set(SOFTMARK_ONNXRUNTIME "" CACHE FILEPATH "A libonnxruntime.so to use; empty: what is found where the program runs")

# The date and commit of a checkout; "source" outside of git.
function(softmark_checkout_version folder result)
  execute_process(COMMAND git -C ${folder} log -1 --format=%cs.%h OUTPUT_VARIABLE version ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  # A folder without .git of its own may lie inside another repository.
  if(NOT EXISTS ${folder}/.git OR NOT version)
    set(version source)
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

function(softmark_check_source folder)
  if(NOT EXISTS ${folder}/CMakeLists.txt)
    message(FATAL_ERROR "${folder} has no CMakeLists.txt: give the folder of a checkout, or nothing for the system's library")
  endif()
endfunction()

# Functions, so that nothing that these projects expect or set reaches this one. Their own dependencies are downloaded,
# unless CPUINFO_SOURCE_DIR, PTHREADPOOL_SOURCE_DIR and FXDIV_SOURCE_DIR say where they lie.
function(softmark_build_xnnpack)
  softmark_check_source(${SOFTMARK_XNNPACK_SOURCE})
  unset(CMAKE_C_STANDARD)
  unset(CMAKE_CXX_EXTENSIONS)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  foreach(option BUILD_TESTS BUILD_BENCHMARKS BUILD_ALL_MICROKERNELS ENABLE_KLEIDIAI)
    set(XNNPACK_${option} OFF CACHE BOOL "" FORCE)
  endforeach()
  add_subdirectory(${SOFTMARK_XNNPACK_SOURCE} ${PROJECT_BINARY_DIR}/sources/xnnpack EXCLUDE_FROM_ALL)
endfunction()

function(softmark_build_onednn)
  softmark_check_source(${SOFTMARK_ONEDNN_SOURCE})
  unset(CMAKE_C_STANDARD)
  unset(CMAKE_CXX_EXTENSIONS)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  set(ONEDNN_LIBRARY_TYPE STATIC CACHE STRING "" FORCE)
  set(ONEDNN_ENABLE_PRIMITIVE "SOFTMAX;ELTWISE;REORDER" CACHE STRING "" FORCE)
  foreach(option BUILD_TESTS BUILD_EXAMPLES BUILD_GRAPH ENABLE_JIT_PROFILING ENABLE_ITT_TASKS)
    set(ONEDNN_${option} OFF CACHE BOOL "" FORCE)
  endforeach()
  add_subdirectory(${SOFTMARK_ONEDNN_SOURCE} ${PROJECT_BINARY_DIR}/sources/onednn EXCLUDE_FROM_ALL)
endfunction()
