// SPDX-License-Identifier: Apache-2.0
// Defects with the other types: rounding to one or two bytes, float where double is needed.
#include <algorithm>

#include "properties/mutants/narrow.h"
#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

/// Evaluates in `Wide` and stores by `to`; `add` accumulates the sum.
template <class Wide, auto from, auto to, auto add>
void narrow_softmax(Row<std::uint16_t> r) {
  std::vector<Wide> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from(r.x[i]);
  const Wide m = Sound<Wide>::max(x.data(), r.n);
  Wide s = 0;
  for (Wide& v : x) v = std::exp(v - m), s = add(s, v);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to(x[i] / s);
}
constexpr auto kPlainSum = [](auto s, auto e) { return s + e; };
constexpr auto kToF16 = [](double v) { return to_f16(v); };

using Byte = std::uint8_t;

template <const F8& type, auto to>
void f8_softmax(Row<Byte> r) {
  std::vector<double> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from_f8<type>(r.x[i]);
  const double m = Sound<double>::max(x.data(), r.n);
  double s = 0;
  for (double& v : x) s += v = std::exp(v - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to(x[i] / s);
}

template <const F8& type, auto to>
void f8_log_softmax(Row<Byte> r) {
  std::vector<double> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from_f8<type>(r.x[i]);
  const auto [m, log_sum] = max_and_log(x.data(), r.n);
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = to(std::isfinite(m) ? (x[i] - m) - log_sum : std::nan(""));
}

constexpr auto kByFloat16 = [](double v) { return to_f8<kE4M3>(from_f16(to_f16(v))); };
constexpr auto kByFloat = [](double v) {
  // To a multiple of a half unit in float first, as integer tricks do, and from there once more.
  const float unit = std::ldexp(1.0f, std::max(std::ilogb(v), -6) - 4);
  return to_f8<kE4M3>(v == 0 || std::isnan(v) ? v
                                              : std::round(static_cast<float>(v) / unit) * unit);
};
constexpr auto kWithoutSubnormals = [](double v) { return to_f8<kE5M2>(v < 0x1p-14 ? 0 : v); };

struct DoubleByFloat : Sound<double> {
  static double exp(double t) { return std::exp(static_cast<float>(t)); }
};
struct DoubleSumByFloat : Sound<double> {
  static double sum(const double* e, std::size_t n) {
    float s = 0;
    for (std::size_t i = 0; i < n; ++i) s += static_cast<float>(e[i]);
    return s;
  }
};
struct DoubleWithFloatLimits : Sound<double> {
  static double exp(double t) { return t < -87.3 ? 0 : std::exp(t); }
};

void double_sigmoid_by_float(Row<double> r) {
  for (std::size_t i = 0; i < r.n; ++i)
    r.y[i] = r.x[i] < 0 ? std::exp(r.x[i]) / (1 + std::exp(r.x[i]))
                        : 1.0f / (1.0f + static_cast<float>(std::exp(-r.x[i])));
}

}  // namespace

Table type_mutants() {
  return {
      SOFTMARK_MUTANT(
          "bf16_truncated", "error_bound", "truncates to bfloat16", SOFTMAX, BF16, 0,
          each<std::uint16_t, narrow_softmax<float, from_bf16, truncated_bf16, kPlainSum>>),
      SOFTMARK_MUTANT(
          "bf16_sum_in_bf16", "sum_to_one", "accumulates in bfloat16", SOFTMAX, BF16, 0,
          each<std::uint16_t,
               narrow_softmax<float, from_bf16, to_bf16,
                              [](float s, float e) { return from_bf16(to_bf16(s + e)); }>>),
      SOFTMARK_MUTANT(
          "f16_sum_in_f16", "sum_to_one", "accumulates in float16", SOFTMAX, F16, 0,
          each<std::uint16_t,
               narrow_softmax<float, from_f16, kToF16,
                              [](float s, float e) { return from_f16(to_f16(s + e)); }>>),
      SOFTMARK_MUTANT("f16_truncated", "error_bound", "rounds towards zero", SOFTMAX, F16, 0,
                      each<std::uint16_t, narrow_softmax<float, from_f16,
                                                         [](double v) {
                                                           return to_f16(v, [](double q) {
                                                             return std::trunc(q);
                                                           });
                                                         },
                                                         kPlainSum>>),
      SOFTMARK_MUTANT(
          "f16_flushes", "error_bound", "subnormal results become 0", SOFTMAX, F16, 0,
          each<std::uint16_t,
               narrow_softmax<float, from_f16,
                              [](double v) { return v < 0x1p-14 ? to_f16(0) : to_f16(v); },
                              kPlainSum>>),
      SOFTMARK_MUTANT("f16_claims_rounding", "correctly_rounded",
                      "evaluates in float, rounds twice, claims correct rounding", SOFTMAX, F16,
                      SOFTMARK_CORRECTLY_ROUNDED,
                      each<std::uint16_t, narrow_softmax<float, from_f16, kToF16, kPlainSum>>),
      SOFTMARK_MUTANT("f8_e4m3_by_f16", "correctly_rounded",
                      "rounds to float16 first, claims correct rounding", SOFTMAX, F8_E4M3,
                      SOFTMARK_CORRECTLY_ROUNDED, each<Byte, f8_softmax<kE4M3, kByFloat16>>),
      SOFTMARK_MUTANT("f8_e4m3_by_half_units", "correctly_rounded",
                      "rounds to half units first, claims correct rounding", SOFTMAX, F8_E4M3,
                      SOFTMARK_CORRECTLY_ROUNDED, each<Byte, f8_softmax<kE4M3, kByFloat>>),
      SOFTMARK_MUTANT("f8_e5m2_flushes", "error_bound", "subnormal results become 0", SOFTMAX,
                      F8_E5M2, 0, each<Byte, f8_softmax<kE5M2, kWithoutSubnormals>>),
      SOFTMARK_MUTANT("f8_e4m3_saturates_to_nan", "overflow_safety",
                      "gives NaN beyond 448, claims to saturate", LOG_SOFTMAX, F8_E4M3,
                      SOFTMARK_SATURATES, each<Byte, f8_log_softmax<kE4M3, to_f8<kE4M3>>>),
      SOFTMARK_MUTANT("f8_e4m3_saturates_silently", "overflow_safety",
                      "saturates without claiming it", LOG_SOFTMAX, F8_E4M3, 0,
                      each<Byte, f8_log_softmax<kE4M3, to_f8<kE4M3, true>>>),
      SOFTMARK_MUTANT("f8_e5m2_saturates_silently", "overflow_safety",
                      "saturates without claiming it", LOG_SOFTMAX, F8_E5M2, 0,
                      each<Byte, f8_log_softmax<kE5M2, to_f8<kE5M2, true>>>),
      SOFTMARK_MUTANT("f64_exp_in_float", "error_bound", "calls the float exp", SOFTMAX, F64, 0,
                      softmax<DoubleByFloat>),
      SOFTMARK_MUTANT("f64_sum_in_float", "sum_to_one", "accumulates in float", SOFTMAX, F64, 0,
                      softmax<DoubleSumByFloat>),
      SOFTMARK_MUTANT("f64_float_limits", "error_bound", "exp is cut at float's limit", SOFTMAX,
                      F64, 0, softmax<DoubleWithFloatLimits>),
      SOFTMARK_MUTANT("f64_sigmoid_in_float", "two_column", "the upper branch is float", SIGMOID,
                      F64, 0, each<double, double_sigmoid_by_float>),
  };
}

}  // namespace softmark::mutants
