// SPDX-License-Identifier: Apache-2.0
// One line on a terminal's stderr: how far, how long still, what now. Silent in a pipe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace softmark::bench {

class Progress {
 public:
  /// `total` is in whatever unit of work the steps come in, 0 where nobody can say;
  /// `estimate_seconds` is what is told before the first step.
  Progress(std::string verb, double total, double estimate_seconds);
  ~Progress();  // leaves the line empty
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What runs now; redrawn at most ten times a second.
  void show(std::string_view now);
  void step(double work) { done_ += work; }

 private:
  std::string verb_;
  double total_, estimate_, done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_, drawn_;
};

}  // namespace softmark::bench
