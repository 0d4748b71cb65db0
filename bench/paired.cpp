// SPDX-License-Identifier: Apache-2.0
#include "bench/paired.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/machine.h"
#include "bench/rounds.h"
#include "kernels/names.h"
#include "support/interrupts.h"
#include "support/progress.h"
#include "support/random.h"
#include "support/text.h"

namespace softmark::bench {
namespace {

constexpr int kFewestRounds = 6;
constexpr std::uint64_t kOrderStream = 5;

double least(const std::vector<double>& samples) {
  return *std::min_element(samples.begin(), samples.end());
}

Replication rounds_of(const BenchOptions& options) {
  // Many short samples: other work on the core disturbs some of them, hardly ever all.
  static constexpr Replication kByEffort[] = {
      {16, 20, 0.001, 30}, {32, 30, 0.001, 60}, {64, 30, 0.002, 120}};
  Replication replication = kByEffort[static_cast<std::size_t>(options.effort)];
  if (options.processes > 0) replication.processes = options.processes;
  if (options.min_time > 0) replication.min_time = options.min_time;
  replication.timeout += 20 * replication.min_time * replication.samples;
  replication.most_seconds = 0.3;
  if (replication.processes < kFewestRounds)
    throw Error(kUsage,
                "a comparison needs at least 6 processes of each kernel, or it has no interval");
  return replication;
}

/// The order of both kernels' processes, in pairs of rounds that begin with each kernel once; the
/// first is drawn at random, so that no periodic disturbance can coincide with it.
std::vector<std::vector<std::size_t>> drawn_orders(std::uint64_t seed, int from, int count) {
  std::vector<std::vector<std::size_t>> orders;
  for (int round = from; round < from + count; ++round) {
    const bool b_first = Rng(seed, kOrderStream, static_cast<std::uint64_t>(round / 2)).below(2) !=
                         static_cast<std::size_t>(round % 2);
    orders.push_back(b_first ? std::vector<std::size_t>{1, 0, 3, 2}
                             : std::vector<std::size_t>{0, 1, 2, 3});
  }
  return orders;
}

/// Runs the rounds on this machine.
class PairedSession {
 public:
  PairedSession(const Kernel& a, const Kernel& b, const Workload& workload,
                const BenchOptions& options, Progress& progress)
      : kernels_{&a, &b, &b, &a},
        workload_(workload),
        options_(options),
        inputs_(workload, options.seed),
        session_{options, rounds_of(options), progress, inputs_, timing_cpus()} {}

  /// False where a kernel cannot be timed, or when interrupted: `failure` says which.
  bool more(Rounds& rounds, int count) {
    std::vector<Series> series;
    for (const Kernel* kernel : kernels_)
      series.push_back(plan_series(*kernel, workload_, threads(),
                                   options_.hot ? Cache::kHot : Cache::kCold, options_.in_place));
    session_.replication.processes = count;
    if (!interleave(series, session_, drawn_orders(options_.seed, done_, count), done_))
      failure = "interrupted";
    for (const Series& one : series)
      if (failure.empty() && one.status != "ok")
        failure = fmt::format("{}: {}: {}", one.kernel->id, one.status, one.message);
    if (!failure.empty()) return false;
    for (std::size_t round = 0; round < static_cast<std::size_t>(count); ++round) {
      const auto least_of = [&](std::size_t which) {
        return least(series[which].processes[round].nanoseconds);
      };
      rounds.a.push_back({least_of(0), least_of(3)});
      rounds.b.push_back({least_of(1), least_of(2)});
    }
    done_ += count;
    return true;
  }
  int threads() const { return options_.threads.empty() ? 1 : options_.threads.front(); }

  std::string failure;

 private:
  const Kernel* kernels_[4];
  const Workload& workload_;
  const BenchOptions& options_;
  InputsCache inputs_;
  Session session_;
  int done_ = 0;
};

std::string label_of(const Kernel& kernel) {
  return kernel.provider == "plugin" ? fmt::format("{} of {}", kernel.id, kernel.library)
                                     : kernel.id;
}

}  // namespace

Comparison compare_on(const Kernel& a, const Kernel& b, const Workload& workload,
                      const BenchOptions& options) {
  const int most = rounds_of(options).processes;
  Progress progress("compare " + workload.name);
  PairedSession session(a, b, workload, options, progress);
  Comparison comparison{label_of(a), label_of(b), workload, session.threads(), {}, "", "", ""};
  const auto decision =
      decide([&](Rounds& rounds, int count) { return session.more(rounds, count); }, {8, 4, most});
  if (decision) comparison.decision = *decision;
  comparison.failure = session.failure;
  return comparison;
}

std::vector<Comparison> compare_kernels(const Kernel& a, const Kernel& b,
                                        const BenchOptions& options) {
  if (a.op != b.op || a.dtype != b.dtype)
    throw Error(
        kUsage,
        fmt::format("{} and {} do not compute the same thing: compare kernels of one op and type",
                    a.id, b.id));
  if (options.threads.size() > 1)
    throw Error(kUsage,
                "a comparison runs on one count of threads: give --threads one, and compare again "
                "for others");
  BenchOptions quick_shapes = options;
  quick_shapes.effort = Effort::quick;
  watch_interrupts();
  std::vector<Comparison> comparisons;
  for (const Workload& workload : workloads_of(quick_shapes)) {
    if (interrupted()) break;
    comparisons.push_back(compare_on(a, b, workload, options));
  }
  std::vector<Decision*> decisions;
  for (Comparison& one : comparisons)
    if (one.failure.empty()) decisions.push_back(&one.decision);
  control_false_discoveries(decisions);
  return comparisons;
}

namespace {

std::string verified_or_not(const std::string& verdict) {
  return verdict.empty() ? "not verified" : verdict;
}

/// Kernels of two speeds: "; B takes 1.30 times as long in 52 % of its processes, A in 5 %".
std::string mixtures_text(const Ratio& ratio) {
  if (!is_mixture(ratio)) return "";
  const bool is_b = ratio.b_mixture.share > ratio.a_mixture.share;
  const Mixture &more = is_b ? ratio.b_mixture : ratio.a_mixture,
                &less = is_b ? ratio.a_mixture : ratio.b_mixture;
  return fmt::format("; {} takes {:.2f} times as long in {:.0f} % of its processes, {} in {:.0f} %",
                     is_b ? "B" : "A", more.ratio, 100 * more.share, is_b ? "A" : "B",
                     100 * less.share);
}

/// "FASTER", and in the same cell whatever keeps that from being good news.
std::string verdict_cell(const Comparison& comparison) {
  std::string text(word(comparison.decision.verdict));
  if (comparison.a_verdict.empty() && comparison.b_verdict.empty())
    return text + ", not verified" + mixtures_text(comparison.decision.ratio);
  for (const auto& [side, verdict] :
       {std::pair("A", comparison.a_verdict), std::pair("B", comparison.b_verdict)})
    if (verdict != "pass") text += fmt::format(", {} is {}", side, verified_or_not(verdict));
  return text + mixtures_text(comparison.decision.ratio);
}

}  // namespace

Json to_json(const Comparison& comparison) {
  const Ratio& ratio = comparison.decision.ratio;
  Json json = {{"a", comparison.a},
               {"b", comparison.b},
               {"workload", comparison.workload.name},
               {"rows", comparison.workload.rows},
               {"cols", comparison.workload.cols},
               {"threads", comparison.threads},
               {"a_verdict", verified_or_not(comparison.a_verdict)},
               {"b_verdict", verified_or_not(comparison.b_verdict)}};
  if (!comparison.failure.empty()) {
    json["failure"] = comparison.failure;
    return json;
  }
  json["verdict"] = word(comparison.decision.verdict);
  json["ratio"] = number(ratio.median);
  json["ci95"] =
      ratio.ci95 ? Json::array({number(ratio.ci95->low), number(ratio.ci95->high)}) : Json(nullptr);
  json["p"] = number(ratio.p);
  json["aa_spread"] = number(ratio.aa_spread);
  json["process_spread"] = number(ratio.process_spread);
  json["smallest_difference"] = number(ratio.smallest_difference);
  json["rounds"] = ratio.rounds;
  json["ratio_of_all_processes"] = number(ratio.whole_median);
  json["mixture"] = is_mixture(ratio);
  json["mixture_p"] = number(ratio.mixture_p);
  for (const auto& [side, mixture] :
       {std::pair("a_mixture", &ratio.a_mixture), std::pair("b_mixture", &ratio.b_mixture)})
    json[side] = {{"share", number(mixture->share)}, {"ratio", number(mixture->ratio)}};
  return json;
}

std::string comparisons_table(const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) return "nothing was compared\n";
  TextTable table({"workload", "threads", "B is", "time B/A", "95 % interval", "detectable"},
                  "<><>");
  for (const Comparison& one : comparisons) {
    const Ratio& ratio = one.decision.ratio;
    if (!one.failure.empty())
      table.add({one.workload.name, std::to_string(one.threads), one.failure});
    else
      table.add({one.workload.name, std::to_string(one.threads), verdict_cell(one),
                 fmt::format("{:.3f}", ratio.median),
                 ratio.ci95 ? fmt::format("{:.3f} .. {:.3f}", ratio.ci95->low, ratio.ci95->high)
                            : "too few rounds",
                 fmt::format("{:.1f} %", 100 * ratio.smallest_difference)});
  }
  return fmt::format("A = {}\nB = {}\n{}", comparisons.front().a, comparisons.front().b,
                     table.text());
}

int exit_code_of(const std::vector<Comparison>& comparisons, bool strict) {
  const auto any = [&](auto test) {
    return std::any_of(comparisons.begin(), comparisons.end(), test);
  };
  if (any([](const Comparison& c) {
        return c.b_verdict.starts_with("FAIL") ||
               (c.failure.empty() && c.decision.verdict == SpeedVerdict::kSlower);
      }))
    return kGateFailed;
  if (comparisons.empty() || any([](const Comparison& c) { return !c.failure.empty(); }))
    return kNotMeasurable;
  return strict && any([](const Comparison& c) {
           return c.decision.verdict == SpeedVerdict::kAmbiguous;
         })
             ? kUndecided
             : kPass;
}

}  // namespace softmark::bench
