// SPDX-License-Identifier: Apache-2.0
// The pairs of classes that do not go together, each with its reason.
#include "kernels/environment.h"
#include "kernels/names.h"
#include "properties/crossing/factors.h"
#include "support/emulation.h"

namespace softmark::crossing {

/// Rows and columns that make too many outputs; the property has single cases of such sizes.
void Model::exclude_sizes(const Kernel& kernel, Effort effort) {
  for (const std::uint8_t r : classes_[kRows]) {
    std::uint32_t large = 0;
    for (const std::uint8_t c : classes_[kCols]) {
      const std::size_t cols = numbers(kCols, c).front(), rows = numbers(kRows, r).front();
      const bool goes_with_all =
          as<Rows>(r) == Rows::few || as<Rows>(r) == Rows::one || as<Cols>(c) == Cols::two;
      if (!goes_with_all &&
          rows * std::max(cols, outputs_of(kernel.op, cols)) > most_outputs(effort))
        large |= bits(c);
    }
    if (large) exclude(kRows, bits(r), kCols, large, "too many outputs for every combination");
  }
}

void Model::exclude_layouts() {
  const std::uint32_t spread = ~bits(Stride::packed), far = ~bits(Span::ordinary);
  exclude(kProtection, bits(Protection::page_rows), kStride, spread, "its strides are whole pages");
  exclude(kProtection, bits(Protection::page_rows), kGradientStride, spread,
          "its strides are whole pages");
  exclude(kProtection, bits(Protection::page_rows), kResultStride, spread,
          "its strides are whole pages");
  exclude(kProtection, bits(Protection::page_rows), kSpan, far, "its strides are whole pages");
  exclude(kProtection, bits(Protection::page_rows), kAddresses, ~bits(Addresses::end),
          "its rows end where pages do");
  exclude(kProtection, bits(Protection::page_rows), kRows,
          bits(Rows::large, Rows::twelve_bits, Rows::sixteen_bits),
          "a system allows a process some 65000 mappings");
  exclude(kAlias, ~bits(Aliasing::none), kResultStride, spread, "y has its input's stride");
  exclude(kAlias, ~bits(Aliasing::none), kSpan, bits(Span::y), "y has its input's stride");
  exclude(kAlias, ~bits(Aliasing::none), kHistory,
          bits(History::repeated, History::three_hundred, History::sixteen_bits,
               History::first_upward, History::first_flushing),
          "a call in place replaces its input");
  exclude(kSpan, far, kStride, spread, "the stride is that of the span");
  exclude(kSpan, bits(Span::g), kGradientStride, spread, "the stride is that of the span");
  exclude(kSpan, bits(Span::y), kResultStride, spread, "the stride is that of the span");
  exclude(kSpan, far, kRows, ~bits(Rows::few), "address space");
}

/// What would cost more than all other cases together.
void Model::exclude_costs() {
  const std::uint32_t longest = bits(Cols::vocabulary, Cols::million),
                      long_cols = bits(Cols::sixteen_bits, Cols::cache) | longest,
                      far = ~bits(Span::ordinary);
  exclude(kSpan, far, kCols, long_cols | bits(Cols::page), "time");
  exclude(kSpan, far, kAddresses, bits(Addresses::apart, Addresses::both_off), "time");
  exclude(kStride, bits(Stride::sixteen_bits), kRows,
          bits(Rows::large, Rows::twelve_bits, Rows::sixteen_bits), "address space");
  exclude(kCols, long_cols, kStride, bits(Stride::sixteen_bits), "longer than the stride");
  exclude(kCols, longest, kStride, bits(Stride::wide, Stride::vector), "time");
  exclude(kCols, longest, kThreads, bits(Threads::two, Threads::seven), "time");
  exclude(kRows, bits(Rows::sixteen_bits), kSpecial,
          ~bits(Special::none, Special::nan, Special::all_masked), "time");
  exclude(kRows, bits(Rows::sixteen_bits), kStride, ~bits(Stride::packed, Stride::odd), "time");
  exclude(kCols, bits(Cols::sixteen_bits) | longest, kSpecial,
          ~bits(Special::none, Special::nan, Special::plus_inf, Special::one_masked,
                Special::all_masked),
          "time");
  exclude(kCols, bits(Cols::sixteen_bits) | longest, kKind,
          ~bits(Kind::normal, Kind::equal, Kind::offset, Kind::outlier), "time");
  const std::uint32_t past_short = ~bits(Cols::tail, Cols::none, Cols::one, Cols::two, Cols::small,
                                         Cols::vectors),
                      past_few = ~bits(Rows::few, Rows::one, Rows::none);
  exclude(kHistory, bits(History::sixteen_bits), kCols,
          past_short | bits(Cols::tail, Cols::vectors), "time");
  exclude(kHistory, bits(History::sixteen_bits), kRows, past_few, "time");
  exclude(kHistory, bits(History::sixteen_bits), kThreads, ~bits(Threads::one), "time");
  exclude(kHistory, bits(History::three_hundred), kCols,
          past_short & ~bits(Cols::lanes, Cols::hundred), "time");
  exclude(kHistory, bits(History::three_hundred), kRows, past_few & ~bits(Rows::group), "time");
  exclude(kHistory, bits(History::three_hundred), kThreads, bits(Threads::hundreds), "time");
  exclude(kHistory, bits(History::repeated), kCols, long_cols, "time");
  exclude(kHistory, bits(History::repeated), kRows,
          bits(Rows::large, Rows::twelve_bits, Rows::sixteen_bits), "time");
  exclude(kSpan, far, kHistory, bits(History::three_hundred, History::sixteen_bits), "time");
}

void Model::exclude_callers() {
  const std::uint32_t two = bits(CalledFrom::concurrent, CalledFrom::region),
                      crowd = bits(CalledFrom::crowd),
                      in_new_process = bits(CalledFrom::forked_first, CalledFrom::limited);
  exclude(kCaller, two | crowd, kRows, bits(Rows::one, Rows::none), "no row for the second caller");
  exclude(kCaller, crowd, kThreads, bits(Threads::seven, Threads::hundreds), "time");
  exclude(kCaller, two | crowd, kHistory, bits(History::sixteen_bits, History::three_hundred),
          "time");
  exclude(kCaller, in_new_process, kHistory, ~bits(History::any), "its process is a fresh one");
  exclude(kCaller, bits(CalledFrom::forked), kThreads, ~bits(Threads::one),
          "threads do not survive a fork");
  exclude(kCaller, bits(CalledFrom::forked), kHistory, bits(History::sixteen_bits), "time");
  if (is_emulated())
    reasons_.push_back({"span x|g|y", "an emulator takes seconds for each mapping of that size"});
  if (!can_flush())
    reasons_.push_back({"state flushing, history first_flushing",
                        "this CPU cannot flush subnormal numbers to zero"});
}

}  // namespace softmark::crossing
