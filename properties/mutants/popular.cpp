// SPDX-License-Identifier: Apache-2.0
// Evaluations that are in use and lose more than they need to (reference/bounds.md, "Not sane").
#include "properties/mutants/narrow.h"
#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

// Logits times log2 e, rounded, before the largest is subtracted: what is lost grows with the
// logits, not with their distance.
void premultiplied(Row<float> r) {
  std::vector<float> t(r.n);
  for (std::size_t i = 0; i < r.n; ++i) t[i] = r.x[i] * 0x1.715476p+0f;
  const float m = Sound<>::max(t.data(), r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp2(t[i] - m);
  const float s = Sound<>::sum(r.y, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}

// Two parts, each normalised, and merged by their logsumexps, which are rounded at the size of the
// logits.
void merged_by_logsumexp(Row<float> r) {
  if (r.n < 2 || std::isnan(Sound<>::sum(r.x, r.n))) return softmax_row<Sound<>>(r);
  const std::size_t half = r.n / 2;
  const auto part = [&](std::size_t from, std::size_t count) {
    softmax_row<Sound<>>({r.x + from, nullptr, r.y + from, count, 0, 0});
    const auto [m, log_sum] = max_and_log(r.x + from, count);
    return static_cast<float>(m) + static_cast<float>(log_sum);
  };
  const float a = part(0, half), b = part(half, r.n - half), m = std::max(a, b);
  if (m == -kInf<float>) return softmax_row<Sound<>>(r);
  const float whole = m + std::log(std::exp(a - m) + std::exp(b - m));
  for (std::size_t i = 0; i < r.n; ++i) {
    const float weight = std::exp((i < half ? a : b) - whole);
    r.y[i] = weight == 0 ? 0 : r.y[i] * weight;
  }
}

// The exponentials stand in the output, and so in bfloat16, between the passes.
void stored_narrow(Row<std::uint16_t> r) {
  float m = -kInf<float>;
  for (std::size_t i = 0; i < r.n; ++i) m = std::fmax(m, from_bf16(r.x[i]));
  double s = 0;
  for (std::size_t i = 0; i < r.n; ++i) {
    const float e = std::exp(from_bf16(r.x[i]) - m);
    s += e;
    r.y[i] = to_bf16(e);
  }
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = to_bf16(static_cast<float>(from_bf16(r.y[i]) / s));
}

void difference_of_squares(Row<float> r) {
  for (std::size_t i = 0; i < r.n; ++i) {
    const float square = r.x[i] * r.x[i];
    r.y[i] = r.g[i] * (r.x[i] - square);
  }
}

}  // namespace

Table popular_mutants() {
  return {
      SOFTMARK_MUTANT("premultiplied", "error_bound", "logits times log2 e before the shift",
                      SOFTMAX, F32, 0, each<float, premultiplied>),
      SOFTMARK_MUTANT("merged_by_logsumexp", "error_bound",
                      "two parts are merged by float32 logsumexps", SOFTMAX, F32, 0,
                      each<float, merged_by_logsumexp>),
      SOFTMARK_MUTANT("stored_narrow", "error_bound",
                      "exponentials are rounded to bfloat16 between passes", SOFTMAX, BF16, 0,
                      each<std::uint16_t, stored_narrow>),
      SOFTMARK_MUTANT("difference_of_squares", "vjp", "g (s - s^2)", SIGMOID_VJP, F32, 0,
                      each<float, difference_of_squares>),
  };
}

}  // namespace softmark::mutants
