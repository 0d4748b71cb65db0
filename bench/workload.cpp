// SPDX-License-Identifier: Apache-2.0
#include "bench/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <limits>
#include <sstream>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/npy.h"
#include "support/error.h"
#include "support/glob.h"
#include "support/quote.h"
#include "support/random.h"

namespace softmark::bench {
namespace {

constexpr std::uint64_t kLogitStream = 1, kPeakStream = 2;

/// The last column that a query may attend to: the diagonal, stretched where there are fewer rows
/// than columns.
std::size_t causal_end(const Workload& workload, std::size_t row) {
  if (workload.rows >= workload.cols) return row % workload.cols;
  return (row + 1) * workload.cols / workload.rows - 1;
}

/// A logit whose exponential lies strictly within the type's subnormal range, half a unit away from
/// its ends.
double subnormal_logit(softmark_dtype dtype, double uniform) {
  const double highest = std::log(2.0) * type_info(dtype).min_exponent - 0.5;
  const double lowest =
      std::log(2.0) * (type_info(dtype).min_exponent - type_info(dtype).precision + 1) + 0.5;
  return lowest + (highest - lowest) * uniform;
}

double logit(const Workload& workload, softmark_dtype dtype, std::uint64_t index, Rng& rng) {
  switch (workload.distribution) {
    case Distribution::kFlat:
      return rng.uniform(-0.01, 0.01);
    case Distribution::kPeaked:
      return rng.normal();
    case Distribution::kSubnormal:
      return subnormal_logit(dtype, rng.uniform());
    case Distribution::kFile:
      return (*workload.logits)[index];
    default:
      return 3 * rng.normal();
  }
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

std::string_view describe(Distribution distribution) {
  switch (distribution) {
    case Distribution::kNormal:
      return "3 N(0,1)";
    case Distribution::kFlat:
      return "uniform in (-0.01, 0.01): nearly equal results";
    case Distribution::kPeaked:
      return "N(0,1) with one logit per row 25 higher: one result near 1";
    case Distribution::kCausal:
      return "3 N(0,1) up to the diagonal, -inf beyond it";
    case Distribution::kSubnormal:
      return "one 0 per row, the others so low that the exponential is subnormal in the type";
    case Distribution::kFile:
      return "from a file";
  }
  return "";
}

std::optional<Distribution> find_distribution(std::string_view name) {
  const auto found = std::find(std::begin(kDistributionNames), std::end(kDistributionNames), name);
  if (found == std::end(kDistributionNames)) return std::nullopt;
  return static_cast<Distribution>(found - std::begin(kDistributionNames));
}

const std::vector<Workload>& named_workloads() {
  static const std::vector<Workload> all = [] {
    std::vector<Workload> table;
#define WORKLOAD(kind, rows, cols, distribution, effort, uses, stands_for) \
  table.push_back({fmt::format("{}/{}x{}", kind, rows, cols), rows, cols,  \
                   Distribution::distribution, Effort::effort, stands_for, nullptr, words(uses)});
#include "bench/workloads.def"
#undef WORKLOAD
    return table;
  }();
  return all;
}

bool is_used_for(const Workload& workload, softmark_op op, softmark_dtype dtype) {
  if (op == SOFTMARK_SOFTMAX && dtype == SOFTMARK_F32) return true;
  const std::string use = fmt::format("{}/{}", name(op), name(dtype));
  return std::find(workload.uses.begin(), workload.uses.end(), use) != workload.uses.end();
}

bool is_used(softmark_op op, softmark_dtype dtype) {
  return std::any_of(named_workloads().begin(), named_workloads().end(),
                     [&](const Workload& w) { return is_used_for(w, op, dtype); });
}

namespace {

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const Workload& workload : named_workloads()) names.push_back(workload.name);
  return names;
}

}  // namespace

std::vector<Workload> select_workloads(Effort effort, const std::vector<std::string>& globs) {
  std::vector<Workload> chosen;
  for (const std::string& glob : globs)
    if (std::none_of(named_workloads().begin(), named_workloads().end(),
                     [&](const Workload& w) { return matches_glob(glob, w.name); }))
      throw Error(kUsage, fmt::format("no workload matches '{}'; did you mean {}?", glob,
                                      nearest_names(glob, workload_names())));
  for (const Workload& workload : named_workloads()) {
    const bool wanted = globs.empty()
                            ? workload.effort <= effort
                            : std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
                                return matches_glob(glob, workload.name);
                              });
    if (wanted) chosen.push_back(workload);
  }
  return chosen;
}

Workload own_workload(std::size_t rows, std::size_t cols, Distribution distribution) {
  if (rows == 0 || cols == 0) throw Error(kUsage, "--rows and --cols: give both, each at least 1");
  if (cols > std::numeric_limits<std::size_t>::max() / rows / 64)
    throw Error(kUsage, fmt::format("a workload of {} x {} does not fit into memory", rows, cols));
  return {fmt::format("own/{}x{}", rows, cols), rows, cols, distribution, Effort::quick,
          "a shape given on the command line"};
}

Workload file_workload(const std::string& path) {
  Logits logits = read_npy(path);
  if (logits.values.empty()) throw Error(kUnreadable, fmt::format("{}: contains no logits", path));
  const std::string file = std::filesystem::path(path).filename().string();
  return {fmt::format("{}/{}x{}", file, logits.rows, logits.cols),
          logits.rows,
          logits.cols,
          Distribution::kFile,
          Effort::quick,
          "logits from " + file,
          std::make_shared<const std::vector<double>>(std::move(logits.values))};
}

void fill_logits(const Workload& workload, softmark_dtype dtype, std::uint64_t seed,
                 std::size_t row, std::span<double> logits) {
  Rng rng(seed, kLogitStream, row), peak(seed, kPeakStream, row);
  const std::uint64_t first = static_cast<std::uint64_t>(row) * workload.cols;
  for (std::size_t col = 0; col < logits.size(); ++col)
    logits[col] = logit(workload, dtype, first + col, rng);
  const std::size_t chosen = peak.below(workload.cols);
  if (workload.distribution == Distribution::kPeaked) logits[chosen] += 25;
  if (workload.distribution == Distribution::kSubnormal) logits[chosen] = 0;
  if (workload.distribution == Distribution::kCausal)
    for (std::size_t col = causal_end(workload, row) + 1; col < logits.size(); ++col)
      logits[col] = fit_to(dtype, -std::numeric_limits<double>::infinity());
  for (double& value : logits) value = round_to(dtype, value);
}

}  // namespace softmark::bench
