// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/hunt.h"

#include <rapidcheck.h>

#include <algorithm>
#include <functional>

#include "kernels/ops.h"
#include "properties/engine/call_queue.h"
#include "properties/engine/shrink.h"

namespace softmark {

// RapidCheck needs a way to show values; messages are made from the case itself.
void showValue(const Case& c, std::ostream& os) { os << c.rows << " x " << c.cols; }

namespace {

constexpr double kShrinkSeconds[] = {1, 4, 4};  // at quick, standard, thorough
constexpr double kWaiting = 4;  // by the clock, for what may take one second of CPU time
constexpr std::chrono::milliseconds kBetweenLooks(1);
constexpr int kMostHangs = 3;  // each costs its whole timeout

std::chrono::steady_clock::time_point after(double seconds) {
  using Clock = std::chrono::steady_clock;
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

using CaseGen = rc::Gen<Case>;

rc::Shrinkable<Case> shrinkable(const Case& c, const Kernel& kernel) {
  const auto op = kernel.op;
  const auto dtype = kernel.dtype;
  return rc::shrinkable::shrinkRecur(
      Case(c), [=](const Case& larger) { return shrink_case(larger, op, dtype); });
}

Case random_case(const Kernel& kernel, std::span<const Family> families, rc::Random random,
                 int size) {
  Rng rng(random.next());
  constexpr std::size_t kRows[] = {1, 1, 1, 2, 3, 5};
  const std::size_t shape = rng.below(8);
  std::size_t cols = shape < 3   ? 1 + rng.below(9)
                     : shape < 7 ? 1 + rng.below(130)
                                 : 1 + rng.below(16 * static_cast<std::size_t>(size) + 130);
  if (gives_matrix(kernel.op)) cols = 1 + cols % 20;
  return make_case(kernel.op, kernel.dtype, families[rng.below(families.size())],
                   kRows[rng.below(6)], cols, rng);
}

/// The cases that RapidCheck generates.
std::vector<Case> generated(const CaseGen& gen, const rc::detail::TestParams& params) {
  std::vector<Case> cases;
  rc::detail::checkTestable([&] { cases.push_back(*gen); }, rc::detail::TestMetadata{}, params);
  return cases;
}

/// Runs `holds` on generated cases, and on ever smaller ones once it has been false; before the
/// first of those `on_failure` is called.
void run_rapidcheck(const CaseGen& gen, const rc::detail::TestParams& params,
                    const std::function<bool(const Case&)>& holds,
                    const std::function<void()>& on_failure) {
  bool failed = false;
  rc::detail::checkTestable(
      [&] {
        const Case c = *gen;
        if (holds(c)) return;
        if (!failed) on_failure();
        failed = true;
        RC_FAIL("property broken");
      },
      rc::detail::TestMetadata{}, params);
}

}  // namespace

Hunt::Hunt(KernelSession& session, const Property& property, double seconds)
    : session_(session), property_(property), seconds_(seconds) {
  allow(seconds);
}

// CPU time takes four system calls to read: a case takes less.
bool Hunt::out_of_time() const {
  const auto now = Clock::now();
  if (now < look_again_) return false;
  if (now > end_ || session_.cpu_seconds() > cpu_end_) return true;
  look_again_ = now + kBetweenLooks;
  return false;
}

void Hunt::allow(double seconds) {
  end_ = after(kWaiting * seconds);
  cpu_end_ = session_.cpu_seconds() + seconds;
  look_again_ = {};
}

bool Hunt::fails(const Case& c, Fault found) {
  shapes.push_back({c.rows, c.cols, true});
  worst = c;
  fault = std::move(found);
  return false;
}

bool Hunt::holds(const Case& c) {
  if (out_of_time()) return true;
  ++cases;
  try {
    if (auto found = property_.fault(session_, c)) return fails(c, std::move(*found));
    shapes.push_back({c.rows, c.cols, false});
  } catch (const KernelSession::LeftOut&) {
    --cases;
    ++left_out;
  } catch (const KernelSession::Refused& refusal) {
    ++refused;
    if (refusal.outcome.kind == CallResult::timeout) too_slow = std::min(too_slow, c.cols);
  } catch (const KernelSession::Stopped& stopped) {
    // Few hangs are spent on shrinking.
    if (stopped.fault.verdict == "timeout" && ++hangs_ > kMostHangs) end_ = look_again_ = {};
    return fails(c, stopped.fault);
  }
  return true;
}

/// A failing case is worth as much time again to find the smallest.
void Hunt::allow_shrinking() {
  const double seconds = kShrinkSeconds[static_cast<int>(session_.effort())];
  if (hangs_ <= kMostHangs) allow(std::min(seconds_, seconds));
}

bool Hunt::try_case(const Case& c) {
  if (holds(c)) return true;
  const CaseGen given([&](const rc::Random&, int) { return shrinkable(c, session_.kernel()); });
  rc::detail::TestParams once;
  once.maxSuccess = 1;
  allow_shrinking();
  // What the first call of a process left behind would make smaller cases fail as well.
  const auto still_holds = [&](const Case& smaller) {
    if (c.layout.fresh) session_.start_afresh();
    return holds(smaller);
  };
  run_rapidcheck(given, once, still_holds, [&] { allow_shrinking(); });
  return false;
}

void Hunt::explore(std::uint64_t seed, int count) {
  const Kernel& kernel = session_.kernel();
  const CaseGen gen([&](const rc::Random& random, int size) {
    return rc::shrinkable::just(random_case(kernel, property_.families, random, size));
  });
  rc::detail::TestParams params;
  params.seed = seed;
  params.maxSuccess = count;
  CallQueue queue(session_, property_.calls_ahead, property_.closely,
                  [&](const Case& c) { return try_case(c); });
  for (const Case& c : generated(gen, params))
    if (out_of_time() || !queue.add(c)) return;
  queue.finish();
}

void Hunt::seek(std::uint64_t seed) {
  const auto c = property_.seek(session_, seed, sought);
  if (!c) return;
  allow_shrinking();
  try_case(*c);
}

}  // namespace softmark
