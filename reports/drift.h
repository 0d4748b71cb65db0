// SPDX-License-Identifier: Apache-2.0
// Times of two documents, with what the sessions changed for everything taken off. Two runs of one
// program differ: the clock, the neighbours and the placement of memory move everything together,
// and each kernel at each shape a little apart. The first is divided out; the second is estimated
// from the kernels and ceilings that are not in question, and only what stands out of it counts.
// README.md, "Times of two documents", has the rules.
#pragma once

#include <string>
#include <vector>

#include "reports/view.h"
#include "support/speed_verdict.h"

namespace softmark {

/// The measurement of a kernel at a shape; null where there is none.
const Entry* find_entry(const View& view, const Shape& shape, const std::string& kernel);

/// One kernel at one shape, or over all of its shapes.
struct Change {
  const Entry* was = nullptr;  // null: over all shapes
  const Entry* is = nullptr;
  std::string kernel;
  Shape shape;                    // over all shapes: op, type, threads and state alone
  double old_ns = 0, new_ns = 0;  // the least of as many processes
  double drift = 1;      // of what it is compared with: the other kernels and the ceilings there
  SpeedRatio ratio{};    // new to old with the drift divided out, and its 95 % interval
  double p = 1;          // of a ratio that far from 1 by chance, noise or luck
  std::string advisory;  // why it does not count; empty where it may
  SpeedVerdict verdict = SpeedVerdict::kAmbiguous;
};

struct Changes {
  std::vector<Change> cells;    // what both documents have timed
  std::vector<Change> kernels;  // of each with at least three shapes that may count
  double noise = 0;  // by how much what is not in question differs by itself: 0.02 is 2 %
};

/// `least`: the smallest effect that is believed; it is raised to twice the noise. FASTER and
/// SLOWER hold under Benjamini and Hochberg's procedure at 2 %, among cells and among kernels.
Changes changes_of(const View& before, const View& after, double least);

}  // namespace softmark
