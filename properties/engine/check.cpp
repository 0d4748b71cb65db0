// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/check.h"

#include <rapidcheck.h>

#include <chrono>
#include <cmath>
#include <functional>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/pattern.h"
#include "properties/engine/shrink.h"
#include "support/hash.h"

namespace softmark {

// RapidCheck wants to show values; the counterexample is told from the case itself.
void showValue(const Case& c, std::ostream& os) { os << c.rows << " x " << c.cols; }

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPatternSeconds = 0.5;  // to see which other shapes fail
constexpr double kShrinkSeconds = 4;
constexpr std::size_t kLongestCommand =
    4000;  // characters of a case: what a terminal takes in one line
constexpr int kExplored[] = {60, 1000, 10000};  // random cases at quick, standard, thorough

Clock::time_point after(double seconds) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

std::uint64_t seed_of(std::uint64_t seed, const std::string& kernel, std::string_view property) {
  // So that a property's rows do not depend on which other properties run.
  return fnv1a(property, fnv1a(kernel, kFnvStart ^ seed));
}

/// Tries cases and remembers the last that failed, which during shrinking is the smallest so far.
class Hunt {
 public:
  Hunt(KernelSession& session, const Property& property, double seconds)
      : trial_(session), property_(property), seconds_(seconds), end_(after(seconds)) {}

  bool holds(const Case& c) {
    if (out_of_time()) return true;
    ++cases;
    try {
      if (auto found = property_.fault(trial_, c)) return fails(c, std::move(*found));
    } catch (const KernelSession::Refused& refusal) {
      ++refused;
      if (refusal.outcome.kind == CallResult::timeout) too_slow = std::min(too_slow, c.cols);
    } catch (const KernelSession::Stopped& stopped) {
      // Each hang costs its whole timeout, so few of them are spent on shrinking.
      if (stopped.fault.verdict == "timeout" && ++hangs > 3) end_ = Clock::now();
      return fails(c, stopped.fault);
    }
    return true;
  }

  bool out_of_time() const { return Clock::now() > end_; }
  /// A failing case is worth as much time again to find the smallest.
  void shrink_from_here() {
    if (hangs <= 3) end_ = after(std::min(seconds_, kShrinkSeconds));
  }

  std::optional<Case> worst;
  Fault fault;
  std::size_t cases = 0, refused = 0;
  std::size_t too_slow =
      SIZE_MAX;  // columns of the shortest row that takes longer than the time limit
  int hangs = 0;

 private:
  bool fails(const Case& c, Fault found) {
    worst = c;
    fault = std::move(found);
    return false;
  }

  KernelSession& trial_;
  const Property& property_;
  double seconds_;
  Clock::time_point end_;
};

using CaseGen = rc::Gen<Case>;

rc::detail::TestResult check_with(Hunt& hunt, const CaseGen& gen,
                                  const rc::detail::TestParams& params) {
  bool failed = false;
  return rc::detail::checkTestable(
      [&] {
        const Case c = *gen;
        if (hunt.holds(c)) return;
        if (!failed) hunt.shrink_from_here();
        failed = true;
        RC_FAIL("property broken");
      },
      rc::detail::TestMetadata{}, params);
}

rc::Shrinkable<Case> shrinkable(const Case& c, const Kernel& kernel) {
  const auto op = kernel.op;
  const auto dtype = kernel.dtype;
  return rc::shrinkable::shrinkRecur(
      Case(c), [=](const Case& larger) { return shrink_case(larger, op, dtype); });
}

// One given case: run it, and where it fails let the engine find the smallest that still does.
bool try_case(Hunt& hunt, const Kernel& kernel, const Case& c) {
  if (hunt.holds(c)) return true;
  const CaseGen given([&](const rc::Random&, int) { return shrinkable(c, kernel); });
  rc::detail::TestParams once;
  once.maxSuccess = 1;
  hunt.shrink_from_here();
  check_with(hunt, given, once);
  return false;
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

void explore(Hunt& hunt, const Kernel& kernel, const Property& property,
             const CheckOptions& options) {
  const CaseGen gen([&](const rc::Random& random, int size) {
    return shrinkable(random_case(kernel, property.families, random, size), kernel);
  });
  rc::detail::TestParams params;
  params.seed = seed_of(options.seed, kernel.id, property.name);
  params.maxSuccess = kExplored[static_cast<int>(options.effort)];
  check_with(hunt, gen, params);
}

void seek(KernelSession& session, Hunt& hunt, const Property& property,
          const CheckOptions& options) {
  const auto c = property.seek(session, options.seed, hunt.cases);
  if (!c) return;
  hunt.shrink_from_here();  // what was found is tried, whatever time is left
  try_case(hunt, session.kernel(), *c);
}

// Every value for itself, so that anyone can read it; only what no person reads any more is folded.
Json hex_list(const std::vector<double>& values) {
  if (values.size() > 4096) return row_to_json(values.data(), values.size());
  Json list = Json::array();
  for (double v : values) list.push_back(hex(v));
  return list;
}

// The case in the document's form: all of its data, flat; got and want of the row that shows the
// fault.
Json counterexample_of(KernelSession& session, const Hunt& hunt) {
  const Case& c = *hunt.worst;
  Json json = {{"rows", c.rows}, {"cols", c.cols}, {"x", hex_list(c.x)}};
  if (!c.g.empty()) json["g"] = hex_list(c.g);
  if (!c.labels.empty()) json["labels"] = c.labels;
  if (const Json as_request = case_to_json(c, session.kernel().op); as_request.contains("layout"))
    json["layout"] = as_request["layout"];
  json["got"] = json["want"] = Json::array();
  json["at"] = nullptr;
  if (c.rows == 0) return json;
  const std::size_t outputs = session.outputs(c), row = hunt.fault.row.value_or(0);
  try {
    const auto y = session.run(c);
    json["got"] = hex_list({y.begin() + static_cast<long>(row * outputs),
                            y.begin() + static_cast<long>((row + 1) * outputs)});
  } catch (const KernelSession::Refused&) {
  } catch (const KernelSession::Stopped&) {
  }
  std::vector<double> want;
  for (const Exact& e : session.truth(c, row).exact) want.push_back(e.rounded);
  json["want"] = hex_list(want);
  if (hunt.fault.row && hunt.fault.output) json["at"] = {row, *hunt.fault.output};
  return json;
}

}  // namespace

std::string replay_command(const Kernel& kernel, const Property& property, const Case& c,
                           const std::string& rerun) {
  std::string command = "softmark verify";
  if (kernel.provider == "plugin")
    command += kernel.library.starts_with("python:") ? " --python " + kernel.library.substr(7)
                                                     : " --plugin " + kernel.library;
  command += " --kernel " + kernel.id + " --property " + std::string(property.name);
  const std::string json = case_to_json(c, kernel.op).dump();
  return command + (json.size() > kLongestCommand ? rerun : " --case '" + json + "'");
}

Checked check_property(KernelSession& session, const Property& property,
                       const CheckOptions& options) {
  const Kernel& kernel = session.kernel();
  const auto start = Clock::now();
  Json verdict = {{"kernel", kernel.id},
                  {"property", property.name},
                  {"criterion", kCriterionNames[static_cast<int>(property.criterion)]},
                  {"severity", property.severity == Severity::error ? "error" : "note"},
                  {"verdict", "pass"},
                  {"expected", false},
                  {"cases", 0},
                  {"message", ""},
                  {"counterexample", nullptr},
                  {"repro", ""}};
  Hunt hunt(session, property, options.seconds);
  bool holds = true;
  for (const Case& c : options.replay) holds = holds && try_case(hunt, kernel, c);
  for (const CorpusCase& known : options.corpus)
    holds =
        holds && (!concerns(known, kernel.op, property.name) || try_case(hunt, kernel, known.c));
  if (holds && !options.only_replay) {
    property.sweep(kernel, options.effort, [&](const Case& c) {
      holds = try_case(hunt, kernel, c);
      return holds && !hunt.out_of_time();
    });
    const bool late = hunt.out_of_time();
    if (holds && !late && !property.families.empty()) explore(hunt, kernel, property, options);
    if (!hunt.worst && !late && property.seek) seek(session, hunt, property, options);
    if (late && !hunt.worst)
      verdict["message"] =
          "stopped after " + decimal(options.seconds) + " s, before the whole sweep was done";
  }
  if (hunt.too_slow < SIZE_MAX)
    verdict["message"] = "not tried on rows of " + std::to_string(hunt.too_slow) +
                         " columns and more: too slow there for the limit of " +
                         decimal(options.call_timeout_seconds) + " s a call";
  if (hunt.worst) {
    verdict["verdict"] = hunt.fault.verdict;
    verdict["message"] = hunt.fault.message;
    if (!options.only_replay && hunt.fault.verdict != "timeout")
      if (const std::string shapes =
              failing_shapes(session, property, *hunt.worst, kPatternSeconds);
          !shapes.empty())
        verdict["message"] = hunt.fault.message + " (" + shapes + ")";
    verdict["counterexample"] = counterexample_of(session, hunt);
    verdict["repro"] = replay_command(kernel, property, *hunt.worst, options.rerun);
  } else if (hunt.refused == hunt.cases) {
    verdict["verdict"] = "skip";
    if (hunt.too_slow == SIZE_MAX) verdict["message"] = "the kernel takes none of the cases tried";
  }
  verdict["cases"] = hunt.cases;
  verdict["seconds"] = number(std::chrono::duration<double>(Clock::now() - start).count());
  return {std::move(verdict), std::move(hunt.worst)};
}

}  // namespace softmark
