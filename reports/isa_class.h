// SPDX-License-Identifier: Apache-2.0
// Kernels by the widest vectors that they ran with, so that a ranking also answers for a machine
// that lacks the widest ones.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "reports/view.h"

namespace softmark {

/// By the words that kernels' entries and `--isa` use: 1 SSE, 2 AVX and AVX2, 3 AVX-512; -1: none
/// of them.
int isa_level(std::string instructions);

/// The widest that a kernel is known to need: of what it says, or was built for, and what was seen
/// while it ran; -1 where narrower ones were seen alone, and not all that was seen is in the
/// document.
int isa_level(const KernelView& kernel);

/// The same as a word, by which the page filters: sse, avx, avx512, neon, sve, rvv, "other",
/// "unknown".
std::string isa_class(const KernelView& kernel);

/// The ranking of a shape apart for each class, widest first: {"AVX-512", "simd 0.41 ~ openmp 0.42
/// < sleef 0.55"}. Times that differ by less than `least` cannot be distinguished.
std::vector<std::pair<std::string, std::string>> ranking_by_isa(const Ranking& ranking,
                                                                double least);

}  // namespace softmark
