// SPDX-License-Identifier: Apache-2.0
// The one source of random numbers: the same on every machine (std:: distributions differ between
// libraries).
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmark {

/// SplitMix64 (Steele, Lea and Flood 2014) and the draws made from it; a
/// UniformRandomBitGenerator. The known failures, the corpus and the documented finds of the guided
/// search come from its streams: another engine or another way to draw gives other rows.
class Rng {
 public:
  using result_type = std::uint64_t;
  explicit Rng(std::uint64_t seed) : state_(seed) {}
  /// Stream `index` of the streams called `stream`, each independent of the others of this seed.
  Rng(std::uint64_t seed, std::uint64_t stream, std::uint64_t index = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()();

  double uniform();  // [0, 1)
  double uniform(double low, double high);
  double normal();                   // N(0, 1), by Box and Muller
  std::size_t below(std::size_t n);  // 0 .. n-1

 private:
  std::uint64_t state_;
};

}  // namespace softmark
