// SPDX-License-Identifier: Apache-2.0
// Workloads: shapes that represent real uses, and their logits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/softmark.h"
#include "support/effort.h"

namespace softmark::bench {

/// How the logits of a workload are distributed. This affects the cost of a softmax: results that
/// are 0, subnormal or all equal change the speed of some kernels tenfold.
enum class Distribution { kNormal, kFlat, kPeaked, kCausal, kSubnormal, kFile };
inline constexpr std::string_view kDistributionNames[] = {"normal", "flat",      "peaked",
                                                          "causal", "subnormal", "file"};
/// One line per distribution, for people and documents: "3 N(0,1): ...".
std::string_view describe(Distribution distribution);
std::optional<Distribution> find_distribution(std::string_view name);

struct Workload {
  std::string name;  // "vocabulary/8x128256"
  std::size_t rows = 0, cols = 0;
  Distribution distribution = Distribution::kNormal;
  Effort effort = Effort::quick;  // the lowest effort that includes it
  std::string stands_for;         // "Llama 3's vocabulary, 8 sequences decoded at once"
  std::shared_ptr<const std::vector<double>> logits = nullptr;  // [rows*cols], for kFile only
  std::vector<std::string> uses = {};  // "softmax/bf16": timed there besides softmax/f32

  std::size_t elements() const { return rows * cols; }
};

/// A batch of one whose calls are short: they are timed singly besides, for their percentiles.
inline bool is_one_short_row(const Workload& workload) {
  return workload.rows == 1 && workload.cols <= 4096;
}

/// Every named workload, in the order of bench/workloads.def.
const std::vector<Workload>& named_workloads();
/// Whether a run that names no op and no type times them there: softmax/f32 everywhere, what else
/// the shape is used for; and whether any named workload does.
bool is_used_for(const Workload& workload, softmark_op op, softmark_dtype dtype);
bool is_used(softmark_op op, softmark_dtype dtype);
/// Those of an effort that match any glob (none: all). Globs select from all efforts; one that
/// matches nothing throws Error(kUsage).
std::vector<Workload> select_workloads(Effort effort, const std::vector<std::string>& globs);
/// A workload of the given shape; throws Error(kUsage) for no rows or no columns.
Workload own_workload(std::size_t rows, std::size_t cols, Distribution distribution);
/// The logits of an .npy file (1-D is one row). Throws Error(kUnreadable), also for a file with no
/// elements.
Workload file_workload(const std::string& path);

/// The logits of one row as doubles, rounded to `dtype`; the same for the same seed on every
/// machine. Size: [cols].
void fill_logits(const Workload& workload, softmark_dtype dtype, std::uint64_t seed,
                 std::size_t row, std::span<double> logits);

}  // namespace softmark::bench
