// SPDX-License-Identifier: Apache-2.0
// Flags that several verbs share, declared once so that they mean the same everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "kernels/registry.h"

namespace softmark {

/// --plugin and --python, which both end in `plugins` (kernels/registry.h).
void add_plugins(CLI::App& verb, std::vector<std::string>& plugins);

/// --plugin, --python, --kernel, --op, --dtype.
struct KernelChoice {
  std::vector<std::string> plugins, kernels, ops, dtypes;

  void add_to(CLI::App& verb);
  Registry registry() const { return load_registry(plugins); }
  std::vector<Kernel> select(const Registry& all) const {
    return select_kernels(all, kernels, ops, dtypes);
  }
};

/// -o and --format.
struct OutputChoice {
  std::string path = "-", format = "text";

  void add_to(CLI::App& verb, const std::vector<std::string>& formats);
};

/// --seed: a decimal or hex number; without it a fixed one, printed with the results.
inline constexpr std::uint64_t kDefaultSeed = 0x5eed;
void add_seed(CLI::App& verb, std::uint64_t& seed);

/// This program's arguments, for the document.
std::vector<std::string> command_line();

}  // namespace softmark
