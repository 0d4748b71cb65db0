// SPDX-License-Identifier: Apache-2.0
// Every policy for a row of nothing but -inf, each in softmax, log-softmax and their gradients.
#include <algorithm>

#include "properties/controls/control.h"

namespace softmark::controls {
namespace {

bool all_masked(const float* x, std::size_t n) {
  return n > 0 && std::all_of(x, x + n, [](float v) { return v == -kInf<float>; });
}

void plain_softmax(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = static_cast<float>(std::exp(r.x[i] - m) / s);
}

void plain_log_softmax(Row<float> r) {
  const float m = shift_of(r.x, r.n);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i)
    s += std::exp(static_cast<double>(r.x[i]) - static_cast<double>(m));
  const double log_sum = std::log(s);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = static_cast<float>((static_cast<double>(r.x[i]) - static_cast<double>(m)) - log_sum);
}

template <softmark_masked_row policy, bool logs>
void with_policy(Row<float> r) {
  if (!all_masked(r.x, r.n)) return logs ? plain_log_softmax(r) : plain_softmax(r);
  const float p = policy == SOFTMARK_MASKED_ZERO      ? 0
                  : policy == SOFTMARK_MASKED_UNIFORM ? 1 / static_cast<float>(r.n)
                                                      : kNan<float>;
  std::fill(r.y, r.y + r.n, logs ? std::log(p) : p);
}

template <softmark_masked_row policy>
void gradient(Row<float> r) {
  with_policy<policy, false>(r);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = r.g[r.index] * (r.y[i] - (static_cast<std::int64_t>(i) == r.label));
}

template <softmark_masked_row policy>
void jacobian(Row<float> r) {
  std::vector<float> p(r.n);
  Row<float> s = r;
  s.y = p.data();
  with_policy<policy, false>(s);
  for (std::size_t i = 0; i < r.n; ++i)
    for (std::size_t j = 0; j < r.n; ++j)
      r.y[i * r.n + j] = i == j ? p[i] * (1 - p[i]) : -(p[i] * p[j]);
}

template <softmark_masked_row policy>
void append(Table& table) {
  const auto add = [&](softmark_op op, softmark_fn run) {
    constexpr const char* kNames[] = {"masked_nan", "masked_zero", "masked_uniform"};
    table.push_back({kNames[policy], "one policy for masked rows, everywhere", op, SOFTMARK_F32, 0,
                     policy, INFINITY, run});
  };
  add(SOFTMARK_SOFTMAX, each<float, with_policy<policy, false>>);
  add(SOFTMARK_LOG_SOFTMAX, each<float, with_policy<policy, true>>);
  add(SOFTMARK_CROSS_ENTROPY_VJP, each<float, gradient<policy>>);
  add(SOFTMARK_SOFTMAX_JACOBIAN, each<float, jacobian<policy>>);
}

}  // namespace

Table mask_controls() {
  Table table;
  append<SOFTMARK_MASKED_NAN>(table);
  append<SOFTMARK_MASKED_ZERO>(table);
  append<SOFTMARK_MASKED_UNIFORM>(table);
  return table;
}

}  // namespace softmark::controls
