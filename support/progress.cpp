// SPDX-License-Identifier: Apache-2.0
#include "support/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "support/quote.h"
#include "support/text.h"

namespace softmark {
namespace {

using std::chrono::steady_clock;

constexpr const char* kClearLine = "\r\033[K";
constexpr auto kRedraw = std::chrono::milliseconds(100);

std::string duration(double seconds) {
  return seconds < 100 ? fmt::format("{:.0f} s", std::max(1.0, std::ceil(seconds)))
                       : fmt::format("{:.0f} min", std::ceil(seconds / 60));
}

}  // namespace

Progress::Progress(std::string verb, double total, double estimate_seconds,
                   std::chrono::milliseconds in_a_pipe)
    : verb_(std::move(verb)),
      total_(total),
      estimate_(estimate_seconds),
      terminal_(isatty(STDERR_FILENO) == 1),
      every_(terminal_ ? kRedraw : in_a_pipe),
      start_(steady_clock::now()),
      drawn_(terminal_ ? start_ - kRedraw : start_) {
  if (estimate_ > 0 && (terminal_ || std::chrono::duration<double>(estimate_) > every_))
    fmt::print(stderr, "{}: about {}\n", verb_, duration(estimate_));
}

Progress::~Progress() {
  if (terminal_) std::fputs(kClearLine, stderr);
}

void Progress::show(std::string_view now) {
  const std::lock_guard lock(mutex_);
  const auto time = steady_clock::now();
  if (time - drawn_ < every_) return;
  drawn_ = time;
  const double spent = std::chrono::duration<double>(time - start_).count();
  const double share = total_ > 0 ? std::min(1.0, done_ / total_) : 0;
  // Until a tenth is done the estimate is better than what was seen; without one, a hundredth.
  const bool measured = share >= (estimate_ > 0 ? 0.1 : 0.01);
  const double left = measured ? spent * (1 - share) / share : std::max(0.0, estimate_ - spent);
  std::string line = verb_;
  if (total_ > 0) line += fmt::format(" {:3.0f} %", 100 * share);
  line += measured || (total_ > 0 && estimate_ > 0) ? fmt::format("  {:.0f} s left", left)
                                                    : fmt::format("  {:.0f} s so far", spent);
  if (!now.empty()) line += fmt::format("  {:.60}", now);
  if (terminal_)
    fmt::print(stderr, "{}{}", kClearLine, line);
  else
    fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

void Progress::step(double work) {
  const std::lock_guard lock(mutex_);
  done_ += work;
}

void Progress::set(double done) {
  const std::lock_guard lock(mutex_);
  done_ = done;
}

void Progress::print(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (terminal_) fmt::print(stderr, "{}{}\n", kClearLine, line);
}

SlowNotice::SlowNotice(std::string line, double seconds)
    : thread_([this, line = std::move(line), seconds] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                               [this] { return over_; }))
          fmt::print(stderr, "softmark: {}\n", one_line(valid_utf8(line)));
      }) {}

SlowNotice::~SlowNotice() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace softmark
