// SPDX-License-Identifier: Apache-2.0
#include "bench/trial.h"

#include <gtest/gtest.h>

#include "bench/cpuid.h"
#include "bench/inputs.h"
#include "bench/workload.h"

namespace softmark::bench {
namespace {

TEST(Trial, SurvivesItsJson) {
  Trial trial;
  trial.library = "/a b/\"c\".so";
  trial.index = 3;
  trial.op = SOFTMARK_SOFTMAX_VJP;
  trial.dtype = SOFTMARK_BF16;
  trial.rows = 5, trial.cols = std::size_t{1} << 40;
  trial.threads = 2, trial.cpu = 1, trial.pool_bytes = 9;
  trial.in_place = true;
  trial.min_time = 0.1;
  trial.samples = 7;
  trial.most_seconds = 0.5;
  trial.ceiling = Ceiling::kFma;
  trial.flags = {"--benchmark_min_time=1"};
  EXPECT_EQ(to_json(trial_from_json(to_json(trial))), to_json(trial));
}

TEST(Trial, OfAKernelThatIsNotThereIsAnErrorNotAnEnd) {
  const SharedInputs inputs(SOFTMARK_SOFTMAX, SOFTMARK_F32, own_workload(1, 4, Distribution::kNormal), 1);
  Trial trial;
  trial.rows = 1, trial.cols = 4;
  trial.library = "/nonexistent.so";
  const Outcome outcome = run_trial(trial, inputs.fd(), 30);
  EXPECT_EQ(outcome.status, "error");
  EXPECT_NE(outcome.message.find("/nonexistent.so"), std::string::npos) << outcome.message;
}

TEST(Trial, OfNoInputsAtAllIsAnError) {
  Trial trial;
  trial.rows = 1, trial.cols = 4;
  EXPECT_EQ(run_trial(trial, 0, 30).status, "error");
}

TEST(Cpuid, NamesWhatItKnowsAndDoubtsWhatContradicts) {
  Cpuid cpu;
  cpu.vendor = "GenuineIntel", cpu.family = 6, cpu.model = 0xa7;
  cpu.features = {"avx2", "avx512f"};
  EXPECT_EQ(microarchitecture(cpu), "Rocket Lake");
  cpu.features.push_back("amx_tile");
  EXPECT_EQ(microarchitecture(cpu).substr(0, 7), "masked:");
  cpu = {};
  cpu.vendor = "AuthenticAMD", cpu.family = 0x1a, cpu.model = 0x44, cpu.features = {"avx512f"};
  EXPECT_EQ(microarchitecture(cpu), "Zen 5");
  cpu.vendor = "NobodyAtAll!";
  EXPECT_EQ(microarchitecture(cpu), "");
}

}  // namespace
}  // namespace softmark::bench
