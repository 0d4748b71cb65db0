# SPDX-License-Identifier: Apache-2.0
# XNNPACK has no version number; which operator API it has is detected by compiling a call.
if(SOFTMARK_XNNPACK_SOURCE)
  softmark_build_xnnpack()
  get_target_property(pthreadpool pthreadpool SOURCE_DIR)
  set(SOFTMARK_XNNPACK_INCLUDES ${SOFTMARK_XNNPACK_SOURCE}/include ${pthreadpool}/include)
  set(SOFTMARK_XNNPACK_LINK XNNPACK pthreadpool)
  softmark_checkout_version(${SOFTMARK_XNNPACK_SOURCE} version)
  set(source ${SOFTMARK_XNNPACK_SOURCE})
else()
  find_path(SOFTMARK_XNNPACK_INCLUDE xnnpack.h)
  find_library(SOFTMARK_XNNPACK_LIBRARY XNNPACK)
  find_path(SOFTMARK_PTHREADPOOL_INCLUDE pthreadpool.h)
  find_library(SOFTMARK_PTHREADPOOL_LIBRARY pthreadpool)
  if(NOT (SOFTMARK_XNNPACK_INCLUDE AND SOFTMARK_XNNPACK_LIBRARY AND SOFTMARK_PTHREADPOOL_INCLUDE AND SOFTMARK_PTHREADPOOL_LIBRARY))
    softmark_peer(xnnpack ABSENT "XNNPACK was not found (Debian: libxnnpack-dev libpthreadpool-dev)")
    return()
  endif()
  set(SOFTMARK_XNNPACK_INCLUDES ${SOFTMARK_XNNPACK_INCLUDE} ${SOFTMARK_PTHREADPOOL_INCLUDE})
  set(SOFTMARK_XNNPACK_LINK ${SOFTMARK_XNNPACK_LIBRARY} ${SOFTMARK_PTHREADPOOL_LIBRARY})
  softmark_package_version(${SOFTMARK_XNNPACK_LIBRARY} version)
  set(source system)
endif()

# The answers below are kept for the library that they were found out about.
if(NOT "${SOFTMARK_XNNPACK_KNOWN}" STREQUAL "${source}")
  foreach(feature SETUP RESHAPE F16 UNARY UNARY_LUT)
    unset(SOFTMARK_XNNPACK_${feature} CACHE)
  endforeach()
  set(SOFTMARK_XNNPACK_KNOWN "${source}" CACHE INTERNAL "")
endif()
set(CMAKE_REQUIRED_INCLUDES ${SOFTMARK_XNNPACK_INCLUDES})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
function(softmark_xnnpack_has feature call)
  check_cxx_source_compiles("#include <cmath>
    #include <cstddef>
    #include <xnnpack.h>
    xnn_status f(xnn_operator_t* op, pthreadpool_t pool, float* data) { return ${call}; }" SOFTMARK_XNNPACK_${feature})
endfunction()
softmark_xnnpack_has(SETUP "xnn_setup_softmax_nc_f32(*op, 1, data, data, pool)")
softmark_xnnpack_has(RESHAPE "xnn_reshape_softmax_nc_f32(*op, 1, 1, 1, 1, pool)")
softmark_xnnpack_has(F16 "xnn_reshape_softmax_nc_f16(*op, 1, 1, 1, 1, pool)")
softmark_xnnpack_has(UNARY "xnn_create_unary_elementwise_nc(xnn_unary_sigmoid, xnn_datatype_fp32, xnn_datatype_fp32, nullptr, nullptr, nullptr, 0, op)")
softmark_xnnpack_has(UNARY_LUT "xnn_create_unary_elementwise_nc(xnn_unary_sigmoid, xnn_datatype_fp32, xnn_datatype_fp32, nullptr, nullptr, nullptr, nullptr, 0, op)")
unset(CMAKE_TRY_COMPILE_TARGET_TYPE)
unset(CMAKE_REQUIRED_INCLUDES)
if(NOT (SOFTMARK_XNNPACK_SETUP OR SOFTMARK_XNNPACK_RESHAPE))
  softmark_peer(xnnpack ABSENT "this XNNPACK's softmax operator has neither the API of 2022 nor that of 2024")
  return()
endif()

softmark_peer(xnnpack LINK ${SOFTMARK_XNNPACK_LINK} INCLUDE ${SOFTMARK_XNNPACK_INCLUDES})
target_compile_definitions(softmark_peer_xnnpack PRIVATE SOFTMARK_XNNPACK_VERSION="${version}"
  $<$<BOOL:${SOFTMARK_XNNPACK_RESHAPE}>:SOFTMARK_XNNPACK_RESHAPE> $<$<BOOL:${SOFTMARK_XNNPACK_F16}>:SOFTMARK_XNNPACK_F16>
  $<$<BOOL:${SOFTMARK_XNNPACK_UNARY}>:SOFTMARK_XNNPACK_UNARY>
  $<$<BOOL:${SOFTMARK_XNNPACK_UNARY_LUT}>:SOFTMARK_XNNPACK_UNARY_LUT>)
