// SPDX-License-Identifier: Apache-2.0
#include "reports/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "reports/view.h"
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
      result.text += fmt::format("  BROKEN   {}: {} ({})\n           replay {}\n", named(key),
                                 one_line(text_of(*row, "message")), text_of(*row, "verdict"),
                                 one_line(text_of(*row, "repro")));
    } else if (now == Outcome::kFail) {
      result.text += fmt::format("  failing  {}: failed before, still fails\n", named(key));
    } else if (failed_before) {
      result.text += fmt::format("  fixed    {}: failed before, now {}\n", named(key),
                                 text_of(*row, "verdict"));
    }
  }
  for (const auto& [key, row] : old_rows) {
    if (outcome(*row) != Outcome::kPass) continue;
    const auto new_row = new_rows.find(key);
    const bool checked = new_row != new_rows.end();
    const Outcome now = checked ? outcome(*new_row->second) : Outcome::kSkip;
    if (now == Outcome::kExpected)
      result.text += fmt::format("  expected {}: passed before, fails now; known: {}\n", named(key),
                                 one_line(text_of(*new_row->second, "reason")));
    if (now != Outcome::kSkip && now != Outcome::kInconclusive && now != Outcome::kIncomplete)
      continue;
    ++result.undecided;
    result.text += fmt::format("  unknown  {}: passed before, {} now\n", named(key),
                               checked ? text_of(*new_row->second, "verdict") : "not checked");
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
  }
}

void compare_accuracy(const Json& before, const Json& after, Comparison& result) {
  const auto old_rows = by_key(field(before, "accuracy"), "kernel", "domain");
  const auto new_rows = by_key(field(after, "accuracy"), "kernel", "domain");
  for (const auto& [key, old_row] : old_rows) {
    const auto found = new_rows.find(key);
    if (found == new_rows.end()) {
      ++result.undecided;
      result.text += fmt::format("  unknown  {}: error measured before, not now\n", named(key));
      continue;
    }
    const double was = value_of(field(*old_row, "max_ulp")),
                 is = value_of(field(*found->second, "max_ulp"));
    const bool both_nan = std::isnan(was) && std::isnan(is);
    if (both_nan || is == was) continue;
    const bool worse = !(is <= was);
    result.broken += worse && !std::isnan(was);
    result.text += fmt::format("  {} {}: max ulp {} -> {}\n",
                               worse && !std::isnan(was) ? "WORSE   " : "better  ", named(key),
                               figure(was), figure(is));
  }
}

const Entry* find_entry(const View& view, const Shape& shape, const std::string& kernel) {
  for (const Ranking& ranking : view.rankings) {
    if (ranking.shape != shape) continue;
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& entry : *entries)
        if (entry.kernel->id == kernel) return &entry;
  }
  return nullptr;
}

struct SpeedTally {
  std::size_t same = 0;
  std::vector<std::vector<std::string>> slower, faster, ambiguous;  // rows of the table
  std::string text() const;
};

std::string SpeedTally::text() const {
  TextTable table({"verdict", "kernel", "shape", "old ns", "new ns", "ratio", "95 %"}, "<<<>");
  for (const auto* rows : {&slower, &faster})
    for (const auto& row : *rows) table.add(row);
  for (std::size_t i = 0; i < std::min(ambiguous.size(), kShownAmbiguous); ++i)
    table.add(ambiguous[i]);
  const std::size_t hidden = ambiguous.size() - std::min(ambiguous.size(), kShownAmbiguous);
  return (table.empty() ? "" : table.text()) +
         (hidden ? fmt::format("  and {} more AMBIGUOUS\n", hidden) : "");
}

void compare_entry(const Shape& shape, const Entry& was, const View& after, double least, bool gate,
                   Comparison& result, SpeedTally& tally) {
  const std::string kernel = one_line(was.kernel->id);
  const std::string where = one_line(shape.words());
  const Entry* is = find_entry(after, shape, was.kernel->id);
  if (std::isnan(was.ns) || !is) return;
  if (std::isnan(is->ns)) {
    ++result.broken;
    result.text += fmt::format("  BROKEN   {} at {}: was timed, now {}\n", kernel, where,
                               one_line(is->why_not));
    return;
  }
  const SpeedRatio speed = speed_ratio({was.ns, was.low, was.high}, {is->ns, is->low, is->high});
  const SpeedVerdict verdict = speed_verdict(speed, least, least);
  if (verdict == SpeedVerdict::kSame) {
    ++tally.same;
    return;
  }
  const bool slower = verdict == SpeedVerdict::kSlower, faster = verdict == SpeedVerdict::kFaster;
  result.broken += gate && slower;
  result.undecided += gate && !slower && !faster;
  auto& rows = slower ? tally.slower : faster ? tally.faster : tally.ambiguous;
  rows.push_back({std::string(word(verdict)), kernel, where, figure(was.ns), figure(is->ns),
                  fmt::format("{:.3f}", speed.ratio),
                  fmt::format("{:.3f}..{:.3f}", speed.low, speed.high)});
}

void compare_speed(const View& before, const View& after, Comparison& result) {
  const std::string key = text_of(field(before.document, "machine"), "key");
  const bool gate = !key.empty() && key == text_of(field(after.document, "machine"), "key");
  const double least =
      std::max(least_effect(before.document), least_effect(after.document));  // of the noisier side
  SpeedTally tally;
  for (const Ranking& ranking : before.rankings)
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& entry : *entries)
        compare_entry(ranking.shape, entry, after, least, gate, result, tally);
  if (tally.same + tally.slower.size() + tally.faster.size() + tally.ambiguous.size() == 0) return;
  result.text += fmt::format(
      "speed ({}; differences below {:.0f} % do not count): {} SAME, {} FASTER, {} SLOWER, {} "
      "AMBIGUOUS\n{}",
      gate ? "same machine key" : "advisory: another or unknown machine", least * 100, tally.same,
      tally.faster.size(), tally.slower.size(), tally.ambiguous.size(), tally.text());
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

SpeedRatio speed_ratio(const TimeInterval& before, const TimeInterval& after) {
  const double ratio = after.middle / before.middle;
  const auto apart = [](double a, double b) { return std::log(a / b); };
  const double low = ratio * std::exp(-std::hypot(apart(after.middle, after.low),
                                                  apart(before.high, before.middle)));
  const double high = ratio * std::exp(std::hypot(apart(after.high, after.middle),
                                                  apart(before.middle, before.low)));
  return {ratio, low, high};
}

Comparison compare_documents(const Json& old_document, const Json& new_document) {
  Comparison result;
  result.text = head("old", old_document) + head("new", new_document);
  if (text_of(field(old_document, "run"), "seed") != text_of(field(new_document, "run"), "seed"))
    result.text += "the seeds differ: the errors come from different rows\n";
  compare_verdicts(old_document, new_document, result);
  const View before(old_document), after(new_document);
  compare_refusals(before, after, result);
  compare_accuracy(old_document, new_document, result);
  compare_speed(before, after, result);
  result.text +=
      result.broken ? fmt::format("{} regression{}\n", result.broken, result.broken == 1 ? "" : "s")
                    : "no regression\n";
  return result;
}

int compare_files(const std::string& old_path, const std::string& new_path, bool strict,
                  const std::string& output) {
  const Comparison result = compare_documents(read_document(old_path), read_document(new_path));
  write_file(output, result.text);
  return result.broken ? kGateFailed : strict && result.undecided ? kUndecided : kPass;
}

}  // namespace softmark
