// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "support/non_finite.h"

namespace softmark::checks::masked {
namespace {

bool takes_masks(const Kernel& kernel) {
  return combines_logits(kernel.op) && type_info(kernel.dtype).has_infinities;
}

// The columns that are not masked in any row, as a separate case; it contains every label.
Case compact(const Case& c, const std::vector<std::size_t>& kept) {
  Case small = c;
  small.cols = kept.size();
  small.x.clear();
  for (std::size_t r = 0; r < c.rows; ++r)
    for (std::size_t i : kept) small.x.push_back(c.x[r * c.cols + i]);
  for (auto& label : small.labels)
    label = std::find(kept.begin(), kept.end(), static_cast<std::size_t>(label)) - kept.begin();
  return small;
}

// Masked columns give exactly 0 (or -inf), and the others the results of the row without them.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const auto y = session.run(c);
  if (auto beyond = exceeds_bound(session, c, y)) return beyond;
  // The exact values compared with are those of the row without its masked columns.
  bool surely = true;
  for (std::size_t r = 0; surely && r < c.rows; ++r) surely = is_surely_within(session, c, y, r);
  if (surely) return std::nullopt;
  if (!is_rowwise(session.kernel().op) || c.rows == 0) return std::nullopt;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < c.cols; ++i) {
    bool finite = true;
    for (std::size_t r = 0; r < c.rows; ++r) finite &= std::isfinite(c.x[r * c.cols + i]);
    if (finite) kept.push_back(i);
  }
  // Skipped where a label is masked (it has no place in the compact row) or rows have different
  // masks (there is no common compact row).
  const bool labelled = std::all_of(c.labels.begin(), c.labels.end(), [&](auto l) {
    return std::find(kept.begin(), kept.end(), static_cast<std::size_t>(l)) != kept.end();
  });
  const auto masks = static_cast<std::size_t>(std::count(c.x.begin(), c.x.end(), -kInf));
  if (kept.empty() || kept.size() == c.cols || !labelled ||
      masks != c.rows * (c.cols - kept.size()))
    return std::nullopt;
  const Case small = compact(c, kept);
  const auto z = session.run(small);
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto exact = session.exact(c, r);
    std::vector<Exact> there;  // the same exact values, from fewer terms
    for (std::size_t i : kept) there.push_back(exact[i]);
    const Problem problem = problem_of(session.kernel(), small, r);
    if (is_surely_within(session, c, y, r) &&
        is_surely_within(problem, there, {z.data() + r * kept.size(), kept.size()}))
      continue;
    const Truth& here = session.truth(c, r);
    const auto bounds = error_bounds(problem, there);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      const Observed a{y[r * c.cols + kept[k]], here.exact[kept[k]], here.bound[kept[k]]},
          b{z[r * kept.size() + k], there[k], bounds[k]};
      if (!agree(a, b, session.kernel().dtype))
        return fault_at(r, kept[k],
                        "is " + decimal(a.got) + " beside masked columns and " + decimal(b.got) +
                            " without them");
    }
  }
  return std::nullopt;
}

// Prefixes, suffixes and blocks around vector and block widths, in one and in two rows.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0x3a5c);
  const auto try_mask = [&](std::size_t cols, std::size_t from, std::size_t to) {
    Case c = make_case(kernel.op, kernel.dtype, Family::normal, 1 + (from + to) % 2, cols, rng);
    // Far below 0 a masked maximum leaves nothing; far above it everything overflows.
    constexpr double kLevels[] = {0, -1000, 1000};
    if (takes_logits(kernel.op))
      for (double& v : c.x) v = fit_to(kernel.dtype, v + kLevels[(from + to) % 3]);
    for (std::size_t r = 0; r < c.rows; ++r)
      std::fill(c.x.begin() + static_cast<std::ptrdiff_t>(r * cols + from),
                c.x.begin() + static_cast<std::ptrdiff_t>(r * cols + to), -kInf);
    for (auto& label : c.labels)
      if (static_cast<std::size_t>(label) >= from && static_cast<std::size_t>(label) < to)
        label = static_cast<std::int64_t>(from > 0 ? 0 : cols - 1);
    return sink(c);
  };
  const std::size_t longest = is_jacobian(kernel) ? 9 : effort == Effort::quick ? 12 : 70;
  for (std::size_t cols = 2; cols <= longest; ++cols)
    for (std::size_t masked = 1; masked < cols; ++masked)
      if (!try_mask(cols, 0, masked) || !try_mask(cols, cols - masked, cols) ||
          (cols > masked + 1 && !try_mask(cols, 1, 1 + masked)))
        return;
  if (is_jacobian(kernel)) return;
  for (std::size_t cols : {33, 65, 100, 129, 160, 300})
    for (std::size_t masked : {1, 4, 8, 16, 31, 32, 33, 64, 65, 128})
      if (masked < cols && (!try_mask(cols, 0, masked) || !try_mask(cols, cols - masked, cols) ||
                            !try_mask(cols, std::min<std::size_t>(32, cols - masked),
                                      std::min<std::size_t>(32, cols - masked) + masked)))
        return;
}

constexpr Family kRows[] = {Family::masked};

}  // namespace

const Property property = {
    "masked",
    "masked columns count as absent, whatever prefix, suffix or block of the row they are",
    Criterion::contract,
    Severity::error,
    takes_masks,
    fault,
    sweep,
    kRows};

}  // namespace softmark::checks::masked
