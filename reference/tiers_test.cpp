// SPDX-License-Identifier: Apache-2.0
// Tiers 0 and 1 against tier 2: the same rounding, residuals within the promise, on every family,
// op and type.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "kernels/names.h"
#include "reference/bounded.h"
#include "reference/bulk_softmax.h"
#include "reference/float64.h"
#include "reference/interval.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

#ifdef SOFTMARK_LONG_TESTS
constexpr int kRounds = 40;
#else
constexpr int kRounds = 1;
#endif

std::string first_difference(const std::vector<Exact>& got, const std::vector<Exact>& want,
                             softmark_dtype dtype) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool same = got[i].rounded == want[i].rounded &&
                      std::fabs(got[i].residual - want[i].residual) <= 0x1p-20 &&
                      ulp_of(got[i], dtype) == ulp_of(want[i], dtype);
    if (same || (std::isnan(got[i].rounded) && std::isnan(want[i].rounded))) continue;
    std::ostringstream text;
    text << "output " << i << " by tier " << static_cast<int>(got[i].tier) << ": " << got[i].rounded
         << " + " << got[i].residual << ", tier 2: " << want[i].rounded << " + "
         << want[i].residual;
    return text.str();
  }
  return "";
}

class Tiers : public testing::TestWithParam<int> {};

TEST_P(Tiers, AgreeOnEveryFamily) {
  const auto op = static_cast<softmark_op>(GetParam());
  std::uint64_t decided[4] = {};
  test::Random random(77);
  for (int round = 0; round < kRounds; ++round)
    for (const auto family : test::kFamilies)
      for (const softmark_dtype dtype : kAllDtypes)
        for (const std::size_t n :
             {2u, 3u, 9u, 40u, op == SOFTMARK_SOFTMAX_JACOBIAN ? 17u : 130u}) {
          const auto x = test::inputs_of(op, dtype, test::row_of(family, dtype, n, random));
          std::vector<double> g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
          for (double& value : g) value = round_to(dtype, test::normal(random));
          const OpShape shape = shape_of(op);
          const Problem problem{op, dtype, x,
                                shape.takes_g || shape.takes_g_row ? std::span<const double>(g)
                                                                   : std::span<const double>(),
                                static_cast<std::int64_t>(random() % n)};
          const auto want = exact_row(problem, Tier::kInterval);
          for (const Tier first : {Tier::kFloat64, Tier::kDoubleDouble}) {
            const auto got = exact_row(problem, first);
            ASSERT_EQ(first_difference(got, want, dtype), "")
                << family << " " << name(dtype) << " n=" << n;
            for (const Exact& exact : got) ++decided[static_cast<int>(exact.tier)];
          }
        }
  // A test in which tier 2 does all the work would show nothing.
  if (op != SOFTMARK_HARDMAX) {
    EXPECT_GT(decided[static_cast<int>(Tier::kFloat64)],
              decided[static_cast<int>(Tier::kInterval)]);
  }
  RecordProperty("float64", std::to_string(decided[1]));
  RecordProperty("double_double", std::to_string(decided[2]));
  RecordProperty("interval", std::to_string(decided[3]));
}

INSTANTIATE_TEST_SUITE_P(Ops, Tiers, testing::Range(0, static_cast<int>(std::size(kOps))),
                         [](const auto& op) {
                           return std::string(kOpNames[static_cast<std::size_t>(op.param)]);
                         });

// Where float64 gives out: results and cotangents that are subnormal or next to the largest number,
// distances beyond it, and differences that are.
TEST(Tiers, AgreeAtTheEndsOfFloat64) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const double logits[] = {0,         -0.0,        0x1p-1074, -0x1p-1040, 1e-200,    -1e-30,
                           -600.5,    -601.5,      -708.25,   -740,       -745.5,    -800,
                           -1e300,    kMost,       -kMost,    0x1p+971,   -0x1p+971, 0x1.8p+970,
                           -0x1p+972, 0x1.8p+1021, 1,         -INFINITY};
  const double shares[] = {0, 1, 0.5, 0x1p-53, 0x1p-701, 0x1p-1022, 0x1p-1074, 1 - 0x1p-53};
  const double cotangents[] = {0,   0x1p-1074, -0x1.8p-1060, 0x1p-701, -1,
                               1.5, 0x1p+901,  -0x1p+899,    kMost,    -kMost};
  test::Random random(79);
  const auto one_of = [&](const auto& values) { return values[random() % std::size(values)]; };
  std::size_t by_intervals = 0, all = 0;
  for (int round = 0; round < 600 * kRounds; ++round)
    for (int op = 0; op < SOFTMARK_HARDMAX; ++op) {
      const auto which = static_cast<softmark_op>(op);
      const std::size_t n = 1 + random() % 5;
      std::vector<double> x(n), g(shape_of(which).takes_g ? n : shape_of(which).takes_g_row);
      for (double& v : x)
        v = takes_logits(which)                                ? one_of(logits)
            : op_info(which).input == Input::kLogProbabilities ? -std::fabs(one_of(logits))
                                                               : one_of(shares);
      for (double& v : g) v = one_of(cotangents);
      const Problem problem{which, SOFTMARK_F64, x, g, static_cast<std::int64_t>(random() % n)};
      const auto got = exact_row(problem);
      ASSERT_EQ(first_difference(got, exact_row(problem, Tier::kInterval), SOFTMARK_F64), "")
          << name(which) << testing::PrintToString(x) << testing::PrintToString(g);
      for (const Exact& exact : got) by_intervals += exact.tier == Tier::kInterval;
      all += got.size();
    }
  EXPECT_LT(by_intervals, all / 4);  // else the test shows nothing
}

// Rows at which a tier may be wrong or slow: long ones, a long tail below the last bit, a late
// peak, and near-midpoint ones.
TEST(Tiers, AgreeOnLongAndAdversarialRows) {
  test::Random random(78);
#ifdef SOFTMARK_LONG_TESTS
  constexpr std::size_t kLongest = 1 << 20;
#else
  constexpr std::size_t kLongest = 1 << 14;
#endif
  for (const auto family : {"normal", "swamped", "late_peak", "grid", "cutoffs"})
    for (const softmark_dtype dtype : {SOFTMARK_F32, SOFTMARK_F64}) {
      const auto x = test::row_of(family, dtype, kLongest, random);
      const Problem problem{SOFTMARK_SOFTMAX, dtype, x, {}};
      const auto want = exact_row(problem, Tier::kInterval);
      ASSERT_EQ(first_difference(exact_row(problem), want, dtype), "") << family;
      ASSERT_EQ(first_difference(exact_row(problem, Tier::kDoubleDouble), want, dtype), "")
          << family;
    }
  for (const double k :
       {-1.0, 2.0, -3.0, 6.0, -10.0, -14.0})  // the hardest two-column rows of float32
    for (const std::size_t n : {2u, 4u, 4096u}) {
      std::vector<double> x(n);
      x[0] = k * 0x1p-24;
      const Problem problem{SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}};
      ASSERT_EQ(
          first_difference(exact_row(problem), exact_row(problem, Tier::kInterval), SOFTMARK_F32),
          "")
          << k;
    }
}

/// Exponents, cotangents and probabilities whose results lie beside the smallest float64.
TEST(Tiers, DoubleDoubleDecidesTinyFloat64Results) {
  test::Random random(79);
  const auto uniform = [&](double from, double to) {
    return from + (to - from) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  for (const softmark_op op : {SOFTMARK_SOFTMAX, SOFTMARK_SIGMOID, SOFTMARK_SOFTMAX_VJP,
                               SOFTMARK_SIGMOID_VJP, SOFTMARK_CROSS_ENTROPY_VJP}) {
    std::size_t outputs = 0, by_intervals = 0;
    for (int round = 0; round < 3000; ++round) {
      const std::size_t n = 2 + random() % 5;
      std::vector<double> x(n), g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
      const bool logits = takes_logits(op);
      for (double& v : x)
        v = logits ? uniform(-780, -590) : std::ldexp(uniform(0.5, 1), -650 - int(random() % 420));
      if (logits) x[0] = op == SOFTMARK_SIGMOID ? uniform(-1500, -700) : 0;
      if (logits && random() % 8 == 0) x[1] = -largest_finite(SOFTMARK_F64);
      for (double& v : g)
        v = std::ldexp(uniform(-1, 1), round % 3 == 0 ? -int(random() % 1070) : int(random() % 40));
      const OpShape shape = shape_of(op);
      const bool takes_g = shape.takes_g || shape.takes_g_row;
      const Problem problem{op, SOFTMARK_F64, x,
                            takes_g ? std::span<const double>(g) : std::span<const double>(), 0};
      const auto got = exact_row(problem, Tier::kDoubleDouble),
                 want = exact_row(problem, Tier::kInterval);
      ASSERT_EQ(first_difference(got, want, SOFTMARK_F64), "") << name(op) << " round " << round;
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(std::signbit(got[i].rounded), std::signbit(want[i].rounded))
            << name(op) << " " << i << " " << testing::PrintToString(x) << " g "
            << testing::PrintToString(g) << " tier " << static_cast<int>(got[i].tier);
        by_intervals += got[i].tier == Tier::kInterval;
      }
      outputs += n;
    }
    EXPECT_LT(4 * by_intervals, outputs) << name(op);
  }
}

/// A row of a few tied maxima, masks far below them, and sometimes another element.
std::vector<double> tied_row(softmark_dtype dtype, std::size_t n, test::Random& random) {
  const auto one_of = [&](std::initializer_list<double> values) {
    return values.begin()[random() % values.size()];
  };
  const double big = largest_finite(dtype), base = one_of({0, 0, 1, -7, 88, 1000, -0.5, big / 4});
  const double mask = one_of({-500, -700, -745, -1000, -1e4, -1e9, -1e30, -big, -2001, -3e4});
  std::vector<double> x(n, fit_to(dtype, base + mask));
  for (std::size_t ties = one_of({1, 2, 2, 3, 4, 6, 8}), i = 0; i < std::min(ties, n); ++i)
    x[i] = fit_to(dtype, base);
  if (random() % 4 == 0) x[n - 1] = fit_to(dtype, base - 900 * test::uniform(random, 0, 1));
  std::shuffle(x.begin(), x.end(), random);
  return x;
}

// What the products in the error bounds lose below the normal range, elements that are nothing but
// a side of a limit, and limits that are ties or powers of two.
TEST(Tiers, AgreeOnTinyCotangentsDeepMasksAndTiedMaxima) {
  test::Random random(79);
  for (int round = 0; round < 400 * kRounds; ++round)
    for (const softmark_op op : kAllOps)
      for (const softmark_dtype dtype : kAllDtypes) {
        const std::size_t n = 2 + random() % 9;
        const auto x = test::inputs_of(op, dtype, tied_row(dtype, n, random));
        const double units[] = {smallest_subnormal(dtype), 0x1p-126, 1, largest_finite(dtype) / 8};
        const double unit = units[random() % 4];
        std::vector<double> g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
        for (double& value : g)
          value = fit_to(dtype, unit * static_cast<double>(static_cast<int>(random() % 19) - 9));
        const OpShape shape = shape_of(op);
        const Problem problem{op, dtype, x,
                              shape.takes_g || shape.takes_g_row ? std::span<const double>(g)
                                                                 : std::span<const double>(),
                              static_cast<std::int64_t>(random() % n)};
        const auto want = exact_row(problem, Tier::kInterval);
        for (const Tier first : {Tier::kFloat64, Tier::kDoubleDouble})
          ASSERT_EQ(first_difference(exact_row(problem, first), want, dtype), "")
              << name(op) << " " << name(dtype) << " " << testing::PrintToString(x) << " g "
              << testing::PrintToString(g) << " label " << problem.label;
        for (const Bound& bound : error_bounds(problem, want))
          ASSERT_TRUE(bound.error >= 0 && std::isfinite(bound.error))
              << name(op) << " " << name(dtype) << " " << testing::PrintToString(x) << " g "
              << testing::PrintToString(g) << " label " << problem.label;
      }
}

/// How far `got` is from the interval `want`, relative to it.
double relative_error(DoubleDouble got, const Interval& want) {
  const Interval difference = (Interval(got.hi) + Interval(got.lo) - want) / want;
  const auto* d = difference.backend().data();
  return std::max(std::fabs(mpfr_get_d(&d->left, MPFR_RNDD)),
                  std::fabs(mpfr_get_d(&d->right, MPFR_RNDU)));
}

std::vector<double> exp_arguments(std::size_t count) {
  test::Random random(5);
  std::vector<double> x = {0, -0x1p-1022, -0x1p-60, -0x1p-53, -0x1p-30, -699.9999, -700};
  for (int k = -1010; k < 0; ++k)  // around the multiples of ln 2, and of half of it
    for (const double half : {0.0, 0.5})
      for (const double off : {-0x1p-30, 0.0, 0x1p-45})
        x.push_back((k + half) * 0.693147180559945309 + off);
  while (x.size() < count)
    x.push_back(test::uniform(random, -700, 0) * std::ldexp(1.0, -static_cast<int>(random() % 12)));
  std::erase_if(x, [](double value) { return value > 0 || value < -700; });
  return x;
}

/// Runs the check on every instruction set that this machine has.
template <class Check>
void on_every_target(Check check) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  for (const std::int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

void expect_exp_within_bound() {
  const PrecisionScope precision(200);
  const auto x = exp_arguments(20000);
  // With shifts too: the difference of two doubles need not be one.
  for (const double shift : {0.0, 100.3, 1e-30, -17.0}) {
    std::vector<double> moved(x), e(x.size());
    for (double& value : moved) value = std::min(value + shift, shift);
    exp_and_sum(moved.data(), moved.size(), shift, e.data());
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (moved[i] - shift < -700) continue;
      const Interval want = exp_of(Interval(moved[i]) - Interval(shift));
      const double error = relative_error({e[i], 0}, want);
      ASSERT_LE(error, kExpError) << std::hexfloat << moved[i] << " shift " << shift;
      worst = std::max(worst, error);
    }
    EXPECT_GT(worst, kExpError / 8);
  }
}

TEST(Float64, ExpIsWithinItsBound) { on_every_target(expect_exp_within_bound); }

TEST(Float64, EveryTargetFindsTheSameErrors) {
  on_every_target([] {
    test::Random random(21);
    for (const auto family : test::kFamilies) {
      const auto row = test::row_of(family, SOFTMARK_F32, 333, random);
      const std::vector<float> x(row.begin(), row.end());
      std::vector<float> y(x.size());
      Certificate certificate;
      exact_softmax(x, y, certificate);
      const auto want = exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, row, {}}, Tier::kDoubleDouble);
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(y[i], want[i].rounded) << family << " " << i;
      ErrorStatistics statistics;
      add_softmax_row(x, y, statistics);
      ASSERT_EQ(statistics.correctly_rounded, y.size()) << family;
      ASSERT_LE(statistics.max_ulp, 0.5) << family;
    }
  });
}

TEST(Float64, SigmoidAndSoftplusAreWithinTheirBounds) {
  const PrecisionScope precision(200);
  std::vector<float> a;
  test::Random random(22);
  for (int i = 0; i < 3000; ++i)
    a.push_back(static_cast<float>(test::uniform(random, -104, 104) *
                                   std::ldexp(1.0, -static_cast<int>(random() % 30))));
  const std::vector<float> zeros(a.size());
  std::vector<double> p(a.size()), y(a.size());
  on_every_target([&] {
    sigmoids_of(a.data(), zeros.data(), a.size(), p.data());
    softplus_of(a.data(), a.size(), y.data());
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Interval z = exp_of(Interval(-static_cast<double>(a[i])));
      ASSERT_LE(relative_error({p[i], 0}, 1 / (1 + z)), 16 * 0x1p-53) << a[i];
      const Interval big = log1p_of(exp_of(Interval(static_cast<double>(a[i]))));
      ASSERT_LE(relative_error({y[i], 0}, big), 16 * 0x1p-53) << a[i];
    }
  });
}

void expect_sum_within_bound() {
  const PrecisionScope precision(200);
  test::Random random(6);
  double worst = 0;
  for (const std::size_t n :
       {1u, 2u, 7u, 8u, 9u, 31u, 32u, 33u, 255u, 256u, 257u, 300u, 4096u, 5000u, 100001u}) {
    std::vector<double> x(n), e(n);
    for (double& value : x) value = test::uniform(random, -3, 0);
    const DoubleDouble sum = exp_and_sum(x.data(), n, 0, e.data());
    Interval want = 0;
    for (const double term : e) want += Interval(term);
    const double error = relative_error(sum, want);
    ASSERT_LE(error, kSumError) << n;
    worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0);
}

TEST(Float64, SumIsWithinItsBound) { on_every_target(expect_sum_within_bound); }

TEST(DoubleDouble, EveryOperationIsWithinItsBound) {
  const PrecisionScope precision(400);
  test::Random random(8);
  const auto number = [&](double scale) {
    const double hi =
        test::normal(random) * std::ldexp(1.0, static_cast<int>(random() % 40) - 20) * scale;
    return two_sum(hi, hi * test::uniform(random, -1, 1) * 0x1p-53);
  };
  const auto big = [](DoubleDouble a) { return Interval(a.hi) + Interval(a.lo); };
  for (int i = 0; i < 20000; ++i) {
    const DoubleDouble a = number(1), b = i % 3 ? number(1) : -a + DoubleDouble{a.hi * 0x1p-40};
    ASSERT_LE(relative_error(a + b, big(a) + big(b)), kRounding);
    ASSERT_LE(relative_error(a * b, big(a) * big(b)), kRounding);
    ASSERT_LE(relative_error(a / b, big(a) / big(b)), kRounding);
  }
}

TEST(DoubleDouble, ExpAndLog1pAreWithinTheirBounds) {
  const PrecisionScope precision(400);
  double worst_exp = 0, worst_log = 0;
  for (const double x : exp_arguments(20000)) {
    const Bounded e = exp_of(Bounded{{x, x * 0x1p-55}, 0});
    const Interval want = exp_of(Interval(x) + Interval(x * 0x1p-55));
    ASSERT_LE(relative_error(e.value, want) * e.value.hi, e.error * (1 + 0x1p-40)) << x;
    if (x > -500) worst_exp = std::max(worst_exp, relative_error(e.value, want));
    const double s = -x * std::ldexp(1.0, static_cast<int>(-x * 977) % 60 - 50);
    if (s == 0 || s < 1e-200) continue;
    const Bounded l = log1p_of(Bounded{{s, 0}, 0});
    const Interval log = log1p_of(Interval(s));
    ASSERT_LE(relative_error(l.value, log) * l.value.hi, l.error * (1 + 0x1p-40)) << s;
    worst_log = std::max(worst_log, relative_error(l.value, log));
  }
  EXPECT_LT(worst_exp, 0x1p-99);
  EXPECT_LT(worst_log, 0x1p-95);
}

}  // namespace
}  // namespace softmark
