// SPDX-License-Identifier: Apache-2.0
// Runs the processes of a workload's series in rounds, each on a core of its turn, and those again
// that other work disturbed.
#pragma once

#include <vector>

#include "bench/inputs.h"
#include "bench/measure.h"
#include "support/progress.h"

namespace softmark::bench {

/// What all rounds of a workload share.
struct Session {
  const BenchOptions& options;
  Replication replication;
  Progress& progress;
  InputsCache& inputs;
  std::vector<int> cpus;                 // that take turns (machine.h: timing_cpus)
  LoadedLibraries* libraries = nullptr;  // null: every process loads its library itself
};

/// The expected seconds of one process of this series: start, filling the buffers, calibration and
/// samples; 0 where it is kept.
double process_seconds(const Series& series, const Replication& replication);

/// The core of a round, an index below `cpus`: each has its turn once in every `cpus` rounds, and
/// runs forward and backward rounds alternately.
std::size_t core_of(std::size_t round, std::size_t cpus);

/// Runs the series of one workload, one process of each per round, and appends their results. Round
/// r uses orders[r % size]; without orders, forward and backward alternate (ABBA). `done` is the
/// number of earlier rounds, which determines the core. A series that crashes, hangs or declines
/// keeps that status and is not run again. Returns false when interrupted.
bool interleave(std::vector<Series>& series, Session& session,
                std::vector<std::vector<std::size_t>> orders = {}, int done = 0);

/// Runs disturbed processes again, at most twice each, on the next core in turn, and keeps the
/// quieter result. Takes at most `seconds`, from which the time used is subtracted. Returns false
/// when interrupted.
bool repeat_disturbed(std::vector<Series>& series, Session& session, double& seconds);

}  // namespace softmark::bench
