// SPDX-License-Identifier: Apache-2.0
#include "reports/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "support/median.h"

namespace softmark {
namespace {

constexpr std::size_t kFewestProcesses = 6, kFewestReferences = 3, kFewestCells = 8,
                      kFewestShapes = 3;
/// The tails of what is left after the drift is taken off are heavier than a normal's; those of a
/// median over shapes less so.
constexpr double kFreedom = 5, kFreedomOfMedians = 10;
/// Among single shapes, and as much among kernels over all of their shapes.
constexpr double kFalseDiscoveries = 0.02;
/// No session repeats another one better: 0.9 % was seen between idle runs.
constexpr double kLeastNoise = 0.01;
/// A median of shapes moves less than one shape, but those of one kernel move together: 0.6 to 0.7
/// of one shape's noise over five shapes was seen.
constexpr double kMedianNoise = 0.7;
/// The standard error of a median: that of a mean, times sqrt(pi / 2).
constexpr double kMedianError = 1.2533;

/// The standard deviation of normal values around 0 with that median absolute deviation.
double sigma_of(const std::vector<double>& values) { return 1.4826 * median_deviation(values, 0); }

/// What other work does to a process only lengthens it, so the least of the processes' times is the
/// one that repeats: between idle runs of six processes it differed by 0.9 %, their median by 6 %.
struct Least {
  double log = NAN;           // of the time, in nanoseconds an element; NaN where there is none
  std::vector<double> above;  // by how much each process took longer, ascending from 0
  /// That of the next one: a least that stands alone is luck.
  double gap() const { return above.size() > 1 ? above[1] : 0; }
};

/// Of the first processes and samples of a measurement: more of them have a lesser least.
Least least_of(const Json& row, std::size_t processes, std::size_t samples) {
  Least least;
  for (const Json& process : field(row, "samples")) {
    double fastest = INFINITY;
    for (std::size_t i = 0; i < std::min(samples, process.size()); ++i)
      if (value_of(process[i]) > 0) fastest = std::min(fastest, value_of(process[i]));
    if (std::isfinite(fastest) && least.above.size() < processes)
      least.above.push_back(std::log(fastest));
  }
  if (least.above.empty()) return least;
  std::sort(least.above.begin(), least.above.end());
  least.log = least.above[0];
  for (double& above : least.above) above -= least.log;
  return least;
}

/// What moved at one shape: a kernel, or a ceiling with the same bytes, threads and cache.
struct Moved {
  std::string name;   // the kernel's id, or the ceiling's kind
  std::size_t place;  // of equal shapes
  Least was, is;
  bool calm = true;  // fit to tell drift and noise from
  double log = 0, error = 0, residual = 0, drift = 0;
  std::size_t references = 0;
};

/// Of some processes, how many are slowed by more than half of a difference.
struct Slowed {
  double count = 0, of = 0;
  void add(const Least& processes, double difference) {
    count += static_cast<double>(
        std::count_if(processes.above.begin(), processes.above.end(),
                      [&](double above) { return above > std::fabs(difference) / 2; }));
    of += static_cast<double>(processes.above.size());
  }
  double share() const { return (count + 0.5) / (of + 1); }
};

/// From as many processes and samples of the one as of the other.
Moved moved_of(const std::string& name, std::size_t place, const Json& was, const Json& is) {
  const auto fewest_samples = [](const Json& row) {
    std::size_t fewest = SIZE_MAX;
    for (const Json& process : field(row, "samples")) fewest = std::min(fewest, process.size());
    return fewest;
  };
  const std::size_t processes = std::min(field(was, "samples").size(), field(is, "samples").size()),
                    samples = std::min(fewest_samples(was), fewest_samples(is));
  Moved moved{name, place, least_of(was, processes, samples), least_of(is, processes, samples)};
  moved.calm = count_of(was, "disturbed") == 0 && count_of(is, "disturbed") == 0;
  moved.log = moved.is.log - moved.was.log;
  moved.error = std::hypot(moved.was.gap(), moved.is.gap());
  return moved;
}

std::string why_advisory(const Json& was, const Json& is) {
  for (const Json* row : {&was, &is}) {
    if (count_of(*row, "disturbed") > 0) return "disturbed by other work";
    if (field(*row, "samples").size() < kFewestProcesses)
      return fmt::format("fewer than {} processes", kFewestProcesses);
  }
  if (text_of(was, "pages") != text_of(is, "pages")) return "other pages";
  if (truth_of(was, "pinned") != truth_of(is, "pinned")) return "pinned in one of them only";
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
    if (!is) continue;
    const Moved ceiling = moved_of(text_of(was, "kind"), place, was, *is);
    if (std::isfinite(ceiling.log)) moved.push_back(ceiling);
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
        const Moved one = moved_of(was.kernel->id, place, *was.measurement, *is->measurement);
        if (!std::isfinite(one.log)) continue;
        Change& cell = cells.emplace_back();
        cell.was = &was, cell.is = is;
        cell.kernel = was.kernel->id;
        cell.shape = ranking.shape;
        cell.old_ns = std::exp(one.was.log), cell.new_ns = std::exp(one.is.log);
        cell.advisory = why_advisory(*was.measurement, *is->measurement);
        kernels.push_back(one);
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
      if (other.place != one.place || other.name == one.name || !other.calm) continue;
      all.push_back(other.log);
      if (!touched(before, after, other.name)) same.push_back(other.log);
    }
    const std::vector<double>& references = same.size() >= kFewestReferences ? same : all;
    one.references = references.size();
    one.drift = references.empty() ? 0 : median(references);
    one.residual = one.log - one.drift;
  }
}

/// The noise by which the residuals of everything but `name` spread; 0 where too few are known.
double noise_without(const std::vector<Moved>& moved, const std::string& name) {
  std::vector<double> residuals;
  for (const Moved& other : moved)
    if (other.name != name && other.calm && other.references >= kFewestReferences)
      residuals.push_back(other.residual);
  if (residuals.size() < kFewestCells) return 0;
  return std::max(sigma_of(residuals), kLeastNoise);
}

/// Changes `change` to a difference of `residual`, which has an error of `scale` and may be luck.
void judge(Change& change, double residual, double scale, double freedom, double luck) {
  const boost::math::students_t distribution(freedom);
  const double reach = quantile(distribution, 0.975) * scale;
  change.ratio = {std::exp(residual), std::exp(residual - reach), std::exp(residual + reach)};
  const double beyond = cdf(complement(distribution, std::fabs(residual) / scale));
  change.p = std::min(1.0, 2 * std::max(beyond, luck));
}

/// The probability that each process of the slower document met a slow moment, or the slower of its
/// kernel's two speeds, while the faster one had some that did not: by the share that did in the
/// faster one, among the others at this shape or of this kernel in either, whichever is the
/// largest.
double luck_of(const std::vector<Moved>& moved, const Moved& one, double difference) {
  Slowed itself, here[2], kernel[2];
  itself.add(difference > 0 ? one.was : one.is, difference);
  for (const Moved& other : moved)
    if ((other.place == one.place) != (other.name == one.name)) {
      Slowed* const of = other.place == one.place ? here : kernel;
      of[0].add(other.was, difference), of[1].add(other.is, difference);
    }
  double share = std::max({itself.share(), here[0].share(), here[1].share()});
  if (kernel[0].of > 0) share = std::max({share, kernel[0].share(), kernel[1].share()});
  return std::pow(share, static_cast<double>(std::min(one.was.above.size(), one.is.above.size())));
}

/// The luck of a median over shapes: the probability that at least half of them had theirs.
double luck_of_half(const std::vector<double>& lucks) {
  std::vector<double> exactly(lucks.size() + 1);  // so many of the shapes so far
  exactly[0] = 1;
  for (double luck : lucks)
    for (std::size_t k = exactly.size(); k-- > 0;)
      exactly[k] = exactly[k] * (1 - luck) + (k ? exactly[k - 1] * luck : 0);
  double half = 0;
  for (std::size_t k = (lucks.size() + 1) / 2; k < exactly.size(); ++k) half += exactly[k];
  return half;
}

/// Over all shapes of a kernel with the same op, type, threads and state.
std::vector<Change> over_shapes(const std::vector<Change>& cells, const std::vector<Moved>& moved) {
  std::vector<Change> kernels;
  std::vector<std::vector<const Moved*>> shapes;
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
    if (at == kernels.size()) kernels.push_back(group), shapes.emplace_back();
    shapes[at].push_back(&moved[i]);
  }
  std::vector<Change> enough;
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    if (shapes[i].size() < kFewestShapes) continue;
    const auto middle = [&](double Moved::*of) {
      std::vector<double> values;
      for (const Moved* shape : shapes[i]) values.push_back(shape->*of);
      return median(values);
    };
    const double noise = noise_without(moved, kernels[i].kernel),
                 residual = middle(&Moved::residual),
                 error = kMedianError * middle(&Moved::error) /
                         std::sqrt(static_cast<double>(shapes[i].size()));
    std::vector<double> lucks;
    for (const Moved* shape : shapes[i]) lucks.push_back(luck_of(moved, *shape, residual));
    kernels[i].drift = std::exp(middle(&Moved::drift));
    judge(kernels[i], residual, std::hypot(kMedianNoise * noise, error), kFreedomOfMedians,
          luck_of_half(lucks));
    enough.push_back(kernels[i]);
  }
  return enough;
}

/// Benjamini and Hochberg: the largest p that is a discovery among these.
double threshold_of(const std::vector<Change>& changes) {
  std::vector<double> p;
  for (const Change& change : changes)
    if (change.advisory.empty()) p.push_back(change.p);
  std::sort(p.begin(), p.end());
  double threshold = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] <= kFalseDiscoveries * static_cast<double>(i + 1) / static_cast<double>(p.size()))
      threshold = p[i];
  return threshold;
}

void decide(std::vector<Change>& changes, double effect) {
  const double threshold = threshold_of(changes);
  for (Change& change : changes) {
    change.verdict = speed_verdict(change.ratio, effect, effect);
    const bool claim =
        change.verdict == SpeedVerdict::kFaster || change.verdict == SpeedVerdict::kSlower;
    if (claim && change.advisory.empty() && change.p > threshold)
      change.verdict = SpeedVerdict::kAmbiguous;
  }
}

}  // namespace

const Entry* find_entry(const View& view, const Shape& shape, const std::string& kernel) {
  for (const Ranking& ranking : view.rankings) {
    if (ranking.shape != shape) continue;
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& entry : *entries)
        if (entry.kernel->id == kernel) return &entry;
  }
  return nullptr;
}

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
    judge(cell, moved[i].residual, std::hypot(std::max(noise, kLeastNoise), moved[i].error),
          kFreedom, luck_of(moved, moved[i], moved[i].residual));
    changes.noise = std::max(changes.noise, noise);
  }
  changes.kernels = over_shapes(changes.cells, moved);
  for (auto* list : {&changes.cells, &changes.kernels})
    decide(*list, std::max(least, 2 * changes.noise));
  return changes;
}

}  // namespace softmark
