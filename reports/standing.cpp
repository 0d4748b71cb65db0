// SPDX-License-Identifier: Apache-2.0
// What the rows of a document say about each kernel: its standing, its grade, and failures grouped
// by cause.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

Standing standing_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass:
    case Outcome::kUnexpectedPass:
      return Standing::kPass;
    case Outcome::kInconclusive:
      return Standing::kUndecided;
    case Outcome::kExpected:
      return Standing::kKnownWrong;
    case Outcome::kIncomplete:
      return Standing::kIncomplete;
    case Outcome::kFail:
      return Standing::kFail;
    case Outcome::kSkip:
    case Outcome::kNote:
      break;
  }
  return Standing::kUnverified;
}

/// Of the kernel's entry: calls that it took and refused.
struct Calls {
  long long taken = 0, refused = 0;
};
Calls calls_of(const KernelView& kernel) {
  const Json& coverage = kernel.row ? field(*kernel.row, "coverage") : field(Json(), "");
  const long long refused = count_of(coverage, "refused");
  return {count_of(coverage, "calls") - refused, refused};
}

}  // namespace

Standing standing_of(const KernelView& kernel) {
  Standing standing = Standing::kUnverified;
  for (const Json* property : kernel.properties) {
    const Standing one = standing_of(outcome(*property));
    if (one == Standing::kUnverified) continue;  // says nothing
    if (standing == Standing::kUnverified || one > standing) standing = one;
  }
  const Calls calls = calls_of(kernel);
  // A kernel that takes empty rows alone passes what is asked of those.
  const bool nothing_verified =
      standing == Standing::kUnverified || (standing == Standing::kPass && calls.taken == 0);
  return nothing_verified && calls.refused > 0 ? Standing::kUnsupported : standing;
}

Outcome outcome(const Json& property) {
  const std::string verdict = text_of(property, "verdict");
  const bool expected = truth_of(property, "expected");
  if (verdict == "pass") return expected ? Outcome::kUnexpectedPass : Outcome::kPass;
  if (verdict == "skip") return Outcome::kSkip;
  if (verdict == "incomplete") return Outcome::kIncomplete;
  if (text_of(property, "severity") == "note") return Outcome::kNote;
  if (verdict == "inconclusive") return Outcome::kInconclusive;
  return expected ? Outcome::kExpected
                  : Outcome::kFail;  // a verdict unknown to this version is no pass
}

std::string_view word(Standing standing) {
  switch (standing) {
    case Standing::kPass:
      return "pass";
    case Standing::kUnverified:
      return "unverified";
    case Standing::kUnsupported:
      return "unsupported";
    case Standing::kUndecided:
      return "undecided";
    case Standing::kKnownWrong:
      return "wrong (expected)";
    case Standing::kIncomplete:
      return "incomplete";
    case Standing::kFail:
      break;
  }
  return "FAIL";
}

std::string_view verdict_word(Standing standing) {
  if (standing == Standing::kKnownWrong) return "known_wrong";
  return standing == Standing::kFail ? "fail" : word(standing);
}

std::string KernelView::refusals() const {
  const Json& coverage = row ? field(*row, "coverage") : field(Json(), "");
  const long long refused = count_of(coverage, "refused"), lengths = count_of(coverage, "lengths"),
                  taken = count_of(coverage, "lengths_taken");
  if (refused == 0) return "";
  std::string what = text_of(coverage, "refused_where");
  if (what.empty())
    what = taken == 0 ? "every call"
                      : fmt::format("{} of {} calls", refused, count_of(coverage, "calls"));
  return fmt::format("took {} of {} lengths; refused {}", taken, lengths, what);
}

bool KernelView::refuses_shapes() const {
  return !refusals().empty() && !truth_of(field(*row, "coverage"), "by_layout");
}

std::string KernelView::undecided() const {
  return fmt::format("{}", fmt::join(named(Outcome::kIncomplete), ", "));
}

std::string KernelView::verdict() const {
  const std::string text(word(standing));
  const Json& coverage = row ? field(*row, "coverage") : field(Json(), "");
  const long long lengths = count_of(coverage, "lengths"),
                  taken = count_of(coverage, "lengths_taken");
  return standing == Standing::kPass && taken < lengths
             ? fmt::format("{} on {} of {} lengths", text, taken, lengths)
             : text;
}

std::string KernelView::grade() const {
  const std::string grade = row ? text_of(field(*row, "grade"), "grade") : "";
  return grade.empty() ? "-" : grade;
}

std::string KernelView::grade_sentence() const {
  if (grade() == "-") return "";
  const Json &found = field(*row, "grade"), &broken = field(found, "broken");
  std::string text = grade();
  if (broken.is_object()) {
    // As a share: where a result cancels, its ulp are many whatever the kernel does.
    const double share = value_of(field(broken, "ulp")) / value_of(field(broken, "allowed"));
    text +=
        fmt::format(", not {}: {} times the error that this allows, on a row of {} columns ({})",
                    text_of(broken, "grade"), figure(share), count_of(broken, "row_length"),
                    text_of(broken, "rows"));
  }
  std::string growth;
  for (const Json& entry : field(found, "growth"))
    growth += fmt::format("{}n^{:.2f} on {} rows", growth.empty() ? "; its error grows as " : ", ",
                          value_of(field(entry, "exponent")), text_of(entry, "rows"));
  return text + growth;
}

std::string Finding::also_names() const {
  std::vector<std::string> names;
  for (const Json* property : also) names.push_back(text_of(*property, "property"));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<Finding> View::findings(Outcome wanted) const {
  using Key = std::pair<std::string, std::string>;
  const auto key = [](const Json& row, const char* property) {
    return Key(text_of(row, "kernel"), text_of(row, property));
  };
  const std::vector<const Json*> rows = with(wanted);
  std::map<Key, std::size_t> places;  // of the rows that have no other's cause
  std::vector<Finding> found;
  for (const Json* row : rows) {
    if (!text_of(*row, "cause").empty()) continue;
    places[key(*row, "property")] = found.size();
    found.push_back({row, {}});
  }
  for (const Json* row : rows) {
    if (text_of(*row, "cause").empty()) continue;
    const auto place = places.find(key(*row, "cause"));
    if (place != places.end())
      found[place->second].also.push_back(row);
    else  // its cause has another outcome
      found.push_back({row, {}});
  }
  return found;
}

std::vector<const KernelView*> View::with_refusals() const {
  std::vector<const KernelView*> found;
  for (const KernelView& kernel : kernels)
    if (!kernel.refusals().empty()) found.push_back(&kernel);
  return found;
}

void add_verdicts(Json& document) {
  std::vector<std::string_view> words;
  {
    const View view(document);
    for (const Json& entry : field(document, "kernels"))
      words.push_back(verdict_word(view.kernel(text_of(entry, "id"))->standing));
  }
  for (std::size_t i = 0; i < words.size(); ++i) document["kernels"][i]["verdict"] = words[i];
}

std::set<std::string> not_passing(const Json& document) {
  const View view(document);
  std::set<std::string> ids;
  for (const KernelView& kernel : view.kernels)
    if (kernel.standing != Standing::kPass) ids.insert(kernel.id);
  return ids;
}

}  // namespace softmark
