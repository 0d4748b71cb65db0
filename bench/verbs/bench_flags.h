// SPDX-License-Identifier: Apache-2.0
// The flags of `bench`, for every verb that times.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "bench/measure.h"

namespace softmark::bench {

/// What the flags say before it is checked.
struct BenchFlags {
  BenchOptions options;
  std::string cache = "hot", distribution = "normal", pages, pin = "core", omp_wait;
  std::vector<std::string> threads;
};

/// Adds the flags that say what is timed and how (not --plugin, -o, --format, which every verb
/// has), but for those in `but`.
std::shared_ptr<BenchFlags> add_bench_flags(CLI::App& verb,
                                            const std::vector<std::string>& but = {});

/// The checked options; sets what OpenMP libraries are told. Throws Error(kUsage).
BenchOptions checked(const BenchFlags& flags);

/// Thread counts: "1,2,4", "1..T" (T: all that this process may use), or both, "1..4,8"; ascending,
/// each once. Throws Error(kUsage).
std::vector<int> parse_threads(const std::vector<std::string>& lists);

}  // namespace softmark::bench
