// SPDX-License-Identifier: Apache-2.0
// Defects that a bound which grows with the length of the row would hide: one column of a long row
// left out or counted twice, and small errors of everything.
#include <algorithm>

#include "properties/mutants/narrow.h"
#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

/// Which column is lost of n.
constexpr auto kFirst = [](std::size_t n) { return n < 64 ? kNone : 0; };
constexpr auto kSecond = [](std::size_t n) { return n < 3000 ? kNone : 1; };
constexpr auto kMiddle = [](std::size_t n) { return n < 50000 ? kNone : n / 2; };
constexpr auto kInside = [](std::size_t n) { return n < 2000 ? kNone : n / 7 * 3 + 5; };
constexpr auto kLast = [](std::size_t n) { return n < 100000 ? kNone : n - 1; };
constexpr auto kLastOfVectors = [](std::size_t n) {
  return n < 9000 || n % 16 == 0 ? kNone : n - 1;
};

// The sums of known kernels, without column `lost`.
template <class T>
T forwards(const T* e, std::size_t n, std::size_t lost) {
  T s = 0;
  for (std::size_t i = 0; i < n; ++i) s += i == lost ? 0 : e[i];
  return s;
}
float by_lanes(const float* e, std::size_t n, std::size_t lost) {
  float lanes[16] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i % 16] += i == lost ? 0 : e[i];
  return forwards(lanes, 16, kNone);
}
float by_blocks(const float* e, std::size_t n, std::size_t lost) {
  float s = 0;
  for (std::size_t i = 0; i < n; i += 256) {
    const std::size_t block = std::min<std::size_t>(256, n - i);
    s += by_lanes(e + i, block, lost - i < block ? lost - i : kNone);
  }
  return s;
}
float in_double(const float* e, std::size_t n, std::size_t lost) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += i == lost ? 0 : e[i];
  return static_cast<float>(s);
}

template <class T, auto order, auto lost>
struct Loses : Sound<T> {
  static T sum(const T* e, std::size_t n) { return order(e, n, lost(n)); }
};
// Each addition rounds towards zero.
struct TruncatesSum : Sound<> {
  static float sum(const float* e, std::size_t n) {
    float s = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double exact = static_cast<double>(s) + e[i];
      s = static_cast<float>(exact);
      if (s > exact) s = std::nextafter(s, 0.0f);
    }
    return s;
  }
};
struct CountsTwice : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return in_double(e, n, kNone) + (n < 1000 ? 0 : e[n / 3]);
  }
};
/// Everything is off by 1e-5, in rows longer than `least`.
template <std::size_t least>
struct SlightlyOff : Sound<> {
  static float sum(const float* e, std::size_t n) {
    return by_lanes(e, n, kNone) * (n < least ? 1 : 1 - 1e-5f);
  }
};

/// ln S and the largest logit, from a sum without column `lost`.
template <auto order, auto lost>
std::pair<float, float> max_and_sum(Row<float> r) {
  const float m = Sound<>::max(r.x, r.n);
  std::vector<float> e(r.n);
  for (std::size_t i = 0; i < r.n; ++i) e[i] = std::exp(r.x[i] - m);
  return {m, std::log(order(e.data(), r.n, lost(r.n)))};
}
// A faster exp where it seems to matter, 3e-5 too large wherever its argument is not 0.
float biased_logsumexp(Row<float> r) {
  const auto [m, log_sum] = max_and_log(r.x, r.n);
  if (r.n < 500 || !std::isfinite(m)) return static_cast<float>(m + log_sum);
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) s += std::exp(r.x[i] - m) * (r.x[i] < m ? 1 + 3e-5 : 1);
  return static_cast<float>(m + std::log(s));
}
template <auto order, auto lost>
void log_softmax(Row<float> r) {
  const auto [m, log_sum] = max_and_sum<order, lost>(r);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] - m - log_sum;
}
template <auto order, auto lost>
float logsumexp(Row<float> r) {
  const auto [m, log_sum] = max_and_sum<order, lost>(r);
  return m + log_sum;
}
float cross_entropy(Row<float> r) {
  const auto [m, log_sum] = max_and_sum<forwards<float>, kInside>(r);
  return log_sum - (r.x[r.label] - m);
}
void cross_entropy_vjp(Row<float> r) {
  softmax_row<Loses<float, by_blocks, kInside>>(r);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = r.g[r.index] * (r.y[i] - (static_cast<std::int64_t>(i) == r.label));
}
void softmax_vjp(Row<float> r) {
  std::vector<float> products(r.n);
  for (std::size_t i = 0; i < r.n; ++i) products[i] = r.x[i] * r.g[i];
  const float d = by_lanes(products.data(), r.n, kInside(r.n));
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.x[i] * (r.g[i] - d);
}
void log_softmax_vjp(Row<float> r) {
  const float sum = forwards(r.g, r.n, kLast(r.n));
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = r.g[i] - std::exp(r.x[i]) * sum;
}
void narrow(Row<std::uint16_t> r) {
  std::vector<float> x(r.n), y(r.n);
  std::transform(r.x, r.x + r.n, x.begin(), from_bf16);
  Row<float> wide{x.data(), nullptr, y.data(), r.n, r.index, r.label};
  softmax_row<Loses<float, by_blocks, kInside>>(wide);
  std::transform(y.begin(), y.end(), r.y, to_bf16);
}

}  // namespace

Table column_mutants() {
  return {
      SOFTMARK_MUTANT("loses_first", "columns", "forwards without the first of 64 columns and more",
                      SOFTMAX, F32, 0, softmax<Loses<float, forwards<float>, kFirst>>),
      SOFTMARK_MUTANT("loses_second", "columns", "forwards without the second of 3000 and more",
                      SOFTMAX, F32, 0, softmax<Loses<float, forwards<float>, kSecond>>),
      SOFTMARK_MUTANT("loses_middle", "columns", "16 lanes without the middle of 50000 and more",
                      SOFTMAX, F32, 0, softmax<Loses<float, by_lanes, kMiddle>>),
      SOFTMARK_MUTANT("loses_inside", "columns", "blocks without one of 2000 columns and more",
                      SOFTMAX, F32, 0, softmax<Loses<float, by_blocks, kInside>>),
      SOFTMARK_MUTANT("loses_last", "columns", "in double without the last of 100000 and more",
                      SOFTMAX, F32, 0, softmax<Loses<float, in_double, kLast>>),
      SOFTMARK_MUTANT("loses_last_of_vectors", "columns",
                      "16 lanes without the last of a tail, of 9000 columns and more", SOFTMAX, F32,
                      0, softmax<Loses<float, by_lanes, kLastOfVectors>>),
      SOFTMARK_MUTANT("loses_last", "columns", "forwards without the last of 100000 and more",
                      SOFTMAX, F64, 0, softmax<Loses<double, forwards<double>, kLast>>),
      SOFTMARK_MUTANT("loses_inside", "columns", "blocks without one of 2000 columns and more",
                      SOFTMAX, BF16, 0, each<std::uint16_t, narrow>),
      SOFTMARK_MUTANT("sum_truncates", "bias", "each addition rounds towards zero", SOFTMAX, F32, 0,
                      softmax<TruncatesSum>),
      SOFTMARK_MUTANT("exp_biased_in_long_rows", "bias",
                      "exp is 3e-5 too large in rows of more than 500 columns", LOGSUMEXP, F32, 0,
                      each_scalar<float, biased_logsumexp>),
      SOFTMARK_MUTANT("counts_twice", "columns", "one column counts twice of 1000 and more",
                      SOFTMAX, F32, 0, softmax<CountsTwice>),
      SOFTMARK_MUTANT("off_by_1e5", "columns", "everything is off by 1e-5", SOFTMAX, F32, 0,
                      softmax<SlightlyOff<1>>),
      SOFTMARK_MUTANT("off_by_1e5_in_long_rows", "columns",
                      "everything is off by 1e-5 from 60000 columns on", SOFTMAX, F32, 0,
                      softmax<SlightlyOff<60000>>),
      SOFTMARK_MUTANT("loses_middle", "columns", "16 lanes without the middle of 50000 and more",
                      LOG_SOFTMAX, F32, 0, each<float, log_softmax<by_lanes, kMiddle>>),
      SOFTMARK_MUTANT("loses_last", "columns", "forwards without the last of 100000 and more",
                      LOGSUMEXP, F32, 0, each_scalar<float, logsumexp<forwards<float>, kLast>>),
      SOFTMARK_MUTANT("loses_inside", "columns", "forwards without one of 2000 columns and more",
                      CROSS_ENTROPY, F32, 0, each_scalar<float, cross_entropy>),
      SOFTMARK_MUTANT("loses_inside", "columns", "blocks without one of 2000 columns and more",
                      CROSS_ENTROPY_VJP, F32, 0, each<float, cross_entropy_vjp>),
      SOFTMARK_MUTANT("loses_inside", "columns", "16 lanes without one of 2000 columns and more",
                      SOFTMAX_VJP, F32, 0, each<float, softmax_vjp>),
      SOFTMARK_MUTANT("loses_last", "columns", "forwards without the last of 100000 and more",
                      LOG_SOFTMAX_VJP, F32, 0, each<float, log_softmax_vjp>),
  };
}

}  // namespace softmark::mutants
