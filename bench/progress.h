// SPDX-License-Identifier: Apache-2.0
// A progress line on a terminal's stderr: done, time left, current step. Silent in a pipe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace softmark::bench {

class Progress {
 public:
  /// `total` is in the unit in which steps are given, 0 where unknown; `estimate_seconds` is shown
  /// before the first step.
  Progress(std::string verb, double total, double estimate_seconds);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows the current step; redraws at most ten times a second.
  void show(std::string_view now);
  void step(double work) { done_ += work; }

 private:
  std::string verb_;
  double total_, estimate_, done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_, drawn_;
};

}  // namespace softmark::bench
