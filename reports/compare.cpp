// SPDX-License-Identifier: Apache-2.0
#include "reports/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "reports/drift.h"
#include "reports/view.h"
#include "support/grade.h"
#include "support/text.h"

namespace softmark {
namespace {

constexpr std::size_t kShownAmbiguous = 8;

using Key = std::pair<std::string, std::string>;

std::map<Key, const Json*> by_key(const Json& rows, const char* first, const char* second) {
  std::map<Key, const Json*> found;
  for (const Json& row : rows) found[{text_of(row, first), text_of(row, second)}] = &row;
  return found;
}

std::string named(const Key& key) { return one_line(key.first) + " " + one_line(key.second); }

/// A line of the text, and the same as an object.
void add(Comparison& result, const char* what, const Key& key, const char* second,
         const std::string& text, const Json& more = Json::object()) {
  result.text += fmt::format("  {:<8} {}: {}\n", what, named(key), text);
  Json finding = {{"finding", what}, {"kernel", key.first}, {second, key.second}};
  finding.update(more);
  result.findings.push_back(finding);
}

void add_verdict(Comparison& result, const char* what, const Key& key, const Json* row,
                 const std::string& text) {
  const Json verdict = row ? field(*row, "verdict") : Json();
  add(result, what, key, "property", text,
      {{"verdict", verdict},
       {"message", row ? text_of(*row, "message") : ""},
       {"repro", row ? text_of(*row, "repro") : ""}});
}

void compare_verdicts(const Json& before, const Json& after, Comparison& result) {
  const auto old_rows = by_key(field(before, "properties"), "kernel", "property");
  const auto new_rows = by_key(field(after, "properties"), "kernel", "property");
  for (const auto& [key, row] : new_rows) {
    const auto old_row = old_rows.find(key);
    const bool failed_before =
        old_row != old_rows.end() && outcome(*old_row->second) == Outcome::kFail;
    const Outcome now = outcome(*row);
    if (now == Outcome::kFail && !failed_before) {
      ++result.broken;
      add_verdict(result, "BROKEN", key, row,
                  fmt::format("{} ({})\n           replay {}", one_line(text_of(*row, "message")),
                              text_of(*row, "verdict"), one_line(text_of(*row, "repro"))));
    } else if (now == Outcome::kFail) {
      add_verdict(result, "failing", key, row, "failed before, still fails");
    } else if (failed_before) {
      add_verdict(result, "fixed", key, row, "failed before, now " + text_of(*row, "verdict"));
    }
  }
  for (const auto& [key, row] : old_rows) {
    if (outcome(*row) != Outcome::kPass) continue;
    const auto new_row = new_rows.find(key);
    const Json* const checked = new_row == new_rows.end() ? nullptr : new_row->second;
    const Outcome now = checked ? outcome(*checked) : Outcome::kSkip;
    if (now == Outcome::kExpected)
      add_verdict(result, "expected", key, checked,
                  "passed before, fails now; known: " + one_line(text_of(*checked, "reason")));
    if (now != Outcome::kSkip && now != Outcome::kInconclusive && now != Outcome::kIncomplete)
      continue;
    ++result.undecided;
    add_verdict(result, "unknown", key, checked,
                fmt::format("passed before, {} now",
                            checked ? text_of(*checked, "verdict") : "not checked"));
  }
}

/// A kernel that refused no call and now does has lost what it was used for.
void compare_refusals(const View& before, const View& after, Comparison& result) {
  for (const KernelView& now : after.kernels) {
    const KernelView* old = before.kernel(now.id);
    if (!old || !old->row || !old->row->contains("coverage") || !old->refusals().empty() ||
        now.refusals().empty())
      continue;
    ++result.broken;
    result.text += fmt::format("  BROKEN   {}: refused no call before; now it {}\n",
                               one_line(now.id), one_line(now.refusals()));
    result.findings.push_back({{"finding", "BROKEN"},
                               {"kernel", now.id},
                               {"message", "refused no call before; now it " + now.refusals()}});
  }
}

void compare_accuracy(const Json& before, const Json& after, Comparison& result) {
  const auto old_rows = by_key(field(before, "accuracy"), "kernel", "domain");
  const auto new_rows = by_key(field(after, "accuracy"), "kernel", "domain");
  for (const auto& [key, old_row] : old_rows) {
    const auto found = new_rows.find(key);
    const Json old_ulp = field(*old_row, "max_ulp");
    if (found == new_rows.end()) {
      ++result.undecided;
      add(result, "unknown", key, "domain", "error measured before, not now",
          {{"old_max_ulp", old_ulp}, {"new_max_ulp", nullptr}});
      continue;
    }
    const Json new_ulp = field(*found->second, "max_ulp");
    const double was = value_of(old_ulp), is = value_of(new_ulp);
    const bool both_nan = std::isnan(was) && std::isnan(is);
    if (both_nan || is == was) continue;
    const bool worse = !(is <= was) && !std::isnan(was);
    result.broken += worse;
    add(result, worse ? "WORSE" : "better", key, "domain",
        fmt::format("max ulp {} -> {}", figure(was), figure(is)),
        {{"old_max_ulp", old_ulp}, {"new_max_ulp", new_ulp}});
  }
}

/// Grades are the same only of runs of one effort: a longer one breaks more of them.
void compare_grades(const View& before, const View& after, Comparison& result) {
  if (text_of(field(before.document, "run"), "effort") !=
      text_of(field(after.document, "run"), "effort"))
    return;
  for (const KernelView& now : after.kernels) {
    const KernelView* old = before.kernel(now.id);
    if (!old) continue;
    const auto was = grade_of(old->grade()), is = grade_of(now.grade());
    if (!was || !is || was == is) continue;
    const bool worse = is > was;
    const std::string old_grade = old->grade(), new_grade = now.grade();
    result.broken += worse;
    result.text += fmt::format("  {}   {}: grade {} -> {}\n", worse ? "WORSE " : "better",
                               one_line(now.id), old_grade, new_grade);
    result.findings.push_back({{"finding", worse ? "WORSE" : "better"},
                               {"kernel", now.id},
                               {"old_grade", old_grade},
                               {"new_grade", new_grade}});
  }
}

struct SpeedTally {
  std::size_t same = 0;
  std::vector<std::vector<std::string>> slower, faster, ambiguous;  // rows of the table
  std::string text() const;
};

std::string SpeedTally::text() const {
  TextTable table({"verdict", "kernel", "shape", "least ns, old", "new", "drift", "ratio", "95 %"},
                  "<<<>");
  for (const auto* rows : {&slower, &faster})
    for (const auto& row : *rows) table.add(row);
  for (std::size_t i = 0; i < std::min(ambiguous.size(), kShownAmbiguous); ++i)
    table.add(ambiguous[i]);
  const std::size_t hidden = ambiguous.size() - std::min(ambiguous.size(), kShownAmbiguous);
  return (table.empty() ? "" : table.text()) +
         (hidden ? fmt::format("  and {} more AMBIGUOUS\n", hidden) : "");
}

/// A kernel that was timed and no longer is, is broken, whatever the machine.
void compare_presence(const View& before, const View& after, Comparison& result) {
  for (const Ranking& ranking : before.rankings)
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& was : *entries) {
        const Entry* is = find_entry(after, ranking.shape, was.kernel->id);
        if (std::isnan(was.ns) || !is || !std::isnan(is->ns)) continue;
        ++result.broken;
        result.text +=
            fmt::format("  BROKEN   {} at {}: was timed, now {}\n", one_line(was.kernel->id),
                        one_line(ranking.shape.words()), one_line(is->why_not));
        result.findings.push_back({{"finding", "BROKEN"},
                                   {"kernel", was.kernel->id},
                                   {"shape", ranking.shape.words()},
                                   {"message", is->why_not}});
      }
}

std::string where_of(const Change& change) {
  if (change.was) return change.shape.words();
  return fmt::format("over all shapes, {} thread{}, {} cache", change.shape.threads,
                     change.shape.threads == 1 ? "" : "s", change.shape.cache);
}

void add_change(const Change& change, bool counts, Comparison& result, SpeedTally& tally) {
  if (change.verdict == SpeedVerdict::kSame) {
    ++tally.same;
    return;
  }
  const SpeedRatio& speed = change.ratio;
  const auto time = [](double ns) { return ns > 0 ? figure(ns) : std::string("-"); };
  result.speed.push_back({{"verdict", word(change.verdict)},
                          {"kernel", change.kernel},
                          {"shape", where_of(change)},
                          {"counts", counts},
                          {"advisory", change.advisory},
                          {"old_ns", change.was ? number(change.old_ns) : Json(nullptr)},
                          {"new_ns", change.was ? number(change.new_ns) : Json(nullptr)},
                          {"drift", number(change.drift)},
                          {"p", number(change.p)},
                          {"ratio", number(speed.ratio)},
                          {"ci95", {number(speed.low), number(speed.high)}}});
  auto& rows = change.verdict == SpeedVerdict::kSlower   ? tally.slower
               : change.verdict == SpeedVerdict::kFaster ? tally.faster
                                                         : tally.ambiguous;
  rows.push_back({std::string(word(change.verdict)) + (counts ? "" : ", advisory"),
                  one_line(change.kernel), one_line(where_of(change)), time(change.old_ns),
                  time(change.new_ns), fmt::format("{:.3f}", change.drift),
                  fmt::format("{:.3f}", speed.ratio),
                  fmt::format("{:.3f}..{:.3f}", speed.low, speed.high)});
}

/// Why no time of these two documents counts; empty where they may.
std::string why_none_counts(const View& before, const View& after) {
  const Json &was = field(before.document, "machine"), &is = field(after.document, "machine");
  const std::string key = text_of(was, "key");
  if (key.empty() || key != text_of(is, "key")) return "another or unknown machine";
  for (const char* condition : {"governor", "huge_pages", "cpus", "cpu_quota", "variables"}) {
    const Json &then = field(field(was, "environment"), condition),
               &now = field(field(is, "environment"), condition);
    if (!then.is_null() && !now.is_null() && then != now)
      return fmt::format("the environment's {} is another", condition);
  }
  return "";
}

void compare_speed(const View& before, const View& after, Comparison& result) {
  compare_presence(before, after, result);
  const std::string none_counts = why_none_counts(before, after);
  const double least =
      std::max(least_effect(before.document), least_effect(after.document));  // of the noisier side
  const Changes changes = changes_of(before, after, least);
  if (changes.cells.empty()) return;
  SpeedTally tally;
  std::size_t advisory = 0;
  std::set<std::string> slower;
  for (const auto* list : {&changes.cells, &changes.kernels})
    for (const Change& change : *list) {
      const bool counts = none_counts.empty() && change.advisory.empty();
      const bool is_slower = change.verdict == SpeedVerdict::kSlower;
      const bool is_new = !is_slower || change.was || !slower.contains(change.kernel);
      if (is_slower && counts && change.was) slower.insert(change.kernel);
      result.broken += counts && is_slower && is_new;
      result.undecided += counts && change.was && change.verdict == SpeedVerdict::kAmbiguous;
      advisory += change.was && !counts;
      add_change(change, counts, result, tally);
    }
  result.text += fmt::format(
      "speed ({}{}; what moved everything is divided out; differences below {:.0f} % do not "
      "count): "
      "{} SAME, {} FASTER, {} SLOWER, {} AMBIGUOUS\n{}",
      none_counts.empty() ? "same machine key" : "advisory: " + none_counts,
      none_counts.empty() && advisory
          ? fmt::format("; {} of {} measurements are advisory", advisory, changes.cells.size())
          : "",
      std::max(least, 2 * changes.noise) * 100, tally.same, tally.faster.size(),
      tally.slower.size(), tally.ambiguous.size(), tally.text());
}

std::string head(const char* side, const Json& document) {
  const Json& run = field(document, "run");
  const View view(document);
  return fmt::format("{} {}, softmark {} {}, {}, seed {}{}\n", side, text_of(run, "started"),
                     text_of(field(document, "generator"), "version"),
                     text_of(field(document, "generator"), "git"), one_line(view.machine()),
                     text_of(run, "seed"), view.complete() ? "" : ", INCOMPLETE");
}

}  // namespace

Comparison compare_documents(const Json& old_document, const Json& new_document) {
  Comparison result;
  result.text = head("old", old_document) + head("new", new_document);
  if (text_of(field(old_document, "run"), "seed") != text_of(field(new_document, "run"), "seed"))
    result.text += "the seeds differ: the errors come from different rows\n";
  compare_verdicts(old_document, new_document, result);
  const View before(old_document), after(new_document);
  compare_refusals(before, after, result);
  compare_accuracy(old_document, new_document, result);
  compare_grades(before, after, result);
  compare_speed(before, after, result);
  result.text +=
      result.broken ? fmt::format("{} regression{}\n", result.broken, result.broken == 1 ? "" : "s")
                    : "no regression\n";
  return result;
}

Json comparison_json(const Comparison& comparison, const Json& old_document,
                     const Json& new_document) {
  const auto head_of = [](const Json& document) {
    return Json{{"generator", field(document, "generator")},
                {"started", field(field(document, "run"), "started")},
                {"seed", field(field(document, "run"), "seed")},
                {"complete", field(field(document, "run"), "complete")},
                {"machine", field(field(document, "machine"), "key")}};
  };
  return {{"schema", "softmark.comparison"},  {"schema_version", "1.1"},
          {"old", head_of(old_document)},     {"new", head_of(new_document)},
          {"findings", comparison.findings},  {"speed", comparison.speed},
          {"regressions", comparison.broken}, {"undecided", comparison.undecided}};
}

int compare_files(const std::string& old_path, const std::string& new_path, bool strict,
                  const std::string& output, std::string_view format) {
  if (old_path == "-" && new_path == "-")
    throw Error(kUsage, "compare - -: standard input holds one document; name a file");
  const Json old_document = read_document(old_path), new_document = read_document(new_path);
  const Comparison result = compare_documents(old_document, new_document);
  write_file(output, format == "json" ? to_text(comparison_json(result, old_document, new_document))
                     : format == "markdown"
                         ? comparison_markdown(result, old_document, new_document)
                         : result.text);
  return result.broken ? kGateFailed : strict && result.undecided ? kUndecided : kPass;
}

}  // namespace softmark
