// SPDX-License-Identifier: Apache-2.0
// libtorch's softmax into a tensor that is there (its out= form), in inference mode. It runs
// AVX-512 only where ATEN_CPU_CAPABILITY=avx512 says so.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include "bench/independent/harness.h"

std::function<void()> prepare(const Problem& p) {
  at::set_num_threads(p.threads);
  const std::int64_t rows = static_cast<std::int64_t>(p.rows),
                     cols = static_cast<std::int64_t>(p.cols);
  const at::Tensor x = at::from_blob(const_cast<float*>(p.x), {rows, cols}, at::kFloat);
  at::Tensor y = at::from_blob(p.y, {rows, cols}, at::kFloat);
  return [x, y]() mutable {
    const c10::InferenceMode guard;
    at::_softmax_out(y, x, 1, false);
  };
}
