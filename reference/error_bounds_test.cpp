// SPDX-License-Identifier: Apache-2.0
// Bounds against evaluations whose every rounding is known: never exceeded, and nearly reached
// somewhere.
#include "reference/error_bounds.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

/// exp and log of T with errors that are known: through the next wider type, so half an ulp (and a
/// little) for float; for double glibc's own, documented below 1 ulp.
float known_exp(float t) { return static_cast<float>(std::exp(static_cast<double>(t))); }
float known_log(float s) { return static_cast<float>(std::log(static_cast<double>(s))); }
double known_exp(double t) { return std::exp(t); }
double known_log(double s) { return std::log(s); }

template <class T>
T two_sum_error(T a, T b, T sum) {
  const T b_back = sum - a, a_back = sum - b_back;
  return (a - a_back) + (b - b_back);
}

template <class T>
T pairwise(const T* e, std::size_t n, std::size_t block) {
  if (n <= block) {
    T sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += e[i];
    return sum;
  }
  const std::size_t blocks = (n + block - 1) / block, half = blocks / 2 * block;
  return pairwise(e, half, block) + pairwise(e + half, n - half, block);
}

template <class T>
T sum_of(const std::vector<T>& e, const Evaluation& evaluation) {
  const std::size_t width = evaluation.width;
  T sum = 0, error = 0;
  switch (evaluation.sum) {
    case Evaluation::kLanes: {
      std::vector<T> lanes(width);
      for (std::size_t i = 0; i < e.size(); ++i) lanes[i % width] += e[i];
      return pairwise(lanes.data(), width, 1);
    }
    case Evaluation::kPairwise:
      return pairwise(e.data(), e.size(), width);
    case Evaluation::kCompensated:
      for (const T value : e) {
        const T next = sum + value;
        error += two_sum_error(sum, value, next);
        sum = next;
      }
      return sum + error;
    case Evaluation::kWide: {
      double wide = 0;
      for (const T value : e) wide += value;
      return static_cast<T>(wide);
    }
    case Evaluation::kFixedPoint: {
      std::int64_t fixed = 0;
      for (const T value : e)
        fixed += std::llrint(std::ldexp(static_cast<double>(value), static_cast<int>(width)));
      return static_cast<T>(std::ldexp(static_cast<double>(fixed), -static_cast<int>(width)));
    }
    case Evaluation::kBlocked:
      return pairwise(e.data(), e.size(), 1);
    case Evaluation::kAnyOrder:
      for (std::size_t i = e.size(); i-- > 0;) sum += e[i];
      return sum;
    case Evaluation::kRecursive:
      break;
  }
  for (const T value : e) sum += value;
  return sum;
}

/// A scalar kernel over T: exactly the evaluation described, for softmax, log-softmax, logsumexp
/// and cross-entropy.
template <class T>
struct Scalar {
  std::vector<T> x, e;
  T max = -HUGE_VAL, sum = 0;

  Scalar(const std::vector<double>& row, const Evaluation& evaluation) : x(row.begin(), row.end()) {
    if (evaluation.rescaling != Evaluation::kNever) {
      for (const T value : x) {
        if (std::isinf(value)) continue;
        if (value > max) {
          sum *= known_exp(max - value);
          max = value;
        }
        sum += known_exp(value - max);
      }
    }
    for (const T value : x) max = std::max(max, value);
    for (const T value : x) {
      // Without a shift error: the difference of two floats in double, rounded only after exp.
      const double difference = static_cast<double>(value) - static_cast<double>(max);
      e.push_back(evaluation.shift == Evaluation::kExact ? static_cast<T>(std::exp(difference))
                                                         : known_exp(value - max));
    }
    if (evaluation.rescaling == Evaluation::kNever) sum = sum_of(e, evaluation);
  }

  std::vector<double> run(const Problem& problem, const Evaluation& evaluation) const {
    std::vector<double> y;
    const T log_sum = known_log(sum), inverse = 1 / sum;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (problem.op == SOFTMARK_LOG_SOFTMAX && evaluation.shift == Evaluation::kExact)
        y.push_back(static_cast<T>(static_cast<double>(x[i]) - static_cast<double>(max) -
                                   static_cast<double>(log_sum)));
      else if (problem.op == SOFTMARK_LOG_SOFTMAX)
        y.push_back((x[i] - max) - log_sum);
      else if (problem.op != SOFTMARK_SOFTMAX)
        continue;
      else if (evaluation.normaliser == Evaluation::kDivide)
        y.push_back(e[i] / sum);
      else if (evaluation.normaliser == Evaluation::kReciprocal)
        y.push_back(e[i] * inverse);
      else
        y.push_back(known_exp((x[i] - max) - log_sum));
    }
    if (problem.op == SOFTMARK_LOGSUMEXP) y.push_back(max + log_sum);
    if (problem.op == SOFTMARK_CROSS_ENTROPY && evaluation.shift == Evaluation::kExact)
      y.push_back(static_cast<T>(
          static_cast<double>(log_sum) -
          (problem.x[static_cast<std::size_t>(problem.label)] - static_cast<double>(max))));
    else if (problem.op == SOFTMARK_CROSS_ENTROPY)
      y.push_back(log_sum - (x[static_cast<std::size_t>(problem.label)] - max));
    for (double& value : y) value = round_to(problem.dtype, value);
    return y;
  }
};

Evaluation scalar_evaluation(softmark_dtype working) {
  Evaluation evaluation;
  evaluation.working = working;
  // exp: half an ulp is u relative; float's passes through double. log likewise.
  evaluation.exp_error = evaluation.log_error = working == SOFTMARK_F32 ? 1 + 0x1p-20 : 2;
  evaluation.exp_tiny = working == SOFTMARK_F32 ? 0.5 + 0x1p-20 : 1;
  evaluation.exp_of_zero_is_one = true;
  evaluation.sum = Evaluation::kRecursive;
  return evaluation;
}

struct LargestRatio {
  double ratio = 0;
  std::string where;
  void see(const Problem& problem, const std::vector<Exact>& exact,
           const std::vector<Bound>& bounds, const std::vector<double>& got,
           const std::string& what) {
    ASSERT_EQ(got.size(), bounds.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(std::isfinite(bounds[i].error)) << what << " x=" << problem.x[i];
      if (!is_within(exact[i], bounds[i], got[i], problem.dtype)) {
        ADD_FAILURE() << what << " n=" << problem.x.size() << " output " << i << ": "
                      << ulp_error(exact[i], got[i], problem.dtype) << " ulp, bound "
                      << in_ulps(bounds[i], exact[i], problem.dtype)
                      << " x=" << problem.x[i % problem.x.size()] << " got " << got[i] << " exact "
                      << exact[i].rounded;
        return;
      }
      if (!std::isfinite(got[i])) continue;
      const double share = share_of_bound(exact[i], bounds[i], got[i], problem.dtype);
      if (share > ratio) ratio = share, where = what;
    }
  }
};

/// Every scalar evaluation of one op over every family: against its own bound and against the
/// generic one.
void expect_bounded(
    softmark_op op,
    std::vector<std::pair<const char*, std::function<void(Evaluation&)>>> variants) {
  std::vector<std::size_t> lengths = {2, 3, 17, 100, 1000};
  if (shape_of(op).output == OpShape::kScalar)  // one output a row: more rows
    for (std::size_t n = 4; n < 60; n += 1 + n / 9) lengths.push_back(n);
  for (const softmark_dtype dtype : kAllDtypes) {
    const softmark_dtype working = working_type(dtype);
    LargestRatio generic;
    std::vector<LargestRatio> own(variants.size());
    for (const auto family : test::kFamilies)
      for (const std::size_t n : lengths) {
        test::Random random(n);
        const auto x = test::row_of(family, dtype, n, random);
        const Problem problem{op, dtype, x, {}, static_cast<std::int64_t>(n / 2)};
        const auto exact = exact_row(problem);
        const auto envelope = error_bounds(problem, exact);
        for (std::size_t v = 0; v < variants.size(); ++v) {
          Evaluation evaluation = scalar_evaluation(working);
          variants[v].second(evaluation);
          const auto got = working == SOFTMARK_F32
                               ? Scalar<float>(x, evaluation).run(problem, evaluation)
                               : Scalar<double>(x, evaluation).run(problem, evaluation);
          const std::string what = std::string(variants[v].first) + " " + std::string(family) +
                                   " " + std::string(name(dtype));
          own[v].see(problem, exact, error_bounds(problem, exact, evaluation), got, what);
          generic.see(problem, exact, envelope, got, what + " (generic)");
        }
      }
    for (const LargestRatio& worst : own) {
      EXPECT_GE(worst.ratio, 0.3) << "a slack bound catches nothing: " << worst.where;
    }
    EXPECT_GE(generic.ratio, 0.3) << generic.where;
  }
}

const std::vector<std::pair<const char*, std::function<void(Evaluation&)>>> kSums = {
    {"recursive", [](Evaluation&) {}},
    {"reverse", [](Evaluation& e) { e.sum = Evaluation::kAnyOrder; }},
    {"lanes", [](Evaluation& e) { e.sum = Evaluation::kLanes, e.width = 8; }},
    {"pairwise", [](Evaluation& e) { e.sum = Evaluation::kPairwise, e.width = 16; }},
    {"compensated", [](Evaluation& e) { e.sum = Evaluation::kCompensated; }},
    {"wide",
     [](Evaluation& e) {
       e.sum = e.working == SOFTMARK_F32 ? Evaluation::kWide : Evaluation::kRecursive;
     }},
    {"fixed",
     [](Evaluation& e) {
       e.sum = e.working == SOFTMARK_F32 ? Evaluation::kFixedPoint : Evaluation::kRecursive,
       e.width = 40;
     }},
    {"exact shift",
     [](Evaluation& e) {
       e.shift = e.working == SOFTMARK_F32 ? Evaluation::kExact : Evaluation::kRounded;
     }},
    {"online", [](Evaluation& e) { e.rescaling = Evaluation::kOnline; }},
};

TEST(Bounds, Softmax) {
  auto variants = kSums;
  variants.push_back({"reciprocal", [](Evaluation& e) { e.normaliser = Evaluation::kReciprocal; }});
  variants.push_back(
      {"division-free", [](Evaluation& e) { e.normaliser = Evaluation::kDivisionFree; }});
  expect_bounded(SOFTMARK_SOFTMAX, variants);
}
TEST(Bounds, LogSoftmax) { expect_bounded(SOFTMARK_LOG_SOFTMAX, kSums); }
TEST(Bounds, LogSumExp) { expect_bounded(SOFTMARK_LOGSUMEXP, kSums); }
TEST(Bounds, CrossEntropy) { expect_bounded(SOFTMARK_CROSS_ENTROPY, kSums); }

/// The gradients, the Jacobian and the sigmoid, as a plain loop writes them.
template <class T>
std::vector<double> gradient(const Problem& problem, bool other_order) {
  const std::vector<T> x(problem.x.begin(), problem.x.end()), g(problem.g.begin(), problem.g.end());
  const std::size_t n = x.size();
  std::vector<double> y;
  Evaluation evaluation;
  evaluation.sum = other_order ? Evaluation::kAnyOrder : Evaluation::kRecursive;
  const Scalar<T> scalar({problem.x.begin(), problem.x.end()}, evaluation);
  const auto p = [&](std::size_t i) { return scalar.e[i] / scalar.sum; };
  T dot = 0;
  if (problem.op == SOFTMARK_SOFTMAX_VJP)
    for (std::size_t i = 0; i < n; ++i) dot += x[i] * g[i];
  if (problem.op == SOFTMARK_LOG_SOFTMAX_VJP)
    for (const T value : g) dot += value;
  const std::size_t outputs = outputs_of(problem.op, n);
  for (std::size_t k = 0; k < outputs; ++k) {
    const std::size_t i = k / n, j = k % n;
    const T hit = static_cast<std::int64_t>(j) == problem.label;
    const T z = known_exp(-std::fabs(x[j]));
    T value = 0;
    switch (problem.op) {
      case SOFTMARK_SOFTMAX_VJP:
        value = other_order ? x[j] * g[j] - x[j] * dot : x[j] * (g[j] - dot);
        break;
      case SOFTMARK_LOG_SOFTMAX_VJP:
        value = g[j] - known_exp(x[j]) * dot;
        break;
      case SOFTMARK_SOFTMAX_JACOBIAN:
        value = i == j ? (other_order ? p(i) - p(i) * p(i) : p(i) * (1 - p(i))) : -p(i) * p(j);
        break;
      case SOFTMARK_SIGMOID:
        value = (x[j] < 0 ? z : 1) / (1 + z);
        break;
      case SOFTMARK_SIGMOID_VJP:
        value = other_order ? g[j] * (x[j] * (1 - x[j])) : g[j] * x[j] * (1 - x[j]);
        break;
      default:
        value = g[0] * (p(j) - hit);
    }
    y.push_back(round_to(problem.dtype, value));
  }
  return y;
}

std::vector<double> probabilities(softmark_op op, softmark_dtype dtype,
                                  const std::vector<double>& x) {
  if (op != SOFTMARK_SOFTMAX_VJP && op != SOFTMARK_LOG_SOFTMAX_VJP && op != SOFTMARK_SIGMOID_VJP)
    return x;
  const softmark_op from = op == SOFTMARK_SOFTMAX_VJP       ? SOFTMARK_SOFTMAX
                           : op == SOFTMARK_LOG_SOFTMAX_VJP ? SOFTMARK_LOG_SOFTMAX
                                                            : SOFTMARK_SIGMOID;
  std::vector<double> p;
  for (const Exact& exact : exact_row({from, dtype, x, {}})) p.push_back(exact.rounded);
  return p;
}

void expect_gradients_bounded(softmark_op op) {
  for (const softmark_dtype dtype : kAllDtypes) {
    LargestRatio own, generic;
    for (const auto family : test::kFamilies)
      for (const std::size_t n : {2, 3, 17, op == SOFTMARK_SOFTMAX_JACOBIAN ? 150 : 1000})
        for (const double scale : {1.0, 1e-3, 0.0}) {
          if (op == SOFTMARK_SOFTMAX_JACOBIAN && scale != 1) continue;  // it takes no g
          test::Random random(n);
          const auto x = probabilities(op, dtype, test::row_of(family, dtype, n, random));
          std::vector<double> g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
          for (double& value : g)
            value = round_to(
                dtype, scale == 0 ? 1 + 1e-2 * test::normal(random) : scale * test::normal(random));
          const OpShape shape = shape_of(op);
          const Problem problem{op, dtype, x,
                                shape.takes_g || shape.takes_g_row ? std::span<const double>(g)
                                                                   : std::span<const double>(),
                                static_cast<std::int64_t>(n / 2)};
          const auto exact = exact_row(problem);
          for (const bool other_order : {false, true}) {
            Evaluation evaluation =
                scalar_evaluation(dtype == SOFTMARK_F64 ? SOFTMARK_F64 : SOFTMARK_F32);
            if (other_order) evaluation.sum = Evaluation::kAnyOrder;
            const auto got = dtype == SOFTMARK_F64 ? gradient<double>(problem, other_order)
                                                   : gradient<float>(problem, other_order);
            const std::string what = std::string(family) + " " + std::string(name(dtype));
            own.see(problem, exact, error_bounds(problem, exact, evaluation), got, what);
            generic.see(problem, exact, error_bounds(problem, exact), got, what + " (generic)");
          }
        }
    EXPECT_GE(own.ratio, 0.3) << name(dtype) << " " << own.where;
    EXPECT_GE(generic.ratio, 0.3) << name(dtype) << " " << generic.where;
  }
}

// On rows of every kind: what the least bounds admit, the others do.
TEST(Bounds, LeastBoundsAreNowhereAbove) {
  test::Random random(31);
  std::size_t smaller = 0;
  for (const softmark_op op : kAllOps)
    for (const softmark_dtype dtype : kAllDtypes)
      for (const auto family : test::kFamilies)
        for (const std::size_t n :
             {1u, 2u, 5u, 64u, op == SOFTMARK_SOFTMAX_JACOBIAN ? 9u : 3000u}) {
          const auto x = test::inputs_of(op, dtype, test::row_of(family, dtype, n, random));
          std::vector<double> g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
          for (double& value : g) value = round_to(dtype, test::normal(random));
          const OpShape shape = shape_of(op);
          const bool takes_g = shape.takes_g || shape.takes_g_row;
          const Problem problem{op, dtype, x,
                                takes_g ? std::span<const double>(g) : std::span<const double>(),
                                static_cast<std::int64_t>(random() % n)};
          const auto exact = exact_row(problem);
          const auto least = least_bounds(problem, exact), whole = error_bounds(problem, exact);
          for (std::size_t i = 0; i < exact.size(); ++i) {
            ASSERT_LE(least[i].error, whole[i].error)
                << name(op) << " " << name(dtype) << " " << family << " " << n;
            smaller += least[i].error > 0 && least[i].error < whole[i].error;
          }
        }
  EXPECT_GT(smaller, 10000u);
}

TEST(Bounds, SoftmaxVjp) { expect_gradients_bounded(SOFTMARK_SOFTMAX_VJP); }
TEST(Bounds, LogSoftmaxVjp) { expect_gradients_bounded(SOFTMARK_LOG_SOFTMAX_VJP); }
TEST(Bounds, SoftmaxJacobian) { expect_gradients_bounded(SOFTMARK_SOFTMAX_JACOBIAN); }
TEST(Bounds, Sigmoid) { expect_gradients_bounded(SOFTMARK_SIGMOID); }
TEST(Bounds, SigmoidVjp) { expect_gradients_bounded(SOFTMARK_SIGMOID_VJP); }
TEST(Bounds, CrossEntropyVjp) { expect_gradients_bounded(SOFTMARK_CROSS_ENTROPY_VJP); }

}  // namespace
}  // namespace softmark
