// SPDX-License-Identifier: Apache-2.0
#include "reports/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "reports/view.h"
#include "support/text.h"

namespace softmark {
namespace {

/// A kernel at the deciding shape, by its fastest measurement within the thread limit.
struct Candidate {
  const KernelView* kernel = nullptr;
  const Entry* entry = nullptr;  // null: not measured there
  long long threads = 0;
  std::string lost;  // why; empty while it is in the running
};

double octaves(std::optional<long long> wanted, long long have) {
  if (!wanted) return 0;
  return std::fabs(std::log2(static_cast<double>(std::max(*wanted, 1ll)) /
                             static_cast<double>(std::max(have, 1ll))));
}

const Shape* nearest_shape(const View& view, const ChooseRequest& request) {
  const auto cost = [&](const Shape& shape) {
    return std::pair(octaves(request.cols, shape.cols) + octaves(request.rows, shape.rows),
                     shape.cache != "hot");
  };
  const Shape* best = nullptr;
  for (const Ranking& ranking : view.rankings) {
    const Shape& shape = ranking.shape;
    if (shape.op != request.op || shape.dtype != request.dtype || shape.threads > request.threads)
      continue;
    if (!best || cost(shape) < cost(*best)) best = &shape;
  }
  return best;
}

bool same_but_threads(Shape a, const Shape& b) {
  a.threads = b.threads;
  return a == b;
}

std::string unmet(const Candidate& candidate, const ChooseRequest& request) {
  if (!candidate.entry) return "not measured at this shape";
  if (!candidate.entry->why_not.empty()) return candidate.entry->why_not;
  const KernelView& kernel = *candidate.kernel;
  // The shape decided on is the nearest; a kernel that refuses some shapes may refuse the wanted
  // one.
  const Json& measurement = *candidate.entry->measurement;
  const bool is_the_shape =
      request.cols.value_or(count_of(measurement, "cols")) == count_of(measurement, "cols") &&
      request.rows.value_or(count_of(measurement, "rows")) == count_of(measurement, "rows");
  if (!is_the_shape && kernel.refuses_shapes())
    return fmt::format("not timed on the shape wanted, and {}", kernel.refusals());
  if (request.max_ulp && kernel.accuracy.empty()) return "its error was not measured";
  if (request.max_ulp && !(kernel.max_ulp <= *request.max_ulp))
    return fmt::format("max ulp {} is above {}", figure(kernel.max_ulp), figure(*request.max_ulp));
  // A search finds rows; only a promise says that there are no worse ones.
  const double promised = kernel.row ? value_of(field(*kernel.row, "max_ulp")) : NAN;
  if (request.max_ulp && std::isfinite(promised) && !(promised <= *request.max_ulp))
    return fmt::format("max ulp {} was seen, but it promises {}, which is above {}",
                       figure(kernel.max_ulp), figure(promised), figure(*request.max_ulp));
  if (request.grade) {
    const auto grade = grade_of(kernel.grade());
    if (!grade) return "its grade was not found";
    if (*grade > *request.grade)
      return fmt::format("its grade is {}, not {} or better", name(*grade), name(*request.grade));
  }
  if (request.reproducible) {
    const Json& claims = kernel.row ? field(*kernel.row, "claims") : field(Json(), "");
    if (std::find(claims.begin(), claims.end(), "reproducible") == claims.end())
      return "does not claim to be reproducible";
  }
  return "";
}

/// Each kernel of the op and type once, with the fastest of its entries at the shape; a ranked
/// entry beats any other.
std::vector<Candidate> candidates_at(const View& view, const Shape& shape,
                                     const ChooseRequest& request) {
  std::vector<Candidate> candidates;
  for (const KernelView& kernel : view.kernels) {
    if (kernel.op != shape.op || kernel.dtype != shape.dtype) continue;
    Candidate& candidate = candidates.emplace_back();
    candidate.kernel = &kernel;
    for (const Ranking& ranking : view.rankings) {
      if (!same_but_threads(ranking.shape, shape) || ranking.shape.threads > request.threads)
        continue;
      for (const auto* entries : {&ranking.ranked, &ranking.unranked})
        for (const Entry& entry : *entries) {
          if (entry.kernel != &kernel) continue;
          const bool better =
              !candidate.entry || (entry.place && !candidate.entry->place) ||
              ((entry.place > 0) == (candidate.entry->place > 0) && entry.ns < candidate.entry->ns);
          if (!better) continue;
          candidate.entry = &entry;
          candidate.threads = ranking.shape.threads;
        }
    }
    candidate.lost = unmet(candidate, request);
  }
  return candidates;
}

void order(std::vector<Candidate>& candidates) {
  std::stable_sort(
      candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        if (a.lost.empty() != b.lost.empty()) return a.lost.empty();
        const double left = a.entry ? a.entry->ns : NAN, right = b.entry ? b.entry->ns : NAN;
        return left < right || (std::isnan(right) && !std::isnan(left));
      });
}

/// The other kernels that meet the request are only slower than the first.
void explain_slower(std::vector<Candidate>& candidates, double least) {
  const Entry& best = *candidates.front().entry;
  for (std::size_t i = 1; i < candidates.size() && candidates[i].lost.empty(); ++i) {
    const Entry& entry = *candidates[i].entry;
    candidates[i].lost = fmt::format(
        "{:.2f} x the time{}", entry.ns / best.ns,
        distinguishable(best, entry, least) ? "" : ": AMBIGUOUS, cannot be distinguished");
  }
}

std::string table_of(const std::vector<Candidate>& candidates, bool chosen) {
  TextTable table({"kernel", "", "max ulp", "grade", "threads", "ns/element"});
  for (const Candidate& candidate : candidates) {
    const bool first = chosen && &candidate == &candidates.front();
    table.add({one_line(candidate.kernel->id), first ? "chosen" : one_line(candidate.lost),
               candidate.kernel->max_ulp_text(), one_line(candidate.kernel->grade()),
               candidate.entry ? std::to_string(candidate.threads) : "-",
               candidate.entry ? figure(candidate.entry->ns) : "-"});
  }
  return table.text();
}

std::string wanted_words(const ChooseRequest& request) {
  const auto size = [](std::optional<long long> n) {
    return n ? std::to_string(*n) : std::string("any");
  };
  std::string words = fmt::format("{} {}, {} x {}, at most {} thread{}", request.op, request.dtype,
                                  size(request.rows), size(request.cols), request.threads,
                                  request.threads == 1 ? "" : "s");
  if (request.max_ulp) words += fmt::format(", max ulp {}", figure(*request.max_ulp));
  if (request.grade) words += fmt::format(", grade {} or better", name(*request.grade));
  return request.reproducible ? words + ", reproducible" : words;
}

}  // namespace

Choice choose(const Json& document, const ChooseRequest& request) {
  const View view(document);
  const Shape* shape = nearest_shape(view, request);
  if (!shape)
    throw Error(kNotMeasurable, fmt::format("the document has no measurement of {} {} with at most "
                                            "{} thread{}; run softmark bench for it",
                                            request.op, request.dtype, request.threads,
                                            request.threads == 1 ? "" : "s"));
  std::vector<Candidate> candidates = candidates_at(view, *shape, request);
  order(candidates);
  const bool chosen = !candidates.empty() && candidates.front().lost.empty();
  if (chosen) explain_slower(candidates, least_effect(document));
  Choice choice;
  choice.kernel = chosen ? candidates.front().kernel->id : "";
  Shape decided = *shape;
  decided.threads = request.threads;
  choice.text = fmt::format(
      "{}\n  request: {}\n  decided on {}: {}, the nearest shape measured\n\n{}",
      chosen ? one_line(choice.kernel) : "No kernel meets the request.", wanted_words(request),
      one_line(view.machine()), one_line(decided.words()), table_of(candidates, chosen));
  return choice;
}

}  // namespace softmark
