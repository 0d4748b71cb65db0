// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/crossing/crossed_case.h"

namespace softmark::crossing {
namespace {

struct Size {
  std::size_t rows, cols;
  Special special = Special::none;
  Effort effort = Effort::quick;
  int calls = 1;
  Caller caller = Caller::main;
  bool fresh = false;
  int thread_limit = 0;  // this and `threads`: for kernels with the claim THREADED alone
  int threads = 0;       // 0: as others
  Family family = Family::normal;
  int times = 1;  // in a fresh process each
  Before before = Before::any;
  std::size_t padding = 0;  // of every row; callers take padded rows by turns
};

/// Two callers at once make the first call of a process, in so many processes.
constexpr Size first_calls(std::size_t rows, std::size_t cols, Effort effort, int times) {
  return {.rows = rows,
          .cols = cols,
          .effort = effort,
          .caller = Caller::concurrent,
          .fresh = true,
          .times = times};
}
/// Two callers at once, each with threads of its own.
constexpr Size threaded_callers(std::size_t rows, std::size_t cols, Effort effort, int threads) {
  return {.rows = rows,
          .cols = cols,
          .effort = effort,
          .calls = 12,
          .caller = Caller::concurrent,
          .threads = threads};
}

/// One long row, of which threads take a part each.
constexpr Size parted_row(Special special, int threads, Effort effort = Effort::standard) {
  return {.rows = 1, .cols = 40000, .special = special, .effort = effort, .threads = threads};
}
/// A copy of such a row, or of its exponentials, does not fit the stack.
constexpr Size on_small_stack(std::size_t cols, Effort effort = Effort::standard) {
  return {.rows = 1, .cols = cols, .effort = effort, .caller = Caller::small_stack};
}

/// Threads that the first call starts, in another floating-point state, work in later ones too.
constexpr Size threads_started(Before before, std::size_t rows, std::size_t cols, Family family,
                               Effort effort = Effort::quick) {
  return {.rows = rows,
          .cols = cols,
          .effort = effort,
          .fresh = true,
          .threads = 3,
          .family = family,
          .before = before};
}

const std::vector<Size>
    kMatrices = {{1, 3, Special::none, Effort::quick, 66000},
                 {2, 129, Special::none, Effort::standard},
                 {1, 200, Special::one_masked, Effort::standard},
                 {1, 513, Special::none, Effort::thorough}},
    kSizes = {
        first_calls(4, 33, Effort::quick, 6),
        first_calls(2, 5, Effort::standard, 20),
        first_calls(6, 257, Effort::standard, 20),
        threaded_callers(64, 300, Effort::quick, 2),
        threaded_callers(16, 1000, Effort::standard, 2),
        threaded_callers(16, 1000, Effort::standard, 7),
        threaded_callers(4, 20000, Effort::standard, 2),
        {16, 33, Special::none, Effort::quick, 500, Caller::concurrent},
        {.rows = 24, .cols = 10, .calls = 500, .caller = Caller::concurrent, .padding = 1},
        {68, 300, Special::none, Effort::quick, 150, Caller::crowd},
        {120, 4000, Special::none, Effort::standard, 12, Caller::crowd},
        {.rows = 8,
         .cols = 1000,
         .calls = 100,
         .caller = Caller::concurrent,
         .before = Before::threads},
        parted_row(Special::prefix, 3, Effort::quick),
        parted_row(Special::prefix, 2),
        parted_row(Special::suffix, 7),
        parted_row(Special::one_left, 7),
        parted_row(Special::all_masked, 2),
        parted_row(Special::nan, 2),
        parted_row(Special::plus_inf, 7),
        parted_row(Special::lowest, 3),
        parted_row(Special::largest, 2),
        on_small_stack(40000, Effort::quick),
        on_small_stack(9000),
        on_small_stack(17000),
        on_small_stack(65536),
        on_small_stack(131072),
        {.rows = 9, .cols = 100, .fresh = true, .thread_limit = 2},
        {.rows = 2, .cols = 20000, .effort = Effort::standard, .fresh = true, .thread_limit = 2},
        threads_started(Before::flushing, 4, 33, Family::subnormal),
        threads_started(Before::flushing, 64, 1000, Family::subnormal),
        threads_started(Before::upward, 64, 1000, Family::wide),
        threads_started(Before::upward, 7, 33, Family::wide),
        threads_started(Before::upward, 1, 40000, Family::wide, Effort::standard),
        {.rows = 2,
         .cols = 100000,
         .effort = Effort::standard,
         .calls = 100,
         .threads = 2,
         .family = Family::ascending},
        {.rows = 1,
         .cols = 1024,
         .effort = Effort::standard,
         .calls = 2000,
         .threads = 2,
         .family = Family::ascending},
        {1, 5, Special::none, Effort::quick, 66000},
        {2, 3, Special::nan, Effort::quick, 66000},
        {65537, 2, Special::none, Effort::standard},
        {65537, 5, Special::nan, Effort::standard},
        {65537, 3, Special::all_masked, Effort::standard},
        {300, 1000, Special::nan, Effort::standard},
        {257, 1000, Special::all_masked, Effort::standard},
        {256, 256, Special::plus_inf, Effort::standard},
        {300, 130, Special::prefix, Effort::standard},
        {1025, 100, Special::nan, Effort::standard},
        {4097, 17, Special::all_masked, Effort::standard},
        {33, 4096, Special::nan, Effort::standard},
        {17, 8193, Special::suffix, Effort::standard},
        {129, 1025, Special::lowest, Effort::standard},
        {65, 4097, Special::one_masked, Effort::standard},
        {9, 20000, Special::plus_inf, Effort::standard},
        {65537, 33, Special::nan, Effort::thorough},
        {4097, 1000, Special::one_masked, Effort::thorough},
        {2, (1u << 20) + 1, Special::nan, Effort::thorough},
        {1, (1u << 21) + 3, Special::one_masked, Effort::thorough}};

/// Of an ascending row, every other value in the second half: both halves ascend, each to the next
/// value above the other's, so that two threads raise one maximum by turns.
void deal_out(std::vector<double>::iterator row, std::size_t cols) {
  const std::vector<double> values(row, row + static_cast<std::ptrdiff_t>(cols));
  const std::size_t half = (cols + 1) / 2;
  for (std::size_t i = 0; i < cols; ++i)
    row[static_cast<std::ptrdiff_t>(i % 2 * half + i / 2)] = values[i];
}

}  // namespace

std::vector<Case> single_cases(const Kernel& kernel, Effort effort) {
  std::vector<Case> cases;
  std::size_t turn = 0;
  for (const Size& size : gives_matrix(kernel.op) ? kMatrices : kSizes) {
    if (effort < size.effort) continue;
    if (size.thread_limit + size.threads > 0 && !(kernel.claims & SOFTMARK_THREADED)) continue;
    Rng rng(0x1a26e + size.rows * 31 + size.cols);
    Case one = make_case(kernel.op, kernel.dtype, size.family, 3, size.cols, rng), c;
    c.cols = size.cols;
    // Rows on different levels show a maximum that one thread took from another.
    constexpr double kLevels[] = {0, 40, -40};
    if (combines_logits(kernel.op))
      for (std::size_t i = 0; i < one.x.size(); ++i)
        one.x[i] = fit_to(kernel.dtype, one.x[i] + kLevels[i / size.cols]);
    if (size.family == Family::ascending)
      deal_out(one.x.begin() + static_cast<std::ptrdiff_t>(size.rows > 1 ? size.cols : 0),
               size.cols);
    const bool masks = combines_logits(kernel.op) && type_info(kernel.dtype).has_infinities;
    const bool is_nan = size.special == Special::nan;
    c.rows = size.rows;
    for (std::size_t r = 0; r < size.rows; ++r) {
      const auto part = [&](const auto& from, std::size_t width, auto& to) {
        if (from.empty()) return;
        const auto first = from.begin() + static_cast<std::ptrdiff_t>(r % 3 * width);
        to.insert(to.end(), first, first + static_cast<std::ptrdiff_t>(width));
      };
      part(one.x, size.cols, c.x);
      part(one.g, shape_of(kernel.op).takes_g ? size.cols : 1, c.g);
      part(one.labels, 1, c.labels);
    }
    // One bad row, near the end.
    std::vector<double> bad(c.x.end() - static_cast<std::ptrdiff_t>(size.cols), c.x.end());
    if (masks || is_nan) make_special(bad, size.special, size.cols * 2 / 3, kernel.dtype);
    std::copy(bad.begin(), bad.end(), c.x.end() - static_cast<std::ptrdiff_t>(size.cols));
    c.layout.calls = size.calls;
    c.layout.fresh = size.fresh;
    c.layout.caller = size.caller;
    c.layout.thread_limit = size.thread_limit;
    c.layout.before = size.before;
    c.layout.x_padding = c.layout.g_padding = c.layout.y_padding = size.padding;
    const bool single = size.calls > 1 || size.caller != Caller::main,
               races = (kernel.claims & SOFTMARK_THREADED) && size.rows > 200;
    c.layout.threads = single || (turn++ % 2 && !races) ? 1 : 3;
    if (size.thread_limit > 0) c.layout.threads = 7;
    if (size.threads > 0) c.layout.threads = size.threads;
    cases.insert(cases.end(), static_cast<std::size_t>(size.times), c);
  }
  return cases;
}

}  // namespace softmark::crossing
