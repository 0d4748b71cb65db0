// SPDX-License-Identifier: Apache-2.0
// The heavy half of libtorch.cpp: ATen's operators, in their out= forms, on tensors over the
// caller's arrays. The tensors are kept until the shape changes, and are pointed at the arrays of
// each call.
#include <ATen/Parallel.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/_log_softmax_backward_data.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/nll_loss.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sigmoid_backward.h>
#include <c10/core/InferenceMode.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <array>

#include "kernels/names.h"
#include "kernels/softmark.h"

namespace {

using softmark::OpShape;

constexpr at::ScalarType type_of(softmark_dtype dtype) {
  return dtype == SOFTMARK_F64 ? at::kDouble : dtype == SOFTMARK_BF16 ? at::kBFloat16 : at::kFloat;
}

struct Prepared {
  std::array<std::size_t, 5> key = {};
  at::Tensor x, g, y, labels;
};

at::Tensor tensor(const void* data, at::ScalarType type, std::size_t rows, std::size_t cols,
                  std::size_t stride) {
  const auto n = [](std::size_t size) { return static_cast<std::int64_t>(size); };
  return at::from_blob(const_cast<void*>(data), {n(rows), n(cols)}, {n(stride), 1},
                       at::TensorOptions(type));
}

at::Tensor vector(const void* data, at::ScalarType type, std::size_t rows) {
  return at::from_blob(const_cast<void*>(data), {static_cast<std::int64_t>(rows)},
                       at::TensorOptions(type));
}

void prepare(Prepared& p, const softmark_args& args, softmark_op op, softmark_dtype dtype) {
  const OpShape shape = softmark::shape_of(op);
  const auto type = type_of(dtype);
  p.x = tensor(args.x, type, args.rows, args.cols, args.x_stride);
  if (shape.takes_g) p.g = tensor(args.g, type, args.rows, args.cols, args.g_stride);
  if (shape.takes_labels) p.labels = vector(args.labels, at::kLong, args.rows);
  p.y = shape.output == OpShape::kScalar
            ? vector(args.y, type, args.rows)
            : tensor(args.y, type, args.rows, args.cols, args.y_stride);
}

void point(at::Tensor& tensor, const void* data) {
  if (tensor.defined() && tensor.data_ptr() != data)
    tensor.storage().unsafeGetStorageImpl()->set_data_ptr_noswap(
        c10::DataPtr(const_cast<void*>(data), c10::kCPU));
}

/// The out= forms of these ops treat y, and the softmax's backward its p, as dense whatever the
/// strides are. Autograd passes only dense tensors, and so does this adapter: padded arrays are
/// copied.
void execute_dense(softmark_op op, at::ScalarType type, Prepared& p, at::Tensor& y) {
  switch (op) {
    case SOFTMARK_SOFTMAX:
      at::_softmax_out(y, p.x, 1, false);
      break;
    case SOFTMARK_LOG_SOFTMAX:
      at::_log_softmax_out(y, p.x, 1, false);
      break;
    case SOFTMARK_SOFTMAX_VJP:
      at::_softmax_backward_data_out(y, p.g, p.x.contiguous(), 1, type);
      break;
    default:
      at::_log_softmax_backward_data_out(y, p.g, p.x, 1, type);
  }
}

void execute(softmark_op op, softmark_dtype dtype, Prepared& p) {
  switch (op) {
    case SOFTMARK_LOGSUMEXP:
      at::logsumexp_out(p.y, p.x, at::IntArrayRef{1}, false);
      break;
    case SOFTMARK_SIGMOID:
      at::sigmoid_out(p.y, p.x);
      break;
    case SOFTMARK_SIGMOID_VJP:
      at::sigmoid_backward_out(p.y, p.g, p.x);
      break;
    case SOFTMARK_CROSS_ENTROPY:
      at::nll_loss_out(p.y, at::_log_softmax(p.x, 1, false), p.labels, {}, at::Reduction::None,
                       -100);
      break;
    default:
      if (p.y.is_contiguous()) return execute_dense(op, type_of(dtype), p, p.y);
      at::Tensor dense = at::empty(p.y.sizes(), p.y.options());
      execute_dense(op, type_of(dtype), p, dense);
      p.y.copy_(dense);
  }
}

/// at::set_num_threads also recreates a second pool (for XNNPACK, not used here), whose threads
/// then spin: 10 ms per change.
void use_threads(int threads) {
  if (at::get_num_threads() == threads) return;
#if defined(_OPENMP) && AT_PARALLEL_OPENMP
  omp_set_num_threads(threads);
#else
  at::set_num_threads(threads);
#endif
}

int call(softmark_op op, softmark_dtype dtype, const softmark_args& args, Prepared& p) {
  if (args.rows * softmark::outputs_of(op, args.cols) == 0) return 0;
  try {
    const c10::InferenceMode no_gradients;
    use_threads(args.threads);
    const std::array key = {args.rows, args.cols, args.x_stride, args.g_stride, args.y_stride};
    if (p.key != key) prepare(p, args, op, dtype);
    p.key = key;
    point(p.x, args.x);
    point(p.g, args.g);
    point(p.labels, args.labels);
    point(p.y, args.y);
    execute(op, dtype, p);
    return 0;
  } catch (const std::exception&) {
    p = {};
    return 1;  // not implemented for this type
  }
}

template <softmark_op Op, softmark_dtype Dtype>
int run(const softmark_args* args) {
  thread_local Prepared prepared;  // kernels are re-entrant
  return call(Op, Dtype, *args, prepared);
}

template <softmark_op Op>
softmark_fn of_type(softmark_dtype dtype) {
  return dtype == SOFTMARK_F64    ? run<Op, SOFTMARK_F64>
         : dtype == SOFTMARK_BF16 ? run<Op, SOFTMARK_BF16>
                                  : run<Op, SOFTMARK_F32>;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) softmark_fn softmark_libtorch_op(
    softmark_op op, softmark_dtype dtype) {
#define SOFTMARK_TORCH(known, summary, claims) \
  if (op == known) return of_type<known>(dtype);
#include "kernels/peers/libtorch.def"
  return nullptr;
}
