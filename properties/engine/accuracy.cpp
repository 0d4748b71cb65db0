// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/accuracy.h"

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/call_queue.h"
#include "properties/engine/curve.h"
#include "properties/engine/search.h"

namespace softmark {
namespace {

// Per family, at quick, standard, thorough. Of ops with one output a row each takes a row.
constexpr std::size_t kElements[] = {2000, 24000, 1000000};
constexpr std::size_t kScalars[] = {320, 3200, 100000};
constexpr std::size_t kRowsACall = 16;  // such rows a call

/// Errors of one domain. NaN and infinite errors are counted, never averaged away.
struct Tally {
  std::vector<double> ulps;
  std::size_t rounded_correctly = 0;
  double over_bound = 0, worst_ulp = -1;
  double well_conditioned = -1;  // the largest of well-conditioned outputs; -1: there were none
  Json worst = Json::object();

  void add(KernelSession& session, const Case& c) {
    const auto y = session.run(c);
    const std::size_t outputs = session.outputs(c);
    for (std::size_t r = 0; r < c.rows; ++r) {
      const Truth& truth = session.truth(c, r);
      for (std::size_t j = 0; j < outputs; ++j) {
        const Exact& exact = truth.exact[j];
        if (!std::isfinite(exact.rounded))
          continue;  // promises do not cover exact values outside the type's range
        const double got = y[r * outputs + j],
                     error = ulp_error(exact, got, session.kernel().dtype);
        ulps.push_back(error);
        rounded_correctly += got == exact.rounded;
        if (is_well_conditioned(truth.bound[j], exact, c.cols, session.kernel().dtype))
          well_conditioned = std::max(well_conditioned, error);
        if (truth.bound[j].error > 0)
          over_bound = std::max(over_bound,
                                share_of_bound(exact, truth.bound[j], got, session.kernel().dtype));
        if (error > worst_ulp) {
          worst_ulp = error;
          worst = {
              {"row_length", c.cols}, {"at", j}, {"got", hex(got)}, {"want", hex(exact.rounded)}};
          if (c.cols <= 16) worst["x"] = row_to_json(c.x.data() + r * c.cols, c.cols);
        }
      }
    }
  }

  /// Replaces the worst element where a search found a worse one; the rows that led there are no
  /// sample, and count in no other statistic.
  void add(KernelSession& session, const WorstRow& found) {
    const Truth& truth = session.truth(found.c, found.row);
    if (is_well_conditioned(truth.bound[found.output], truth.exact[found.output], found.c.cols,
                            session.kernel().dtype))
      well_conditioned = std::max(well_conditioned, found.ulp);
    if (!(found.ulp > worst_ulp)) return;
    worst_ulp = found.ulp;
    worst = {{"row_length", found.c.cols},
             {"at", found.output},
             {"got", hex(found.got)},
             {"want", hex(found.want)}};
    if (found.c.cols <= 16)
      worst["x"] = row_to_json(found.c.x.data() + found.row * found.c.cols, found.c.cols);
  }

  Json entry(const Kernel& kernel, std::string_view domain) {
    Json json = {{"kernel", kernel.id}, {"domain", domain}, {"elements", ulps.size()}};
    std::sort(ulps.begin(), ulps.end());
    const auto quantile = [&](double q) {
      return ulps.empty()
                 ? NAN
                 : ulps[static_cast<std::size_t>(q * static_cast<double>(ulps.size() - 1))];
    };
    double sum = 0;
    for (double u : ulps) sum += u;
    const auto n = static_cast<double>(ulps.size());
    json["max_ulp"] = number(std::max(quantile(1), worst_ulp));
    json["max_ulp_well_conditioned"] = well_conditioned < 0 ? Json() : number(well_conditioned);
    json["mean_ulp"] = number(sum / n);
    json["p50"] = number(quantile(0.5));
    json["p99"] = number(quantile(0.99));
    json["p999"] = number(quantile(0.999));
    json["correctly_rounded"] = number(static_cast<double>(rounded_correctly) / n);
    json["max_error_over_bound"] = number(over_bound);
    json["worst"] = worst;
    return json;
  }
};

/// A kernel that crashes or hangs on these rows has no curve; the properties report it.
Json curve_of(KernelSession& session) {
  return error_curve(session.kernel(), session.effort(),
                     [&](const Case& c) -> std::optional<std::vector<double>> {
                       try {
                         return session.run(c);
                       } catch (const KernelSession::Refused&) {
                         return std::nullopt;
                       } catch (const KernelSession::Stopped&) {
                         return std::nullopt;
                       }
                     });
}

}  // namespace

bool is_well_conditioned(const Bound& bound, const Exact& exact, std::size_t cols,
                         softmark_dtype dtype) {
  return in_ulps(bound, exact, dtype) <= 16 * (static_cast<double>(cols) + 16);
}

Json measure_accuracy_on(KernelSession& session, const Case& rows, std::string_view domain) {
  Tally tally;
  tally.add(session, rows);
  return tally.entry(session.kernel(), domain);
}

Json measure_accuracy(KernelSession& session, std::uint64_t seed) {
  const Kernel& kernel = session.kernel();
  Tally all;
  Json entries = Json::array();
  const bool scalar = shape_of(kernel.op).output == OpShape::kScalar;
  const std::size_t enough = (scalar ? kScalars : kElements)[static_cast<int>(session.effort())];
  std::size_t rows = scalar ? kRowsACall : 1;
  for (Family family : finite_families()) {
    Rng rng(seed + static_cast<std::uint64_t>(family));
    Tally tally;
    constexpr std::size_t kCols[] = {2, 5, 16, 64, 100, 257};
    CallQueue calls(session, true, 0, [&](const Case& c) {
      try {
        tally.add(session, c);
      } catch (const KernelSession::Refused&) {
        rows = 1;  // some kernels handle single rows only
      }
      return tally.ulps.size() < enough;
    });
    for (std::size_t i = 0; i < 4096; ++i) {
      const std::size_t cols = gives_matrix(kernel.op) ? 2 + i % 15 : kCols[i % std::size(kCols)];
      if (!calls.add(make_case(kernel.op, kernel.dtype, family, rows, cols, rng))) break;
    }
    calls.finish();
    all.ulps.insert(all.ulps.end(), tally.ulps.begin(), tally.ulps.end());
    all.rounded_correctly += tally.rounded_correctly;
    all.over_bound = std::max(all.over_bound, tally.over_bound);
    all.well_conditioned = std::max(all.well_conditioned, tally.well_conditioned);
    if (tally.worst_ulp > all.worst_ulp) all.worst_ulp = tally.worst_ulp, all.worst = tally.worst;
    if (!tally.ulps.empty()) entries.push_back(tally.entry(kernel, info(family).name));
  }
  if (all.ulps.empty()) return entries;
  const SearchResult searched = search_session(session, seed, false).result;
  if (searched.worst) all.add(session, *searched.worst);
  Json whole = all.entry(kernel, "all");
  if (Json curve = curve_of(session); !curve.is_null()) whole["curve"] = std::move(curve);
  entries.insert(entries.begin(), std::move(whole));
  return entries;
}

}  // namespace softmark
