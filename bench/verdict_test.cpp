// SPDX-License-Identifier: Apache-2.0
#include "bench/verdict.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/random.h"

namespace softmark::bench {
namespace {

/// A model of disturbances between processes of equal speed, all of them observed: lognormal noise;
/// single processes disturbed to twice their time; a wandering clock; slow phases, beginning or
/// ending within every tenth process, while other work occupies the core or its sibling.
struct Machine {
  double noise = 0.01, disturbed = 0.1, slow_phase = 1;
};
constexpr Machine kQuiet{}, kShared{0.03, 0.1, 1}, kBusyHalfTheTime{0.03, 0.1, 1.5};

/// Simulates rounds of a kernel and of one that takes `slower` times as long.
class Simulation {
 public:
  Simulation(const Machine& machine, double slower, std::uint64_t seed)
      : machine_(machine),
        slower_(slower),
        seed_(seed),
        disturbance_(seed, 2),
        luck_(seed, 3),
        phase_(seed, 4),
        mode_(seed, 6) {}

  /// B is `ratio` times slower in that share of its processes.
  Simulation& with_mixture(double share, double ratio) {
    mixture_ = {share, ratio};
    return *this;
  }
  bool operator()(Rounds& rounds, int count) {
    for (int i = 0; i < count; ++i, ++round_) {
      const bool b_first = Rng(seed_, 1, round_ / 2).below(2) != round_ % 2;
      std::array<double, 2> times[2];  // of A, of B
      for (std::size_t slot = 0; slot < 4; ++slot) {
        const bool is_b = (slot == 1 || slot == 2) != b_first;
        const bool slow = is_b && mode_.uniform() < mixture_.share;
        times[is_b][slot / 2] = process() * (is_b ? slower_ : 1) * (slow ? mixture_.ratio : 1);
      }
      rounds.a.push_back(times[0]);
      rounds.b.push_back(times[1]);
    }
    return true;
  }

 private:
  double process() {
    if (phase_.uniform() < 0.1) slow_ = !slow_;
    drift_ += 0.01 * luck_.normal();
    return std::exp(drift_ + machine_.noise * luck_.normal()) * (slow_ ? machine_.slow_phase : 1) *
           (disturbance_.uniform() < machine_.disturbed ? 2 : 1);
  }

  Machine machine_;
  double slower_, drift_ = 0;
  std::uint64_t seed_, round_ = 0;
  Rng disturbance_, luck_, phase_, mode_;
  Mixture mixture_;
  bool slow_ = false;
};

constexpr Patience kStandard{8, 4, 32};

int count(SpeedVerdict wanted, const Machine& machine, double slower, int replicates) {
  int found = 0;
  for (int replicate = 0; replicate < replicates; ++replicate)
    found += decide(Simulation(machine, slower, static_cast<std::uint64_t>(replicate)), kStandard)
                 ->verdict == wanted;
  return found;
}

/// That many rounds in which A takes 1 and B `ratio`.
Rounds steady(double ratio, int count) {
  Rounds rounds;
  for (int i = 0; i < count; ++i) rounds.a.push_back({1, 1}), rounds.b.push_back({ratio, ratio});
  return rounds;
}

TEST(Ratio, IsThatOfTheLesserTimes) {
  Rounds rounds;
  for (int i = 0; i < 8; ++i) rounds.a.push_back({1, 1.21}), rounds.b.push_back({5, 1.1});
  const Ratio ratio = ratio_of(rounds);
  EXPECT_NEAR(ratio.median, 1.1, 1e-12);
  EXPECT_EQ(ratio.rounds, 8u);
  ASSERT_TRUE(ratio.ci95);
  EXPECT_NEAR(ratio.ci95->low, 1.1, 1e-12);
  EXPECT_NEAR(ratio.p, 2 * std::exp2(-8), 1e-12);
}

TEST(Ratio, TakesTheSpreadFromKernelsAgainstThemselves) {
  Rounds rounds;
  for (int i = 0; i < 8; ++i) rounds.a.push_back({1, 1.1}), rounds.b.push_back({2.2, 2});
  // Eight times up, eight times down: the interval of the median contains both.
  const Ratio ratio = ratio_of(rounds);
  EXPECT_NEAR(ratio.aa_spread, 0.1, 1e-12);
  EXPECT_NEAR(ratio.process_spread, 0.1, 1e-12);
  EXPECT_NEAR(ratio.smallest_difference, 0.2, 1e-12);
}

TEST(Ratio, ResolvesFinerWithMoreRounds) {
  Rounds few, many;
  Simulation simulation(kShared, 1, 1);
  simulation(few, 8);
  simulation(many, 64);
  EXPECT_LT(ratio_of(many).aa_spread, ratio_of(few).aa_spread);
}

TEST(Ratio, OfFewRoundsHasNoInterval) {
  EXPECT_FALSE(ratio_of(steady(2, 5)).ci95);
  EXPECT_EQ(verdict_of(ratio_of(steady(2, 5))), SpeedVerdict::kAmbiguous);
}

TEST(Verdict, NeedsIntervalAndEffect) {
  Ratio ratio;
  ratio.smallest_difference = 0.05;
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kAmbiguous);  // no interval
  ratio.median = 1.2, ratio.ci95 = Interval{1.1, 1.3};
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kSlower);
  ratio.ci95 = Interval{0.99, 1.3};
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kAmbiguous);
  ratio.median = 1.03, ratio.ci95 = Interval{1.01, 1.04};  // real, but too small to matter here
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kSame);
  ratio.median = 0.8, ratio.ci95 = Interval{0.7, 0.9};
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kFaster);
  ratio.smallest_difference = 0.3;
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kAmbiguous);
}

TEST(Verdict, CallsNothingSameThatIsKnownToDifferByMoreThanFivePercent) {
  Ratio ratio;
  ratio.smallest_difference = 0.2;
  ratio.median = 1.1, ratio.ci95 = Interval{1.02, 1.15};
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kAmbiguous);
  ratio.ci95 = Interval{0.98, 1.15};
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kSame);
}

TEST(Decide, WantsAClaimTwice) {
  int asked = 0;
  const auto slow_then_equal = [&](Rounds& rounds, int count) {
    const Rounds more = steady(asked++ == 0 ? 1.5 : 1, count);
    rounds.a.insert(rounds.a.end(), more.a.begin(), more.a.end());
    rounds.b.insert(rounds.b.end(), more.b.begin(), more.b.end());
    return true;
  };
  const auto decision = decide(slow_then_equal, kStandard);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->verdict, SpeedVerdict::kAmbiguous);
  EXPECT_EQ(decision->ratio.rounds, 16u);
}

TEST(Decide, StopsWhenItKnowsAndWhenPatienceEnds) {
  EXPECT_LE(decide(Simulation({0.001, 0, 1}, 1, 7), kStandard)->ratio.rounds, 12u);
  EXPECT_EQ(decide(Simulation({0.3, 0.3, 2}, 1, 7), kStandard)->ratio.rounds, 32u);
  EXPECT_FALSE(decide([](Rounds&, int) { return false; }, kStandard));
}

// The rates that users are promised: at most 2 % false alarms, at least 90 % of slowdowns by 10 %
// detected, also while other work occupies a core half of the time; a slowdown by 5 % is never
// reported as FASTER.
TEST(Decide, HardlyEverTellsAKernelFromItself) {
  for (const Machine& machine : {kQuiet, kShared, kBusyHalfTheTime, Machine{0.1, 0.2, 2}}) {
    EXPECT_LE(count(SpeedVerdict::kSlower, machine, 1, 500) +
                  count(SpeedVerdict::kFaster, machine, 1, 500),
              10)
        << machine.noise;
  }
}
TEST(Decide, FindsAPlantedTenPercent) {
  for (const Machine& machine : {kQuiet, kShared, kBusyHalfTheTime}) {
    EXPECT_GE(count(SpeedVerdict::kSlower, machine, 1.1, 500), 450)
        << machine.noise << " " << machine.slow_phase;
    EXPECT_GE(count(SpeedVerdict::kFaster, machine, 1 / 1.1, 500), 450)
        << machine.noise << " " << machine.slow_phase;
    EXPECT_EQ(count(SpeedVerdict::kFaster, machine, 1.05, 500), 0);
  }
}

// A kernel that takes 1.3 times the time in half of its processes is as fast as the other by its
// lesser times.
TEST(Decide, FindsAKernelOfTwoSpeeds) {
  for (const Machine& machine : {kQuiet, kShared, kBusyHalfTheTime})
    for (const double share : {0.5, 0.65}) {
      int named = 0, same = 0;
      for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto decision =
            decide(Simulation(machine, 1, seed).with_mixture(share, 1.3), kStandard);
        same += decision->verdict == SpeedVerdict::kSame;
        named += is_mixture(decision->ratio) || decision->verdict == SpeedVerdict::kSlower;
      }
      EXPECT_LE(same, 4) << machine.noise << " " << machine.slow_phase << " " << share;
      EXPECT_GE(named, 180) << machine.noise << " " << machine.slow_phase << " " << share;
    }
  int slower = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    slower += decide(Simulation(kQuiet, 1, seed).with_mixture(0.35, 1.3), kStandard)->verdict ==
              SpeedVerdict::kSlower;
  EXPECT_GE(slower, 160);
}

TEST(Decide, HardlyEverFindsTwoSpeedsWhereThereIsOne) {
  for (const Machine& machine : {kQuiet, kShared, kBusyHalfTheTime, Machine{0.1, 0.2, 2}})
    for (const double slower : {1.0, 1.03}) {
      int named = 0;
      for (std::uint64_t seed = 0; seed < 500; ++seed)
        named += is_mixture(decide(Simulation(machine, slower, seed), kStandard)->ratio);
      EXPECT_LE(named, 10) << machine.noise << " " << slower;
    }
}

TEST(Mixture, IsOfTheKernelThatIsSlowInMoreRounds) {
  Rounds rounds = steady(1, 12);
  for (std::size_t round = 0; round < 12; ++round) rounds.b[round][round % 2] = 1.3;
  rounds.a[3][0] = 2;
  const Ratio ratio = ratio_of(rounds);
  EXPECT_TRUE(is_mixture(ratio));
  EXPECT_TRUE(is_by_mixture(ratio));
  EXPECT_EQ(verdict_of(ratio), SpeedVerdict::kSlower);
  EXPECT_NEAR(ratio.b_mixture.share, 0.5, 1e-12);
  EXPECT_NEAR(ratio.b_mixture.ratio, 1.3, 1e-12);
  EXPECT_NEAR(ratio.a_mixture.share, 1.0 / 24, 1e-12);
  std::swap(rounds.a, rounds.b);
  EXPECT_EQ(verdict_of(ratio_of(rounds)), SpeedVerdict::kFaster);
}

TEST(Mixture, IsNoneWhereTheMachineHasSlowPhases) {
  Rounds rounds = steady(1, 12);
  for (std::size_t round = 0; round < 6; ++round)
    for (auto* kernel : {&rounds.a, &rounds.b})
      for (double& time : (*kernel)[round]) time *= 1.3;
  EXPECT_FALSE(is_mixture(ratio_of(rounds)));
  EXPECT_EQ(verdict_of(ratio_of(rounds)), SpeedVerdict::kSame);
}

// Slow in few processes, and by little in the mean: no claim, but not SAME either.
TEST(Mixture, ThatCostsLittleIsAmbiguous) {
  Rounds rounds = steady(1, 40);
  for (std::size_t round = 0; round < 10; ++round) rounds.b[4 * round][0] = 1.3;
  EXPECT_EQ(verdict_of(ratio_of(rounds)), SpeedVerdict::kAmbiguous);
}

// Faster at its best and slower in the middle.
TEST(Verdict, ClaimsNothingThatAllProcessesContradict) {
  Rounds rounds;
  for (int i = 0; i < 12; ++i) rounds.a.push_back({1, 1}), rounds.b.push_back({0.8, 1.5});
  EXPECT_EQ(verdict_of(ratio_of(rounds)), SpeedVerdict::kAmbiguous);
}

TEST(FalseDiscoveries, AreHeldBackWhereManyAreCompared) {
  // Benjamini and Hochberg at 5 % over four: the sorted p must not exceed 0.0125, 0.025, 0.0375,
  // 0.05.
  const double p[] = {0.04, 0.001, 0.9, 0.02};
  std::vector<Decision> decisions(4);
  std::vector<Decision*> all;
  for (std::size_t i = 0; i < 4; ++i)
    decisions[i].verdict = SpeedVerdict::kSlower, decisions[i].ratio.p = p[i];
  decisions[2].verdict = SpeedVerdict::kSame;
  for (Decision& one : decisions) all.push_back(&one);
  control_false_discoveries(all);
  EXPECT_EQ(decisions[0].verdict, SpeedVerdict::kAmbiguous);
  EXPECT_EQ(decisions[1].verdict, SpeedVerdict::kSlower);
  EXPECT_EQ(decisions[2].verdict, SpeedVerdict::kSame);
  EXPECT_EQ(decisions[3].verdict, SpeedVerdict::kSlower);
}

}  // namespace
}  // namespace softmark::bench
