// SPDX-License-Identifier: Apache-2.0
#include "reports/needs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "reports/isa_class.h"
#include "support/non_finite.h"
#include "support/text.h"

namespace softmark {
namespace {

double octaves(std::optional<long long> wanted, long long have) {
  if (!wanted) return 0;
  return std::fabs(std::log2(static_cast<double>(std::max(*wanted, 1ll)) /
                             static_cast<double>(std::max(have, 1ll))));
}

bool fits(const Shape& shape, const ChooseRequest& request) {
  return shape.op == request.op && shape.dtype == request.dtype &&
         shape.threads <= request.threads && !shape.in_place &&
         (request.cache.empty() || shape.cache == request.cache) &&
         (request.distribution.empty() || shape.logits() == request.distribution);
}

const Shape* nearest_shape(const View& view, const ChooseRequest& request) {
  const auto cost = [&](const Shape& shape) {
    return std::tuple(octaves(request.cols, shape.cols) + octaves(request.rows, shape.rows),
                      shape.cache != "hot", shape.logits() != "normal");
  };
  const Shape* best = nullptr;
  for (const Ranking& ranking : view.rankings)
    if (fits(ranking.shape, request) && (!best || cost(ranking.shape) < cost(*best)))
      best = &ranking.shape;
  return best;
}

bool same_but_threads(Shape a, const Shape& b) {
  a.threads = b.threads;
  return a == b;
}

std::string unmet_claims(const KernelView& kernel, const ChooseRequest& request) {
  const Json none;
  const Json& row = kernel.row ? *kernel.row : none;
  if (request.grade) {
    const auto grade = grade_of(kernel.grade());
    if (!grade) return "its grade was not found";
    if (*grade > *request.grade)
      return fmt::format("its grade is {}, not {} or better", name(*grade), name(*request.grade));
  }
  if (request.reproducible) {
    const Json& claims = field(row, "claims");
    if (std::find(claims.begin(), claims.end(), "reproducible") == claims.end())
      return "does not claim to be reproducible";
  }
  if (!request.masked_row.empty() && text_of(row, "masked_row") != request.masked_row)
    return fmt::format("a masked row gives {}, not {}", text_of(row, "masked_row"),
                       request.masked_row);
  if (request.isa.empty()) return "";
  const int level = isa_level(kernel);
  if (level < 0) {
    const std::string seen = kernel.instructions();
    return seen.empty() ? "the instruction set that it runs is unknown"
                        : fmt::format("ran with {}, and perhaps wider ones", seen);
  }
  if (level > isa_level(request.isa))
    return fmt::format("ran with {}; not measured with {}", kernel.instructions(), request.isa);
  return "";
}

std::string unmet_error(const KernelView& kernel, double most) {
  if (kernel.accuracy.empty()) return "its error was not measured";
  if (!(kernel.max_ulp <= most))
    return fmt::format("max ulp {} is above {}", figure(kernel.max_ulp), figure(most));
  // A search finds rows; only a promise says that there are no worse ones.
  const double promised = kernel.row ? value_of(field(*kernel.row, "max_ulp")) : NAN;
  if (std::isfinite(promised) && !(promised <= most))
    return fmt::format("max ulp {} was seen, but it promises {}, which is above {}",
                       figure(kernel.max_ulp), figure(promised), figure(most));
  return "";
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
  if (request.max_ulp)
    if (std::string why = unmet_error(kernel, *request.max_ulp); !why.empty()) return why;
  return unmet_claims(kernel, request);
}

/// Each kernel of the op and type once, with the fastest of its entries at the shape; a ranked
/// entry beats any other.
std::vector<Candidate> candidates_at(const View& view, const Shape& shape,
                                     const ChooseRequest& request) {
  std::vector<Candidate> candidates;
  const auto better = [](const Entry& entry, const Candidate& than) {
    if (!than.entry || (entry.place > 0) != (than.entry->place > 0))
      return !than.entry || entry.place > 0;
    return entry.ns < than.entry->ns;
  };
  for (const KernelView& kernel : view.kernels) {
    if (kernel.op != shape.op || kernel.dtype != shape.dtype) continue;
    Candidate& candidate = candidates.emplace_back();
    candidate.kernel = &kernel;
    for (const Ranking& ranking : view.rankings) {
      if (!same_but_threads(ranking.shape, shape) || ranking.shape.threads > request.threads)
        continue;
      for (const auto* entries : {&ranking.ranked, &ranking.unranked})
        for (const Entry& entry : *entries)
          if (entry.kernel == &kernel && better(entry, candidate)) {
            candidate.entry = &entry;
            candidate.threads = ranking.shape.threads;
          }
    }
    candidate.lost = unmet(candidate, request);
  }
  return candidates;
}

void order(std::vector<Candidate>& candidates) {
  const auto time = [](const Candidate& candidate) {
    return candidate.entry && !std::isnan(candidate.entry->ns) ? candidate.entry->ns : kInf;
  };
  std::stable_sort(
      candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
        return std::pair(!a.lost.empty(), time(a)) < std::pair(!b.lost.empty(), time(b));
      });
}

/// Among the first `meeting`, which stand by time.
void mark_front(Selection& selection) {
  double smallest = kInf;
  for (std::size_t i = 0; i < selection.meeting; ++i) {
    Candidate& candidate = selection.candidates[i];
    const double share = candidate.kernel->share_of_bound;
    const double error = std::isnan(share) ? kInf : share;
    candidate.on_front = i == 0 || error < smallest;
    smallest = std::min(smallest, error);
  }
}

std::string count_of_threads(long long threads) {
  return fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
}

}  // namespace

const Candidate* Selection::winner() const {
  for (const Candidate& candidate : candidates)
    if (decision.winner && candidate.kernel == decision.winner->kernel) return &candidate;
  return nullptr;
}

Selection select(const View& view, const ChooseRequest& request) {
  const Shape* shape = nearest_shape(view, request);
  if (!shape)
    throw Error(kNotMeasurable, fmt::format("the document has no measurement of {}; measure it: {}",
                                            needs(request), measuring_command(request)));
  Selection selection;
  selection.request = request;
  selection.ranking.shape = *shape;
  selection.candidates = candidates_at(view, *shape, request);
  order(selection.candidates);
  for (const Candidate& candidate : selection.candidates) {
    if (candidate.entry)
      (candidate.lost.empty() ? selection.ranking.ranked : selection.ranking.unranked)
          .push_back(*candidate.entry);
    selection.meeting += candidate.lost.empty();
  }
  selection.decision = decide(view, selection.ranking);
  if (!selection.decision.winner) selection.decision.sentence = "No kernel meets the needs.";
  for (const Entry* entry : selection.decision.tied)
    for (Candidate& candidate : selection.candidates)
      candidate.tied |= candidate.kernel == entry->kernel;
  mark_front(selection);
  return selection;
}

std::string distance(const Selection& selection) {
  const ChooseRequest& request = selection.request;
  const auto apart = [](std::optional<long long> wanted, long long have, const char* what) {
    if (!wanted || *wanted == have) return std::string();
    const double ratio = static_cast<double>(have) / static_cast<double>(*wanted);
    return ratio > 1 ? fmt::format("{} x as many {}", figure(ratio), what)
                     : fmt::format("1/{} as many {}", figure(1 / ratio), what);
  };
  std::vector<std::string> parts;
  for (const std::string& part : {apart(request.rows, selection.shape().rows, "rows"),
                                  apart(request.cols, selection.shape().cols, "columns")})
    if (!part.empty()) parts.push_back(part);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string measuring_command(const ChooseRequest& request, const Shape* shape) {
  const auto size = [&](std::optional<long long> wanted, long long Shape::*measured) {
    if (wanted) return std::to_string(*wanted);
    return shape ? std::to_string(shape->*measured) : std::string("N");
  };
  std::string command = fmt::format(
      "softmark choose --measure --op {} --dtype {} --rows {} --cols {}", request.op, request.dtype,
      size(request.rows, &Shape::rows), size(request.cols, &Shape::cols));
  if (request.threads != 1) command += fmt::format(" --threads {}", request.threads);
  if (request.max_ulp) command += fmt::format(" --max-ulp {}", *request.max_ulp);
  if (request.grade) command += fmt::format(" --grade {}", name(*request.grade));
  if (request.reproducible) command += " --reproducible";
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) command += fmt::format(" {} {}", flag, value);
  };
  add("--masked-row", request.masked_row);
  add("--isa", request.isa);
  add("--distribution", request.distribution);
  add("--cache", request.cache);
  return command;
}

std::string needs(const ChooseRequest& request) {
  const auto size = [](std::optional<long long> n) {
    return n ? std::to_string(*n) : std::string("any");
  };
  std::string words =
      fmt::format("{} {}, {} x {}, at most {}", request.op, request.dtype, size(request.rows),
                  size(request.cols), count_of_threads(request.threads));
  if (request.max_ulp) words += fmt::format(", max ulp {}", figure(*request.max_ulp));
  if (request.grade) words += fmt::format(", grade {} or better", name(*request.grade));
  if (request.reproducible) words += ", reproducible";
  if (!request.masked_row.empty()) words += ", masked rows give " + request.masked_row;
  if (!request.isa.empty()) words += ", at most " + request.isa;
  if (!request.distribution.empty()) words += ", " + request.distribution + " logits";
  if (!request.cache.empty()) words += ", " + request.cache + " cache";
  return words;
}

}  // namespace softmark
