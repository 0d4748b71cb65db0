// SPDX-License-Identifier: Apache-2.0
// Building blocks of mutants: a correct evaluation of each op in steps. A mutant reuses it and
// replaces one step by a wrong one.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "properties/mutants/rowwise.h"

namespace softmark::mutants {

using namespace rowwise;

/// Softmax, step by step. NaN and +inf propagate through the exponentials.
template <class T = float>
struct Sound {
  using Value = T;
  static T max(const T* x, std::size_t n) {
    T m = -kInf<T>;
    for (std::size_t i = 0; i < n; ++i)
      if (x[i] > m) m = x[i];
    return m;
  }
  static T exp(T t) { return std::exp(t); }
  static T sum(const T* e, std::size_t n) {
    double s = 0;
    for (std::size_t i = 0; i < n; ++i) s += e[i];
    return static_cast<T>(s);
  }
  static T scale(T e, T s) { return e / s; }
};

template <class Steps, class T = typename Steps::Value>
void softmax_row(Row<T> r) {
  const T m = Steps::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = Steps::exp(r.x[i] - m);
  const T s = Steps::sum(r.y, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = Steps::scale(r.y[i], s);
}

template <class Steps>
inline constexpr softmark_fn softmax = each<typename Steps::Value, softmax_row<Steps>>;

/// log sum exp(x - max), in double; `max` is returned beside it.
struct MaxAndLog {
  double max, log_sum;
};
template <class T>
MaxAndLog max_and_log(const T* x, std::size_t n) {
  const T m = Sound<T>::max(x, n);
  if (n == 0 || m == -kInf<T>) {
    bool nan = false;
    for (std::size_t i = 0; i < n; ++i) nan |= std::isnan(x[i]);
    return {nan ? std::nan("") : -kInf<double>, 0};
  }
  double s = 0;
  for (std::size_t i = 0; i < n; ++i)
    s += std::exp(static_cast<double>(x[i]) - static_cast<double>(m));
  return {static_cast<double>(m),
          m == kInf<T> ? (std::isnan(Sound<T>::sum(x, n)) ? std::nan("") : 0.0) : std::log(s)};
}

/// An entry of the table. The summary begins with the property that must kill it and perhaps the
/// class of the defect, "crossed (threads, special)"; the self-test parses that.
#define SOFTMARK_MUTANT(name, property, defect, op, dtype, claims, ...)               \
  softmark_kernel {                                                                   \
    name, "killed by " property ": " defect, SOFTMARK_##op, SOFTMARK_##dtype, claims, \
        SOFTMARK_MASKED_NAN, INFINITY, __VA_ARGS__                                    \
  }

/// A sound softmax of float32 that does something besides.
template <auto besides>
int and_besides(const softmark_args* a) {
  softmax<Sound<>>(a);
  besides();
  return 0;
}

using Table = std::vector<softmark_kernel>;
Table shift_mutants(), exp_mutants(), sum_mutants(), buffer_mutants(), special_mutants(),
    gradient_mutants(), op_mutants(), type_mutants(), claim_mutants(), state_mutants(),
    environment_mutants(), fatal_mutants(), saturated_mutants(), crossed_shape_mutants(),
    crossed_threads_mutants(), crossed_callers_mutants(), crossed_others_mutants(),
    crossed_values_mutants(), first_call_mutants(), column_mutants(), popular_mutants();

}  // namespace softmark::mutants
