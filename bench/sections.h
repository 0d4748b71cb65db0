// SPDX-License-Identifier: Apache-2.0
// What was measured, as the document's sections.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "bench/measure.h"
#include "support/json.h"

namespace softmark::bench {

/// {"machine", "build", "measurements", "ceilings", "warnings", "complete"}: the document's
/// sections, and whether the run reached its end. Kernels in `failed` are marked "verified": false;
/// without a set nothing was verified and all are.
Json bench_sections(const BenchOptions& options, const Registry& registry,
                    const std::optional<std::set<std::string>>& failed);

/// The same from what is measured already.
Json sections_of(const Measured& measured, const std::optional<std::set<std::string>>& failed);

/// The document's `kernels`.
Json kernels_section(const std::vector<Kernel>& kernels);

/// The kernels that the options choose: op softmax and dtype f32 where they name none.
std::vector<Kernel> bench_kernels(const BenchOptions& options, const Registry& registry);

}  // namespace softmark::bench
