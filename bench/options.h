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
  std::string effort = "standard", cache = "hot", distribution = "normal", seed = "0x5eed";
};

/// Adds the flags that say what is timed and how (not --plugin, -o, --format, which every verb has). A verb that has some of
/// them itself (`run`: --effort, --seed, --kernel, ...) names them in `but`.
std::shared_ptr<BenchFlags> add_bench_flags(CLI::App& verb, const std::vector<std::string>& but = {});

/// The checked options. Throws Error(kUsage).
BenchOptions checked(const BenchFlags& flags);

/// A seed in decimal or hex ("0x5eed"). Throws Error(kUsage).
std::uint64_t parse_seed(const std::string& text);
/// This program's arguments as the system keeps them, for the document's run.argv.
std::vector<std::string> command_line();
/// Throws Error(kUsage).
Effort parse_effort(const std::string& text);

}  // namespace softmark::bench
