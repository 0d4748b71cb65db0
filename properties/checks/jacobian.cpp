// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::jacobian {
namespace {

using Matrix = std::vector<long double>;  // [cols * cols]

/// One row's Jacobian and its references: the kernel's values, the exact ones, and the bound of
/// each entry.
struct Subject {
  std::size_t n;
  Matrix got, exact, allowed;
};

Subject subject_of(KernelSession& session, const Case& c, const std::vector<double>& y,
                   std::size_t row) {
  const Truth& truth = session.truth(c, row);
  Subject s{c.cols, {}, {}, {}};
  for (std::size_t k = 0; k < c.cols * c.cols; ++k) {
    s.got.push_back(y[row * c.cols * c.cols + k]);
    s.exact.push_back(exact_value(truth.exact[k], session.kernel().dtype));
    s.allowed.push_back(truth.bound[k].error);
  }
  return s;
}

// p (1 - p) and -p_i p_j: symmetric as reals, so each pair differs by at most both errors.
std::optional<Fault> asymmetry(const Subject& s, std::size_t row) {
  for (std::size_t i = 0; i < s.n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!(std::fabs(s.got[i * s.n + j] - s.got[j * s.n + i]) <=
            s.allowed[i * s.n + j] + s.allowed[j * s.n + i]))
        return fault_at(row, i * s.n + j,
                        "is not symmetric: [" + std::to_string(i) + "][" + std::to_string(j) +
                            "] and its mirror differ");
  return std::nullopt;
}

// Probabilities sum to 1 for any logits, so the Jacobian maps the vector of ones to zero.
std::optional<Fault> row_sum(const Subject& s, std::size_t row) {
  for (std::size_t i = 0; i < s.n; ++i) {
    long double sum = 0, allowed = static_cast<long double>(s.n) * 0x1p-63L;
    for (std::size_t j = 0; j < s.n; ++j)
      sum += s.got[i * s.n + j], allowed += s.allowed[i * s.n + j];
    if (!(std::fabs(sum) <= allowed))
      return fault_at(row, i * s.n + i,
                      "row " + std::to_string(i) + " of the Jacobian sums to " +
                          decimal(static_cast<double>(sum)) + ", not to 0");
  }
  return std::nullopt;
}

// J v against the exact vector-Jacobian product of the exact probabilities (J is symmetric), for a
// v without structure.
std::optional<Fault> product(const Subject& s, std::span<const double> logits, std::size_t row) {
  Problem softmax{SOFTMARK_SOFTMAX, SOFTMARK_F64, logits, {}, -1, SOFTMARK_MASKED_NAN};
  std::vector<double> p, v;
  for (const Exact& e : exact_row(softmax)) p.push_back(e.rounded);
  for (std::size_t j = 0; j < s.n; ++j)
    v.push_back(std::ldexp(static_cast<double>((j * 7 + 3) % 11) - 4, -2));
  const auto want = exact_row({SOFTMARK_SOFTMAX_VJP, SOFTMARK_F64, p, v, -1, SOFTMARK_MASKED_NAN});
  for (std::size_t i = 0; i < s.n; ++i) {
    // p itself is rounded to float64 here: at most 2^-53 of every term (|v| <= 2, sum p = 1), four
    // times in all.
    long double sum = 0, allowed = 0x1p-49L * static_cast<long double>(p[i]) + 0x1p-1070L;
    for (std::size_t j = 0; j < s.n; ++j) {
      sum += s.got[i * s.n + j] * static_cast<long double>(v[j]);
      allowed += (s.allowed[i * s.n + j] + std::fabs(s.got[i * s.n + j]) * 0x1p-62L) *
                 std::fabs(static_cast<long double>(v[j]));
    }
    if (!(std::fabs(sum - exact_value(want[i], SOFTMARK_F64)) <= allowed))
      return fault_at(row, i * s.n + i,
                      "J v is " + decimal(static_cast<double>(sum)) + " at column " +
                          std::to_string(i) + ", the vector-Jacobian product " +
                          decimal(want[i].rounded));
  }
  return std::nullopt;
}

// Central differences of the reference itself, to check the formula and not only its evaluation.
// Along one logit every probability is c (1 - s) or s for a sigmoid s: its third derivative is at
// most 1/8, the difference quotient is off by at most h^2 / 48, and the long double values by 2^-62
// / h.
std::optional<Fault> differences(const Subject& s, std::span<const double> logits,
                                 std::size_t row) {
  constexpr double h = 0x1p-16;
  for (std::size_t j = 0; j < s.n; ++j) {
    std::vector<double> up(logits.begin(), logits.end()), down = up;
    up[j] += h;
    down[j] -= h;
    if (up[j] - h != logits[j] || down[j] + h != logits[j] || up[j] - down[j] != 2 * h) continue;
    const auto above = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F64, up, {}, -1, SOFTMARK_MASKED_NAN});
    const auto below =
        exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F64, down, {}, -1, SOFTMARK_MASKED_NAN});
    for (std::size_t i = 0; i < s.n; ++i) {
      const long double slope =
          (exact_value(above[i], SOFTMARK_F64) - exact_value(below[i], SOFTMARK_F64)) / (2 * h);
      const long double allowed = s.allowed[i * s.n + j] + h * h / 48 + 0x1p-62L / h;
      if (!(std::fabs(s.got[i * s.n + j] - slope) <= allowed))
        return fault_at(
            row, i * s.n + j,
            "differs from the slope of the exact softmax: " + decimal(static_cast<double>(slope)));
    }
  }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::span<const double> logits(c.x.data() + r * c.cols, c.cols);
    const Subject s = subject_of(session, c, y, r);
    if (auto found = asymmetry(s, r)) return found;
    if (auto found = row_sum(s, r)) return found;
    if (auto found = product(s, logits, r)) return found;
    if (auto found = differences(s, logits, r)) return found;
  }
  return exceeds_bound(session, c, y);
}

constexpr Family kRows[] = {Family::normal, Family::grid,   Family::wide, Family::flat,
                            Family::equal,  Family::peaked, Family::ties};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x7ac0);
  const std::size_t longest = effort == Effort::quick ? 12 : 40;
  for (std::size_t cols = 1; cols <= longest; ++cols)
    for (Family family : {Family::normal, kRows[cols % std::size(kRows)]})
      if (!sink(make_case(kernel.op, kernel.dtype, family, 1 + cols % 3, cols, rng))) return;
}

}  // namespace

const Property property = {"jacobian",
                           "the Jacobian is symmetric, maps ones to zero, gives the "
                           "vector-Jacobian product, and matches the slope of the exact softmax",
                           Criterion::bound,
                           Severity::error,
                           is_jacobian,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::jacobian
