// SPDX-License-Identifier: Apache-2.0
#include "bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace softmark::bench {

using std::chrono::steady_clock;

Progress::Progress(std::string verb, double total, double estimate_seconds)
    : verb_(std::move(verb)),
      total_(total),
      estimate_(estimate_seconds),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(steady_clock::now()),
      drawn_(start_ - std::chrono::seconds(1)) {
  if (terminal_ && estimate_ > 0)
    fmt::print(stderr, "{}: about {:.0f} s\n", verb_, std::max(1.0, estimate_));
}

Progress::~Progress() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::string_view now) {
  const auto time = steady_clock::now();
  if (!terminal_ || time - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = time;
  const double spent = std::chrono::duration<double>(time - start_).count();
  if (total_ <= 0) {
    fmt::print(stderr, "\r\033[K{}  {:.0f} s so far  {:.60}", verb_, spent, now);
    std::fflush(stderr);
    return;
  }
  const double share = std::min(1.0, done_ / total_);
  // Up to a tenth of the work the estimate is used, then the time measured so far.
  const double left = share < 0.1 ? std::max(0.0, estimate_ - spent) : spent * (1 - share) / share;
  fmt::print(stderr, "\r\033[K{} {:3.0f} %  {:.0f} s left  {:.60}", verb_, 100 * share, left, now);
  std::fflush(stderr);
}

}  // namespace softmark::bench
