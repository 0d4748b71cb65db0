// SPDX-License-Identifier: Apache-2.0
// The same values from another back end: Boost's cpp_bin_float by the plain formulas, for every op,
// with enough bits to outlast every cancellation: 400 for rows within +-104, 1400 for those of
// float64 within +-750.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <sstream>

#include "kernels/formula_for_test.h"
#include "kernels/names.h"
#include "reference/reference.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

namespace mp = boost::multiprecision;
template <unsigned bits>
using Float = mp::number<mp::cpp_bin_float<bits, mp::digit_base_2>, mp::et_off>;

#ifdef SOFTMARK_LONG_TESTS
constexpr std::size_t kOutputs = 100000;
#else
constexpr std::size_t kOutputs = 1000;
#endif

template <class Big>
std::vector<Big> opinion(const Problem& p) {
  return test::formula(p.op, std::vector<Big>(p.x.begin(), p.x.end()),
                       std::vector<Big>(p.g.begin(), p.g.end()), static_cast<std::size_t>(p.label));
}

// Past the type only that it is past it.
template <class Big>
bool agrees(const Exact& exact, const Big& want, softmark_dtype dtype) {
  if (std::isnan(exact.rounded))
    return !type_info(dtype).has_infinities && abs(want) >= largest_finite(dtype);
  if (std::isinf(exact.rounded))
    return abs(want) >= largest_finite(dtype) && (want > 0) == (exact.rounded > 0);
  const Big got = Big(exact.rounded) + Big(exact.residual) * ulp_of(exact, dtype);
  return abs(got - want) <= Big(ulp_of(exact, dtype)) * 0x1p-20;
}

template <class Big>
std::string first_disagreement(const Problem& problem, const std::vector<Exact>& exact) {
  const auto wanted = opinion<Big>(problem);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const Big& want = wanted.at(i);
    if (agrees(exact[i], want, problem.dtype)) continue;
    std::ostringstream text;
    text << "output " << i << ": " << exact[i].rounded << " + " << exact[i].residual
         << " ulp against " << want;
    return text.str();
  }
  return "";
}

class SecondOpinion : public testing::TestWithParam<int> {};

TEST_P(SecondOpinion, AgreesOnEveryOutput) {
  const auto op = static_cast<softmark_op>(GetParam());
  test::Random random(1000 + static_cast<unsigned>(op));
  std::size_t outputs = 0;
  while (outputs < kOutputs)
    for (const auto family : test::kFamilies)
      for (const softmark_dtype dtype : kAllDtypes) {
        if (family == "masked" && op != SOFTMARK_SOFTMAX && op != SOFTMARK_LOGSUMEXP) continue;
        if (family == "extreme" && dtype == SOFTMARK_F64)
          continue;  // exp(-1e308) is not for every back end
        const std::size_t n = 2 + random() % (shape_of(op).output == OpShape::kRow ? 30 : 6);
        const auto x = test::inputs_of(op, dtype, test::row_of(family, dtype, n, random));
        std::vector<double> g(op == SOFTMARK_CROSS_ENTROPY_VJP ? 1 : n);
        // Cotangents of the common size, next to the smallest number and next to the largest.
        const double scales[] = {1, 4 * smallest_subnormal(dtype), largest_finite(dtype) / 64};
        const double scale = scales[random() % std::size(scales)];
        for (double& value : g) value = fit_to(dtype, scale * test::normal(random));
        const Problem problem{op, dtype, x,
                              shape_of(op).takes_g || shape_of(op).takes_g_row
                                  ? std::span<const double>(g)
                                  : std::span<const double>(),
                              static_cast<std::int64_t>(random() % n)};
        if (family == "masked" &&
            std::count(x.begin(), x.end(), -HUGE_VAL) + 1 >= static_cast<std::ptrdiff_t>(n))
          continue;
        const auto exact = exact_row(problem);
        ASSERT_EQ(exact.size(), outputs_of(op, n));
        const auto disagreement = dtype == SOFTMARK_F64
                                      ? first_disagreement<Float<1400>>(problem, exact)
                                      : first_disagreement<Float<400>>(problem, exact);
        ASSERT_EQ(disagreement, "") << family << " " << name(dtype) << " n=" << n;
        outputs += exact.size();
      }
}

INSTANTIATE_TEST_SUITE_P(Ops, SecondOpinion, testing::Range(0, static_cast<int>(std::size(kOps))),
                         [](const auto& op) {
                           return std::string(kOpNames[static_cast<std::size_t>(op.param)]);
                         });

}  // namespace
}  // namespace softmark
