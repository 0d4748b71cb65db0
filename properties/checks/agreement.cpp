// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "properties/engine/cases.h"

namespace softmark::checks::agreement {
namespace {

bool has_relatives(const Kernel& kernel) {
  return kernel.op == SOFTMARK_SOFTMAX || kernel.op == SOFTMARK_LOG_SOFTMAX ||
         kernel.op == SOFTMARK_LOGSUMEXP;
}

bool is_ordinary(const Case& c, std::size_t row) {
  const auto first = c.x.begin() + static_cast<std::ptrdiff_t>(row * c.cols),
             last = first + static_cast<std::ptrdiff_t>(c.cols);
  return c.cols > 0 &&
         std::none_of(first, last, [](double v) { return std::isnan(v) || v == INFINITY; }) &&
         std::any_of(first, last, [](double v) { return std::isfinite(v); });
}

/// How far exp(y) may be off where y may by `error`. The factors of exp(y) expm1(error) may
/// overflow and underflow where their product does not.
long double error_of_exp(long double y, long double error) {
  return error < 1 ? std::exp(y) * std::expm1(error) : std::exp(y + error);
}

// The exponentials of log-softmax sum to 1, within e^y times the bound of each y.
std::optional<Fault> logs_fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (!is_ordinary(c, r) || is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    long double sum = 0, allowed = static_cast<long double>(c.cols) * 0x1p-62L;
    for (std::size_t j = 0; j < c.cols; ++j) {
      if (std::isnan(truth.exact[j].rounded)) continue;  // beyond a type without infinities
      sum += std::exp(static_cast<long double>(y[r * c.cols + j]));
      allowed +=
          error_of_exp(exact_value(truth.exact[j], session.kernel().dtype), truth.bound[j].error);
    }
    if (!(std::fabs(sum - 1) <= allowed))
      return Fault{"the exponentials of row " + std::to_string(r) + " sum to 1 + " +
                       decimal(static_cast<double>(sum - 1)) + ", allowed +-" +
                       decimal(static_cast<double>(allowed)),
                   r, std::nullopt, "fail"};
  }
  return std::nullopt;
}

// Softmax is the exponential of the exact log-softmax, computed in a wider type.
std::optional<Fault> softmax_fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (!is_ordinary(c, r)) continue;
    const auto logs = exact_row(problem_of(SOFTMARK_LOG_SOFTMAX, SOFTMARK_F64, c, r));
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < c.cols; ++j) {
      const long double want = std::exp(exact_value(logs[j], SOFTMARK_F64)),
                        got = y[r * c.cols + j];
      const long double allowed = truth.bound[j].error + want * 0x1p-50L;
      if (!(std::fabs(got - want) <= allowed))
        return fault_at(r, j,
                        "got " + decimal(y[r * c.cols + j]) + ", exp of the log-softmax is " +
                            decimal(static_cast<double>(want)));
    }
  }
  return std::nullopt;
}

// logsumexp of a row equals that of its two halves' logsumexps; merging does not amplify the
// halves' errors.
std::optional<Fault> sums_fault(KernelSession& session, const Case& c) {
  if (c.cols < 2) return std::nullopt;
  const auto whole = session.run(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (!is_ordinary(c, r)) continue;
    const auto row = c.x.begin() + static_cast<std::ptrdiff_t>(r * c.cols);
    const auto middle = row + static_cast<std::ptrdiff_t>(c.cols / 2);
    Case pair;
    pair.cols = 2;
    long double allowed = session.truth(c, r).bound[0].error;
    for (const auto& half : {std::vector(row, middle),
                             std::vector(middle, row + static_cast<std::ptrdiff_t>(c.cols))}) {
      const Case part = case_of_rows(session.kernel(), {half});
      pair.x.push_back(session.run(part)[0]);
      if (is_ordinary(part, 0)) allowed += session.truth(part, 0).bound[0].error;
    }
    if (std::isnan(pair.x[0]) || std::isnan(pair.x[1]) ||
        std::isinf(std::max(pair.x[0], pair.x[1])))
      continue;  // beyond the type's range, or detected by another property
    const double merged = session.run(pair)[0];
    allowed += session.truth(pair, 0).bound[0].error;
    if (!(std::fabs(static_cast<long double>(merged) - whole[r]) <= allowed * (1 + 0x1p-40L)))
      return fault_at(r, 0,
                      "is " + decimal(whole[r]) + ", merged from its halves' " +
                          decimal(pair.x[0]) + " and " + decimal(pair.x[1]) + " it is " +
                          decimal(merged) + ", allowed +-" + decimal(static_cast<double>(allowed)));
  }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  if (session.kernel().op == SOFTMARK_LOGSUMEXP) return sums_fault(session, c);
  return session.kernel().op == SOFTMARK_SOFTMAX ? softmax_fault(session, c)
                                                 : logs_fault(session, c);
}

constexpr Family kRows[] = {Family::normal, Family::equal,    Family::wide,
                            Family::flat,   Family::swamping, Family::offset,
                            Family::peaked, Family::masked,   Family::finite_mask};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0xa62e);
  const std::size_t longest = effort == Effort::quick ? 40 : 130;
  for (std::size_t cols = 1; cols <= longest; ++cols)
    if (!sink(make_case(kernel.op, kernel.dtype, kRows[cols % std::size(kRows)], 1 + cols % 2, cols,
                        rng)))
      return;
}

}  // namespace

const Property property = {
    "agreement",
    "softmax, log-softmax and logsumexp of a row agree: each is the others' exp, log and sum",
    Criterion::bound,
    Severity::error,
    has_relatives,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::agreement
