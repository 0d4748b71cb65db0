// SPDX-License-Identifier: Apache-2.0
// XNNPACK's softmax operator: created and set up once, run each time.
#include <pthreadpool.h>
#include <xnnpack.h>

#include <cstdlib>

#include "bench/independent/harness.h"

static void check(xnn_status status) {
  if (status != xnn_status_success) std::abort();
}

std::function<void()> prepare(const Problem& p) {
  check(xnn_initialize(nullptr));
  const pthreadpool_t pool =
      p.threads > 1 ? pthreadpool_create(static_cast<std::size_t>(p.threads)) : nullptr;
  xnn_operator_t softmax = nullptr;
#ifdef SOFTMARK_XNNPACK_RESHAPE
  check(xnn_create_softmax_nc_f32(0, &softmax));
  check(xnn_reshape_softmax_nc_f32(softmax, p.cols, p.cols, p.cols, p.rows, pool));
  check(xnn_setup_softmax_nc_f32(softmax, p.x, p.y));
#else
  check(xnn_create_softmax_nc_f32(p.cols, p.cols, p.cols, 0, &softmax));
  check(xnn_setup_softmax_nc_f32(softmax, p.rows, p.x, p.y, pool));
#endif
  return [softmax, pool] { check(xnn_run_operator(softmax, pool)); };
}
