// SPDX-License-Identifier: Apache-2.0
// Kernels with state: an earlier call changes the results of a later one.
#include <algorithm>

#include "properties/mutants/sound.h"

namespace softmark::mutants {
namespace {

// The maximum is cached by address and size of the buffer, as if its contents never changed.
void cached_max(Row<float> r) {
  static const float* place = nullptr;
  static std::size_t length = 0;
  static float max = 0;
  if (r.x != place || r.n != length) place = r.x, length = r.n, max = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = std::exp(r.x[i] - max);
  const float s = Sound<>::sum(r.y, r.n);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] /= s;
}

// Whole vectors over a scratch buffer that still holds the end of an earlier, longer row.
void long_scratch(Row<float> r) {
  static std::vector<float> scratch;
  scratch.resize(std::max(scratch.size(), (r.n + 7) / 8 * 8));
  const float m = Sound<>::max(r.x, r.n);
  for (std::size_t i = 0; i < r.n; ++i) scratch[i] = std::exp(r.x[i] - m);
  const float s = Sound<>::sum(scratch.data(), (r.n + 7) / 8 * 8);
  for (std::size_t i = 0; i < r.n; ++i) r.y[i] = scratch[i] / s;
}

// Once a NaN has been seen the flag stays set, and everything after it is NaN until a call of
// another size.
int nan_flag_stays(const softmark_args* a) {
  static std::size_t size = 0;
  static bool seen = false;
  if (a->rows * a->cols != size) size = a->rows * a->cols, seen = false;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    if (seen)
      std::fill(row.y, row.y + row.n, std::nanf(""));
    else
      softmax_row<Sound<>>(row);
    seen |= row.n && std::isnan(row.y[0]);
  }
  return 0;
}

// A large logit in a row disables the shift of the row after it.
int flag_from_row_before(const softmark_args* a) {
  bool wide = false;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    const float m = wide ? 0 : Sound<>::max(row.x, row.n);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] = std::exp(row.x[i] - m);
    const float s = Sound<>::sum(row.y, row.n);
    wide = s == 1 && row.n > 1 && Sound<>::max(row.x, row.n) > 50;
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] /= s;
  }
  return 0;
}

// A NaN in a row makes the row after it NaN.
int nan_spreads(const softmark_args* a) {
  float carry = 0;
  for (std::size_t r = 0; r < a->rows; ++r) {
    const auto row = row_of<float>(a, r);
    softmax_row<Sound<>>(row);
    for (std::size_t i = 0; i < row.n; ++i) row.y[i] += carry;
    carry = row.n ? row.y[row.n - 1] * 0 : 0;
  }
  return 0;
}

// A scratch buffer sized by the first call.
void sized_once(Row<float> r) {
  static const std::size_t size = std::max<std::size_t>(r.n, 4096);
  if (r.n > size) r.n = size;
  softmax_row<Sound<>>(r);
}

void warm_up(Row<float> r) {  // every sixteenth call gives other results
  static unsigned calls = 0;
  softmax_row<Sound<>>(r);
  if (++calls % 16 == 0 && r.n > 1) std::swap(r.y[0], r.y[1]);
}

int sixteen_bits_of_rows(const softmark_args* a) {
  for (std::size_t r = 0; r < a->rows; ++r)
    softmax_row<Sound<>>(row_of<float>(a, static_cast<std::uint16_t>(r)));
  return 0;
}

}  // namespace

Table state_mutants() {
  return {
      SOFTMARK_MUTANT("max_cached", "stale_state",
                      "the maximum of the last call at the same address and size", SOFTMAX, F32, 0,
                      each<float, cached_max>),
      SOFTMARK_MUTANT("scratch_tail", "stale_state",
                      "whole vectors over a scratch that a longer row has filled", SOFTMAX, F32, 0,
                      each<float, long_scratch>),
      SOFTMARK_MUTANT("nan_flag_stays", "stale_state", "a NaN flag is never lowered", SOFTMAX, F32,
                      0, nan_flag_stays),
      SOFTMARK_MUTANT("row_flag_stays", "row_independence", "a row's flag acts on the row after it",
                      SOFTMAX, F32, 0, flag_from_row_before),
      SOFTMARK_MUTANT("row_index_wraps", "row_independence", "rows are counted in 16 bits", SOFTMAX,
                      F32, 0, sixteen_bits_of_rows),
      SOFTMARK_MUTANT("nan_spreads", "row_independence", "a NaN spreads into the row after it",
                      SOFTMAX, F32, 0, nan_spreads),
      SOFTMARK_MUTANT("scratch_sized_once", "lengths", "a scratch of 4096 for longer rows", SOFTMAX,
                      F32, 0, each<float, sized_once>),
      SOFTMARK_MUTANT("every_sixteenth", "stale_state", "every sixteenth call differs", SOFTMAX,
                      F32, 0, each<float, warm_up>),
  };
}

}  // namespace softmark::mutants
