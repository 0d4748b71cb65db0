// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: number `index` of stream `stream` is a function of the seed alone,
// the same on every machine and in any order (std:: distributions differ between libraries).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace softmark::bench {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that passes
/// BigCrush on counters.
constexpr std::uint64_t mix_bits(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class Random {
 public:
  constexpr Random(std::uint64_t seed, std::uint64_t stream)
      : base_(mix_bits(seed + mix_bits(stream + kGolden))) {}

  constexpr std::uint64_t bits(std::uint64_t index) const {
    return mix_bits(base_ + (index + 1) * kGolden);
  }
  /// In (0, 1), never an end.
  constexpr double uniform(std::uint64_t index) const {
    return (static_cast<double>(bits(index) >> 12) + 0.5) * 0x1p-52;
  }
  /// N(0, 1) by Box and Muller: indices 2k and 2k+1 are the two halves of one pair.
  double normal(std::uint64_t index) const {
    const double radius = std::sqrt(-2 * std::log(uniform(index & ~std::uint64_t{1})));
    const double angle = 2 * std::numbers::pi * uniform(index | 1);
    return radius * (index & 1 ? std::sin(angle) : std::cos(angle));
  }

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;
  std::uint64_t base_;
};

}  // namespace softmark::bench
