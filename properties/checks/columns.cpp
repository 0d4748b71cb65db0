// SPDX-License-Identifier: Apache-2.0
// Rows whose sums are exact in every order, so that their bounds do not grow with the length: equal
// largest logits beside others that are too small to be added, and cotangents that are whole
// numbers which cancel (reference/bounds.md [1]). One column more or less shows in each.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::columns {
namespace {

constexpr int kNarrow = 20;  // bits: in wider types every number of columns rounds otherwise

bool sums_columns(const Kernel& kernel) {
  return !op_info(kernel.op).elementwise && !op_info(kernel.op).selects;
}

/// How far below the largest logit others are lost in any sum, however many, but have results of
/// their own where the type has them.
double depth_of_light(const Kernel& kernel) { return kernel.dtype == SOFTMARK_F64 ? 90 : 60; }

/// A row with the same exact outputs and bounds as a longer one, and for each column of the longer
/// one the output that it shares.
struct Condensed {
  Case c;
  std::vector<std::size_t> output;
};

/// Of equal logits beside others too small to be added: without the latter but for one, and the
/// label.
std::optional<Condensed> without_light(const Kernel& kernel, const Case& row) {
  const double most = *std::max_element(row.x.begin(), row.x.end());
  const double deep = depth_of_light(kernel) - 10;
  Condensed result;
  result.c.g = row.g;
  result.output.reserve(row.cols);
  std::optional<std::size_t> light;  // in the shorter row
  for (std::size_t j = 0; j < row.cols; ++j) {
    const double x = row.x[j];
    const bool is_light = most - x > deep;
    if (!std::isfinite(x) || (x != most && !is_light)) return std::nullopt;
    const bool is_label = !row.labels.empty() && row.labels[0] == static_cast<std::int64_t>(j);
    if (is_label) result.c.labels = {static_cast<std::int64_t>(result.c.x.size())};
    if (is_light && !is_label) {
      if (light && x != result.c.x[*light]) return std::nullopt;
      if (!light) light = result.c.x.size(), result.c.x.push_back(x);
      result.output.push_back(*light);
    } else {
      result.output.push_back(result.c.x.size());
      result.c.x.push_back(x);
    }
  }
  result.c.cols = result.c.x.size();
  return result;
}

/// Of equal inputs and small whole cotangents of sum 0: one column for each cotangent.
std::optional<Condensed> one_of_each(const Kernel& kernel, const Case& row) {
  const double p = row.x[0];
  if (!std::isfinite(p) || row.cols > std::size_t{1} << 22) return std::nullopt;
  if (kernel.op == SOFTMARK_SOFTMAX_VJP && p != std::ldexp(1.0, std::ilogb(p))) return std::nullopt;
  std::set<double> values;
  double sum = 0;
  for (std::size_t j = 0; j < row.cols; ++j) {
    const double g = row.g[j];
    if (row.x[j] != p || !(std::fabs(g) <= 2) || g != std::nearbyint(g)) return std::nullopt;
    values.insert(g);
    sum += g;
  }
  const auto has_opposite = [&](double g) { return values.contains(-g); };
  if (sum != 0 || !std::all_of(values.begin(), values.end(), has_opposite)) return std::nullopt;
  Condensed result;
  result.c.g.assign(values.begin(), values.end());
  result.c.x.assign(values.size(), p);
  result.c.cols = values.size();
  for (const double g : row.g)
    result.output.push_back(
        static_cast<std::size_t>(std::distance(values.begin(), values.find(g))));
  return result;
}

std::optional<Condensed> condensed(const Kernel& kernel, const Case& row) {
  if (row.cols == 0 || gives_matrix(kernel.op)) return std::nullopt;
  return takes_logits(kernel.op) ? without_light(kernel, row) : one_of_each(kernel, row);
}

std::optional<Fault> fault_of_row(KernelSession& session, const Case& row, const double* y) {
  const Kernel& kernel = session.kernel();
  const auto shorter = condensed(kernel, row);
  const std::size_t outputs = session.outputs(row);
  if (!shorter) return exceeds_bound(session, row, std::vector<double>(y, y + outputs));
  const Truth& truth = session.truth(shorter->c, 0);
  session.count_judged(outputs);
  std::vector<double> right(truth.exact.size(), std::nan(""));  // the last one of each that was
  for (std::size_t j = 0; j < outputs; ++j) {
    const std::size_t same = is_rowwise(kernel.op) ? shorter->output[j] : 0;
    if (y[j] == right[same]) continue;
    const Exact& exact = truth.exact[same];
    const Bound& bound = truth.bound[same];
    if (is_within(exact, bound, y[j], kernel.dtype)) {
      right[same] = y[j];
      continue;
    }
    return fault_at(
        0, j,
        fmt::format("{} columns, {} of them count: got {}, want {}: off by {:.4g} ulp; a sum of "
                    "such terms is exact in any order, which leaves {:.4g}",
                    row.cols, takes_logits(kernel.op) ? shorter->c.cols : row.cols, decimal(y[j]),
                    decimal(exact.rounded), ulp_error(exact, y[j], kernel.dtype),
                    in_ulps(bound, exact, kernel.dtype)));
  }
  return std::nullopt;
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  const std::size_t outputs = session.outputs(c);
  if (c.rows == 1) return fault_of_row(session, c, y.data());
  for (std::size_t r = 0; r < c.rows; ++r)
    if (auto found =
            fault_of_row(session, row_alone(c, session.kernel().op, r), y.data() + r * outputs)) {
      found->row = r;
      return found;
    }
  return std::nullopt;
}

/// The output of `count` equal logits of 0 in a row, as far as it depends on their number.
double value_of(softmark_op op, double count) {
  if (op == SOFTMARK_LOG_SOFTMAX) return -std::log(count);
  return op == SOFTMARK_LOGSUMEXP || op == SOFTMARK_CROSS_ENTROPY ? std::log(count) : 1 / count;
}

/// How many equal logits, `most` at most: so many that one less rounds otherwise, and with some
/// distance on either side.
std::size_t heavy_of(const Kernel& kernel, std::size_t most) {
  if (type_info(kernel.dtype).precision > kNarrow) return most;
  std::size_t best = most;
  double distance = 0;
  for (std::size_t count = most; count > std::max<std::size_t>(most / 2, 2); --count) {
    const double value = value_of(kernel.op, static_cast<double>(count)),
                 less = value_of(kernel.op, static_cast<double>(count - 1)),
                 rounded = round_to(kernel.dtype, value);
    if (rounded == round_to(kernel.dtype, less)) continue;
    const double other = less > value ? next_up(kernel.dtype, rounded)
                                      : next_down(kernel.dtype, rounded),
                 middle = (rounded + other) / 2;
    const double share =
        std::min((middle - value) / (less - value), (less - middle) / (less - value));
    if (share > distance) distance = share, best = count;
  }
  return best;
}

/// `heavy` columns of 0 from `first` on, around the end of the row, and at both ends and in the
/// middle; the others far below.
Case two_levels(const Kernel& kernel, std::size_t cols, std::size_t heavy, std::size_t first) {
  const double light = -depth_of_light(kernel);
  std::vector<double> row(cols, light);
  std::size_t left = heavy;
  const auto add = [&](std::size_t j) {
    if (left > 0 && row[j] != 0) row[j] = 0, --left;
  };
  for (const std::size_t j : {std::size_t{0}, cols - 1, cols / 2}) add(j);
  for (std::size_t j = first; j < first + cols; ++j) add(j % cols);
  Case c = case_of_rows(kernel, {row}, first % cols);
  if (!c.g.empty()) c.g[0] = 1;
  return c;
}

/// Whole cotangents of sum 0: each has its opposite at the column's mirror image. A column `zero`
/// and its image have none: where the sum is 0, theirs is what is left of it.
Case cancelling(const Kernel& kernel, std::size_t cols, std::size_t zero) {
  constexpr double kCotangents[] = {1, -2, -1, 2, 2, -1, 1};
  const int depth = std::min({static_cast<int>(std::ceil(std::log2(static_cast<double>(cols)))),
                              -type_info(kernel.dtype).min_exponent / 2 - 1, 40});
  Case c;
  c.cols = cols;
  c.x.assign(cols, kernel.op == SOFTMARK_SOFTMAX_VJP ? std::ldexp(1.0, -depth) : -0.5);
  c.g.assign(cols, 0);
  for (std::size_t j = 0; j < cols / 2; ++j)
    if (j != zero) {
      c.g[j] = kCotangents[(j + j / 7) % std::size(kCotangents)];
      c.g[cols - 1 - j] = -c.g[j];
    }
  return c;
}

/// Rows of `cols` columns; each column counts in one of them, unless `most` are not enough for
/// that.
bool cover(const Kernel& kernel, std::size_t cols, std::size_t most, const Sink& sink) {
  // A column more or less is 258 u of 65000, above any bound, which in narrow types must be less
  // than half of it; in the narrowest, results of many columns would be below the type.
  const int precision = type_info(kernel.dtype).precision;
  // No power of 2, whose reciprocal lies next to the end of a binade beside the smallest terms.
  const std::size_t limit = precision < 8 ? 342 : precision > kNarrow ? 65000 : 32500;
  if (!takes_logits(kernel.op))
    return sink(cancelling(kernel, cols, cols / 3)) && sink(cancelling(kernel, cols, cols / 5));
  const std::size_t heavy = heavy_of(kernel, std::min(cols, limit));
  const std::size_t fixed = std::min<std::size_t>(heavy - 1, 3), each = heavy - fixed,
                    rows = std::min((cols + each - 1) / each, most);
  for (std::size_t r = 0; r < rows; ++r)
    if (!sink(two_levels(kernel, cols, heavy, r * each))) return false;
  // Few that count: then the bound leaves the least.
  return cols <= 63 || sink(two_levels(kernel, cols, heavy_of(kernel, 63), cols / 3));
}

void sweep_rows(const Kernel& kernel, Effort effort, const Sink& sink) {
  const int level = static_cast<int>(effort);
  constexpr std::size_t kEach[] = {130, 260, 1030}, kBetween[] = {4, 24, 200};
  constexpr std::size_t kWhole[] = {12, 17, 20};  // exponents of 2
  constexpr std::size_t kLongest = std::size_t{1} << 20, kMostRows = 33;
  Rng rng(0xc01);
  for (std::size_t cols = 2; cols <= kEach[level]; ++cols)
    if (!cover(kernel, cols, kMostRows, sink)) return;
  for (std::size_t i = 0; i < kBetween[level]; ++i)
    if (!cover(kernel, kEach[level] + rng.below(12000), 2, sink)) return;
  for (std::size_t power = 8; power <= kWhole[level]; ++power)
    for (const std::size_t cols : {(1u << power) - 1, 1u << power, (1u << power) + 1})
      if (!cover(kernel, cols, cols == 1u << power ? kMostRows : 3, sink)) return;
  if (effort == Effort::quick) {
    cover(kernel, kLongest / 8 + 5, 1, sink);
    return;
  }
  for (std::size_t power = 15; power < 20; ++power)
    if (!cover(kernel, (std::size_t{1} << power) + rng.below(std::size_t{1} << power), 2, sink))
      return;
  cover(kernel, kLongest, kMostRows, sink);
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  if (gives_matrix(kernel.op)) {
    for (const std::size_t cols : {3u, 17u, 64u, 100u, 129u, 200u})
      if (!sink(two_levels(kernel, cols, cols, 0))) return;
    return;
  }
  // Ends where the kernel's time grows with the square of the columns; a single case may take long
  // because the machine is busy.
  constexpr int kMostSlow = 3;
  int slow = 0;
  sweep_rows(kernel, effort, [&](const Case& c) {
    const auto start = std::chrono::steady_clock::now();
    if (!sink(c)) return false;
    slow += std::chrono::steady_clock::now() - start >
            std::chrono::milliseconds(300) + c.cols * std::chrono::microseconds(30);
    return slow < kMostSlow;
  });
}

}  // namespace

const Property property = {
    "columns",
    "every column counts, whatever the length, in rows whose sums are exact in any order",
    Criterion::bound,
    Severity::error,
    sums_columns,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::columns
