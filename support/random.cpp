// SPDX-License-Identifier: Apache-2.0
#include "support/random.h"

#include <cmath>
#include <numbers>

namespace softmark {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;

/// The finaliser of SplitMix64: a bijection of 64 bits.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed, std::uint64_t stream, std::uint64_t index)
    : state_(mixed(mixed(seed + mixed(stream + kGolden)) + index * kGolden)) {}

Rng::result_type Rng::operator()() { return mixed(state_ += kGolden); }

double Rng::uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

double Rng::uniform(double low, double high) { return low + (high - low) * uniform(); }

double Rng::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::size_t Rng::below(std::size_t n) { return static_cast<std::size_t>((*this)() % n); }

}  // namespace softmark
