// SPDX-License-Identifier: Apache-2.0
// Paired comparison of two kernels: SAME, FASTER, SLOWER or AMBIGUOUS, with the smallest difference
// that this machine can detect now.
#pragma once

#include <string>
#include <vector>

#include "bench/measure.h"
#include "bench/verdict.h"

namespace softmark::bench {

/// A and B on one workload.
struct Comparison {
  std::string a, b;  // kernel ids; a plugin's with its library
  Workload workload;
  int threads = 1;
  Decision decision;
  // Whether the results are right, "pass" or "FAIL: range"; empty: not verified.
  std::string a_verdict, b_verdict;
  // Why there is no verdict: "b: crash: killed by SIGSEGV"; empty where there is one.
  std::string failure;
};

/// Compares two kernels of one op and type on the options' workloads (by default those of effort
/// quick). Threads: the options' single value, else 1. Throws Error(kUsage) where the kernels
/// differ in op or type, or for more than one number of threads. When interrupted, returns what it
/// has.
std::vector<Comparison> compare_kernels(const Kernel& a, const Kernel& b,
                                        const BenchOptions& options);

/// One workload of the above, decided separately; at most the options' processes (by effort 16, 32
/// or 64) rounds in each of the two sets.
Comparison compare_on(const Kernel& a, const Kernel& b, const Workload& workload,
                      const BenchOptions& options);

Json to_json(const Comparison& comparison);
std::string comparisons_table(const std::vector<Comparison>& comparisons);
/// 1 where any is SLOWER, or B fails its verification, 4 where one could not be measured, 5 where
/// any is AMBIGUOUS and `strict`, else 0.
int exit_code_of(const std::vector<Comparison>& comparisons, bool strict);

}  // namespace softmark::bench
