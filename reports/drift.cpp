// SPDX-License-Identifier: Apache-2.0
#include "reports/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace softmark {
namespace {

constexpr std::size_t kFewestProcesses = 6, kFewestReferences = 3, kFewestCells = 8,
                      kFewestShapes = 3;
/// The tails of what is left after the drift is taken off are heavier than a normal's.
constexpr double kFreedom = 10;
constexpr double kFalseDiscoveries = 0.02;
/// No session repeats another one better.
constexpr double kLeastNoise = 0.01;
/// A median of shapes moves less than one shape, but those of one kernel move together: 0.6 to 0.7
/// of one shape's noise over five shapes was seen.
constexpr double kMedianNoise = 0.7;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// The standard deviation of normal values with that median absolute deviation.
double sigma_of(std::vector<double> values, double middle) {
  for (double& value : values) value = std::fabs(value - middle);
  return 1.4826 * median(values);
}

/// Logarithms of the medians of a measurement's processes.
std::vector<double> processes_of(const Json& row) {
  std::vector<double> logs;
  for (const Json& process : field(row, "samples")) {
    std::vector<double> samples;
    for (const Json& sample : process)
      if (value_of(sample) > 0) samples.push_back(value_of(sample));
    if (!samples.empty()) logs.push_back(std::log(median(samples)));
  }
  return logs;
}

/// The standard error of their median: that of a mean, times sqrt(pi / 2).
double error_of(const Json& row) {
  const std::vector<double> logs = processes_of(row);
  if (logs.size() < 2) return 0;
  return 1.2533 * sigma_of(logs, median(logs)) / std::sqrt(static_cast<double>(logs.size()));
}

/// What moved at one shape: a kernel, or a ceiling with the same bytes, threads and cache.
struct Moved {
  std::string name;   // the kernel's id, or the ceiling's kind
  std::size_t place;  // of equal shapes
  double log = 0, error = 0, residual = 0, drift = 0;
  std::size_t references = 0;
};

std::string why_advisory(const Json& was, const Json& is) {
  for (const Json* row : {&was, &is}) {
    if (count_of(*row, "disturbed") > 0) return "disturbed by other work";
    if (field(*row, "samples").size() < kFewestProcesses)
      return fmt::format("fewer than {} processes", kFewestProcesses);
  }
  if (text_of(was, "pages") != text_of(is, "pages")) return "other pages";
  return "";
}

const Json* same_ceiling(const Json& document, const Json& of) {
  for (const Json& row : field(document, "ceilings")) {
    bool same = true;
    for (const char* key :
         {"kind", "workload", "rows", "cols", "dtype", "bytes", "threads", "cache", "in_place"})
      same = same && field(row, key) == field(of, key);
    if (same) return &row;
  }
  return nullptr;
}

double time_of(const Json& row) { return value_of(field(field(row, "ns_per_element"), "median")); }

/// The ceilings of a shape in both documents.
void add_ceilings(const View& before, const View& after, const Shape& shape, std::size_t place,
                  std::vector<Moved>& moved) {
  for (const Json& was : field(before.document, "ceilings")) {
    const bool here = text_of(was, "dtype") == shape.dtype &&
                      count_of(was, "threads") == shape.threads &&
                      (text_of(was, "kind") == "fma" ||
                       (text_of(was, "workload") == shape.workload &&
                        (text_of(was, "cache").empty() || text_of(was, "cache") == shape.cache)));
    const Json* is = here ? same_ceiling(after.document, was) : nullptr;
    if (!is || !(time_of(was) > 0) || !(time_of(*is) > 0)) continue;
    if (count_of(was, "disturbed") > 0 || count_of(*is, "disturbed") > 0) continue;
    moved.push_back({text_of(was, "kind"), place, std::log(time_of(*is) / time_of(was)),
                     std::hypot(error_of(was), error_of(*is))});
  }
}

/// Everything that both documents have timed, shape by shape; and the kernels' cells, in the order
/// of the kernels among `moved`.
std::vector<Moved> what_moved(const View& before, const View& after, std::vector<Change>& cells) {
  std::vector<Moved> kernels, ceilings;
  for (std::size_t place = 0; place < before.rankings.size(); ++place) {
    const Ranking& ranking = before.rankings[place];
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& was : *entries) {
        const Entry* is = find_entry(after, ranking.shape, was.kernel->id);
        if (!is || !(was.ns > 0) || !(is->ns > 0)) continue;
        Change& cell = cells.emplace_back();
        cell.was = &was, cell.is = is;
        cell.kernel = was.kernel->id;
        cell.shape = ranking.shape;
        cell.old_ns = was.ns, cell.new_ns = is->ns;
        cell.advisory = why_advisory(*was.measurement, *is->measurement);
        kernels.push_back({cell.kernel, place, std::log(is->ns / was.ns),
                           std::hypot(error_of(*was.measurement), error_of(*is->measurement))});
      }
    add_ceilings(before, after, ranking.shape, place, ceilings);
  }
  kernels.insert(kernels.end(), ceilings.begin(), ceilings.end());
  return kernels;
}

/// Whether a kernel is known to be another one in the second document: other bytes of its library,
/// or another version. Of a built-in nothing is known.
bool touched(const View& before, const View& after, const std::string& kernel) {
  const KernelView *was = before.kernel(kernel), *is = after.kernel(kernel);
  if (!was || !is || !was->row || !is->row) return false;  // a ceiling
  for (const char* part : {"fingerprint", "version"})
    if (text_of(*was->row, part) != text_of(*is->row, part)) return true;
  return false;
}

/// Takes off what the others at a shape moved by, without those that are known to be touched where
/// enough are left.
void take_drift_off(const View& before, const View& after, std::vector<Moved>& moved) {
  for (Moved& one : moved) {
    std::vector<double> all, same;
    for (const Moved& other : moved) {
      if (other.place != one.place || other.name == one.name) continue;
      all.push_back(other.log);
      if (!touched(before, after, other.name)) same.push_back(other.log);
    }
    const std::vector<double>& references = same.size() >= kFewestReferences ? same : all;
    one.references = references.size();
    one.drift = median(references);
    one.residual = one.log - one.drift;
  }
}

/// The noise by which the residuals of everything but `name` spread; 0 where too few are known.
double noise_without(const std::vector<Moved>& moved, const std::string& name) {
  std::vector<double> residuals;
  for (const Moved& other : moved)
    if (other.name != name && other.references >= kFewestReferences)
      residuals.push_back(other.residual);
  if (residuals.size() < kFewestCells) return 0;
  return std::max(sigma_of(residuals, 0), kLeastNoise);
}

double two_sided_p(double t) {
  return 2 * cdf(complement(boost::math::students_t(kFreedom), std::fabs(t)));
}

void judge(Change& change, double residual, double scale) {
  const double reach = quantile(boost::math::students_t(kFreedom), 0.975) * scale;
  change.ratio = {std::exp(residual), std::exp(residual - reach), std::exp(residual + reach)};
  change.p = two_sided_p(residual / scale);
}

/// Over all shapes of a kernel with the same op, type, threads and state.
std::vector<Change> over_shapes(const std::vector<Change>& cells, const std::vector<Moved>& moved) {
  std::vector<Change> kernels;
  std::vector<std::vector<double>> residuals, drifts;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!cells[i].advisory.empty()) continue;
    Change group;
    group.kernel = cells[i].kernel;
    group.shape.op = cells[i].shape.op, group.shape.dtype = cells[i].shape.dtype;
    group.shape.threads = cells[i].shape.threads, group.shape.cache = cells[i].shape.cache;
    group.shape.in_place = cells[i].shape.in_place;
    std::size_t at = 0;
    while (at < kernels.size() &&
           !(kernels[at].kernel == group.kernel && kernels[at].shape == group.shape))
      ++at;
    if (at == kernels.size())
      kernels.push_back(group), residuals.emplace_back(), drifts.emplace_back();
    residuals[at].push_back(moved[i].residual);
    drifts[at].push_back(moved[i].drift);
  }
  std::vector<Change> enough;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    if (residuals[i].size() < kFewestShapes) continue;
    kernels[i].drift = std::exp(median(drifts[i]));
    judge(kernels[i], median(residuals[i]), kMedianNoise * noise_without(moved, kernels[i].kernel));
    enough.push_back(kernels[i]);
  }
  return enough;
}

/// Benjamini and Hochberg: the largest p that is a discovery among these.
double threshold_of(const std::vector<Change*>& changes) {
  std::vector<double> p;
  for (const Change* change : changes) p.push_back(change->p);
  std::sort(p.begin(), p.end());
  double threshold = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] <= kFalseDiscoveries * static_cast<double>(i + 1) / static_cast<double>(p.size()))
      threshold = p[i];
  return threshold;
}

}  // namespace

Changes changes_of(const View& before, const View& after, double least) {
  Changes changes;
  std::vector<Moved> moved = what_moved(before, after, changes.cells);
  take_drift_off(before, after, moved);
  for (std::size_t i = 0; i < changes.cells.size(); ++i) {
    Change& cell = changes.cells[i];
    const double noise = noise_without(moved, cell.kernel);
    if (cell.advisory.empty() && moved[i].references < kFewestReferences)
      cell.advisory = "too little besides it to tell the drift from";
    if (cell.advisory.empty() && noise == 0)
      cell.advisory = "too few other measurements to tell the noise from";
    cell.drift = std::exp(moved[i].drift);
    judge(cell, moved[i].residual, std::max({noise, moved[i].error, kLeastNoise}));
    changes.noise = std::max(changes.noise, noise);
  }
  changes.kernels = over_shapes(changes.cells, moved);
  std::vector<Change*> counted;
  for (auto* list : {&changes.cells, &changes.kernels})
    for (Change& change : *list)
      if (change.advisory.empty()) counted.push_back(&change);
  const double threshold = threshold_of(counted), effect = std::max(least, 2 * changes.noise);
  for (auto* list : {&changes.cells, &changes.kernels})
    for (Change& change : *list) {
      change.verdict = speed_verdict(change.ratio, effect, effect);
      const bool claim =
          change.verdict == SpeedVerdict::kFaster || change.verdict == SpeedVerdict::kSlower;
      if (claim && change.advisory.empty() && change.p > threshold)
        change.verdict = SpeedVerdict::kAmbiguous;
    }
  return changes;
}

}  // namespace softmark
