// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "support/non_finite.h"

namespace softmark::checks::special_values {
namespace {

// Columns, up to two vectors and a tail, at quick effort up to one: no two special rows share a
// call.
constexpr std::size_t kEachAlone[] = {17, 40, 40};

// The VJPs take probabilities and sigmoids: NaN and infinities there follow IEEE, which property
// vjp checks.
bool has_specials(const Kernel& kernel) { return takes_logits(kernel.op); }

std::optional<Fault> fault_of(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  if (auto beyond = exceeds_bound(session, c, y)) return beyond;
  return wrong_zero(session, c, y);
}

// A kernel that handles single rows only is tested row by row.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  try {
    return fault_of(session, c);
  } catch (const KernelSession::Refused&) {
    if (c.rows < 2) throw;
  }
  for (std::size_t r = 0; r < c.rows; ++r)
    if (auto found = fault_of(session, row_alone(c, session.kernel().op, r))) {
      found->row = r;
      return found;
    }
  return std::nullopt;
}

Case with_row(const Kernel& kernel, const std::vector<double>& row, std::size_t label = 0) {
  return case_of_rows(kernel, {row}, label);
}

constexpr double kSpecials[] = {kNan, kInf, -kInf};

// Each part of the sweep returns false where the sink has had enough.

// One finite element, or two, beside masks, however small or large: nothing else keeps an
// exponential without the right shift from underflowing.
bool try_single_values(const Kernel& kernel, const Sink& sink) {
  const double tiny = smallest_subnormal(kernel.dtype), top = largest_finite(kernel.dtype),
               normal = std::ldexp(1.0, type_info(kernel.dtype).min_exponent);
  const bool mixes = !op_info(kernel.op).elementwise;
  for (double v : {50.0, 89.0, 104.0, 746.0, 1e4, 1e9, top / 2, top})
    for (double sign : {-1.0, 1.0})
      if (mixes && (!sink(with_row(kernel, {-kInf, sign * v}, 1)) ||
                    !sink(with_row(kernel, {sign * v, -kInf, -kInf})) ||
                    !sink(with_row(kernel, {-kInf, sign * v, sign * v - 1, -kInf}, 2))))
        return false;
  for (double v : {tiny, -tiny, 7 * tiny, normal, -normal, 0.0, -0.0})
    if (!sink(with_row(kernel, {v})) || !sink(with_row(kernel, {-kInf, v, -kInf}, 1))) return false;
  return true;
}

bool try_around_blocks_of_long_rows(const Kernel& kernel, Rng& rng, const Sink& sink) {
  if (is_jacobian(kernel)) return true;
  for (std::size_t cols : {64, 65, 100, 128, 257, 1000})
    for (std::size_t at : {std::size_t{0}, std::size_t{15}, std::size_t{16}, std::size_t{31},
                           std::size_t{32}, cols / 2, cols - 2, cols - 1})
      for (double special : kSpecials) {
        auto row = make_logits(Family::normal, kernel.dtype, cols, rng);
        row[at] = special;
        if (!sink(with_row(kernel, row, at))) return false;
      }
  return true;
}

/// Rows with something special at column `at`: `base` with one special value, and with a second
/// one elsewhere; a row of masked elements with one that is not.
std::vector<std::vector<double>> rows_special_at(std::size_t at, const std::vector<double>& base,
                                                 Rng& rng) {
  const std::size_t cols = base.size();
  std::vector<std::vector<double>> rows;
  for (double special : kSpecials) {
    auto row = base;
    row[at] = special;
    rows.push_back(row);
    if (cols == 1) continue;
    row[rng.below(cols)] = kSpecials[rng.below(3)];
    rows.push_back(row);
  }
  std::vector<double> alone(cols, -kInf);
  for (double v : {1.5, kNan, kInf}) {
    alone[at] = v;
    rows.push_back(alone);
  }
  return rows;
}

// Each row by itself while rows are short; then one by itself, in turn, and the others in one call.
bool try_rows(const Kernel& kernel, std::vector<std::vector<double>> rows, std::size_t at,
              bool each_alone, Rng& rng, const Sink& sink) {
  const std::size_t cols = rows.front().size(), single = at % rows.size();
  for (std::size_t r = 0; r < rows.size(); ++r)
    if ((each_alone || r == single) &&
        !sink(with_row(kernel, rows[r], r % 2 ? at : rng.below(cols))))
      return false;
  if (each_alone) return true;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(single));
  return sink(case_of_rows(kernel, rows, at));
}

bool try_every_position(const Kernel& kernel, std::size_t cols, bool each_alone, Rng& rng,
                        const Sink& sink) {
  const auto base = make_logits(Family::normal, kernel.dtype, cols, rng);
  if (!sink(with_row(kernel, base))) return false;
  if (!sink(with_row(kernel, std::vector<double>(cols, -kInf)))) return false;
  for (std::size_t at = 0; at < cols; ++at)
    if (!try_rows(kernel, rows_special_at(at, base, rng), at, each_alone, rng, sink)) return false;
  return true;
}

// Lengths up to 2 vectors and a tail of the widest machine.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t longest = is_jacobian(kernel) ? 9 : effort == Effort::quick ? 37 : 130;
  Rng rng(0x5bec);
  if (!try_single_values(kernel, sink)) return;
  if (!try_around_blocks_of_long_rows(kernel, rng, sink)) return;
  const std::size_t each_alone = kEachAlone[static_cast<int>(effort)];
  for (std::size_t cols = 0; cols <= longest; ++cols)
    if (!try_every_position(kernel, cols, cols <= each_alone, rng, sink)) return;
}

constexpr Family kRows[] = {Family::nan, Family::infinite, Family::all_masked, Family::masked,
                            Family::zeros};

}  // namespace

const Property property = {"special_values",
                           "NaN, infinities and masked rows give what the contract's table "
                           "says, at every position of every length",
                           Criterion::contract,
                           Severity::error,
                           has_specials,
                           fault,
                           sweep,
                           kRows};

}  // namespace softmark::checks::special_values
