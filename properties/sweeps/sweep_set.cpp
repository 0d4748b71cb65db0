// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep_set.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "kernels/names.h"

namespace softmark {
namespace {

constexpr std::uint32_t kSmall = std::bit_cast<std::uint32_t>(0x1p-24f);
constexpr std::uint32_t kNegativeEnd = std::bit_cast<std::uint32_t>(104.0f),
                        kPositiveEnd = std::bit_cast<std::uint32_t>(17.33f);
constexpr std::uint64_t kNegatives = kNegativeEnd - kSmall + 1,
                        kPositives = kPositiveEnd - kSmall + 1;

constexpr SweepSet kSets[] = {
    {"sigmoid/f32", "every float32 argument whose sigmoid is not 0, 1/2 or 1", SOFTMARK_SIGMOID,
     SOFTMARK_F32, SweepSet::kUnary},
    {"softmax/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_SOFTMAX, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"log_softmax/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"logsumexp/f32/t,0", "rows [t, 0] for the same t", SOFTMARK_LOGSUMEXP, SOFTMARK_F32,
     SweepSet::kWithZero},
    {"sigmoid/f16", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_F16, SweepSet::kPatterns},
    {"sigmoid/bf16", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_BF16, SweepSet::kPatterns},
    {"softmax/bf16/pairs", "all pairs of finite bfloat16", SOFTMARK_SOFTMAX, SOFTMARK_BF16,
     SweepSet::kPairs},
    {"softmax/f16/pairs", "all pairs of finite float16", SOFTMARK_SOFTMAX, SOFTMARK_F16,
     SweepSet::kPairs},
#define SOFTMARK_PAIRS(name, op, dtype) \
  { name, "all pairs of bit patterns", op, dtype, SweepSet::kPatternPairs }
    {"sigmoid/f8_e4m3", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_F8_E4M3,
     SweepSet::kPatterns},
    {"sigmoid/f8_e5m2", "all bit patterns", SOFTMARK_SIGMOID, SOFTMARK_F8_E5M2,
     SweepSet::kPatterns},
    SOFTMARK_PAIRS("softmax/f8_e4m3/pairs", SOFTMARK_SOFTMAX, SOFTMARK_F8_E4M3),
    SOFTMARK_PAIRS("softmax/f8_e5m2/pairs", SOFTMARK_SOFTMAX, SOFTMARK_F8_E5M2),
    SOFTMARK_PAIRS("log_softmax/f8_e4m3/pairs", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E4M3),
    SOFTMARK_PAIRS("log_softmax/f8_e5m2/pairs", SOFTMARK_LOG_SOFTMAX, SOFTMARK_F8_E5M2),
    SOFTMARK_PAIRS("logsumexp/f8_e4m3/pairs", SOFTMARK_LOGSUMEXP, SOFTMARK_F8_E4M3),
    SOFTMARK_PAIRS("logsumexp/f8_e5m2/pairs", SOFTMARK_LOGSUMEXP, SOFTMARK_F8_E5M2),
#undef SOFTMARK_PAIRS
};

std::uint64_t patterns_of(softmark_dtype dtype) {
  return std::uint64_t{1} << (8 * bytes_of(dtype));
}

/// All but those with the largest exponent, in a type of two bytes.
std::uint64_t finite_patterns_of(softmark_dtype dtype) {
  const int exponent_bits = 16 - type_info(dtype).precision;
  return patterns_of(dtype) - (patterns_of(dtype) >> exponent_bits);
}

/// Argument k of the float32 set, ascending.
float argument(std::uint64_t k) {
  if (k < kNegatives) return -std::bit_cast<float>(static_cast<std::uint32_t>(kNegativeEnd - k));
  return std::bit_cast<float>(static_cast<std::uint32_t>(kSmall + (k - kNegatives)));
}

/// Pattern k of `count` patterns of the type, those nearest to 0, in ascending order of value:
/// negative ones from the top down, then positive ones.
std::uint16_t ascending(std::uint64_t k, softmark_dtype dtype, std::uint64_t count) {
  const std::uint64_t half = count / 2, sign = patterns_of(dtype) / 2;
  return static_cast<std::uint16_t>(k < half ? sign + (half - 1 - k) : k - half);
}

}  // namespace

std::uint64_t SweepSet::inputs() const {
  switch (kind) {
    case kUnary:
    case kWithZero:
      return kNegatives + kPositives;
    case kPatterns:
      return patterns_of(dtype);
    case kPatternPairs:
      return patterns_of(dtype) * patterns_of(dtype);
    case kPairs:
      return finite_patterns_of(dtype) * finite_patterns_of(dtype);
  }
  return 0;
}

std::size_t SweepSet::columns() const { return kind == kUnary || kind == kPatterns ? 1 : 2; }

void SweepSet::write(std::uint64_t k, float* x) const {
  x[0] = argument(k);
  if (kind == kWithZero) x[1] = 0;
}

void SweepSet::write(std::uint64_t k, std::uint16_t* x) const {
  const std::uint64_t each = kind == kPairs ? finite_patterns_of(dtype) : patterns_of(dtype);
  x[0] = ascending(k % each, dtype, each);
  if (columns() == 2) x[1] = ascending(k / each, dtype, each);
}

bool SweepSet::order_starts(std::uint64_t k) const {
  if (kind == kPairs) return k % finite_patterns_of(dtype) == 0;
  return kind == kPatternPairs && k % patterns_of(dtype) == 0;
}

std::span<const SweepSet> sweep_sets() { return kSets; }

const SweepSet* find_sweep_set(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSets), std::end(kSets),
                                   [&](const SweepSet& set) { return set.name == name; });
  return found == std::end(kSets) ? nullptr : found;
}

}  // namespace softmark
