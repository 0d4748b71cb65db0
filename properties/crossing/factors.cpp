// SPDX-License-Identifier: Apache-2.0
#include "properties/crossing/factors.h"

#include <algorithm>

#include "kernels/environment.h"
#include "kernels/names.h"
#include "support/emulation.h"

namespace softmark::crossing {
namespace {

const std::array<FactorInfo, kFactors> kInfo = {{
    {"rows",
     "number of rows",
     {{"few", "2, 3"},
      {"one", "1"},
      {"none", "0"},
      {"group", "4, 5, 7"},
      {"eight", "8, 9, 15"},
      {"many", "16, 17, 31, 33"},
      {"batch", "64, 65, 100"},
      {"large", "256, 257, 300"},
      {"twelve_bits", "1025, 4097"},
      {"sixteen_bits", "65537"}}},
    {"cols",
     "number of columns",
     {{"two", "2, 3"},
      {"none", "0"},
      {"one", "1"},
      {"tail", "9, 13, 17, 23, 31, 33"},
      {"small", "4, 5, 6, 7"},
      {"vectors", "8, 16, 32"},
      {"lanes", "63, 64, 65"},
      {"hundred", "100, 127, 128, 129, 130"},
      {"tile", "255, 256, 257, 300"},
      {"block", "500, 511, 512, 513, 1000"},
      {"kilo", "1023, 1024, 1025, 1500, 2049"},
      {"page", "4095, 4096, 4097"},
      {"cache", "8193, 16384, 16385"},
      {"sixteen_bits", "65536, 65537, 70000"},
      {"vocabulary", "131073, 151936, 262144"},
      {"million", "1048577, 2097153"}}},
    {"special",
     "special values in a row",
     {{"none", "ordinary values alone"},
      {"nan", "a NaN"},
      {"minus_nan", "a NaN with its sign set"},
      {"payload_nan", "a NaN with a payload"},
      {"signalling_nan", "a signalling NaN"},
      {"plus_inf", "a +inf"},
      {"one_masked", "one -inf"},
      {"all_masked", "nothing but -inf"},
      {"one_left", "-inf but for one value"},
      {"prefix", "-inf up to a column"},
      {"suffix", "-inf from a column on"},
      {"block", "a block of -inf"},
      {"nan_and_inf", "a NaN, a +inf and a -inf"},
      {"largest", "the type's largest value"},
      {"lowest", "the type's lowest value"}}},
    {"threads",
     "args->threads",
     {{"one", "1"}, {"two", "2"}, {"three", "3"}, {"seven", "7"}, {"hundreds", "96, 256"}}},
    {"stride",
     "padding between rows of x",
     {{"packed", "none"},
      {"odd", "1, 3, 5 elements"},
      {"vector", "up to a multiple of 64 bytes"},
      {"wide", "1000, 1027 elements"},
      {"sixteen_bits", "a stride of 65536"}}},
    {"alias",
     "what y is",
     {{"none", "an array of its own"}, {"y_is_x", "x"}, {"y_is_g", "the cotangents"}}},
    {"g_stride",
     "padding between rows of g",
     {{"packed", "none"}, {"odd", "1, 3, 5 elements"}, {"wide", "100, 1000 elements"}}},
    {"y_stride",
     "padding between rows of y",
     {{"packed", "none"}, {"odd", "1, 3, 5 elements"}, {"wide", "100, 1000 elements"}}},
    {"span",
     "rows so far apart that their offsets take more than 31 bits",
     {{"ordinary", "no"},
      {"x", "x, by 2^30 or 2^31 elements"},
      {"g", "g, likewise"},
      {"y", "y, likewise"}}},
    {"addresses",
     "where buffers start or end",
     {{"end", "before an unmapped page"},
      {"start", "after an unmapped page"},
      {"x_off", "inputs an element further"},
      {"y_off", "y an element further"},
      {"both_off", "both 3 elements further"},
      {"apart", "inputs 5, y 2 elements further"},
      {"vector", "inputs 16, y 32 bytes further"}}},
    {"protection",
     "read-only memory",
     {{"none", "none"},
      {"read_only", "the inputs are read-only"},
      {"page_rows", "a read-only page follows each row"}}},
    {"kind",
     "what rows hold",
     {{"normal", "N(0, 1)"},
      {"equal", "all equal"},
      {"offset", "N(0, 1) around a level"},
      {"wide", "N(0, 10)"},
      {"peaked", "one far above the rest"},
      {"flat", "a few ulps apart"},
      {"subnormal", "subnormal results"},
      {"cutoff", "where exp clamps"},
      {"ties", "few distinct values"},
      {"zeros", "+0 and -0"},
      {"large", "up to the largest value"},
      {"masked", "a third masked"},
      {"ascending", "sorted"},
      {"swamping", "a peak and a tail that it swamps"},
      {"finite_mask", "a third at a finite mask"},
      {"outlier", "one of any magnitude"}}},
    {"place",
     "column of the special value",
     {{"first", "0"},
      {"last", "the last"},
      {"tail", "the first after whole vectors"},
      {"block", "a multiple of 32 to 1024"},
      {"before_block", "one before that"},
      {"middle", "the middle"},
      {"beyond_1000", "from 1001 on"}}},
    {"bad_row",
     "the row with the special value",
     {{"all", "every one"},
      {"first", "the first"},
      {"last", "the last"},
      {"middle", "the middle"},
      {"alternate", "every other"},
      {"ninth", "the ninth, past a block of rows"}}},
    {"poison",
     "what padding holds",
     {{"nan", "NaN"}, {"huge", "1e30"}, {"minus_inf", "-inf"}, {"minus_nan", "-NaN"}}},
    {"cotangent",
     "what g holds",
     {{"random", "N(0, 1)"},
      {"one_hot", "one that is not 0"},
      {"zeros", "+0 and -0"},
      {"nan", "a NaN"},
      {"inf", "an infinity"},
      {"huge", "near the end of the type"},
      {"tiny", "subnormal"}}},
    {"label",
     "the label's column",
     {{"first", "0"},
      {"last", "the last"},
      {"middle", "the middle"},
      {"special", "the special value's"}}},
    {"history",
     "calls before",
     {{"any", "those of other cases"},
      {"fresh", "none: the first call of the process"},
      {"repeated", "20 equal ones"},
      {"three_hundred", "300 equal ones"},
      {"sixteen_bits", "66000 equal ones"},
      {"others", "one of each kernel of its name, for other ops and types"},
      {"first_upward", "an equal one, the first of the process, that rounded upward"},
      {"first_flushing", "an equal one, the first of the process, under FTZ and DAZ"}}},
    {"caller",
     "what makes the call",
     {{"main", "the first thread"},
      {"thread", "a fresh thread"},
      {"small_stack", "a thread with a stack of 128 KiB"},
      {"forked", "a child of fork, on one thread"},
      {"forked_first", "a child of fork, before any other call"},
      {"concurrent", "two threads at once, on different rows, the second with other calls between"},
      {"region", "both threads of a parallel region"},
      {"limited", "a process with OMP_THREAD_LIMIT=2"},
      {"crowd", "40 threads at once, on different rows"}}},
    {"state",
     "floating-point state of the caller",
     {{"plain", "round to nearest"},
      {"flags_raised", "every exception flag is raised, errno is ERANGE"},
      {"upward", "rounds upward"},
      {"toward_zero", "rounds towards zero"},
      {"flushing", "FTZ and DAZ"}}},
}};

/// The classes of a factor that apply to a kernel, as bits.
std::uint32_t applicable(Factor f, const Kernel& kernel, Effort effort) {
  const OpShape shape = shape_of(kernel.op);
  const bool in_place = (kernel.claims & SOFTMARK_IN_PLACE) && shape.output == OpShape::kRow,
             threaded = kernel.claims & SOFTMARK_THREADED, logits = takes_logits(kernel.op),
             masks = logits && type_info(kernel.dtype).has_infinities;
  switch (f) {
    case kRows:
      return gives_matrix(kernel.op) || effort == Effort::quick ? kAll & ~bits(Rows::sixteen_bits)
                                                                : kAll;
    case kCols:
      if (gives_matrix(kernel.op)) return (bits(Cols::tile) << 1) - 1;
      if (effort == Effort::quick) return (bits(Cols::cache) << 1) - 1;
      return effort == Effort::thorough ? kAll : kAll & ~bits(Cols::million);
    case kSpecial: {
      const std::uint32_t nans = bits(Special::none, Special::nan, Special::minus_nan,
                                      Special::payload_nan, Special::signalling_nan);
      const bool narrow = !type_info(kernel.dtype).has_infinities;
      if (!logits) return narrow ? bits(Special::none, Special::nan, Special::minus_nan) : nans;
      if (narrow)
        return bits(Special::none, Special::nan, Special::minus_nan, Special::largest,
                    Special::lowest);
      return kAll;
    }
    case kThreads:  // without the claim the number is ignored, whatever it is
      return threaded ? kAll : bits(Threads::one, Threads::seven);
    case kAlias:
      return bits(Aliasing::none) | (in_place ? bits(Aliasing::y_is_x) : 0) |
             (in_place && shape.takes_g ? bits(Aliasing::y_is_g) : 0);
    case kGradientStride:
      return shape.takes_g ? kAll : 1;
    case kResultStride:
      return shape.output == OpShape::kScalar ? 1 : kAll;
    case kSpan:
      if (is_emulated()) return bits(Span::ordinary);
      return bits(Span::ordinary, Span::x) | (shape.takes_g ? bits(Span::g) : 0) |
             (shape.output == OpShape::kScalar ? 0 : bits(Span::y));
    case kKind:
      return masks ? kAll : kAll & ~bits(Kind::masked);
    case kHistory: {
      const std::uint32_t known = can_flush() ? kAll : kAll & ~bits(History::first_flushing);
      // Many calls in every pair would take as long as all else; some have them.
      return effort == Effort::quick ? known & ~bits(History::sixteen_bits) : known;
    }
    case kCotangent:
      return shape.takes_g || shape.takes_g_row ? kAll : 1;
    case kLabel:
      return shape.takes_labels ? kAll : 1;
    case kState:
      return can_flush() ? kAll : kAll & ~bits(InState::flushing);
    case kCaller: {
      // Those of a process of their own take a hundred times as long as others.
      const std::uint32_t fast =
          effort == Effort::quick ? ~bits(CalledFrom::limited, CalledFrom::forked_first) : kAll;
      return fast & (threaded ? kAll : ~bits(CalledFrom::limited, CalledFrom::region));
    }
    default:
      return kAll;
  }
}

}  // namespace

const FactorInfo& info(Factor factor) { return kInfo[factor]; }

const std::vector<std::size_t>& numbers(Factor factor, std::size_t c) {
  // Read from the table's words, so that each number stands in one place.
  static const auto parsed = [] {
    std::array<std::vector<std::vector<std::size_t>>, 2> all;
    for (const Factor f : {kRows, kCols})
      for (const ClassInfo& one : kInfo[f].classes) {
        auto& list = all[f].emplace_back();
        for (std::size_t i = 0; i < one.meaning.size(); ++i) {
          const char digit = one.meaning[i];
          if (digit < '0' || digit > '9') continue;
          if (i == 0 || one.meaning[i - 1] == ' ') list.push_back(0);
          list.back() = 10 * list.back() + static_cast<std::size_t>(digit - '0');
        }
      }
    return all;
  }();
  return parsed[factor][c];
}

Model::Model(const Kernel& kernel, Effort effort)
    : excluded_(kFactors * kMostClasses, std::vector<bool>(kFactors * kMostClasses)) {
  choose_classes(kernel, effort);
  exclude_sizes(kernel, effort);
  exclude_layouts();
  exclude_costs();
  exclude_callers();
}

void Model::choose_classes(const Kernel& kernel, Effort effort) {
  for (std::size_t f = 0; f < kFactors; ++f) {
    const std::uint32_t wanted = applicable(static_cast<Factor>(f), kernel, effort);
    for (std::size_t c = 0; c < kInfo[f].classes.size(); ++c)
      if (wanted >> c & 1) classes_[f].push_back(static_cast<std::uint8_t>(c));
  }
}

bool Model::applies(Factor f, std::size_t c) const {
  return std::find(classes_[f].begin(), classes_[f].end(), c) != classes_[f].end();
}

void Model::exclude(Factor f, std::uint32_t classes, Factor g, std::uint32_t others,
                    const char* why) {
  const auto names = [&](Factor of, std::uint32_t which) {
    std::string text;
    for (std::size_t c = 0; c < kInfo[of].classes.size(); ++c)
      if (which >> c & 1 && applies(of, c))
        text += (text.empty() ? "" : "|") + std::string(kInfo[of].classes[c].name);
    return text;
  };
  const std::string left = names(f, classes), right = names(g, others);
  if (left.empty() || right.empty()) return;
  for (std::size_t a = 0; a < kInfo[f].classes.size(); ++a)
    for (std::size_t b = 0; b < kInfo[g].classes.size(); ++b)
      if (classes >> a & 1 && others >> b & 1)
        excluded_[item(f, a)][item(g, b)] = excluded_[item(g, b)][item(f, a)] = true;
  reasons_.push_back({std::string(kInfo[f].name) + " " + left + " with " +
                          std::string(kInfo[g].name) + " " + right,
                      why});
}

}  // namespace softmark::crossing
