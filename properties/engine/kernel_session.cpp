// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "properties/engine/property.h"

namespace softmark {

namespace {

constexpr double kSecondsToMeet = 0.1;  // what the starts of two callers' processes may take
}  // namespace

Problem problem_of(softmark_op op, softmark_dtype dtype, const Case& c, std::size_t row,
                   softmark_masked_row masked_row) {
  const std::span x(c.x), g(c.g);
  Problem p{op, dtype, x.subspan(row * c.cols, c.cols), {}, -1, masked_row};
  const OpShape shape = shape_of(op);
  if (shape.takes_g) p.g = g.subspan(row * c.cols, c.cols);
  if (shape.takes_g_row) p.g = g.subspan(row, 1);
  if (shape.takes_labels) p.label = c.labels[row];
  return p;
}

Problem problem_of(const Kernel& kernel, const Case& c, std::size_t row) {
  Problem p = problem_of(kernel.op, kernel.dtype, c, row, kernel.masked_row);
  p.saturates = kernel.claims & SOFTMARK_SATURATES;
  return p;
}

KernelSession::KernelSession(const Kernel& kernel, Effort effort, double timeout_seconds,
                             int truths)
    : worker_(kernel, timeout_seconds),
      effort_(effort),
      timeout_(timeout_seconds),
      truths_(std::make_unique<Truths>(truths)) {}

std::size_t KernelSession::outputs(const Case& c) const { return outputs_of(kernel().op, c.cols); }

void KernelSession::call_ahead(std::span<const Case> cases, int closely) {
  ahead_.clear();
  ahead_closely_ = closely;
  if (cases.empty()) return;
  std::vector<const Case*> calls;
  for (const Case& c : cases) calls.push_back(&c);
  std::vector<CallResult> results = worker_.run_all(calls, closely);
  calls_ahead_ = results.size() == calls.size();
  for (std::size_t i = 0; i < results.size(); ++i)
    ahead_.emplace_back(calls[i], std::move(results[i]));
}

/// Each is taken once: whoever runs a case again wants another call.
std::optional<CallResult> KernelSession::take_ahead(const Case& c) {
  const auto found = std::find_if(ahead_.begin(), ahead_.end(),
                                  [&](const auto& made) { return made.first == &c; });
  if (found == ahead_.end()) return std::nullopt;
  found->first = nullptr;
  return std::move(found->second);
}

/// Runs it, again while two callers' first calls of a process do not overlap: on a busy machine one
/// may end before the other begins, which says nothing of a race.
CallResult KernelSession::run_until_met(const Case& c, int closely) {
  if (auto made = closely == ahead_closely_ ? take_ahead(c) : std::nullopt) return std::move(*made);
  const bool two = c.layout.fresh && c.layout.caller == Caller::concurrent && c.rows > 1;
  for (double seconds = 0;;) {
    const auto start = std::chrono::steady_clock::now();
    CallResult outcome = worker_.run(c, closely);
    if (!c.layout.fresh) return outcome;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    last_start_ = took.count();
    seconds_of_starts_ += last_start_;
    seconds += last_start_;
    const bool apart = two && outcome.kind == CallResult::done && outcome.meetings == 0;
    if (!apart || seconds > kSecondsToMeet) return outcome;
  }
}

CallResult KernelSession::call(const Case& c, int closely) {
  CallResult outcome;
  outcome.kind = CallResult::timeout;
  if (c.cols < too_slow_cols_) outcome = run_until_met(c, closely);
  return outcome;
}

CallResult KernelSession::run_watched(const Case& c, int closely) {
  return checked(c, call(c, closely));
}

CallResult KernelSession::checked(const Case& c, CallResult outcome) {
  note(c, outcome);
  if (outcome.kind == CallResult::timeout && is_too_slow(c)) throw Refused{std::move(outcome)};
  if (outcome.kind == CallResult::done || outcome.kind == CallResult::unsupported)
    coverage_.add(c, outcome.kind == CallResult::done);
  if (outcome.kind == CallResult::unsupported) throw Refused{std::move(outcome)};
  if (outcome.kind != CallResult::done)
    throw Stopped{{outcome.message, std::nullopt, std::nullopt,
                   outcome.kind == CallResult::timeout ? "timeout" : "crash"}};
  return outcome;
}

void KernelSession::note(const Case& c, const CallResult& outcome) {
  // Most columns of long rows vanish, in narrow types of all long rows.
  constexpr std::size_t kLong = std::size_t{1} << 14;
  if (outcome.y.size() < kLong) outputs_seen_.all += outcome.y.size();
  for (const double v : outcome.y)
    outputs_seen_.trivial += outcome.y.size() < kLong && (v == 0 || v == 1 || !std::isfinite(v));
  if (!outcome.environment.empty() && !changed_environment_)
    changed_environment_ = {c, outcome.environment};
  if (!outcome.memory.empty() && !changed_memory_) changed_memory_ = {c, outcome.memory};
}

double KernelSession::cpu_seconds() const {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  double sum = worker_.cpu_seconds();
  for (const int which : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage = {};
    getrusage(which, &usage);
    sum += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return sum;
}

double KernelSession::seconds_of_a_call() {
  if (seconds_of_a_call_ >= 0) return seconds_of_a_call_;
  Case few = case_of_rows(kernel(), {{0.5, -1.25, 2}});
  const auto seconds_of = [&](int calls) {
    few.layout.calls = calls;
    const auto start = std::chrono::steady_clock::now();
    const bool done = worker_.run(few).kind == CallResult::done;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return done ? took.count() : timeout_;
  };
  constexpr int kMany = 101;
  seconds_of(1);
  seconds_of_a_call_ = timeout_;
  for (int i = 0; i < 3; ++i) {
    const double more = seconds_of(kMany) - seconds_of(1);
    seconds_of_a_call_ = std::min(seconds_of_a_call_, std::max(more, 0.0) / (kMany - 1));
  }
  return seconds_of_a_call_;
}

// The first one is always tried.
bool KernelSession::may_start(double seconds_in_all) {
  return seconds_of_starts_ + last_start_ < seconds_in_all || seconds_of_starts_ == 0;
}

/// The least of a few calls' times, with the way to the child and back; how one failed, if it did.
std::pair<double, CallResult::Kind> KernelSession::least_seconds_of(const Case& c) {
  double least = timeout_;
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const CallResult outcome = worker_.run(c);
    if (outcome.kind != CallResult::done) return {timeout_, outcome.kind};
    // The first call may also have started the child.
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (i > 0) least = std::min(least, took.count());
  }
  return {least, CallResult::done};
}

// Distinguishes a hang from a kernel whose time grows as the square of the length: times a part of
// the row, without the way there and back, and extrapolates to the whole.
bool KernelSession::is_too_slow(const Case& c) {
  if (c.cols >= too_slow_cols_) return true;
  double growth = static_cast<double>(c.rows);
  for (std::size_t cols = c.cols / 4; cols >= 1024; cols /= 4) {
    growth *= 16;
    const auto part_of = [&](std::size_t n) {
      return case_of_rows(kernel(), {{c.x.begin(), c.x.begin() + static_cast<std::ptrdiff_t>(n)}});
    };
    const auto [seconds, kind] = least_seconds_of(part_of(cols));
    if (kind == CallResult::timeout) continue;
    if (kind != CallResult::done) return false;
    const double there_and_back = least_seconds_of(part_of(4)).first;
    if (!((seconds - there_and_back) * growth > timeout_ / 4)) return false;
    too_slow_cols_ = c.cols;
    return true;
  }
  return false;
}

std::vector<double> KernelSession::run(const Case& c) { return run_watched(c).y; }

std::vector<CallResult> KernelSession::call_all(std::span<const Case> cases) {
  std::vector<CallResult> together;
  std::vector<const Case*> calls;
  for (const Case& c : cases)
    if (c.cols < too_slow_cols_ && may_call_ahead(c) && calls.size() < kMostAhead)
      calls.push_back(&c);
  if (calls.size() > 1) together = worker_.run_all(calls);
  calls_ahead_ = calls_ahead_ && (calls.size() < 2 || !together.empty());
  std::vector<CallResult> results;
  std::size_t made = 0;
  for (const Case& c : cases) {
    const CallResult& result = results.emplace_back(
        made < together.size() && calls[made] == &c ? std::move(together[made++]) : call(c, 0));
    if (result.kind != CallResult::done && result.kind != CallResult::unsupported) break;
  }
  return results;
}

std::vector<std::vector<double>> KernelSession::run_all(std::span<const Case> cases) {
  std::vector<std::vector<double>> outputs;
  std::vector<CallResult> results = call_all(cases);
  for (std::size_t i = 0; i < cases.size(); ++i)
    outputs.push_back(checked(cases[i], std::move(results[i])).y);
  return outputs;
}

const Truth& KernelSession::truth(const Case& c, std::size_t row) {
  judged_ += outputs(c);
  return truths_->with_bounds(problem_of(kernel(), c, row));
}

const Truth& KernelSession::truth_with_least_bounds(const Case& c, std::size_t row) {
  judged_ += outputs(c);
  return truths_->with_least_bounds(problem_of(kernel(), c, row));
}

std::span<const Exact> KernelSession::exact(const Case& c, std::size_t row) {
  judged_ += outputs(c);
  return truths_->exact(problem_of(kernel(), c, row));
}

JudgedRow& KernelSession::judged(const Case& c, std::size_t row, const std::vector<double>& y) {
  const std::size_t outputs = this->outputs(c);
  return truths_->judged(problem_of(kernel(), c, row), {y.data() + row * outputs, outputs});
}

// In gradients a zero has the sign of its factors.
std::optional<Fault> wrong_zero(KernelSession& session, const Case& c,
                                const std::vector<double>& y) {
  if (!maps_logits(session.kernel().op)) return std::nullopt;
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    const auto got = y.begin() + static_cast<std::ptrdiff_t>(r * outputs);
    session.count_judged(outputs);
    if (std::none_of(got, got + static_cast<std::ptrdiff_t>(outputs),
                     [](double v) { return v == 0 && std::signbit(v); }))
      continue;
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < outputs; ++j)
      if (truth.exact[j].rounded == 0 && truth.bound[j].error == 0 &&
          !std::signbit(truth.exact[j].rounded) &&
          std::signbit(got[static_cast<std::ptrdiff_t>(j)]))
        return fault_at(r, j, "got -0, the contract says +0");
  }
  return std::nullopt;
}

bool any_kernel(const Kernel&) { return true; }

Fault fault_at(std::size_t row, std::size_t output, std::string message) {
  return {std::move(message), row, output, "fail"};
}

std::string decimal(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.9g}", value);
}

namespace {

/// An infinite cotangent: by the order of the operations IEEE arithmetic gives an infinity or NaN
/// for what depends on it, and no number.
std::optional<Fault> finite_for_infinite(KernelSession& session, const Case& c,
                                         const std::vector<double>& y, std::size_t row) {
  const Kernel& kernel = session.kernel();
  const std::size_t outputs = session.outputs(c);
  const Problem problem = problem_of(kernel, c, row);
  session.count_judged(outputs);
  for (std::size_t j = 0; j < outputs; ++j) {
    const bool depends = !op_info(kernel.op).elementwise || std::isinf(problem.g[j]);
    if (depends && std::isfinite(y[row * outputs + j]))
      return fault_at(row, j,
                      "got " + decimal(y[row * outputs + j]) +
                          ", where an infinite cotangent leaves an infinity or NaN");
  }
  return std::nullopt;
}

bool has_infinite_cotangent(const Problem& problem) {
  return std::any_of(problem.g.begin(), problem.g.end(), [](double g) { return std::isinf(g); }) &&
         std::none_of(problem.g.begin(), problem.g.end(), [](double g) { return std::isnan(g); });
}

}  // namespace

bool is_surely_within(const Problem& problem, std::span<const Exact> exact,
                      std::span<const double> y) {
  const auto bounds = least_bounds(problem, exact);
  for (std::size_t j = 0; j < y.size(); ++j)
    if (!is_within(exact[j], bounds[j], y[j], problem.dtype)) return false;
  return true;
}

bool is_surely_within(KernelSession& session, const Case& c, const std::vector<double>& y,
                      std::size_t row) {
  if (!c.g.empty() && has_infinite_cotangent(problem_of(session.kernel(), c, row))) return false;
  const std::size_t outputs = session.outputs(c);
  JudgedRow& judged = session.judged(c, row, y);
  if (judged.is_within) {
    session.count_judged(outputs);
    return true;
  }
  const Truth& truth = session.truth_with_least_bounds(c, row);
  for (std::size_t j = 0; j < outputs; ++j)
    if (!is_within(truth.exact[j], truth.bound[j], y[row * outputs + j], session.kernel().dtype))
      return false;
  return judged.is_within = true;
}

std::optional<Fault> exceeds_bound(KernelSession& session, const Case& c,
                                   const std::vector<double>& y) {
  const std::size_t outputs = session.outputs(c);
  const softmark_dtype dtype = session.kernel().dtype;
  for (std::size_t r = 0; r < c.rows; ++r) {
    if (!c.g.empty() && has_infinite_cotangent(problem_of(session.kernel(), c, r))) {
      if (auto found = finite_for_infinite(session, c, y, r)) return found;
      continue;
    }
    if (is_surely_within(session, c, y, r)) continue;
    const Truth& truth = session.truth(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const double got = y[r * outputs + j];
      if (!is_within(truth.exact[j], truth.bound[j], got, dtype))
        return fault_at(
            r, j,
            fmt::format("got {}, want {}: off by {:.4g} ulp; the a-priori bound for this "
                        "row is {:.4g}",
                        decimal(got), decimal(truth.exact[j].rounded),
                        ulp_error(truth.exact[j], got, dtype),
                        in_ulps(truth.bound[j], truth.exact[j], dtype)));
    }
  }
  return std::nullopt;
}

namespace {

/// 2^25 columns, or fewer where rows of that length on every core would exceed the memory: a column
/// costs some 120 bytes, including its exact value and the shared segments.
std::size_t longest_tail() {
  const auto memory = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::size_t cols = (std::size_t{1} << 25) + 1;
  while (cols > 1024 && cols * 120 * std::max(1u, std::thread::hardware_concurrency()) > memory)
    cols = cols / 2 + 1;
  return cols;
}

}  // namespace

void sweep_lengths(const Kernel& kernel, Effort effort, std::span<const Family> families,
                   const Sink& sink) {
  constexpr std::size_t kRows[] = {1, 2, 3, 5};
  // A Jacobian has cols^2 outputs per row: short rows already expose its defects.
  const std::size_t longest = gives_matrix(kernel.op) ? 24 : 130;
  const std::size_t passes = effort == Effort::quick      ? 1
                             : effort == Effort::standard ? families.size() / 2 + 1
                                                          : families.size();
  Rng rng(0x50f7 + kernel.op);
  for (std::size_t pass = 0; pass < passes; ++pass)
    for (std::size_t cols = 1; cols <= longest; ++cols)
      if (!sink(make_case(kernel.op, kernel.dtype, families[(cols + pass) % families.size()],
                          kRows[(cols + pass) % 4], cols, rng)))
        return;
  if (gives_matrix(kernel.op)) return;
  for (std::size_t power = 256; power <= (effort == Effort::quick      ? 1024u
                                          : effort == Effort::standard ? 16384u
                                                                       : 1048576u);
       power *= 2)
    for (std::size_t cols : {power - 1, power, power + 1})
      if (!sink(make_case(kernel.op, kernel.dtype, families[rng.below(families.size())], 1, cols,
                          rng)))
        return;
  if (effort != Effort::thorough ||
      std::find(families.begin(), families.end(), Family::swamping) == families.end())
    return;
  // Tails whose elements are each lost in a running sum but matter together: 2^25 columns of
  // float32 weigh as much as the peak.
  for (std::size_t cols = (std::size_t{1} << 22) + 1; cols <= longest_tail(); cols = 2 * cols - 1)
    if (!sink(make_case(kernel.op, kernel.dtype, Family::swamping, 1, cols, rng))) return;
}

}  // namespace softmark
