// SPDX-License-Identifier: Apache-2.0
// How one call is made, apart from its values: where the buffers lie, on which thread, in which
// state of the process, and how often.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "support/json.h"

namespace softmark {

enum class Alias { none, y_is_x, y_is_g };

/// The bits of every NaN among the inputs. Of a type with one NaN pattern, only the sign differs.
enum class NanKind { plain, negative, payload, signalling };

/// What makes the call. `concurrent`, `region` and `crowd` divide the rows between callers at once;
/// the second of `concurrent` makes calls of other shapes and kernels (OtherCalls) in between.
enum class Caller {
  main,         // the process's first thread
  thread,       // a fresh one
  small_stack,  // a fresh one with a stack of kSmallStack bytes
  forked,       // a child of fork
  concurrent,   // two threads
  region,       // two threads of an OpenMP parallel region
  crowd,        // 40 threads, or as many as there are rows
};

/// The floating-point state of the calling thread.
enum class State { plain, flags_raised, upward, downward, toward_zero, flushing };

/// What the process was called for just before.
enum class Before {
  any,       // whatever other cases made
  others,    // the kernels of the same name, for other ops and types
  upward,    // the same call, which rounded upward
  flushing,  // the same call, which flushed subnormal numbers
  threads,   // the same call, by each of 130 threads; by 127 more between two callers' first
};

inline constexpr std::array<std::string_view, 3> kAliasNames = {"none", "y_is_x", "y_is_g"};
inline constexpr std::array<std::string_view, 4> kNanNames = {"plain", "negative", "payload",
                                                              "signalling"};
inline constexpr std::array<std::string_view, 7> kCallerNames = {
    "main", "thread", "small_stack", "forked", "concurrent", "region", "crowd"};
inline constexpr std::array<std::string_view, 5> kBeforeNames = {"any", "others", "upward",
                                                                 "flushing", "threads"};
inline constexpr std::array<std::string_view, 6> kStateNames = {
    "plain", "flags_raised", "upward", "downward", "toward_zero", "flushing"};

/// What the contract promises a kernel (kernels/README.md): musl's threads have this much.
inline constexpr std::size_t kSmallStack = std::size_t{128} << 10;

/// The default puts every buffer's last element against an unmapped page and makes one call.
struct Layout {
  // Elements between one row's end and the next row's start.
  std::size_t x_padding = 0, g_padding = 0, y_padding = 0;
  // The first element lies `offset` bytes behind the unmapped page, instead of the last one before
  // it.
  bool at_start = false;
  std::size_t offset = 0;    // bytes, of the inputs; a multiple of the element size
  std::size_t y_offset = 0;  // bytes, of y; ignored where y aliases an input
  // Every row ends where a page does, and a read-only page follows it; the paddings are ignored.
  bool page_rows = false;
  bool read_only = false;  // the inputs' pages are, but for an input that is y too
  Alias alias = Alias::none;
  int threads = 1;
  double poison = kNaN;  // what the inputs' padding holds
  NanKind nan = NanKind::plain;

  bool fresh = false;    // the first call of its process
  int thread_limit = 0;  // OMP_THREAD_LIMIT of that process, which is a fresh one; 0: none
  // Where it is more than one, y is that of the first call whose bits differ from the first's.
  int calls = 1;
  Caller caller = Caller::main;
  State state = State::plain;
  Before before = Before::any;

  static constexpr double kNaN = __builtin_nan("");
  bool operator==(const Layout&) const;

  bool has_two_callers() const { return caller == Caller::concurrent || caller == Caller::region; }
  bool has_several_callers() const { return has_two_callers() || caller == Caller::crowd; }
  /// Whether results are promised: only to callers that round to nearest and flush nothing.
  bool promises_results() const { return state == State::plain || state == State::flags_raised; }
};

/// What differs from the default. Reading throws Error(kUnreadable), naming the place.
Json layout_to_json(const Layout& layout);
Layout layout_from_json(const Json& json);

/// Keys that mean nothing here are misspelt ones that would. `where` is "" for the request itself.
void check_keys(const Json& json, const std::vector<std::string>& known, const std::string& where);

}  // namespace softmark
