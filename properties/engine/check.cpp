// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/check.h"

#include <chrono>

#include "kernels/names.h"
#include "properties/engine/call_queue.h"
#include "properties/engine/counterexample.h"
#include "properties/engine/hunt.h"
#include "properties/engine/pattern.h"
#include "support/hash.h"

namespace softmark {
namespace {

constexpr double kPatternSeconds = 0.5;         // to see which other shapes fail
constexpr int kExplored[] = {60, 1000, 10000};  // random cases at quick, standard, thorough

// So that a property's rows do not depend on which other properties run, and are the same for all
// kernels of an op and type.
std::uint64_t seed_of(std::uint64_t seed, const Kernel& kernel, std::string_view property) {
  return fnv1a(property, fnv1a(name(kernel.dtype), fnv1a(name(kernel.op), kFnvStart ^ seed)));
}

Verdict passing_verdict(const Kernel& kernel, const Property& property) {
  Verdict verdict;
  verdict.kernel = kernel.id;
  verdict.property = property.name;
  verdict.criterion = kCriterionNames[static_cast<int>(property.criterion)];
  verdict.severity = property.severity == Severity::error ? "error" : "note";
  return verdict;
}

/// The cases that are tried first; whether the property holds for all.
bool try_known_cases(Hunt& hunt, const Kernel& kernel, const Property& property,
                     const CheckOptions& options) {
  for (const Case& c : options.replay)
    if (!hunt.try_case(c)) return false;
  for (const CorpusCase& known : options.corpus)
    if (concerns(known, kernel.op, property.name) && !hunt.try_case(known.c)) return false;
  return true;
}

/// The property's own sweep, random cases, and its own search, as far as time allows. Returns
/// whether the sweep ended for lack of time; `judged` says of each of its cases whether it was.
bool try_new_cases(Hunt& hunt, KernelSession& session, const Property& property,
                   const CheckOptions& options, std::vector<bool>& judged) {
  const Kernel& kernel = session.kernel();
  bool holds = true;
  CallQueue queue(session, property.calls_ahead, property.closely, [&](const Case& c) {
    const std::size_t not_judged = hunt.refused + hunt.left_out;
    holds = hunt.try_case(c);
    judged.push_back(holds && hunt.refused + hunt.left_out == not_judged);
    return holds && !hunt.out_of_time();
  });
  property.sweep(kernel, options.effort, [&](const Case& c) { return queue.add(c); });
  queue.finish();
  const bool late = hunt.out_of_time();
  if (holds && !late && !property.families.empty())
    hunt.explore(seed_of(options.seed, kernel, property.name),
                 kExplored[static_cast<int>(options.effort)]);
  if (!hunt.worst && !late && property.seek) hunt.seek(options.seed);
  return late;
}

void report_failure(Verdict& verdict, KernelSession& session, const Property& property,
                    const Hunt& hunt, const CheckOptions& options) {
  verdict.outcome = hunt.fault.verdict;
  verdict.message = hunt.fault.message;
  if (!options.only_replay && hunt.fault.verdict != "timeout")
    if (const std::string shapes = failing_shapes(session, property, hunt.shapes, kPatternSeconds);
        !shapes.empty())
      verdict.message = hunt.fault.message + " (" + shapes + ")";
  verdict.counterexample = counterexample_of(session, *hunt.worst, hunt.fault);
  verdict.repro = replay_command(session.kernel(), property, *hunt.worst, options.rerun);
}

/// Whether every case was refused. A property that catches refusals itself passes such a case, and
/// a kernel may take empty rows alone, which says nothing about others.
bool nothing_was_checked(const Hunt& hunt, const Coverage& coverage) {
  return (hunt.refused == hunt.cases && hunt.sought == 0) ||
         (coverage.taken() == 0 && coverage.refused() > 0);
}

}  // namespace

Checked check_property(KernelSession& session, const Property& property,
                       const CheckOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const Kernel& kernel = session.kernel();
  Verdict verdict = passing_verdict(kernel, property);
  Hunt hunt(session, property, options.seconds);
  std::vector<bool> judged;
  session.take_judged();
  if (try_known_cases(hunt, kernel, property, options) && !options.only_replay) {
    const bool late = try_new_cases(hunt, session, property, options, judged);
    if (late && !hunt.worst)
      verdict.message =
          "stopped after " + decimal(options.seconds) + " s, before the whole sweep was done";
  }
  const bool is_slow = hunt.too_slow < SIZE_MAX;
  if (is_slow)
    verdict.message = "not tried on rows of " + std::to_string(hunt.too_slow) +
                      " columns and more: too slow there for the limit of " +
                      decimal(options.call_timeout_seconds) + " s a call";
  if (hunt.worst) {
    report_failure(verdict, session, property, hunt, options);
  } else if (nothing_was_checked(hunt, session.coverage())) {
    verdict.outcome = "skip";
    if (!is_slow) verdict.message = "the kernel refuses every case tried";
  }
  verdict.outputs = session.take_judged();
  if (!hunt.worst && verdict.outcome == "pass" && verdict.outputs == 0) {
    verdict.outcome = "skip";
    verdict.message = "no output was judged";
  }
  if (property.covers && !judged.empty())
    verdict.combinations = property.covers(kernel, options.effort, judged);
  verdict.cases = hunt.cases + hunt.sought;
  verdict.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return {std::move(verdict), std::move(hunt.worst)};
}

}  // namespace softmark
