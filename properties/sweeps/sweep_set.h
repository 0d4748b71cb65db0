// SPDX-License-Identifier: Apache-2.0
// The sets of inputs that can be gone through whole.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark {

/// A set of inputs, in an order in which the first output of each row must not decrease.
struct SweepSet {
  enum Kind {
    kUnary,  // float32 arguments one by one, where sigmoid is neither 0, 1/2 nor 1: [-104, -2^-24]
             // and [2^-24, 17.33]
    kWithZero,     // the same t as rows [t, 0]
    kPatterns,     // all bit patterns of a type of one or two bytes one by one
    kPairs,        // all pairs of finite values of a type of two bytes as rows [a, b]
    kPatternPairs  // all pairs of bit patterns of a type of one byte as rows [a, b]
  };
  std::string_view name, what;
  softmark_op op;
  softmark_dtype dtype;
  Kind kind;

  std::uint64_t inputs() const;  // rows; for kUnary and kPatterns elements
  std::size_t columns() const;   // of one input: 1 or 2
  /// Input k into x [columns()]: of the float32 sets, and bit patterns of the narrower ones.
  void write(std::uint64_t k, float* x) const;
  void write(std::uint64_t k, std::uint16_t* x) const;
  /// Whether the order starts again at input k: among pairs with every second number.
  bool order_starts(std::uint64_t k) const;
};
std::span<const SweepSet> sweep_sets();
const SweepSet* find_sweep_set(std::string_view name);

}  // namespace softmark
