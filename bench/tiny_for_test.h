// SPDX-License-Identifier: Apache-2.0
// The smallest run that tests need: two kernels on one small shape, in two short processes.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "bench/sections.h"

namespace softmark::bench {

inline BenchOptions tiny() {
  BenchOptions options;
  options.kernels = {"naive", "max_shifted"};
  options.rows = 3;
  options.cols = 10;
  options.processes = 2;
  options.min_time = 1e-6;
  return options;
}

inline Json tiny_sections(const BenchOptions& options,
                          const std::optional<std::set<std::string>>& failed) {
  return bench_sections(options, load_registry({}, {}), failed);
}

}  // namespace softmark::bench
