// SPDX-License-Identifier: Apache-2.0
// Unusual orders of summation, and unusual ways to scale by the sum.
#include <algorithm>
#include <numeric>

#include "properties/controls/control.h"

namespace softmark::controls {
namespace {

/// exp(x - max), then `sum(e, n)`, then `scale(e, sum)`.
template <class T, auto sum, auto scale>
void by_sum(Row<T> r) {
  const T m = shift_of(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m);
  const T s = r.n ? static_cast<T>(sum(r.y, r.n)) : 1;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = scale(r.y[i], s);
}

constexpr auto kForward = [](const auto* e, std::size_t n) {
  return std::accumulate(e, e + n, std::decay_t<decltype(*e)>(0));
};
constexpr auto kBackward = [](const auto* e, std::size_t n) {
  auto s = e[n - 1];
  for (std::size_t i = n - 1; i-- > 0;) s += e[i];
  return s;
};
template <class T>
T pairwise(const T* e, std::size_t n) {
  return n <= 2 ? (n == 2 ? e[0] + e[1] : e[0])
                : pairwise(e, n / 2) + pairwise(e + n / 2, n - n / 2);
}
constexpr auto kPairwise = [](const auto* e, std::size_t n) { return pairwise(e, n); };
constexpr auto kKahan = [](const auto* e, std::size_t n) {
  std::decay_t<decltype(*e)> s = 0, lost = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto y = e[i] - lost, t = s + y;
    lost = (t - s) - y;
    s = t;
  }
  return s;
};
constexpr auto kNeumaier = [](const auto* e, std::size_t n) {
  std::decay_t<decltype(*e)> s = 0, lost = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto t = s + e[i];
    lost += std::fabs(s) >= std::fabs(e[i]) ? (s - t) + e[i] : (e[i] - t) + s;
    s = t;
  }
  return s + lost;
};
constexpr auto kSorted = [](const auto* e, std::size_t n) {
  std::vector<std::decay_t<decltype(*e)>> copy(e, e + n);
  if (std::none_of(copy.begin(), copy.end(), [](auto v) { return std::isnan(v); }))
    std::sort(copy.begin(), copy.end());
  return kForward(copy.data(), n);
};
constexpr auto kEightLanes = [](const auto* e, std::size_t n) {
  std::decay_t<decltype(*e)> lanes[8] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i % 8] += e[i];
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
};

constexpr auto kSixtyFourLanes = [](const auto* e, std::size_t n) {
  std::decay_t<decltype(*e)> lanes[64] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i % 64] += e[i];
  return pairwise(lanes, 64);
};
template <class T, std::size_t block>
T blocked(const T* e, std::size_t n) {
  T s = 0;
  for (std::size_t i = 0; i < n; i += block) s += kForward(e + i, std::min(block, n - i));
  return s;
}
constexpr auto kBlocks = [](const auto* e, std::size_t n) {
  return blocked<std::decay_t<decltype(*e)>, 100>(e, n);
};

constexpr auto kDivide = [](auto e, auto s) { return e / s; };
constexpr auto kMultiply = [](auto e, auto s) { return e * (1 / s); };
// No division: Newton's iteration for the reciprocal, started from the exponent.
constexpr auto kNewton = [](float e, float s) {
  if (std::isnan(s)) return s;
  float r = std::ldexp(0.7f, -std::ilogb(s));
  for (int step = 0; step < 6; ++step) r = std::fma(r, std::fma(-s, r, 1.0f), r);
  return e * r;
};

// One pass: the sum is rescaled whenever the maximum grows.
template <class T, std::size_t block>
void online(Row<T> r) {
  T m = -kInf<T>, s = 0;
  for (std::size_t from = 0; from < r.n; from += block) {
    const std::size_t to = std::min(r.n, from + block);
    const T bm = max_of(r.x + from, to - from);
    if (bm == -kInf<T>) continue;
    const T next = std::isnan(bm) || std::isnan(m) ? kNan<T> : std::max(m, bm);
    T bs = 0;
    for (std::size_t i = from; i < to; ++i) bs += std::exp(r.x[i] - next);
    s = (m == -kInf<T> ? 0 : s * std::exp(m - next)) + bs;
    m = next;
  }
  if (!std::isfinite(m)) m = kNan<T>;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - m) / s;
}

/// log sum exp(x - max) by a float32 sum, and log-softmax from it.
template <auto sum>
float log_sum(Row<float> r, float m) {
  std::vector<float> e(r.n);
  for (std::size_t i = 0; i < r.n; ++i) e[i] = std::exp(r.x[i] - m);
  return std::log(sum(e.data(), r.n));
}
template <auto sum>
void log_softmax(Row<float> r) {
  const float m = shift_of(r.x, r.n), lse = r.n ? log_sum<sum>(r, m) : 0;
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = (r.x[i] - m) - lse;
}
template <auto sum>
float logsumexp(Row<float> r) {
  const float m = max_of(r.x, r.n);
  return std::isfinite(m) ? m + log_sum<sum>(r, m) : m;
}

// p_i = 1 / sum_k exp(x_k - x_i), without a maximum. Terms beyond the type's range make p_i 0,
// which would lose float's subnormal results, so it runs in double.
void quadratic(Row<float> r) {
  const bool plain = std::isfinite(shift_of(r.x, r.n));
  for (std::size_t i = 0; i < r.n; ++i) {
    double s = 0;
    for (std::size_t k = 0; k < r.n; ++k)
      s += std::exp(static_cast<double>(r.x[k]) - static_cast<double>(r.x[i]));
    r.y[i] = !plain ? kNan<float> : r.x[i] == -kInf<float> ? 0 : static_cast<float>(1 / s);
  }
}

}  // namespace

Table order_controls() {
  constexpr std::uint32_t kRow = SOFTMARK_IN_PLACE | SOFTMARK_REPRODUCIBLE;
  return {
      SOFTMARK_CONTROL("forward_sum", "one float accumulator, first to last", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kForward, kDivide>>),
      SOFTMARK_CONTROL("backward_sum", "one float accumulator, last to first", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kBackward, kDivide>>),
      SOFTMARK_CONTROL("backward_sum", "one double accumulator, last to first", SOFTMAX, F64, kRow,
                       each<double, by_sum<double, kBackward, kDivide>>),
      SOFTMARK_CONTROL("pairwise_sum", "recursive halves down to two", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kPairwise, kDivide>>),
      SOFTMARK_CONTROL("kahan_sum", "compensated summation", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kKahan, kDivide>>),
      SOFTMARK_CONTROL("neumaier_sum", "improved compensated summation", SOFTMAX, F64, kRow,
                       each<double, by_sum<double, kNeumaier, kDivide>>),
      SOFTMARK_CONTROL("sorted_sum", "sums the smallest first", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kSorted, kDivide>>),
      SOFTMARK_CONTROL("eight_lanes", "eight accumulators and a tree", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kEightLanes, kDivide>>),
      SOFTMARK_CONTROL("times_reciprocal", "multiplies by the reciprocal of the sum", SOFTMAX, F32,
                       kRow, each<float, by_sum<float, kForward, kMultiply>>),
      SOFTMARK_CONTROL("times_reciprocal", "multiplies by the reciprocal of the sum", SOFTMAX, F64,
                       kRow, each<double, by_sum<double, kForward, kMultiply>>),
      SOFTMARK_CONTROL("newton_reciprocal", "no division: Newton's iteration", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kForward, kNewton>>),
      SOFTMARK_CONTROL("online_by_one", "running maximum and sum", SOFTMAX, F32, kRow,
                       each<float, online<float, 1>>),
      SOFTMARK_CONTROL("online_by_one", "running maximum and sum", SOFTMAX, F64, kRow,
                       each<double, online<double, 1>>),
      SOFTMARK_CONTROL("online_by_block", "blocks of 48 merged by their maxima", SOFTMAX, F32, kRow,
                       each<float, online<float, 48>>),
      SOFTMARK_CONTROL("sixty_four_lanes", "64 accumulators and a tree", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kSixtyFourLanes, kMultiply>>),
      SOFTMARK_CONTROL("blocked_sum", "the sum of the sums of 100 columns", SOFTMAX, F32, kRow,
                       each<float, by_sum<float, kBlocks, kDivide>>),
      SOFTMARK_CONTROL("forward_sum", "one float accumulator, first to last", LOG_SOFTMAX, F32,
                       kRow, each<float, log_softmax<kForward>>),
      SOFTMARK_CONTROL("forward_sum", "one float accumulator, first to last", LOGSUMEXP, F32, 0,
                       each_scalar<float, logsumexp<kForward>>),
      SOFTMARK_CONTROL("kahan_sum", "compensated summation", LOGSUMEXP, F32, 0,
                       each_scalar<float, logsumexp<kKahan>>),
      SOFTMARK_CONTROL("quadratic", "1 / sum exp(x_k - x_i): no maximum, no second pass", SOFTMAX,
                       F32, 0, each<float, quadratic>),
  };
}

}  // namespace softmark::controls
