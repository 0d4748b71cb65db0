// SPDX-License-Identifier: Apache-2.0
// The rules on simulated sessions with the noise of real ones: five kernels and three ceilings on
// five shapes, which all drift together and each apart by a little; slow phases of the machine that
// begin and end within a shape; single processes disturbed; a kernel of two speeds among them.
#include "reports/drift.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reports/compare.h"
#include "reports/document.h"
#include "support/random.h"

namespace softmark {
namespace {

constexpr int kKernels = 5, kShapes = 5, kSeries = 8, kSessions = 12, kProcesses = 6;

/// As seen between idle runs on two virtual cores: series repeat within 0.9 %; of the processes
/// 10 to 50 % are slowed, by 1.25 in the middle, and more often after one that was.
struct Noise {
  double common = 0.1;              // standard deviation of a session's drift; half of it a shape
  double apart = 0.006;             // of a series in a session
  double process = 0.008;           // of a process, which only lengthens it
  double begins = 0.2, ends = 0.5;  // probabilities of a slow phase of a core, a process
  double slow = 1.5;                // by how much it lengthens at most
  double disturbed = 0.05;          // probability that a process takes up to twice its time
};
constexpr Noise kIdle{}, kCalm{0.02, 0.004, 0.005, 0.02, 0.5, 1.3, 0.02},
    kShared{0.3, 0.01, 0.015, 0.25, 0.5, 1.8, 0.08},
    kPhases{0.1, 0.006, 0.008, 0.01, 0.02, 1.5, 0.05};

/// The processes of all series at a shape, in the order in which they run: forward, backward.
class Machine {
 public:
  Machine(Rng& random, const Noise& noise) : random_(random), noise_(noise) {}
  std::vector<Json> run(const std::vector<double>& log_times, int two_speeds) {
    std::vector<Json> samples(log_times.size(), Json::array());
    for (int round = 0; round < kProcesses; ++round)
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::size_t which = round % 2 ? samples.size() - 1 - i : i;
        const bool slow = static_cast<int>(which) == two_speeds && random_.uniform() < 0.5;
        const double time = std::exp(log_times[which]) * process(round % 2) * (slow ? 1.3 : 1);
        samples[which].push_back({time * (1 + 0.005 * random_.uniform()), time});
      }
    return samples;
  }

 private:
  double process(int core) {
    double& slow = slow_[core];
    if (slow == 1 && random_.uniform() < noise_.begins)
      slow = 1.1 + (noise_.slow - 1.1) * random_.uniform();
    else if (slow > 1 && random_.uniform() < noise_.ends)
      slow = 1;
    double time = slow * std::exp(noise_.process * std::abs(random_.normal()));
    if (random_.uniform() < noise_.disturbed) time *= 1 + random_.uniform();
    return time;
  }

  Rng& random_;
  Noise noise_;
  double slow_[2] = {1, 1};
};

Json row_of(const Json& samples) {
  std::vector<double> medians;
  for (const Json& process : samples)
    medians.push_back((process[0].get<double>() + process[1].get<double>()) / 2);
  std::sort(medians.begin(), medians.end());
  const double middle = (medians[2] + medians[3]) / 2;
  return {{"rows", 64},
          {"cols", 4096},
          {"dtype", "f32"},
          {"threads", 1},
          {"cache", "hot"},
          {"bytes", 1 << 20},
          {"in_place", false},
          {"distribution", "normal: 3 N(0,1)"},
          {"status", "ok"},
          {"verified", true},
          {"ns_per_element",
           {{"median", middle}, {"min", medians[0]}, {"ci95", {medians[0], medians[5]}}}},
          {"samples", samples}};
}

/// `slowed`: the logarithm by which the first kernel is, at every shape.
Json session_of(Rng& random, const Noise& noise, double slowed) {
  Json document = new_document({}, 1);
  document["machine"]["key"] = "simulated";
  Machine machine(random, noise);
  const double common = noise.common * random.normal();
  for (int shape = 0; shape < kShapes; ++shape) {
    const double here = common + noise.common / 2 * random.normal();
    std::vector<double> log_times;
    for (int series = 0; series < kSeries; ++series)
      log_times.push_back(here + noise.apart * random.normal() + (series == 0 ? slowed : 0));
    const std::vector<Json> samples = machine.run(log_times, 1);
    for (int series = 0; series < kSeries; ++series) {
      Json row = row_of(samples[static_cast<std::size_t>(series)]);
      row["workload"] = "shape" + std::to_string(shape);
      if (series < kKernels) {
        row["kernel"] = "k" + std::to_string(series) + "/softmax/f32";
        document["measurements"].push_back(row);
      } else {
        row["kind"] = series == kKernels       ? "memcpy"
                      : series == kKernels + 1 ? "read"
                                               : "nontemporal_copy";
        document["ceilings"].push_back(row);
      }
    }
  }
  return document;
}

/// Of all ordered pairs of sessions of six machines, how many have a regression.
double share_of_regressions(const Noise& noise, double slowed) {
  int found = 0, pairs = 0;
  for (std::uint64_t seed = 77; seed < 83; ++seed) {
    std::vector<Json> before, after;
    for (std::uint64_t i = 0; i < kSessions; ++i) {
      Rng random(seed, i);
      before.push_back(session_of(random, noise, 0));
      after.push_back(slowed != 0 ? session_of(random, noise, slowed) : before.back());
    }
    for (std::size_t i = 0; i < kSessions; ++i)
      for (std::size_t j = 0; j < kSessions; ++j)
        if (i != j) found += compare_documents(before[i], after[j]).broken > 0, ++pairs;
  }
  return static_cast<double>(found) / pairs;
}

TEST(Drift, EqualSessionsAreNoRegressions) {
  for (const Noise& noise : {kCalm, kIdle, kShared, kPhases})
    EXPECT_LE(share_of_regressions(noise, 0), 0.02) << noise.apart;
}

TEST(Drift, ASlowdownIsFoundAndIsNoneBackwards) {
  for (const Noise& noise : {kCalm, kIdle, kShared}) {
    EXPECT_GE(share_of_regressions(noise, std::log(1.15)), 0.9) << noise.apart;
    EXPECT_LE(share_of_regressions(noise, -std::log(1.15)), 0.02) << noise.apart;
  }
}

// More processes have a lesser least: as many are compared.
TEST(Drift, ComparesAsManyProcesses) {
  Rng random(3);
  const Json before = session_of(random, {0, 0, 0, 0, 1, 1, 0}, 0);
  Json after = before;
  for (Json& row : after["measurements"])
    for (int more = 0; more < 6; ++more) {
      const double time =
          row["samples"][0][0].get<double>() / (row["kernel"] == "k0/softmax/f32" ? 2 : 1);
      row["samples"].push_back({time, time});
    }
  const View old_view(before), new_view(after);
  for (const auto& [was, is] : {std::pair(&old_view, &new_view), std::pair(&new_view, &old_view)}) {
    const Changes changes = changes_of(*was, *is, 0.05);
    ASSERT_FALSE(changes.cells.empty());
    for (const Change& change : changes.cells)
      EXPECT_TRUE(change.verdict == SpeedVerdict::kSame || change.kernel != "k0/softmax/f32");
  }
}

// One of two speeds that happens to be slow in all processes of a document, and a kernel that is
// always as slow, look alike but for their other processes.
TEST(Drift, OfAKernelOfTwoSpeedsMayBeLuck) {
  Rng random(4);
  const Json before = session_of(random, {0, 0, 0, 0, 1, 1, 0}, 0);
  const auto verdict = [&](int slow_before) {
    Json was = before, is = before;
    for (auto [document, slow] : {std::pair(&was, slow_before), std::pair(&is, kProcesses)})
      for (Json& row : (*document)["measurements"])
        if (row["kernel"] == "k0/softmax/f32" && row["workload"] == "shape0")
          for (int process = 0; process < slow; ++process)
            for (Json& sample : row["samples"][static_cast<std::size_t>(process)])
              sample = sample.get<double>() * 1.3;
    const View old_view(was), new_view(is);
    for (const Change& change : changes_of(old_view, new_view, 0.05).cells)
      if (change.kernel == "k0/softmax/f32" && change.shape.workload == "shape0")
        return change.verdict;
    return SpeedVerdict::kSame;
  };
  EXPECT_EQ(verdict(0), SpeedVerdict::kSlower);
  EXPECT_EQ(verdict(3), SpeedVerdict::kAmbiguous);
}

TEST(Drift, IsThatOfTheOthers) {
  Rng random(5);
  Json before = session_of(random, {0, 0, 0, 0, 1, 1, 0}, 0), after = before;
  for (const char* section : {"measurements", "ceilings"})
    for (Json& row : after[section])
      for (Json& process : row["samples"])
        for (Json& sample : process)
          sample = sample.get<double>() * (row.value("kernel", "") == "k0/softmax/f32" ? 3 : 1.5);
  const View old_view(before), new_view(after);
  const Changes changes = changes_of(old_view, new_view, 0.05);
  ASSERT_EQ(changes.cells.size(), static_cast<std::size_t>(kKernels * kShapes));
  ASSERT_EQ(changes.kernels.size(), static_cast<std::size_t>(kKernels));
  for (const auto* list : {&changes.cells, &changes.kernels})
    for (const Change& change : *list) {
      const bool slowed = change.kernel == "k0/softmax/f32";
      EXPECT_NEAR(change.drift, 1.5, 1e-9) << change.kernel;
      EXPECT_NEAR(change.ratio.ratio, slowed ? 2 : 1, 1e-9) << change.kernel;
      EXPECT_EQ(change.verdict, slowed ? SpeedVerdict::kSlower : SpeedVerdict::kSame);
    }
}

}  // namespace
}  // namespace softmark
