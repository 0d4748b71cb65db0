// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/grade.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "reference/error_bounds.h"

namespace softmark {
namespace {

/// How far `got` is from the exact value, and how far the grade allows it to be, in ulps.
struct Allowed {
  double error = 0, most = 0;
  bool holds = true;
};

/// One row under test: bounds of a grade are computed when they are asked for, since those of long
/// rows take longer than the exact values.
class GradedRow {
 public:
  GradedRow(KernelSession& session, const Case& c, std::size_t row, std::span<const double> y)
      : problem_(problem_of(session.kernel(), c, row)), exact_(session.exact(c, row)), y_(y) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      if (!std::isfinite(exact_[j].rounded)) continue;
      worst_ = std::max(worst_, ulp_error(exact_[j], y[j], problem_.dtype));
      is_judged_ = true;
    }
  }

  /// The largest error, in ulps; of results that are finite.
  double worst() const { return worst_; }
  bool is_judged() const { return is_judged_; }

  /// The first output that breaks the grade.
  std::optional<std::pair<std::size_t, Allowed>> broken(Grade grade) const {
    if (grade == Grade::none || (grade != Grade::rounded && worst_ <= 1)) return std::nullopt;
    const auto bounds =
        grade > Grade::one_ulp ? bounds_of(grade, problem_, exact_) : std::vector<Bound>();
    for (std::size_t j = 0; j < y_.size(); ++j) {
      const Exact& exact = exact_[j];
      if (!std::isfinite(exact.rounded)) continue;
      Allowed allowed{ulp_error(exact, y_[j], problem_.dtype), grade == Grade::rounded ? 0.5 : 1,
                      true};
      if (grade == Grade::rounded) {
        allowed.holds = y_[j] == exact.rounded;
      } else if (grade == Grade::one_ulp) {
        allowed.holds = allowed.error <= 1;
      } else {
        allowed.most = in_ulps(bounds[j], exact, problem_.dtype);
        allowed.holds = is_within(exact, bounds[j], y_[j], problem_.dtype);
      }
      if (!allowed.holds) return std::pair(j, allowed);
    }
    return std::nullopt;
  }
  const Exact& exact(std::size_t output) const { return exact_[output]; }

 private:
  Problem problem_;
  std::span<const Exact> exact_;
  std::span<const double> y_;
  double worst_ = 0;
  bool is_judged_ = false;
};

/// The grade so far, and the row that broke the last better one.
struct Ladder {
  Grade grade = Grade::rounded;
  Json broken = nullptr;
  std::size_t rows = 0;

  /// Tries a case; the largest error of its results, in ulps. `judged`: against the grade's bounds.
  double add(KernelSession& session, const Case& c, std::string_view kind, bool judged = true) {
    const auto y = session.run(c);
    const std::size_t outputs = session.outputs(c);
    double worst = 0;
    for (std::size_t r = 0; r < c.rows; ++r) {
      const std::span got(y.data() + r * outputs, outputs);
      const GradedRow row(session, c, r, got);
      worst = std::max(worst, row.worst());
      rows += row.is_judged();
      while (const auto fault = judged ? row.broken(grade) : std::nullopt) {
        broken = {{"grade", name(grade)},
                  {"rows", kind},
                  {"row_length", c.cols},
                  {"at", fault->first},
                  {"got", hex(got[fault->first])},
                  {"want", hex(row.exact(fault->first).rounded)},
                  {"ulp", number(fault->second.error)},
                  {"allowed", number(fault->second.most)}};
        if (const Json x = row_to_json(c.x.data() + r * c.cols, c.cols); x.size() <= 64)
          broken["x"] = x;
        grade = static_cast<Grade>(static_cast<int>(grade) + 1);
      }
    }
    return worst;
  }
};

constexpr std::string_view kGrowthRows[] = {"flat", "swamped", "random"};

/// Terms that are nearly equal; one peak before terms that are just lost beside it; N(0, 1).
std::vector<double> growth_row(std::string_view kind, softmark_dtype dtype, std::size_t cols,
                               Rng& rng) {
  // Half an ulp of 1 in the type in which kernels work, and a little less.
  const double half_ulp = -std::log(2.0) * type_info(working_type(dtype)).precision - 1e-3;
  double lost = fit_to(dtype, half_ulp);
  if (lost > half_ulp) lost = next_down(dtype, lost);
  std::vector<double> row(cols);
  for (std::size_t i = 0; i < cols; ++i)
    row[i] = kind == "flat"      ? -0.01 * rng.uniform(0, 1)
             : kind == "swamped" ? (i == 0 ? 0 : lost)
                                 : rng.normal();
  for (double& x : row) x = fit_to(dtype, x);
  return row;
}

/// The same as a case of the op: vector-Jacobian products take the probabilities.
Case growth_case(const Kernel& kernel, std::string_view kind, std::size_t cols, Rng& rng) {
  std::vector<double> row = growth_row(kind, kernel.dtype, cols, rng);
  if (op_info(kernel.op).input == Input::kProbabilities ||
      op_info(kernel.op).input == Input::kLogProbabilities) {
    double sum = 0;
    for (const double x : row) sum += std::exp(x);
    for (double& x : row)
      x = op_info(kernel.op).input == Input::kProbabilities ? std::exp(x) / sum : x - std::log(sum);
  }
  Case c = case_of_rows(kernel, {row}, cols / 2);
  for (double& g : c.g) g = fit_to(kernel.dtype, rng.normal());
  return c;
}

/// The slope of log2(error) over log2(columns): 0 for an error that does not grow, 1 for one that
/// grows as the length does.
double exponent_of(const std::vector<double>& cols, const std::vector<double>& ulps) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < cols.size(); ++i) {
    if (!std::isfinite(ulps[i])) continue;
    const double x = std::log2(cols[i]), y = std::log2(std::max(ulps[i], 0.5));
    n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const double spread = n * sxx - sx * sx;
  return spread > 0 ? (n * sxy - sx * sy) / spread : 0;
}

Json growth_of(KernelSession& session, Ladder& ladder, std::string_view kind, Rng& rng) {
  constexpr int kLongest[] = {12, 20, 20};  // exponents of 2
  // Bounds of longer rows take as long as all else; the swamped ones break what others break.
  constexpr int kLongestJudged = 14;
  const Kernel& kernel = session.kernel();
  std::vector<double> lengths, ulps;
  for (int power = 4; power <= kLongest[static_cast<int>(session.effort())]; power += 2) {
    const std::size_t cols = std::size_t{1} << power;
    try {
      ulps.push_back(ladder.add(session, growth_case(kernel, kind, cols, rng), kind,
                                power <= kLongestJudged || kind == "swamped"));
      lengths.push_back(static_cast<double>(cols));
    } catch (const KernelSession::Refused&) {
    }
  }
  if (lengths.empty()) return nullptr;
  Json json = {{"rows", kind}, {"cols", Json::array()}, {"max_ulp", Json::array()}};
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    json["cols"].push_back(static_cast<std::size_t>(lengths[i]));
    json["max_ulp"].push_back(number(ulps[i]));
  }
  json["exponent"] = number(exponent_of(lengths, ulps));
  return json;
}

/// Rows of every family, short ones first, so that the row that breaks a grade is short.
void try_families(KernelSession& session, Ladder& ladder, std::uint64_t seed) {
  constexpr int kPasses[] = {1, 6, 60};
  constexpr std::size_t kCols[] = {1, 2, 3, 5, 16, 64, 257};
  const Kernel& kernel = session.kernel();
  for (const std::size_t cols : kCols) {
    if (gives_matrix(kernel.op) && cols > 16) break;
    for (const Family family : finite_families()) {
      Rng rng(seed + 1000 * cols + static_cast<std::uint64_t>(family));
      for (int pass = 0; pass < kPasses[static_cast<int>(session.effort())]; ++pass) try {
          ladder.add(session, make_case(kernel.op, kernel.dtype, family, 4, cols, rng),
                     info(family).name);
        } catch (const KernelSession::Refused&) {
        }
    }
  }
}

bool has_sum(softmark_op op) {
  return !op_info(op).elementwise && !op_info(op).selects && !gives_matrix(op);
}

}  // namespace

std::vector<Bound> bounds_of(Grade grade, const Problem& problem, std::span<const Exact> exact) {
  Evaluation evaluation = generic_evaluation(problem.dtype);
  if (grade == Grade::blocked) evaluation.sum = Evaluation::kBlocked;
  if (grade == Grade::wide) {
    evaluation.base2 = 0;
    evaluation.shift = Evaluation::kExact;
    evaluation.sum = evaluation.working == SOFTMARK_F32 ? Evaluation::kWide : Evaluation::kPairwise;
    evaluation.rescaling = Evaluation::kNever;
    evaluation.normaliser = Evaluation::kReciprocal;
  }
  return error_bounds(problem, exact, evaluation);
}

Json measure_grade(KernelSession& session, std::uint64_t seed) {
  Ladder ladder;
  Json growth = Json::array();
  try_families(session, ladder, seed);
  Rng rng(seed);
  if (has_sum(session.kernel().op))
    for (const std::string_view kind : kGrowthRows)
      if (Json entry = growth_of(session, ladder, kind, rng); !entry.is_null())
        growth.push_back(std::move(entry));
  if (ladder.rows == 0) return nullptr;
  Json json = {{"grade", name(ladder.grade)}, {"rows", ladder.rows}, {"growth", growth}};
  if (!ladder.broken.is_null()) json["broken"] = ladder.broken;
  return json;
}

std::string summation_note(const Json& grade) {
  if (!grade.is_object() || grade["grade"] != name(Grade::sequential)) return "";
  const Json& broken = grade["broken"];
  const Json &ulp = broken["ulp"], &allowed = broken["allowed"];
  // As a share of what blocks may lose, since where a result cancels its ulp are as good as any.
  const bool known = ulp.is_number() && allowed.is_number() && allowed.get<double>() > 0;
  return fmt::format(
      "its sum loses more than one of blocks: {} what blocks may lose on a {} row of {} columns",
      known ? fmt::format("{:.3g} times", ulp.get<double>() / allowed.get<double>()) : "beyond",
      broken["rows"].get<std::string>(), broken["row_length"].dump());
}

}  // namespace softmark
