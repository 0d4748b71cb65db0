// SPDX-License-Identifier: Apache-2.0
// Eigen's arrays, row by row, written as in its documentation: three passes for softmax, with
// Eigen's own vector exp, log and logistic. Nothing is kept between calls.
//
// maxCoeff() may skip a NaN, which then reappears in the sum. logsumexp returns an infinite maximum
// as it is and therefore uses the variant that propagates NaN.
#include <Eigen/Core>
#include <cmath>

#include "kernels/peers/peer.h"

namespace {

template <class T>
using Array = Eigen::Array<T, Eigen::Dynamic, 1>;
template <class T>
using In = Eigen::Map<const Array<T>>;
template <class T>
using Out = Eigen::Map<Array<T>>;

template <class T>
void softmax(const In<T>& x, Out<T> y) {
  y = (x - x.maxCoeff()).exp();
  y *= 1 / y.sum();
}

template <class T>
void log_softmax(const In<T>& x, Out<T> y) {
  const T max = x.maxCoeff();
  const T log_sum = std::log((x - max).exp().sum());
  y = x - max - log_sum;
}

template <class T>
T logsumexp(const In<T>& x) {
  const T max = x.template maxCoeff<Eigen::PropagateNaN>();
  return std::isfinite(max) ? max + std::log((x - max).exp().sum()) : max;
}

template <class T>
void sigmoid(const In<T>& x, Out<T> y) {
  y = x.logistic();
}

template <class T, void (*Row)(const In<T>&, Out<T>)>
int run(const softmark_args* args) {
  const auto cols = static_cast<Eigen::Index>(args->cols);
  if (cols == 0) return 0;
  for (std::size_t r = 0; r < args->rows; ++r)
    Row(In<T>(static_cast<const T*>(args->x) + r * args->x_stride, cols),
        Out<T>(static_cast<T*>(args->y) + r * args->y_stride, cols));
  return 0;
}

template <class T>
int run_logsumexp(const softmark_args* args) {
  const auto cols = static_cast<Eigen::Index>(args->cols);
  for (std::size_t r = 0; r < args->rows; ++r)
    static_cast<T*>(args->y)[r] =
        cols == 0 ? -INFINITY
                  : logsumexp<T>(In<T>(static_cast<const T*>(args->x) + r * args->x_stride, cols));
  return 0;
}

template <class T, softmark_dtype Dtype>
constexpr softmark_kernel entry(const char* summary, softmark_op op, softmark_fn fn) {
  const std::uint32_t claims = op == SOFTMARK_LOGSUMEXP ? 0 : +SOFTMARK_IN_PLACE;
  return {"eigen", summary, op, Dtype, claims, SOFTMARK_MASKED_NAN, INFINITY, fn};
}

#define SOFTMARK_EIGEN_OPS(T, dtype)                                                               \
  entry<T, dtype>("y = (x - max).exp(), y *= 1 / y.sum(); " SOFTMARK_ISA, SOFTMARK_SOFTMAX,        \
                  run<T, softmax<T>>),                                                             \
      entry<T, dtype>("x - max - log((x - max).exp().sum()); " SOFTMARK_ISA, SOFTMARK_LOG_SOFTMAX, \
                      run<T, log_softmax<T>>),                                                     \
      entry<T, dtype>("max + log((x - max).exp().sum()); " SOFTMARK_ISA, SOFTMARK_LOGSUMEXP,       \
                      run_logsumexp<T>),                                                           \
      entry<T, dtype>("x.logistic(); " SOFTMARK_ISA, SOFTMARK_SIGMOID, run<T, sigmoid<T>>)

constexpr softmark_kernel kKernels[] = {SOFTMARK_EIGEN_OPS(float, SOFTMARK_F32),
                                        SOFTMARK_EIGEN_OPS(double, SOFTMARK_F64)};

}  // namespace

SOFTMARK_PEER(kKernels, SOFTMARK_TEXT(EIGEN_WORLD_VERSION) "." SOFTMARK_TEXT(
                            EIGEN_MAJOR_VERSION) "." SOFTMARK_TEXT(EIGEN_MINOR_VERSION))
