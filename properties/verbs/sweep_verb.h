// SPDX-License-Identifier: Apache-2.0
// What the parts of `sweep` share: its flags, and one function for each thing it does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/verbs/flags.h"
#include "properties/sweeps/sweep.h"
#include "properties/sweeps/worst.h"

namespace softmark::sweep_verb {

struct Flags {
  KernelChoice choice;
  OutputChoice output;
  std::string set, shard = "1/1";
  std::vector<std::string> merge;
  bool list = false, resume = false;
  double timeout = 60;
  WorstOptions worst;
  Effort effort = Effort::standard;
  bool random = false;
};

/// The set that is none: the guided search.
inline constexpr std::string_view kWorst = "worst";

// Each writes its result to the output and returns the exit code.
int list_sets(const Flags& flags);
int run_set(const Flags& flags);
int run_worst(const Flags& flags);
int merge_results(const Flags& flags);

/// The sets with what they hold, a line or two each.
std::string set_names();
/// Shows the progress on a terminal; ends the sweep after Ctrl-C.
SweepProgress progress_line();

int write_sweep(const Flags& flags, const SweepResult& result);
int write_worst(const Flags& flags, const Json& result);

}  // namespace softmark::sweep_verb
