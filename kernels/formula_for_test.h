// SPDX-License-Identifier: Apache-2.0
// Every op's plain formula, in any number type with exp and log: long double for tests of kernels,
// a binary float of hundreds of bits for tests of the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/ops.h"

namespace softmark::test {

/// A row of logits (-inf: masked): the largest, exp(x - max), and the sum of those.
template <class Number>
struct Shifted {
  Number max, sum{0};
  std::vector<Number> exps;

  explicit Shifted(const std::vector<Number>& x) : max(*std::max_element(x.begin(), x.end())) {
    using std::exp;
    for (const Number& v : x) {
      exps.push_back(exp(Number(v - max)));
      sum += exps.back();
    }
  }
  Number log_sum() const {
    using std::log;
    return log(sum);
  }
};

template <class Number>
Number logsumexp(const std::vector<Number>& x) {
  const Shifted<Number> row(x);
  return row.max + row.log_sum();
}

template <class Number>
Number dot(const std::vector<Number>& a, const std::vector<Number>& b) {
  Number sum(0);
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The ops whose logits share a row, from what they share.
template <class Number>
std::vector<Number> formula_of_row(softmark_op op, const std::vector<Number>& x, const Number& g,
                                   std::size_t label) {
  const Shifted<Number> row(x);
  const std::size_t n = x.size();
  const Number log_sum = row.log_sum();
  std::vector<Number> y;
  const auto p = [&](std::size_t i) { return Number(row.exps[i] / row.sum); };
  switch (op) {
    case SOFTMARK_LOGSUMEXP:
      return {row.max + log_sum};
    case SOFTMARK_CROSS_ENTROPY:
      return {row.max - x[label] + log_sum};
    case SOFTMARK_SOFTMAX_JACOBIAN:
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) y.push_back(p(i) * (Number(i == j ? 1 : 0) - p(j)));
      return y;
    default:
      break;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (op == SOFTMARK_SOFTMAX) y.push_back(p(i));
    if (op == SOFTMARK_LOG_SOFTMAX) y.push_back(x[i] - row.max - log_sum);
    if (op == SOFTMARK_CROSS_ENTROPY_VJP) y.push_back(g * (p(i) - Number(i == label ? 1 : 0)));
  }
  return y;
}

/// One row by the op's formula; `g` is empty where the op takes none.
template <class Number>
std::vector<Number> formula(softmark_op op, const std::vector<Number>& x,
                            const std::vector<Number>& g, std::size_t label) {
  using std::exp;
  const auto each = [&](auto value_at) {
    std::vector<Number> y;
    for (std::size_t i = 0; i < x.size(); ++i) y.push_back(Number(value_at(i)));
    return y;
  };
  switch (op) {
    case SOFTMARK_SOFTMAX_VJP: {
      const Number sum = dot(x, g);
      return each([&](std::size_t i) { return Number(x[i] * (g[i] - sum)); });
    }
    case SOFTMARK_LOG_SOFTMAX_VJP: {
      const Number sum = dot(std::vector<Number>(g.size(), Number(1)), g);
      return each([&](std::size_t i) { return Number(g[i] - exp(x[i]) * sum); });
    }
    case SOFTMARK_SIGMOID:
      return each([&](std::size_t i) { return Number(1 / (1 + exp(Number(-x[i])))); });
    case SOFTMARK_SIGMOID_VJP:
      return each([&](std::size_t i) { return Number(g[i] * x[i] * (1 - x[i])); });
    case SOFTMARK_HARDMAX: {
      const auto largest = std::max_element(x.begin(), x.end()) - x.begin();
      return each([&](std::size_t i) { return static_cast<std::ptrdiff_t>(i) == largest ? 1 : 0; });
    }
    default:
      return formula_of_row(op, x, g.empty() ? Number(0) : g[0], label);
  }
}

}  // namespace softmark::test
