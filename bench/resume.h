// SPDX-License-Identifier: Apache-2.0
// Measurements from an earlier run of this same program on this machine.
#pragma once

#include <string>
#include <vector>

#include "bench/measure.h"

namespace softmark::bench {

/// The document's `run.replication`: numbers and lengths of samples, and everything else that two
/// runs must share to be combined.
Json replication_section(const BenchOptions& options);

class Earlier {
 public:
  /// From options.resumed. Throws Error(kUsage) where it was made on another machine, by
  /// another build, in another environment, or with other options. Keeps a reference to them.
  explicit Earlier(const BenchOptions& options);

  /// Fills the series of one workload and marks them kept, where the document contains all of them;
  /// else leaves all to be run again, because series that are compared must be measured side by
  /// side.
  bool keep(std::vector<Series>& series) const;

 private:
  bool fill(Series& series) const;
  bool same_code(const Kernel& kernel) const;
  void refuse_other_conditions(const Json& now) const;

  const BenchOptions& options_;
  Json document_;
  std::string started_;
  std::size_t processes_;
};

}  // namespace softmark::bench
