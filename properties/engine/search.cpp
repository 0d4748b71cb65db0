// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/search.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "kernels/names.h"
#include "properties/engine/cases.h"
#include "properties/engine/search_moves.h"
#include "reference/reference.h"
#include "support/hash.h"

namespace softmark {
namespace {

// Rows per call: a call to the child process costs as much as many short rows.
constexpr std::size_t kBatch = 16;
constexpr std::size_t kClimbers = 6;   // starting points that are climbed in turn
constexpr std::size_t kPatience = 24;  // batches without improvement before a climber restarts
// The number of lengths has no divisor in common with the number of families, so that every pair
// occurs.
constexpr std::size_t kLengths[] = {2, 16, 5, 33, 3, 64, 8, 100, 17, 4, 257, 7, 130};

/// A starting point and its progress: one row and the kernel's error on it. score < 0: unknown, or
/// no exact value is finite.
struct Climber {
  Case c;
  double score = -1;
  std::size_t stale = 0;
};

void append_row(Case& batch, const Case& row) {
  batch.cols = row.cols;
  batch.rows = batch.x.empty() ? 1 : batch.rows + 1;
  batch.x.insert(batch.x.end(), row.x.begin(), row.x.end());
  batch.g.insert(batch.g.end(), row.g.begin(), row.g.end());
  batch.labels.insert(batch.labels.end(), row.labels.begin(), row.labels.end());
}

class Search {
 public:
  Search(const Kernel& kernel, const SearchOptions& options, const SearchRunner& run,
         const SearchProgress& progress)
      : kernel_(kernel),
        options_(options),
        run_(run),
        progress_(progress),
        rng_(fnv1a(kernel.id, kFnvStart ^ options.seed)) {}

  SearchResult result() {
    // Half of the rows, at most 25000, are random; then the best rows found are climbed from, only
    // two of them in a short search. Where an output depends on one input only there is no slope to
    // follow, and more random rows find more (sigmoid f32, 4000 rows: 2.40 ulp against 1.99).
    const bool elementwise = op_info(kernel_.op).elementwise;
    const std::size_t share =
        elementwise ? options_.rows / 4 * 3 : std::min<std::size_t>(options_.rows / 2, 25000);
    climbers_ = options_.rows < 16000 ? 2 : kClimbers;
    const std::size_t looks =
        options_.guided ? std::max<std::size_t>(share, kClimbers * kBatch) : options_.rows;
    std::vector<Climber> seen;
    while (go_on(looks)) {
      Climber best = look();
      if (best.score >= 0) seen.push_back(std::move(best));
      if (seen.size() > 64) keep_best(seen);
    }
    keep_best(seen);
    for (std::size_t turn = 0; !seen.empty() && go_on(options_.rows); ++turn)
      climb(seen[turn % seen.size()]);
    confirm();
    return std::move(result_);
  }

 private:
  bool go_on(std::size_t rows) {
    if (result_.rows >= rows ||
        (result_.worst && !(result_.worst->score < std::numeric_limits<double>::infinity())))
      return false;
    if (std::chrono::duration<double>(Clock::now() - start_).count() > options_.seconds)
      return false;
    return !progress_ || progress_(result_.rows);
  }

  void keep_best(std::vector<Climber>& seen) const {
    std::stable_sort(seen.begin(), seen.end(),
                     [](const Climber& a, const Climber& b) { return a.score > b.score; });
    if (seen.size() > climbers_) seen.resize(climbers_);
  }

  std::size_t next_length() {
    if (options_.cols > 0) return options_.cols;
    const std::size_t cols = kLengths[looked_ % std::size(kLengths)];
    return is_jacobian(kernel_) ? 2 + cols % 15 : cols;
  }

  // A random batch of one family and length; returns its worst row.
  Climber look() {
    const auto families = finite_families();
    Family family = families[looked_ % families.size()];
    if (family == Family::masked) family = Family::wide;  // -inf is not finite input
    std::vector<Case> rows;
    const std::size_t cols = next_length();
    ++looked_;
    for (std::size_t i = 0; i < kBatch; ++i)
      rows.push_back(make_case(kernel_.op, kernel_.dtype, family, 1, cols, rng_));
    return best_of(rows);
  }

  void climb(Climber& climber) {
    std::vector<Case> rows(kBatch, climber.c);
    for (Case& row : rows) move_row(row, kernel_.op, kernel_.dtype, rng_);
    Climber best = best_of(rows);
    if (best.score > climber.score) {
      climber = std::move(best);
    } else if (++climber.stale > kPatience) {
      climber.stale = 0;
      if (Climber elsewhere = look(); elsewhere.score >= 0)
        climber = std::move(elsewhere);  // the kernel may decline some lengths
    } else if (best.score == climber.score) {
      climber.c = std::move(best.c);  // move along the plateau
    }
  }

  Climber best_of(const std::vector<Case>& rows) {
    Case batch;
    for (const Case& row : rows) append_row(batch, row);
    result_.rows += rows.size();
    Climber best;
    if (const auto y = run_(batch)) {
      for (std::size_t r = 0; r < batch.rows; ++r)
        if (const double score = score_of(batch, r, *y); score > best.score)
          best = {rows[r], score, 0};
    } else {
      // Some kernels handle single rows only.
      for (const Case& row : rows)
        if (const auto alone = run_(row))
          if (const double score = score_of(row, 0, *alone); score > best.score)
            best = {row, score, 0};
    }
    return best;
  }

  double score_of(const Case& c, std::size_t r, const std::vector<double>& y) {
    const Problem problem = problem_of(kernel_, c, r);
    const auto exact = exact_row(problem);
    const auto bound = options_.over_bound ? error_bounds(problem, exact) : std::vector<Bound>();
    double most = -1;
    for (std::size_t j = 0; j < exact.size(); ++j) {
      if (!std::isfinite(exact[j].rounded)) continue;
      const double got = y[r * exact.size() + j], ulp = ulp_error(exact[j], got, kernel_.dtype);
      const double score =
          options_.over_bound ? share_of_bound(exact[j], bound[j], got, kernel_.dtype) : ulp;
      most = std::max(most, score);
      if (!result_.worst || score > result_.worst->score)
        result_.worst = WorstRow{c, r, j, score, ulp, got, exact[j].rounded};
    }
    return most;
  }

  // Runs the worst row alone, as it will be replayed.
  void confirm() {
    if (!result_.worst || result_.worst->c.rows == 1) return;
    const WorstRow in_batch = *result_.worst;
    result_.worst.reset();
    const Case alone = row_alone(in_batch.c, kernel_.op, in_batch.row);
    if (const auto y = run_(alone)) score_of(alone, 0, *y);
    if (!result_.worst || result_.worst->score < in_batch.score) result_.worst = in_batch;
  }

  using Clock = std::chrono::steady_clock;
  const Kernel& kernel_;
  const SearchOptions& options_;
  const SearchRunner& run_;
  const SearchProgress& progress_;
  Rng rng_;
  SearchResult result_;
  std::size_t looked_ = 0, climbers_ = kClimbers;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

SearchResult search_worst(const Kernel& kernel, const SearchOptions& options,
                          const SearchRunner& run, const SearchProgress& progress) {
  return Search(kernel, options, run, progress).result();
}

SessionSearch search_session(KernelSession& session, std::uint64_t seed, bool over_bound) {
  constexpr std::size_t kRows[] = {768, 6000, 200000};  // at quick, standard, thorough
  constexpr double kSeconds[] = {1, 4, 120};
  SearchOptions options;
  options.seed = seed;
  options.over_bound = over_bound;
  options.rows = kRows[static_cast<int>(session.effort())];
  options.seconds = kSeconds[static_cast<int>(session.effort())];
  Case last;
  const auto run = [&](const Case& c) -> std::optional<std::vector<double>> {
    last = c;
    try {
      return session.run(c);
    } catch (const KernelSession::Refused&) {
      return std::nullopt;
    }
  };
  try {
    return {search_worst(session.kernel(), options, run), std::nullopt};
  } catch (const KernelSession::Stopped&) {
    return {{}, last};
  }
}

std::optional<Case> seek_beyond(KernelSession& session, std::uint64_t seed, bool over_bound,
                                double limit, std::size_t& rows) {
  const SessionSearch search = search_session(session, seed, over_bound);
  if (search.stopped_at) return search.stopped_at;
  const SearchResult& found = search.result;
  if (found.worst) rows += found.rows;
  if (found.worst && !(found.worst->score <= limit)) return found.worst->c;
  return std::nullopt;
}

}  // namespace softmark
