// SPDX-License-Identifier: Apache-2.0
#include "bench/disturbance.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "bench/load.h"
#include "bench/machine.h"
#include "bench/rounds.h"
#include "bench/tiny_for_test.h"
#include "bench/warnings.h"

namespace softmark::bench {
namespace {

[[noreturn]] void work_without_end() {
  for (std::atomic<unsigned> work = 0;;) ++work;
}

/// A child that keeps every CPU that this process may use busy, as long as it lives.
class BusyCpus {
 public:
  BusyCpus() {
    for (std::size_t i = 0; i < allowed_cpus().size(); ++i) {
      children_.push_back(fork());
      if (children_.back() != 0) continue;
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work_without_end();
    }
  }
  ~BusyCpus() {
    for (pid_t child : children_) kill(child, SIGKILL), waitpid(child, nullptr, 0);
  }

 private:
  std::vector<pid_t> children_;
};

void work_for(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(Meter, SeesWhatOtherWorkTakes) {
  const BusyCpus busy;
  const Meter meter(1, -1);
  const Reading before = meter.now();
  work_for(0.3);
  EXPECT_GT(meter.lost(before, meter.now()), 0.1);  // half is expected, where all else is idle
}

TEST(Meter, CountsTheShareOfTheTime) {
  const Meter meter(1, -1);
  Reading before, after;
  after.real = 100, after.cpu = 100;
  EXPECT_EQ(meter.lost(before, after), 0);
  after.waited = 30;
  EXPECT_NEAR(meter.lost(before, after), 0.3, 1e-12);
  after.stolen = 20;
  EXPECT_NEAR(meter.lost(before, after), 0.5, 1e-12);
  after.waited = after.stolen = 0, after.cpu = 60;  // a thread alone should have run all the time
  EXPECT_NEAR(meter.lost(before, after), 0.4, 1e-12);
  EXPECT_EQ(Meter(2, -1).lost(before, after), 0);  // threads may wait for each other
  after = before, after.real = after.cpu = 100, after.beside = 60;
  EXPECT_NEAR(meter.lost(before, after), 0.2, 1e-12);  // a third of what shared the core
  after.waited = 1e9;
  EXPECT_EQ(meter.lost(before, after), 1);
  EXPECT_EQ(meter.lost(after, after), 0);
}

/// Of a function in another process: what that says, not what the two wait for each other.
TEST(Meter, TakesTheWordOfTheProcessInside) {
  const Meter meter(1, -1, {}, [] { return InsideTime{500, 20}; });
  const Reading now = meter.now();
  EXPECT_EQ(now.inside, 500);
  EXPECT_EQ(now.waited, 20);
  Reading before, after;
  after.real = 100, after.inside = 40, after.waited = 10;
  EXPECT_NEAR(meter.lost(before, after), 0.25, 1e-12);
  after.stolen = 5;
  EXPECT_NEAR(meter.lost(before, after), 0.3, 1e-12);
}

/// Work on another CPU counts where it shares the core of this one.
TEST(Meter, SeesWorkBesideIt) {
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU only";
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpus[1]), &set);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sched_setaffinity(0, sizeof set, &set);
    work_without_end();
  }
  const Meter meter(1, cpus[0], {cpus[1]});
  const Reading before = meter.now();
  work_for(0.2);
  const Reading after = meter.now();
  EXPECT_GT(after.beside - before.beside, 0.1e9);
  EXPECT_GT(meter.lost(before, after), kDisturbed);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(Machine, SiblingsAreOthers) {
  for (int cpu : allowed_cpus())
    for (int sibling : siblings_of(cpu)) {
      EXPECT_NE(sibling, cpu);
      EXPECT_EQ(std::ranges::count(siblings_of(sibling), cpu), 1) << cpu << " " << sibling;
    }
}

TEST(Meter, KnowsItsChildren) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  EXPECT_FALSE(Meter(1, -1).alone());  // as with a Python function, which runs in a child
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(Samples, TheQuietestAreKept) {
  const std::vector<Sample> taken = {{1, 0.5}, {2, 0}, {3, 0.2}, {4, 0}, {5, 0.2}};
  const auto times = [](const std::vector<Sample>& samples) {
    std::vector<double> all;
    for (const Sample& sample : samples) all.push_back(sample.nanoseconds);
    return all;
  };
  EXPECT_EQ(times(quietest(taken, 2)), (std::vector<double>{2, 4}));
  EXPECT_EQ(times(quietest(taken, 3)), (std::vector<double>{2, 4, 3}));
  EXPECT_EQ(quietest(taken, 9).size(), taken.size());
}

TEST(Samples, AreDisturbedWhereTheirMedianMayBe) {
  const Sample quiet{1, 0.01}, slow{1, 0.3};
  EXPECT_FALSE(is_disturbed({quiet, quiet}));
  EXPECT_TRUE(is_disturbed({quiet, slow}));  // the median of two is their mean
  EXPECT_FALSE(is_disturbed({quiet, slow, quiet}));
  EXPECT_TRUE(is_disturbed({slow, slow, quiet}));
}

TEST(Rounds, GiveEachCoreTheSameNumberOfProcessesInBothOrders) {
  for (std::size_t cpus : {1u, 2u, 3u, 4u, 6u}) {
    std::vector<std::size_t> forward(cpus), backward(cpus);
    for (std::size_t round = 0; round < 2 * cpus; ++round)
      ++(round % 2 ? backward : forward)[core_of(round, cpus)];
    for (std::size_t cpu = 0; cpu < cpus; ++cpu)
      EXPECT_EQ(forward[cpu] + backward[cpu], 2u) << cpu << " of " << cpus;
    EXPECT_TRUE(cpus == 1 || std::ranges::count(forward, 1u) == static_cast<std::ptrdiff_t>(cpus))
        << cpus;
  }
  std::vector<std::size_t> processes(2);
  for (std::size_t round = 0; round < 6; ++round) ++processes[core_of(round, 2)];
  EXPECT_EQ(processes, (std::vector<std::size_t>{3, 3}));
}

TEST(Bench, MarksWhatOtherWorkDisturbs) {
  const BusyCpus busy;
  BenchOptions options = tiny();
  options.kernels = {"naive"};
  options.min_time = 0.02;
  const Json sections = tiny_sections(options, std::nullopt);
  const Json& m = sections["measurements"][0];
  ASSERT_EQ(m["status"], "ok") << m;
  EXPECT_GT(m["disturbed"].get<int>() + m["repeated"].get<int>(), 0) << m;
  const auto says = [&](const char* what) {
    return std::ranges::any_of(sections["warnings"], [&](const Json& warning) {
      return warning.get<std::string>().find(what) != std::string::npos;
    });
  };
  EXPECT_EQ(says("stayed disturbed"), m["disturbed"] != 0);
  EXPECT_TRUE(says("load before the start"));
  EXPECT_TRUE(says("busy during the timing"));
}

TEST(Doubts, NameWhatCannotBeBelieved) {
  const auto row = [](double low, double high, double share, int disturbed) {
    return Json{{"kernel", "k/softmax/f32"},
                {"workload", "own/1x1"},
                {"threads", 2},
                {"status", "ok"},
                {"processes", 6},
                {"disturbed", disturbed},
                {"ns_per_element", {{"median", 1.0}, {"ci95", {low, high}}}},
                {"of_ceiling", share},
                {"ceiling", "memcpy"}};
  };
  EXPECT_TRUE(doubts(Json::array({row(0.95, 1.05, 1.05, 0)})).empty());
  const auto wide = doubts(Json::array({row(0.9, 1.1, 1, 0)}));
  ASSERT_EQ(wide.size(), 1u);
  EXPECT_NE(wide[0].find("wider than 15 %"), std::string::npos) << wide[0];
  const auto above = doubts(Json::array({row(0.95, 1.05, 67.25, 0), row(0.95, 1.05, 1, 0)}));
  ASSERT_EQ(above.size(), 1u);
  EXPECT_NE(above[0].find("1 of 2"), std::string::npos) << above[0];
  EXPECT_NE(above[0].find("6725 % of memcpy"), std::string::npos) << above[0];
  const auto disturbed = doubts(Json::array({row(0.95, 1.05, 1, 2)}));
  ASSERT_EQ(disturbed.size(), 1u);
  EXPECT_NE(disturbed[0].find("2 of 6 processes"), std::string::npos) << disturbed[0];
  EXPECT_TRUE(doubts(Json::array({{{"status", "crash"}}})).empty());
}

}  // namespace
}  // namespace softmark::bench
