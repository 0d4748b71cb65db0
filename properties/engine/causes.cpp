// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/causes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "properties/engine/cases.h"

namespace softmark {
namespace {

/// How a property is broken: two of different kinds have different causes.
struct Kind {
  std::string verdict;
  bool nan = false, infinite = false;     // among the inputs
  bool fine_alone = false;                // the call by itself has no wrong result
  bool not_finite = false, lost = false;  // the wrong result: instead of a finite value; 0
  bool operator==(const Kind&) const = default;
  bool has_specials() const { return nan || infinite; }
};

/// Nothing where the call crashes, hangs or is refused.
std::optional<std::vector<double>> results_of(KernelSession& session, const Case& c) {
  try {
    return session.run(c);
  } catch (const KernelSession::Refused&) {
  } catch (const KernelSession::Stopped&) {
  }
  return std::nullopt;
}

/// The same rows in a plain call, with the smallest finite value in place of what is not finite.
Case with_finite_rows(const Case& c) {
  Case finite = c;
  finite.layout = Layout();
  for (auto* values : {&finite.x, &finite.g}) {
    double smallest = 0;
    bool any = false;
    for (const double v : *values)
      if (std::isfinite(v)) smallest = std::exchange(any, true) ? std::min(smallest, v) : v;
    for (double& v : *values)
      if (!std::isfinite(v)) v = smallest;
  }
  return finite;
}

std::optional<Fault> wrong_result(KernelSession& session, const Case& c,
                                  const std::optional<std::vector<double>>& y) {
  return y ? exceeds_bound(session, c, *y) : std::nullopt;
}

Kind kind_of(KernelSession& session, const BrokenProperty& broken) {
  Case c = broken.counterexample;
  Kind kind;
  kind.verdict = broken.verdict;
  for (const auto* values : {&c.x, &c.g})
    for (const double v : *values) {
      kind.nan |= std::isnan(v);
      kind.infinite |= std::isinf(v);
    }
  if (kind.has_specials() && kind.verdict == "fail") {
    // A long row, of which no smaller one was found in time, may not need its special values.
    c = with_finite_rows(c);
    if (wrong_result(session, c, results_of(session, c))) kind.nan = kind.infinite = false;
  }
  if (kind.has_specials()) return kind;
  const auto y = results_of(session, c);
  const auto wrong = wrong_result(session, c, y);
  kind.fine_alone = y && !wrong;
  if (!wrong || !wrong->row || !wrong->output) return kind;
  const double got = (*y)[*wrong->row * session.outputs(c) + *wrong->output],
               want = session.truth(c, *wrong->row).exact[*wrong->output].rounded;
  kind.not_finite = !std::isfinite(got) && std::isfinite(want);
  kind.lost = got == 0 && want != 0;
  return kind;
}

/// Whether the property does not hold for this case either.
bool breaks(KernelSession& session, const Property& property, const Case& c) {
  try {
    return property.fault(session, c).has_value();
  } catch (const KernelSession::Refused&) {
    return false;
  } catch (const KernelSession::Stopped&) {
    return true;
  }
}

/// Whether even rows of equal elements are wrong: then nothing else can be seen in other rows.
bool is_wrong_everywhere(KernelSession& session) {
  for (const std::size_t cols : {1, 2, 3, 8, 17}) {
    const Case c = case_of_rows(session.kernel(), {std::vector<double>(cols, 0.5)});
    const auto y = results_of(session, c);
    if (!y || !exceeds_bound(session, c, *y)) return false;
  }
  return true;
}

struct Finding {
  const BrokenProperty* broken;
  Kind kind;
};

class Causes {
 public:
  explicit Causes(KernelSession& session) : session_(session) {}

  bool same(const Finding& first, const Finding& other) {
    if (first.kind.verdict != other.kind.verdict) return false;
    if (other.kind.fine_alone && !first.kind.fine_alone) return shows_in_another_call(first, other);
    if (first.kind != other.kind) return false;
    // Repeating a hang costs its whole time limit and a crash a process, and neither says more.
    if (first.kind.verdict != "fail" || first.kind.has_specials()) return true;
    const Case &simple = first.broken->counterexample, &c = other.broken->counterexample;
    if (simple.x == c.x || breaks(session_, *other.broken->property, simple)) return true;
    if (first.kind.fine_alone) return false;
    if (simple.rows == c.rows && simple.cols == c.cols) return true;
    if (!wrong_everywhere_) wrong_everywhere_ = is_wrong_everywhere(session_);
    return *wrong_everywhere_;
  }

 private:
  /// The property makes more calls from its case: shifted rows, or a row with a NaN before it. What
  /// the contract demands of one call's surroundings has a cause of its own.
  bool shows_in_another_call(const Finding& first, const Finding& other) {
    if (first.kind.verdict != "fail") return true;
    return other.broken->property->criterion == Criterion::bound && !first.kind.has_specials() &&
           breaks(session_, *other.broken->property, first.broken->counterexample);
  }

  KernelSession& session_;
  std::optional<bool> wrong_everywhere_;
};

/// Those whose own case is wrong come first, the simplest before all.
std::vector<Finding> in_order(KernelSession& session, const std::vector<BrokenProperty>& broken) {
  std::vector<Finding> findings;
  for (const BrokenProperty& one : broken) findings.push_back({&one, kind_of(session, one)});
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.kind.fine_alone, a.broken->counterexample.x.size()) <
           std::pair(b.kind.fine_alone, b.broken->counterexample.x.size());
  });
  return findings;
}

}  // namespace

std::map<std::string, std::string> causes_of(KernelSession& session,
                                             const std::vector<BrokenProperty>& broken) {
  std::map<std::string, std::string> names;
  Causes causes(session);
  std::vector<Finding> first_of_each;
  for (const Finding& one : in_order(session, broken)) {
    const auto same = std::find_if(first_of_each.begin(), first_of_each.end(),
                                   [&](const Finding& first) { return causes.same(first, one); });
    if (same == first_of_each.end())
      first_of_each.push_back(one);
    else
      names[std::string(one.broken->property->name)] = same->broken->property->name;
  }
  return names;
}

}  // namespace softmark
