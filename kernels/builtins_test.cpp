// SPDX-License-Identifier: Apache-2.0
// Every built-in kernel against the contract: special values, the op's formula, strides, aliasing,
// claims.
#include "kernels/builtins.h"

#include <gtest/gtest.h>

#include <set>

#include "kernels/call_for_test.h"
#include "kernels/registry.h"
#include "support/random.h"

namespace hwy::platform {
std::uint64_t TimerResolution();
}

namespace softmark {
namespace {

using test::Call;
using test::kInf;
using test::kNan;

std::string id_of(const softmark_kernel& kernel) {
  std::string id(kernel.name);
  for (const std::string_view part : {name(kernel.op), name(kernel.dtype)})
    id.append("/").append(part);
  return id;
}

/// Calls `check(kernel, T())` for every built-in with its element type.
template <class F>
void for_each_kernel(F check) {
  for (const softmark_kernel* kernel : builtin_kernels()) {
    SCOPED_TRACE(id_of(*kernel));
    if (kernel->dtype == SOFTMARK_F32) check(*kernel, float());
    if (kernel->dtype == SOFTMARK_F64) check(*kernel, double());
  }
}

bool is_naive(const softmark_kernel& kernel) { return std::string_view(kernel.name) == "naive"; }

template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

template <class T>
void expect_row(const softmark_kernel& kernel, std::vector<T> x, std::vector<T> want,
                std::int64_t label = 0) {
  const auto shape = shape_of(kernel.op);
  Call<T> call;
  call.cols = x.size();
  call.x = x;
  call.g.assign(shape.takes_g_row ? 1 : x.size(), T(1));
  call.labels = {label};
  const auto got = call.run(kernel);
  ASSERT_EQ(got.size(), want.size());
  EXPECT_TRUE(call.padding_kept);
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(same(got[i], want[i])) << i << ": " << got[i];
}

TEST(Builtins, StartWithoutMeasuringHighwaysTimer) {
  EXPECT_EQ(hwy::platform::TimerResolution(), 1u);
}

TEST(Builtins, HaveUniqueIdsAndCompleteEntries) {
  std::set<std::string> ids;
  for (const softmark_kernel* kernel : builtin_kernels()) {
    EXPECT_TRUE(ids.insert(id_of(*kernel)).second) << id_of(*kernel);
    EXPECT_NE(kernel->run, nullptr);
    EXPECT_GT(std::string_view(kernel->summary).size(), 5u);
  }
  for (const auto op : kOpNames)
    for (const auto dtype : {"/f32", "/f64"})
      EXPECT_TRUE(std::any_of(ids.begin(), ids.end(),
                              [&](const std::string& id) {
                                return id.ends_with(dtype) &&
                                       id.find(std::string(op).append(dtype)) == id.find('/') + 1;
                              }))
          << op << dtype;
}

TEST(Builtins, NameTheirInstructionSetWhereTheyDispatch) {
  std::set<std::string_view> names;
  for (const softmark_kernel* kernel : builtin_kernels()) {
    const bool dispatches = builtin_folder(*kernel) != "portable";
    EXPECT_EQ(builtin_isa(*kernel).empty(), !dispatches) << id_of(*kernel);
    if (dispatches) names.insert(builtin_isa(*kernel));
  }
  EXPECT_EQ(names.size(), 1u);
}

template <class T>
void check_softmax_specials(const softmark_kernel& k) {
  const T inf = kInf<T>, nan = kNan<T>, huge = std::numeric_limits<T>::max();
  for (const std::size_t n : {1u, 2u, 7u, 16u, 33u, 130u, 20000u}) {
    const std::vector<T> all_nan(n, nan);
    for (const std::size_t at : {std::size_t(0), n / 2, n - 1}) {
      std::vector<T> x(n, 1), one(n, 0), masked(n, -inf);
      x[at] = nan;
      expect_row<T>(k, x, all_nan);
      if (is_naive(k)) continue;
      x[at] = inf;
      expect_row<T>(k, x, all_nan);
      masked[at] = T(-3);
      one[at] = 1;
      expect_row<T>(k, masked, one);
      std::vector<T> wide(n, -huge);
      wide[at] = huge;
      expect_row<T>(k, wide, one);
    }
    expect_row<T>(k, std::vector<T>(n, -inf), all_nan);
    if (!is_naive(k) && (n & (n - 1)) == 0)
      expect_row<T>(k, std::vector<T>(n, huge), std::vector<T>(n, T(1) / n));
  }
  expect_row<T>(k, {}, {});
}

template <class T>
void check_log_specials(const softmark_kernel& k) {
  const T inf = kInf<T>, nan = kNan<T>, huge = std::numeric_limits<T>::max();
  if (k.op == SOFTMARK_LOG_SOFTMAX) {
    expect_row<T>(k, {1, nan, 2}, {nan, nan, nan});
    expect_row<T>(k, {1, inf, -inf}, {nan, nan, nan});
    expect_row<T>(k, {-inf, -inf}, {nan, nan});
    expect_row<T>(k, {-inf, 5, -inf}, {-inf, 0, -inf});
    expect_row<T>(k, {huge, 0}, {0, -huge});
    expect_row<T>(k, {huge, -huge}, {0, -inf});
    expect_row<T>(k, {}, {});
  } else {
    expect_row<T>(k, {1, nan, inf}, {nan});
    expect_row<T>(k, {1, inf, -inf}, {inf});
    expect_row<T>(k, {-inf, -inf}, {-inf});
    expect_row<T>(k, {-inf, 5, -inf}, {5});
    expect_row<T>(k, {huge, huge}, {huge});
    expect_row<T>(k, {-huge, -huge}, {-huge});
    expect_row<T>(k, {}, {-inf});
  }
}

template <class T>
void check_other_specials(const softmark_kernel& k) {
  const T inf = kInf<T>, nan = kNan<T>;
  switch (k.op) {
    case SOFTMARK_SOFTMAX_JACOBIAN:
      expect_row<T>(k, {-inf, -inf}, {nan, nan, nan, nan});
      expect_row<T>(k, {1, nan}, {nan, nan, nan, nan});
      expect_row<T>(k, {1, inf}, {nan, nan, nan, nan});
      expect_row<T>(k, {-inf, 5}, {0, 0, 0, 0});
      expect_row<T>(k, {3, 3}, {T(0.25), T(-0.25), T(-0.25), T(0.25)});
      expect_row<T>(k, {}, {});
      break;
    case SOFTMARK_SIGMOID:
      expect_row<T>(k, {nan, -inf, inf, 0}, {nan, 0, 1, T(0.5)});
      break;
    case SOFTMARK_CROSS_ENTROPY:
      expect_row<T>(k, {1, -inf}, {inf}, 1);
      expect_row<T>(k, {-inf, -inf}, {nan}, 1);
      expect_row<T>(k, {1, nan}, {nan}, 0);
      expect_row<T>(k, {1, inf}, {inf}, 0);
      expect_row<T>(k, {1, inf}, {nan}, 1);
      expect_row<T>(k, {-inf, 7}, {0}, 1);
      break;
    case SOFTMARK_CROSS_ENTROPY_VJP:
      expect_row<T>(k, {-inf, -inf}, {nan, nan}, 1);
      expect_row<T>(k, {1, inf}, {nan, nan}, 1);
      expect_row<T>(k, {4, -inf}, {1, -1}, 1);
      break;
    case SOFTMARK_HARDMAX:
      expect_row<T>(k, {1, 3, 3, -inf}, {0, 1, 0, 0});
      expect_row<T>(k, {1, nan, inf, nan}, {0, 1, 0, 0});
      expect_row<T>(k, {-inf, -inf}, {1, 0});
      expect_row<T>(k, {T(-0.0), T(0.0)}, {1, 0});
      expect_row<T>(k, {}, {});
      break;
    default:
      break;
  }
}

TEST(Builtins, KeepTheTableOfSpecialValues) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    if (kernel.op == SOFTMARK_SOFTMAX) check_softmax_specials<T>(kernel);
    if (kernel.op == SOFTMARK_LOG_SOFTMAX || kernel.op == SOFTMARK_LOGSUMEXP)
      check_log_specials<T>(kernel);
    check_other_specials<T>(kernel);
  });
}

/// A row of valid inputs for the op, and its cotangent.
template <class T>
Call<T> random_call(softmark_op op, std::size_t rows, std::size_t cols, Rng& random) {
  Call<T> call;
  call.rows = rows;
  call.cols = cols;
  for (std::size_t i = 0; i < rows * cols; ++i) {
    const double logit = 3 * random.normal();
    const double p = 1 / (1 + std::exp(-logit));
    call.x.push_back(static_cast<T>(op == SOFTMARK_SOFTMAX_VJP || op == SOFTMARK_SIGMOID_VJP
                                        ? p / double(cols)
                                    : op == SOFTMARK_LOG_SOFTMAX_VJP ? std::log(p)
                                                                     : logit));
  }
  const std::size_t gradients = shape_of(op).takes_g_row ? rows : rows * cols;
  for (std::size_t i = 0; i < gradients; ++i) call.g.push_back(static_cast<T>(random.normal()));
  for (std::size_t r = 0; r < rows; ++r)
    call.labels.push_back(static_cast<std::int64_t>(random() % std::max<std::size_t>(cols, 1)));
  return call;
}

/// (2 range + n + 20) unit roundoffs of the terms' size: the a-priori error of a shifted evaluation
/// with one recursive sum (Blanchard, Higham, Higham 2021, section 4); enough for every op on these
/// mild rows.
template <class T>
struct Limit {
  long double roundings, least_scale;

  Limit(softmark_op op, const std::vector<long double>& x, const std::vector<long double>& g)
      : least_scale(0) {
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    const long double u = std::numeric_limits<T>::epsilon() / 2;
    roundings = (2 * (*high - *low) + static_cast<long double>(x.size()) + 20) * u;
    if (op == SOFTMARK_LOG_SOFTMAX || op == SOFTMARK_LOGSUMEXP || op == SOFTMARK_CROSS_ENTROPY)
      least_scale = 1;
    for (const long double v : g) least_scale += std::abs(v);
  }
  long double of(long double want) const { return roundings * (std::abs(want) + least_scale); }
};

template <class T>
void check_formula(const softmark_kernel& kernel, Call<T> call) {
  const auto got = call.run(kernel);
  const std::size_t outputs = outputs_of(kernel.op, call.cols);
  ASSERT_EQ(got.size(), call.rows * outputs);
  EXPECT_TRUE(call.padding_kept);
  if (call.cols == 0) return;
  for (std::size_t r = 0; r < call.rows; ++r) {
    const auto begin = static_cast<std::ptrdiff_t>(r * call.cols),
               end = begin + static_cast<std::ptrdiff_t>(call.cols);
    const std::vector<long double> x(call.x.begin() + begin, call.x.begin() + end);
    std::vector<long double> g;
    if (shape_of(kernel.op).takes_g) g.assign(call.g.begin() + begin, call.g.begin() + end);
    if (shape_of(kernel.op).takes_g_row) g = {call.g[r]};
    const auto want = test::formula(kernel.op, x, g, static_cast<std::size_t>(call.labels[r]));
    const Limit<T> limit(kernel.op, x, g);
    for (std::size_t i = 0; i < outputs; ++i) {
      const long double error = std::abs(static_cast<long double>(got[r * outputs + i]) - want[i]);
      ASSERT_FALSE(!(error <= limit.of(want[i])))
          << "cols " << call.cols << " row " << r << " at " << i << ": " << got[r * outputs + i]
          << ", not " << double(want[i]);
    }
  }
}

TEST(Builtins, FollowTheirFormulaAtEveryLength) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    Rng random(7);
    const std::size_t longest = kernel.op == SOFTMARK_SOFTMAX_JACOBIAN ? 40 : 130;
    for (std::size_t cols = 0; cols <= longest; ++cols) {
      auto call = random_call<T>(kernel.op, 3, cols, random);
      call.padding = cols % 5;
      call.offset = cols % 3;
      if (cols > 0 || shape_of(kernel.op).output != OpShape::kScalar)
        check_formula<T>(kernel, call);
    }
    if (kernel.op == SOFTMARK_SOFTMAX)
      for (const std::size_t cols : {4097u, 16384u, 16385u, 70001u})
        check_formula<T>(kernel, random_call<T>(kernel.op, 3, cols, random));
  });
}

TEST(Builtins, GiveTheSameInPlaceWhereTheyClaimIt) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    if (!(kernel.claims & SOFTMARK_IN_PLACE)) return;
    Rng random(8);
    for (const std::size_t cols : {1u, 5u, 16u, 67u, 129u, 40000u}) {
      auto call = random_call<T>(kernel.op, 3, cols, random);
      call.padding = 2;
      const auto apart = call.run(kernel);
      call.in_place = true;
      EXPECT_EQ(call.run(kernel), apart) << cols;
      EXPECT_TRUE(call.padding_kept);
    }
  });
}

TEST(Builtins, GiveARowTheSameBitsWhereverItStandsWhereTheyClaimIt) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    if (!(kernel.claims & SOFTMARK_REPRODUCIBLE) || kernel.op == SOFTMARK_SOFTMAX_JACOBIAN) return;
    Rng random(9);
    for (const std::size_t cols : {3u, 16u, 61u, 64u, 131u, 1000u, 50000u}) {
      auto call = random_call<T>(kernel.op, 7, cols, random);
      const auto together = call.run(kernel);
      for (const int threads : {1, 2, 3}) {
        call.threads = threads;
        call.padding = call.offset = static_cast<std::size_t>(threads);
        ASSERT_EQ(call.run(kernel), together) << cols << " columns, " << threads << " threads";
      }
      const std::size_t outputs = outputs_of(kernel.op, cols), last = call.rows - 1;
      Call<T> alone = call;
      alone.rows = 1;
      alone.x.erase(alone.x.begin(), alone.x.end() - static_cast<std::ptrdiff_t>(cols));
      alone.g.erase(alone.g.begin(), alone.g.begin() + static_cast<std::ptrdiff_t>(
                                                           last * (call.g.size() / call.rows)));
      alone.labels = {call.labels[last]};
      const std::vector<T> row(together.end() - static_cast<std::ptrdiff_t>(outputs),
                               together.end());
      ASSERT_EQ(alone.run(kernel), row) << cols;
    }
  });
}

TEST(Builtins, DeliverSubnormalResults) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    if (kernel.op != SOFTMARK_SOFTMAX) return;
    const T x = sizeof(T) == 4 ? T(-100) : T(-740);
    Call<T> call;
    call.cols = 2;
    call.x = {0, x};
    const auto got = call.run(kernel);
    const long double want = std::exp(static_cast<long double>(x));
    EXPECT_FALSE(!(std::abs(got[1] - want) <= std::numeric_limits<T>::denorm_min())) << got[1];
    EXPECT_GT(got[1], 0);
  });
}

TEST(Builtins, KeepALargeOffsetForFree) {
  for_each_kernel([](const softmark_kernel& kernel, auto zero) {
    using T = decltype(zero);
    if (kernel.op != SOFTMARK_SOFTMAX || is_naive(kernel)) return;
    Call<T> plain, shifted;
    plain.cols = shifted.cols = 3;
    plain.x = {0, 1, 2};
    for (const T offset : {T(-70000), T(1000), T(1 << 20)}) {
      shifted.x = {offset, offset + 1, offset + 2};
      const auto want = plain.run(kernel), got = shifted.run(kernel);
      for (std::size_t i = 0; i < 3; ++i)
        EXPECT_FALSE(
            !(std::abs(got[i] - want[i]) <= 4 * std::numeric_limits<T>::epsilon() * want[i]))
            << offset;
    }
  });
}

}  // namespace
}  // namespace softmark
