// SPDX-License-Identifier: Apache-2.0
// XNNPACK (google/XNNPACK) through its operator API: that of 2022 (create with a shape, set up with
// pointers) or that of 2024 (create, reshape, set up); the build detects which.
//
// An operator is created for a shape and kept until the shape changes; pointers are set where they
// are not those of the call before. More than one thread needs a pthreadpool of that size, which is
// kept; one thread needs none.
//
// XNNPACK may read up to XNN_EXTRA_BYTES behind a row's end. These bytes exist and are not used,
// unless another page begins within them: then the last rows are copied, as a user who cannot
// enlarge the buffers would have to do.
#include <pthreadpool.h>
#include <xnnpack.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "kernels/peers/peer.h"
#include "kernels/peers/waiting.h"

namespace {

std::uint32_t flags() {
  static const std::uint32_t chosen =
      softmark::waiting_threads_sleep() ? XNN_FLAG_YIELD_WORKERS : 0;
  return chosen;
}

// For each op: how its operator is created for the args' shape, and how it is pointed at their
// data.
#ifdef SOFTMARK_XNNPACK_RESHAPE
struct SoftmaxF32 {
  static xnn_status make(const softmark_args& a, pthreadpool_t pool, xnn_operator_t* op) {
    const xnn_status status = xnn_create_softmax_nc_f32(flags(), op);
    if (status != xnn_status_success) return status;
    return xnn_reshape_softmax_nc_f32(*op, a.cols, a.x_stride, a.y_stride, a.rows, pool);
  }
  static xnn_status point(xnn_operator_t op, const softmark_args& a, pthreadpool_t) {
    return xnn_setup_softmax_nc_f32(op, static_cast<const float*>(a.x), static_cast<float*>(a.y));
  }
};
#else
struct SoftmaxF32 {
  static xnn_status make(const softmark_args& a, pthreadpool_t, xnn_operator_t* op) {
    return xnn_create_softmax_nc_f32(a.cols, a.x_stride, a.y_stride, flags(), op);
  }
  static xnn_status point(xnn_operator_t op, const softmark_args& a, pthreadpool_t pool) {
    return xnn_setup_softmax_nc_f32(op, a.rows, static_cast<const float*>(a.x),
                                    static_cast<float*>(a.y), pool);
  }
};
struct SigmoidF32 {
  static xnn_status make(const softmark_args& a, pthreadpool_t, xnn_operator_t* op) {
    return xnn_create_sigmoid_nc_f32(a.cols, a.x_stride, a.y_stride, flags(), op);
  }
  static xnn_status point(xnn_operator_t op, const softmark_args& a, pthreadpool_t pool) {
    return xnn_setup_sigmoid_nc_f32(op, a.rows, static_cast<const float*>(a.x),
                                    static_cast<float*>(a.y), pool);
  }
};
#endif

#ifdef SOFTMARK_XNNPACK_F16
struct SoftmaxF16 {
  static xnn_status make(const softmark_args& a, pthreadpool_t pool, xnn_operator_t* op) {
    const xnn_status status = xnn_create_softmax_nc_f16(flags(), op);
    if (status != xnn_status_success) return status;
    return xnn_reshape_softmax_nc_f16(*op, a.cols, a.x_stride, a.y_stride, a.rows, pool);
  }
  static xnn_status point(xnn_operator_t op, const softmark_args& a, pthreadpool_t) {
    return xnn_setup_softmax_nc_f16(op, a.x, a.y);
  }
};
#endif

#ifdef SOFTMARK_XNNPACK_UNARY_LUT  // of 2026: a look-up table besides
#define SOFTMARK_XNNPACK_UNARY
#define SOFTMARK_NO_LUT nullptr,
#else
#define SOFTMARK_NO_LUT
#endif

#ifdef SOFTMARK_XNNPACK_UNARY
template <xnn_datatype Type>
struct Sigmoid {
  static xnn_status make(const softmark_args& a, pthreadpool_t pool, xnn_operator_t* op) {
    const xnn_status status = xnn_create_unary_elementwise_nc(
        xnn_unary_sigmoid, Type, Type, nullptr, SOFTMARK_NO_LUT nullptr, nullptr, flags(), op);
    if (status != xnn_status_success) return status;
    return xnn_reshape_unary_elementwise_nc(*op, a.rows, a.cols, a.x_stride, a.y_stride, pool);
  }
  static xnn_status point(xnn_operator_t op, const softmark_args& a, pthreadpool_t) {
    return xnn_setup_unary_elementwise_nc(op, a.x, a.y);
  }
};
#endif

/// nullptr for one thread. A pool of each size is kept as long as its calling thread lives: kernels
/// are re-entrant, and a new pool's threads spin until all of them have started.
pthreadpool_t pool_of(int threads) {
  struct Pools {
    std::map<int, pthreadpool_t> of_size;
    ~Pools() {
      for (const auto& [size, pool] : of_size) pthreadpool_destroy(pool);
    }
  };
  thread_local Pools kept;
  if (threads <= 1) return nullptr;
  pthreadpool_t& pool = kept.of_size[threads];
  if (!pool) pool = pthreadpool_create(static_cast<std::size_t>(threads));
  return pool;
}

struct Operator {
  xnn_operator_t op = nullptr;
  std::array<std::size_t, 5> shape{};
  std::array<const void*, 2> pointed{};
  void drop() {
    if (op) xnn_delete_operator(op);
    op = nullptr;
  }
  ~Operator() { drop(); }
};

/// Whether reading XNN_EXTRA_BYTES behind a row's partial last vector would leave the page in which
/// the row ends.
bool ends_at_a_page(const void* row, std::size_t bytes) {
  constexpr std::uintptr_t page = 4096;  // the smallest page size in use
  const auto end = reinterpret_cast<std::uintptr_t>(row) + bytes;
  return bytes % XNN_EXTRA_BYTES != 0 && (end - 1) / page != (end - 1 + XNN_EXTRA_BYTES) / page;
}

template <class Op>
int run_whole(const softmark_args* args) {
  thread_local Operator kept;
  if (args->rows == 0) return 0;
  const pthreadpool_t pool = pool_of(args->threads);
  const std::array<std::size_t, 5> shape{args->rows, args->cols, args->x_stride, args->y_stride,
                                         static_cast<std::size_t>(args->threads)};
  if (!kept.op || shape != kept.shape) {
    kept.drop();
    if (xnn_initialize(nullptr) != xnn_status_success ||
        Op::make(*args, pool, &kept.op) != xnn_status_success)
      return 1;
    kept.shape = shape;
    kept.pointed = {};
  }
  const std::array<const void*, 2> arrays{args->x, args->y};
  if (kept.pointed != arrays && Op::point(kept.op, *args, pool) != xnn_status_success) return 1;
  kept.pointed = arrays;
  return xnn_run_operator(kept.op, pool) != xnn_status_success;
}

template <class Op, class T>
int run(const softmark_args* args) {
  if (args->rows == 0 || args->cols == 0) return 0;
  const auto x = [&](std::size_t row) {
    return static_cast<const T*>(args->x) + row * args->x_stride;
  };
  const auto y = [&](std::size_t row) { return static_cast<T*>(args->y) + row * args->y_stride; };
  const std::size_t last = args->rows - 1, cols = args->cols, bytes = cols * sizeof(T);
  if (!ends_at_a_page(x(last), bytes) && !ends_at_a_page(y(last), bytes))
    return run_whole<Op>(args);

  // Rows before the last may be so short that they end as close to the page boundary.
  constexpr std::size_t extra = XNN_EXTRA_BYTES / sizeof(T);
  const std::size_t near =
      std::min(args->rows, 1 + extra / std::min(args->x_stride, args->y_stride));
  thread_local std::vector<T> copy;
  copy.assign(near * cols + extra, T(0));
  softmark_args far = *args, copied = *args;
  far.rows -= near;
  copied.rows = near;
  copied.x = copied.y = copy.data();
  copied.x_stride = copied.y_stride = cols;
  for (std::size_t r = 0; r < near; ++r) std::memcpy(&copy[r * cols], x(far.rows + r), bytes);
  if (run_whole<Op>(&far) != 0 || run_whole<Op>(&copied) != 0) return 1;
  for (std::size_t r = 0; r < near; ++r) std::memcpy(y(far.rows + r), &copy[r * cols], bytes);
  return 0;
}

constexpr std::uint32_t kClaims = SOFTMARK_IN_PLACE | SOFTMARK_THREADED;
constexpr softmark_kernel kKernels[] = {
    {"xnnpack", "XNNPACK operator softmax_nc_f32", SOFTMARK_SOFTMAX, SOFTMARK_F32, kClaims,
     SOFTMARK_MASKED_NAN, INFINITY, run<SoftmaxF32, float>},
#ifdef SOFTMARK_XNNPACK_F16
    {"xnnpack", "XNNPACK operator softmax_nc_f16", SOFTMARK_SOFTMAX, SOFTMARK_F16, kClaims,
     SOFTMARK_MASKED_NAN, INFINITY, run<SoftmaxF16, std::uint16_t>},
#endif
#ifdef SOFTMARK_XNNPACK_UNARY
    {"xnnpack", "XNNPACK operator unary_elementwise_nc, sigmoid", SOFTMARK_SIGMOID, SOFTMARK_F32,
     kClaims, SOFTMARK_MASKED_NAN, INFINITY, run<Sigmoid<xnn_datatype_fp32>, float>},
    {"xnnpack", "XNNPACK operator unary_elementwise_nc, sigmoid", SOFTMARK_SIGMOID, SOFTMARK_F16,
     kClaims, SOFTMARK_MASKED_NAN, INFINITY, run<Sigmoid<xnn_datatype_fp16>, std::uint16_t>},
#elif !defined(SOFTMARK_XNNPACK_RESHAPE)
    {"xnnpack", "XNNPACK operator sigmoid_nc_f32", SOFTMARK_SIGMOID, SOFTMARK_F32, kClaims,
     SOFTMARK_MASKED_NAN, INFINITY, run<SigmoidF32, float>},
#endif
};

}  // namespace

// XNNPACK has no version number: this is the package's, found when the adapter was built.
SOFTMARK_PEER(kKernels, SOFTMARK_XNNPACK_VERSION)
