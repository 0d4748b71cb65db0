// SPDX-License-Identifier: Apache-2.0
// The factors of a call and their classes, named once: what the fixed cases of `crossed` cover in
// pairs and triples. A class that is added here is covered without further work.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/registry.h"
#include "support/effort.h"

namespace softmark::crossing {

/// The first kCore of them are covered in triples, all in pairs.
enum Factor : std::uint8_t {
  kRows,
  kCols,
  kSpecial,
  kThreads,
  kStride,
  kAlias,
  kGradientStride,
  kResultStride,
  kSpan,
  kAddresses,
  kProtection,
  kKind,
  kPlace,
  kBadRow,
  kPoison,
  kCotangent,
  kLabel,
  kHistory,
  kCaller,
  kState,
  kFactors
};
inline constexpr std::size_t kCore = 6;

// The first class of each goes with every other class: whatever is wanted can be completed.
enum class Rows { few, one, none, group, eight, many, batch, large, twelve_bits, sixteen_bits };
enum class Cols {
  two,
  none,
  one,
  tail,
  small,
  vectors,
  lanes,
  hundred,
  tile,
  block,
  kilo,
  page,
  cache,
  sixteen_bits,
  vocabulary,
  million
};
enum class Special {
  none,
  nan,
  minus_nan,
  payload_nan,
  signalling_nan,
  plus_inf,
  one_masked,
  all_masked,
  one_left,
  prefix,
  suffix,
  block,
  nan_and_inf,
  largest,
  lowest
};
enum class Threads { one, two, three, seven, hundreds };
enum class Stride { packed, odd, vector, wide, sixteen_bits };
enum class Aliasing { none, y_is_x, y_is_g };
enum class OtherStride { packed, odd, wide };
enum class Span { ordinary, x, g, y };
enum class Addresses { end, start, x_off, y_off, both_off, apart, vector };
enum class Protection { none, read_only, page_rows };
enum class Kind {
  normal,
  equal,
  offset,
  wide,
  peaked,
  flat,
  subnormal,
  cutoff,
  ties,
  zeros,
  large,
  masked,
  ascending,
  swamping,
  finite_mask,
  outlier
};
enum class Place { first, last, tail, block, before_block, middle, beyond_1000 };
enum class BadRow { all, first, last, middle, alternate, ninth };
enum class Poison { nan, huge, minus_inf, minus_nan };
enum class Cotangent { random, one_hot, zeros, nan, inf, huge, tiny };
enum class Label { first, last, middle, special };
enum class History {
  any,
  fresh,
  repeated,
  three_hundred,
  sixteen_bits,
  others,
  first_upward,
  first_flushing
};
enum class CalledFrom {
  main,
  thread,
  small_stack,
  forked,
  forked_first,
  concurrent,
  region,
  limited,
  crowd
};
enum class InState { plain, flags_raised, upward, toward_zero, flushing };

struct ClassInfo {
  std::string_view name, meaning;
};
struct FactorInfo {
  std::string_view name, meaning;
  std::vector<ClassInfo> classes;
};
const FactorInfo& info(Factor factor);

/// The numbers of a class of kRows or kCols, taken in turn.
const std::vector<std::size_t>& numbers(Factor factor, std::size_t c);

/// A class of every factor.
using Assignment = std::array<std::uint8_t, kFactors>;

/// Classes of a factor as a set.
template <class... Classes>
constexpr std::uint32_t bits(Classes... classes) {
  return ((1u << static_cast<unsigned>(classes)) | ...);
}
inline constexpr std::uint32_t kAll = ~0u;

template <class Enum>
Enum as(std::uint8_t c) {
  return static_cast<Enum>(c);
}

/// What a kernel's calls may be: the classes that apply to it, and the pairs of them that do not go
/// together.
class Model {
 public:
  Model(const Kernel& kernel, Effort effort);

  /// The classes of a factor that apply; a factor with one is none.
  const std::vector<std::uint8_t>& classes(std::size_t factor) const { return classes_[factor]; }
  bool excludes(std::size_t f, std::uint8_t a, std::size_t g, std::uint8_t b) const {
    return excluded_[item(f, a)][item(g, b)];
  }
  /// Pairs that are left out, with the reason, for people.
  struct Excluded {
    std::string what, why;
  };
  const std::vector<Excluded>& reasons() const { return reasons_; }

  static constexpr std::size_t kMostClasses = 16;
  static std::size_t item(std::size_t factor, std::size_t c) { return factor * kMostClasses + c; }

 private:
  void choose_classes(const Kernel& kernel, Effort effort);
  void exclude(Factor f, std::uint32_t classes, Factor g, std::uint32_t others, const char* why);
  void exclude_sizes(const Kernel& kernel, Effort effort);
  void exclude_layouts();
  void exclude_costs();
  void exclude_callers();
  bool applies(Factor f, std::size_t c) const;

  std::array<std::vector<std::uint8_t>, kFactors> classes_;
  std::vector<std::vector<bool>> excluded_;
  std::vector<Excluded> reasons_;
};

/// The most outputs of a case of the array, but for rows and columns that go with all others.
constexpr std::size_t most_outputs(Effort effort) {
  return effort == Effort::quick ? 8200 : effort == Effort::standard ? 16500 : 33000;
}

}  // namespace softmark::crossing
