// SPDX-License-Identifier: Apache-2.0
// The measurements as sections of the document.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "bench/measure.h"
#include "support/json.h"

namespace softmark::bench {

/// A workload's logits as the document has them: "normal: 3 N(0,1)".
std::string stated_distribution(const Workload& workload);

/// {"machine", "build", "measurements", "ceilings", "warnings", "complete", "isa"}: the document's
/// sections, whether the run was completed, and the vector instructions seen, by kernel. Kernels in
/// `failed` are marked "verified": false; without a set nothing was verified and all are marked so.
Json bench_sections(const BenchOptions& options, const Registry& registry,
                    const std::optional<std::set<std::string>>& failed);

/// The same from existing measurements.
Json sections_of(const Measured& measured, const std::optional<std::set<std::string>>& failed);

/// The document's `kernels`.
Json kernels_section(const std::vector<Kernel>& kernels);

/// The kernels that the options select: op softmax and dtype f32 by default, or what the workloads
/// are used for.
std::vector<Kernel> bench_kernels(const BenchOptions& options, const Registry& registry);

/// Writes the vector instructions seen into the document's `kernels`.
void add_sampled_isa(Json& document, const Json& sections);

}  // namespace softmark::bench
