// SPDX-License-Identifier: Apache-2.0
// Softmax, log-softmax, logsumexp and sigmoid in the 8-bit types (OCP 8-bit Floating Point
// Specification 1.0, 2023), evaluated in float64 and rounded once.
//
// Correctly rounded. A result has at most 4 bits, so float64 decides it unless the exact value lies
// within 2^-45 of a tie. Sums of exponentials are transcendental and so no ties, but log-softmax
// comes closer than any precision: beside x - max = -17, a tie of E4M3, a log of the sum that
// vanishes still makes the result less than -17. So its ties round away from zero. Softmax has one
// tie, 1/n at half the smallest subnormal, where n are equal: it rounds to 0, and so does all that
// lies just below it. All rows of two columns and all sigmoids are tested.
//
// E4M3 has no infinities, and logits that span 896 take log-softmax beyond its 448: there, and in
// logsumexp, it saturates, so that a very unlikely column does not become NaN. E5M2 has infinities,
// keeps masks of -inf as -inf, and overflows to them.
#include <algorithm>

#include "kernels/portable/row.h"

namespace softmark {
namespace {

/// Fields and last codes of a type; codes are without their sign.
struct E4M3 {
  static constexpr int kFraction = 3, kBias = 7;
  static constexpr unsigned kLargest = 0x7e, kBeyond = kLargest, kInfinity = 0x80;  // there is none
};
struct E5M2 {
  static constexpr int kFraction = 2, kBias = 15;
  static constexpr unsigned kLargest = 0x7b, kBeyond = 0x7c, kInfinity = 0x7c;
};
constexpr unsigned kNanCode = 0x7f;

template <class Type>
double decode(std::uint8_t code) {
  const unsigned magnitude = code & 0x7f;
  const int exponent = static_cast<int>(magnitude >> Type::kFraction);
  const int fraction = static_cast<int>(magnitude) & ((1 << Type::kFraction) - 1);
  double size = exponent == 0 ? std::ldexp(fraction, 1 - Type::kBias - Type::kFraction)
                              : std::ldexp(fraction + (1 << Type::kFraction),
                                           exponent - Type::kBias - Type::kFraction);
  if (magnitude > Type::kLargest)
    size = magnitude == Type::kInfinity ? portable::kInfinity<double> : portable::kNan<double>;
  return code & 0x80 ? -size : size;
}

/// To nearest; a tie goes to even, or away from zero.
template <class Type, bool kTiesAway = false>
std::uint8_t encode(double value) {
  if (std::isnan(value)) return kNanCode;
  const unsigned sign = std::signbit(value) ? 0x80 : 0;
  const double size = std::fabs(value);
  if (size >= 0x1p17) return static_cast<std::uint8_t>(sign | Type::kBeyond);
  const int exponent = size == 0 ? 1 - Type::kBias : std::max(std::ilogb(size), 1 - Type::kBias);
  const double units = std::ldexp(size, Type::kFraction - exponent), below = std::floor(units);
  const double whole = kTiesAway && units - below == 0.5 ? below + 1 : std::nearbyint(units);
  // The code of a binade's numbers grows by one a unit, into the next binade too.
  const unsigned code = (static_cast<unsigned>(exponent + Type::kBias - 1) << Type::kFraction) +
                        static_cast<unsigned>(whole);
  return static_cast<std::uint8_t>(sign | (code > Type::kLargest ? Type::kBeyond : code));
}

/// The largest logit, NaN where any is, and the logarithm of sum exp(x - max), NaN where there is
/// no finite maximum.
struct MaxAndLog {
  double max, log_sum;
};
template <class Type>
MaxAndLog max_and_log(const std::uint8_t* x, std::size_t cols) {
  double max = -portable::kInfinity<double>;
  for (std::size_t c = 0; c < cols; ++c)
    if (const double v = decode<Type>(x[c]); v > max || std::isnan(v)) max = v;
  if (!std::isfinite(max)) return {max, portable::kNan<double>};
  bool max_seen = false;
  portable::CarefulSum<double> others;
  for (std::size_t c = 0; c < cols; ++c) {
    const double v = decode<Type>(x[c]);
    if (v == max && !max_seen)
      max_seen = true;
    else
      others.add(std::exp(v - max));
  }
  return {max, std::log1p(others.value())};
}

template <class Type>
int softmax(const softmark_args* args) {
  return portable::for_each_row<std::uint8_t>(args, [&](const std::uint8_t* x, std::uint8_t* y) {
    double max = -portable::kInfinity<double>;
    for (std::size_t c = 0; c < args->cols; ++c)
      if (const double v = decode<Type>(x[c]); v > max || std::isnan(v)) max = v;
    portable::CarefulSum<double> sum;
    for (std::size_t c = 0; c < args->cols; ++c) sum.add(std::exp(decode<Type>(x[c]) - max));
    for (std::size_t c = 0; c < args->cols; ++c)
      y[c] = encode<Type>(std::exp(decode<Type>(x[c]) - max) / sum.value());
  });
}

template <class Type>
int log_softmax(const softmark_args* args) {
  return portable::for_each_row<std::uint8_t>(args, [&](const std::uint8_t* x, std::uint8_t* y) {
    const auto [max, log_sum] = max_and_log<Type>(x, args->cols);
    for (std::size_t c = 0; c < args->cols; ++c)
      y[c] = encode<Type, true>(decode<Type>(x[c]) - max - log_sum);  // x - max is exact
  });
}

template <class Type>
int logsumexp(const softmark_args* args) {
  for (std::size_t r = 0; r < args->rows; ++r) {
    const auto* x = static_cast<const std::uint8_t*>(args->x) + r * args->x_stride;
    const auto [max, log_sum] = max_and_log<Type>(x, args->cols);
    static_cast<std::uint8_t*>(args->y)[r] = encode<Type>(std::isfinite(max) ? max + log_sum : max);
  }
  return 0;
}

template <class Type>
int sigmoid(const softmark_args* args) {
  return portable::for_each_row<std::uint8_t>(args, [&](const std::uint8_t* x, std::uint8_t* y) {
    for (std::size_t c = 0; c < args->cols; ++c) {
      const double v = decode<Type>(x[c]), z = std::exp(-std::fabs(v));
      y[c] = encode<Type>((v < 0 ? z : 1) / (1 + z));
    }
  });
}

constexpr auto kSummary = "in float64, rounded once; log-softmax's ties away from zero";
constexpr std::uint32_t kScalar = SOFTMARK_REPRODUCIBLE | SOFTMARK_CORRECTLY_ROUNDED,
                        kRow = kScalar | SOFTMARK_IN_PLACE;

}  // namespace

SOFTMARK_BUILTINS(portable, fp8,
                  {"scalar", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3, kRow,
                   SOFTMARK_MASKED_NAN, 0.5, softmax<E4M3>},
                  {"scalar", kSummary, SOFTMARK_SOFTMAX, SOFTMARK_F8_E5M2, kRow,
                   SOFTMARK_MASKED_NAN, 0.5, softmax<E5M2>},
                  {"scalar", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3,
                   kRow | SOFTMARK_SATURATES, SOFTMARK_MASKED_NAN, 0.5, log_softmax<E4M3>},
                  {"scalar", kSummary, SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E5M2, kRow,
                   SOFTMARK_MASKED_NAN, 0.5, log_softmax<E5M2>},
                  {"scalar", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F8_E4M3,
                   kScalar | SOFTMARK_SATURATES, SOFTMARK_MASKED_NAN, 0.5, logsumexp<E4M3>},
                  {"scalar", kSummary, SOFTMARK_LOGSUMEXP, SOFTMARK_F8_E5M2, kScalar,
                   SOFTMARK_MASKED_NAN, 0.5, logsumexp<E5M2>},
                  {"scalar", kSummary, SOFTMARK_SIGMOID, SOFTMARK_F8_E4M3, kRow,
                   SOFTMARK_MASKED_NAN, 0.5, sigmoid<E4M3>},
                  {"scalar", kSummary, SOFTMARK_SIGMOID, SOFTMARK_F8_E5M2, kRow,
                   SOFTMARK_MASKED_NAN, 0.5, sigmoid<E5M2>})

}  // namespace softmark
