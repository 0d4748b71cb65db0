// SPDX-License-Identifier: Apache-2.0
// The rules on simulated sessions: five kernels and three ceilings on five shapes, which all drift
// together, each apart by a little, and with a kernel of two speeds among them.
#include "reports/drift.h"

#include <gtest/gtest.h>

#include <cmath>

#include "reports/compare.h"
#include "reports/document.h"
#include "support/random.h"

namespace softmark {
namespace {

constexpr int kKernels = 5, kShapes = 5, kCeilings = 3, kSessions = 12;

struct Session {
  double common, apart, processes;  // standard deviations, of logarithms
};

Json row_of(Rng& random, double log_time, double spread) {
  Json samples = Json::array();
  std::vector<double> medians;
  for (int process = 0; process < 6; ++process) {
    medians.push_back(std::exp(log_time + spread * random.normal()));
    samples.push_back({medians.back(), medians.back() * 1.01});
  }
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

Json session_of(Rng& random, const Session& noise, double slowed) {
  Json document = new_document({}, 1);
  document["machine"]["key"] = "simulated";
  const double common = noise.common * random.normal();
  for (int shape = 0; shape < kShapes; ++shape) {
    const double here = common + noise.common / 2 * random.normal();
    for (int kernel = 0; kernel < kKernels + kCeilings; ++kernel) {
      const bool two_speeds = kernel == 1;
      const double log_time = here + noise.apart * random.normal() + (kernel == 0 ? slowed : 0);
      Json row = row_of(random, log_time, two_speeds ? 0.1 : noise.processes);
      row["workload"] = "shape" + std::to_string(shape);
      if (kernel < kKernels) {
        row["kernel"] = "k" + std::to_string(kernel) + "/softmax/f32";
        document["measurements"].push_back(row);
      } else {
        row["kind"] = kernel == kKernels ? "memcpy" : kernel == kKernels + 1 ? "read" : "fma";
        document["ceilings"].push_back(row);
      }
    }
  }
  return document;
}

/// Of all ordered pairs of sessions, how many have a regression.
double share_of_regressions(const Session& noise, double slowed) {
  std::vector<Json> before, after;
  for (int i = 0; i < kSessions; ++i) {
    Rng random(77, static_cast<std::uint64_t>(i));
    before.push_back(session_of(random, noise, 0));
    after.push_back(slowed > 0 ? session_of(random, noise, slowed) : before.back());
  }
  int found = 0, pairs = 0;
  for (int i = 0; i < kSessions; ++i)
    for (int j = 0; j < kSessions; ++j)
      if (i != j) found += compare_documents(before[i], after[j]).broken > 0, ++pairs;
  return static_cast<double>(found) / pairs;
}

TEST(Drift, EqualSessionsAreNoRegressions) {
  for (const Session& noise :
       {Session{0.02, 0.01, 0.01}, Session{0.1, 0.02, 0.02}, Session{0.3, 0.04, 0.03}})
    EXPECT_LE(share_of_regressions(noise, 0), 0.02) << noise.apart;
}

TEST(Drift, ASlowdownIsFound) {
  for (const Session& noise :
       {Session{0.02, 0.01, 0.01}, Session{0.1, 0.02, 0.02}, Session{0.3, 0.03, 0.03}})
    EXPECT_GE(share_of_regressions(noise, std::log(1.15)), 0.9) << noise.apart;
}

TEST(Drift, IsThatOfTheOthers) {
  Rng random(5);
  Json before = session_of(random, {0, 0, 0}, 0), after = before;
  for (const char* section : {"measurements", "ceilings"})
    for (Json& row : after[section]) {
      Json& median = row["ns_per_element"]["median"];
      median = median.get<double>() * (row.value("kernel", "") == "k0/softmax/f32" ? 3 : 1.5);
    }
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
