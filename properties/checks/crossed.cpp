// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <tuple>

#include "kernels/names.h"
#include "properties/crossing/covering.h"
#include "properties/crossing/crossed_case.h"
#include "properties/engine/cases.h"

namespace softmark::checks::crossed {
namespace {

constexpr double kSecondsForStarts[] = {0.4, 3, 30};  // of fresh processes, at each effort
constexpr int kClosely = 1;                           // as Worker::run has it
constexpr std::size_t kSmall = 1 << 13;               // elements
constexpr double kSecondsForRepeats = 0.5;            // of the calls of one case

/// What differs from the plainest call, for messages.
std::string circumstances(const Layout& layout) {
  std::string text;
  const Json differs = layout_to_json(layout);
  for (const auto& item : differs.items())
    text += (text.empty() ? " (" : ", ") + item.key() + " " +
            (item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
  return text.empty() ? text : text + ")";
}

Fault fault_of_call(const Case& c, const std::string& what) {
  return {what + circumstances(c.layout), std::nullopt, std::nullopt, "fail"};
}

/// What takes this kernel too long is left out: fresh processes where its library loads slowly, and
/// many calls where one is slow.
void leave_out_what_is_slow(KernelSession& session, const Case& c) {
  const Layout& l = c.layout;
  const bool fresh = l.fresh || l.thread_limit > 0;
  // A third of the time each is for fewer threads than asked for, and for threads that start in
  // another floating-point state, which nothing else shows.
  const bool starts_threads = l.threads > 1 && l.before > Before::others;
  const double starts =
      kSecondsForStarts[static_cast<int>(session.effort())] * (starts_threads       ? 3
                                                               : l.thread_limit > 0 ? 2
                                                                                    : 1);
  if (fresh && !session.may_start(starts)) throw KernelSession::LeftOut();
  if (l.calls > 100 && l.calls * session.seconds_of_a_call() > kSecondsForRepeats)
    throw KernelSession::LeftOut();
}

bool has_finite_inputs(const Case& c, std::size_t row) {
  const auto finite = [&](const std::vector<double>& values) {
    const std::size_t width = c.rows ? values.size() / c.rows : 0;
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(row * width);
    return std::all_of(first, first + static_cast<std::ptrdiff_t>(width),
                       [](double v) { return std::isfinite(v); });
  };
  return finite(c.x) && finite(c.g);
}

/// max_ulp and correctly_rounded, which hold for finite input with finite exact results.
std::optional<Fault> breaks_promise(KernelSession& session, const Case& c,
                                    const std::vector<double>& y) {
  const Kernel& kernel = session.kernel();
  const bool rounds = kernel.claims & SOFTMARK_CORRECTLY_ROUNDED;
  if (!rounds && !std::isfinite(kernel.max_ulp)) return std::nullopt;
  const std::size_t outputs = session.outputs(c);
  for (std::size_t r = 0; r < c.rows; ++r) {
    JudgedRow& judged = session.judged(c, r, y);
    if (judged.keeps_promise) session.count_judged(outputs);
    if (judged.keeps_promise || !has_finite_inputs(c, r)) continue;
    const auto row = session.exact(c, r);
    for (std::size_t j = 0; j < outputs; ++j) {
      const double got = y[r * outputs + j], exact = row[j].rounded;
      if (got == exact || !std::isfinite(exact)) continue;
      const double error = ulp_error(row[j], got, kernel.dtype);
      if (!(error <= kernel.max_ulp))
        return fault_at(r, j,
                        "off by " + decimal(error) + " ulp, its entry promises at most " +
                            decimal(kernel.max_ulp));
      if (rounds)
        return fault_at(r, j,
                        "got " + decimal(got) + ", correctly rounded it is " + decimal(exact));
    }
    judged.keeps_promise = true;
  }
  return std::nullopt;
}

/// A reproducible kernel gives the bits of the plainest call: what it gave a row in another one
/// counts, since the row's neighbours do not matter either.
std::optional<Fault> differs_from_plain(KernelSession& session, const Case& c,
                                        const std::vector<double>& y) {
  if (!(session.kernel().claims & SOFTMARK_REPRODUCIBLE)) return std::nullopt;
  const bool is_plain = c.layout == Layout();
  bool known = true;
  for (std::size_t r = 0; r < c.rows; ++r) {
    JudgedRow& judged = session.judged(c, r, y);
    judged.is_plain |= is_plain;
    known = known && judged.is_plain;
  }
  if (known) return std::nullopt;
  Case plain = c;
  plain.layout = Layout();
  plain.layout.nan = c.layout.nan;
  const auto z = session.run(plain);
  const std::size_t outputs = session.outputs(c);
  for (std::size_t i = 0; i < y.size(); ++i)
    if (!same_bits(y[i], z[i]))
      return fault_at(
          i / outputs, i % outputs,
          "gives other bits than in a plain call: " + decimal(y[i]) + " and " + decimal(z[i]));
  for (std::size_t r = 0; r < c.rows; ++r) session.judged(c, r, y).is_plain = true;
  return std::nullopt;
}

std::optional<Fault> wrong_result(KernelSession& session, const Case& c,
                                  const std::vector<double>& y) {
  if (auto found = exceeds_bound(session, c, y)) return found;
  if (auto found = wrong_zero(session, c, y)) return found;
  if (auto found = breaks_promise(session, c, y)) return found;
  return differs_from_plain(session, c, y);
}

/// Everything that is demanded of any call.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  leave_out_what_is_slow(session, c);
  CallResult outcome;
  try {
    outcome = session.run_watched(c, kClosely);
  } catch (const KernelSession::Refused& refused) {
    if (refused.outcome.memory.empty() && refused.outcome.environment.empty()) throw;
    outcome = refused.outcome;
  } catch (const KernelSession::Stopped& stopped) {
    Fault found = stopped.fault;
    found.message += circumstances(c.layout);
    return found;
  }
  if (!outcome.memory.empty()) return fault_of_call(c, outcome.memory);
  if (!outcome.environment.empty())
    return fault_of_call(c, "the call changed " + outcome.environment);
  session.count_judged(c.rows == 0 || c.cols == 0);
  if (!c.layout.promises_results() || outcome.kind != CallResult::done) return std::nullopt;
  auto found = wrong_result(session, c, outcome.y);
  if (found) found->message += circumstances(c.layout);
  return found;
}

/// Large calls, and those of a process of their own.
bool seldom_shares(const crossing::Assignment& a) {
  using namespace crossing;
  const auto is_one_of = [&](Factor factor, auto... classes) {
    return ((a[factor] == static_cast<std::uint8_t>(classes)) || ...);
  };
  return is_one_of(kHistory, History::fresh, History::first_upward, History::first_flushing,
                   History::three_hundred, History::sixteen_bits) ||
         is_one_of(kCaller, CalledFrom::forked_first, CalledFrom::limited) ||
         numbers(kRows, a[kRows]).front() * numbers(kCols, a[kCols]).front() > kSmall;
}

std::vector<crossing::Assignment> assignments_of(const crossing::Model& model, Effort effort) {
  auto all = crossing::covering_array(model, crossing::strength_at(effort));
  // The plainest first; what is expensive to change changes seldom, and small calls that may share
  // an exchange with the child stand together.
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    using namespace crossing;
    return std::tuple(a[kSpan], a[kThreads], seldom_shares(a)) <
           std::tuple(b[kSpan], b[kThreads], seldom_shares(b));
  });
  return all;
}

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  crossing::CaseMaker maker(kernel, effort);
  for (const auto& a : assignments_of(crossing::Model(kernel, effort), effort))
    if (!sink(maker.make(a))) return;
  for (const Case& c : crossing::single_cases(kernel, effort))
    if (!sink(c)) return;
}

/// Which combinations of classes the judged cases of a sweep covered.
Json covers(const Kernel& kernel, Effort effort, const std::vector<bool>& judged) {
  const crossing::Model model(kernel, effort);
  std::vector<crossing::Assignment> done;
  std::size_t i = 0;
  for (const auto& a : assignments_of(model, effort))
    if (i < judged.size() && judged[i++]) done.push_back(a);
  return crossing::summary_of(model, done, crossing::strength_at(effort));
}

}  // namespace

const Property property = {"crossed",
                           "a call is correct whatever its shape, values, layout, threads, caller "
                           "and history are together",
                           Criterion::contract,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           {},
                           nullptr,
                           covers,
                           true,
                           kClosely};

}  // namespace softmark::checks::crossed
