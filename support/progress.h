// SPDX-License-Identifier: Apache-2.0
// A progress line on a terminal's stderr: done, time left, current step. In a pipe, a line a
// minute.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace softmark {

/// May be used from several threads.
class Progress {
 public:
  /// `total` is in whatever unit of work the steps come in, 0 where it is unknown;
  /// `estimate_seconds` is shown before the first step, 0: none; in a pipe only where it is longer
  /// than the time between two lines.
  explicit Progress(std::string verb, double total = 0, double estimate_seconds = 0,
                    std::chrono::milliseconds in_a_pipe = std::chrono::minutes(1));
  ~Progress();  // leaves the line empty
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What runs now; redrawn at most ten times a second, in a pipe printed once a minute.
  void show(std::string_view now = "");
  void step(double work);
  /// The same with the work done so far, where it is known as a whole.
  void set(double done);
  /// A line that stays, above the one that is redrawn; on a terminal alone.
  void print(std::string_view line);

 private:
  std::string verb_;
  double total_, estimate_, done_ = 0;
  bool terminal_;
  std::chrono::milliseconds every_;
  std::chrono::steady_clock::time_point start_, drawn_;
  std::mutex mutex_;
};

/// Prints a line to standard error where what follows takes longer than `seconds`.
class SlowNotice {
 public:
  explicit SlowNotice(std::string line, double seconds = 3);
  ~SlowNotice();
  SlowNotice(const SlowNotice&) = delete;
  SlowNotice& operator=(const SlowNotice&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace softmark
