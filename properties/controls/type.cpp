// SPDX-License-Identifier: Apache-2.0
// float16, bfloat16 and the 8-bit types, evaluated in float and double.
#include "properties/controls/control.h"
#include "properties/mutants/narrow.h"

namespace softmark::controls {
namespace {

using mutants::from_bf16;
using mutants::from_f16;
using mutants::from_f8;
using mutants::kE4M3;
using mutants::kE5M2;
using mutants::to_bf16;
using mutants::to_f8;
constexpr auto kToF16 = [](double v) { return mutants::to_f16(v); };

template <class Wide, auto from, auto to, class Bits = std::uint16_t>
void narrow_softmax(Row<Bits> r) {
  std::vector<Wide> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from(r.x[i]);
  const Wide m = shift_of(x.data(), r.n);
  Wide s = 0;
  for (Wide& v : x) s += v = std::exp(v - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to(x[i] / s);
}

template <auto from, auto to, class Bits = std::uint16_t>
void narrow_log_softmax(Row<Bits> r) {
  std::vector<float> x(r.n);
  for (std::size_t i = 0; i < r.n; ++i) x[i] = from(r.x[i]);
  const float m = shift_of(x.data(), r.n);
  float s = 0;
  for (float v : x) s += std::exp(v - m);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to((x[i] - m) - std::log(s));
}

template <auto from, auto to, class Bits = std::uint16_t>
void narrow_sigmoid(Row<Bits> r) {
  for (std::size_t i = 0; i < r.n; ++i) {
    const double x = from(r.x[i]);
    r.y[i] =
        to(static_cast<float>(x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x))));
  }
}

template <auto from, auto to, class Bits = std::uint16_t>
void narrow_vjp(Row<Bits> r) {
  float dot = 0;
  for (std::size_t i = 0; i < r.n; ++i) dot += from(r.x[i]) * from(r.g[i]);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to(from(r.x[i]) * (from(r.g[i]) - dot));
}

}  // namespace

Table type_controls() {
  using Bits = std::uint16_t;
  using Byte = std::uint8_t;
  return {
      SOFTMARK_CONTROL("f16_via_float", "float16 in float", SOFTMAX, F16, SOFTMARK_IN_PLACE,
                       each<Bits, narrow_softmax<float, from_f16, kToF16>>),
      SOFTMARK_CONTROL("f16_via_double", "float16 in double", SOFTMAX, F16, 0,
                       each<Bits, narrow_softmax<double, from_f16, kToF16>>),
      SOFTMARK_CONTROL("bf16_via_float", "bfloat16 in float", SOFTMAX, BF16, SOFTMARK_IN_PLACE,
                       each<Bits, narrow_softmax<float, from_bf16, to_bf16>>),
      SOFTMARK_CONTROL("f16_via_float", "float16 in float", LOG_SOFTMAX, F16, 0,
                       each<Bits, narrow_log_softmax<from_f16, kToF16>>),
      SOFTMARK_CONTROL("bf16_via_float", "bfloat16 in float", LOG_SOFTMAX, BF16, 0,
                       each<Bits, narrow_log_softmax<from_bf16, to_bf16>>),
      SOFTMARK_CONTROL("f16_via_float", "float16 in double, rounded twice", SIGMOID, F16, 0,
                       each<Bits, narrow_sigmoid<from_f16, kToF16>>),
      SOFTMARK_CONTROL("bf16_via_float", "bfloat16 in double, rounded twice", SIGMOID, BF16, 0,
                       each<Bits, narrow_sigmoid<from_bf16, to_bf16>>),
      SOFTMARK_CONTROL("f16_via_float", "float16 in float", SOFTMAX_VJP, F16, SOFTMARK_IN_PLACE,
                       each<Bits, narrow_vjp<from_f16, kToF16>>),
      SOFTMARK_CONTROL("bf16_via_float", "bfloat16 in float", SOFTMAX_VJP, BF16, SOFTMARK_IN_PLACE,
                       each<Bits, narrow_vjp<from_bf16, to_bf16>>),
      SOFTMARK_CONTROL("f8_via_float", "E4M3 in float", SOFTMAX, F8_E4M3, SOFTMARK_IN_PLACE,
                       each<Byte, narrow_softmax<float, from_f8<kE4M3>, to_f8<kE4M3>, Byte>>),
      SOFTMARK_CONTROL("f8_via_float", "E5M2 in float", SOFTMAX, F8_E5M2, SOFTMARK_IN_PLACE,
                       each<Byte, narrow_softmax<float, from_f8<kE5M2>, to_f8<kE5M2>, Byte>>),
      SOFTMARK_CONTROL("f8_via_float", "E4M3 in double, rounded twice", SIGMOID, F8_E4M3, 0,
                       each<Byte, narrow_sigmoid<from_f8<kE4M3>, to_f8<kE4M3>, Byte>>),
      SOFTMARK_CONTROL("f8_via_float", "E5M2 in float", SOFTMAX_VJP, F8_E5M2, SOFTMARK_IN_PLACE,
                       each<Byte, narrow_vjp<from_f8<kE5M2>, to_f8<kE5M2>, Byte>>),
      SOFTMARK_CONTROL("f8_via_float", "E4M3 in float", SOFTMAX_VJP, F8_E4M3, SOFTMARK_IN_PLACE,
                       each<Byte, narrow_vjp<from_f8<kE4M3>, to_f8<kE4M3>, Byte>>),
      SOFTMARK_CONTROL("f8_overflows", "E4M3 in float, NaN beyond 448", LOG_SOFTMAX, F8_E4M3, 0,
                       each<Byte, narrow_log_softmax<from_f8<kE4M3>, to_f8<kE4M3>, Byte>>),
      SOFTMARK_CONTROL("f8_saturates", "E4M3 in float, 448 at most", LOG_SOFTMAX, F8_E4M3,
                       SOFTMARK_SATURATES,
                       each<Byte, narrow_log_softmax<from_f8<kE4M3>, to_f8<kE4M3, true>, Byte>>),
      SOFTMARK_CONTROL("f8_overflows", "E5M2 in float, infinite beyond 57344", LOG_SOFTMAX, F8_E5M2,
                       0, each<Byte, narrow_log_softmax<from_f8<kE5M2>, to_f8<kE5M2>, Byte>>),
      SOFTMARK_CONTROL("f8_saturates", "E5M2 in float, 57344 at most, masked or not", LOG_SOFTMAX,
                       F8_E5M2, SOFTMARK_SATURATES,
                       each<Byte, narrow_log_softmax<from_f8<kE5M2>, to_f8<kE5M2, true>, Byte>>),
  };
}

}  // namespace softmark::controls
