// SPDX-License-Identifier: Apache-2.0
#include "bench/process.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "bench/cpuid.h"
#include "bench/inputs.h"
#include "bench/workload.h"

namespace softmark::bench {
namespace {

TEST(Replicate, SurvivesItsJson) {
  Replicate replicate;
  replicate.library = "/a b/\"c\".so";
  replicate.index = 3;
  replicate.op = SOFTMARK_SOFTMAX_VJP;
  replicate.dtype = SOFTMARK_BF16;
  replicate.rows = 5, replicate.cols = std::size_t{1} << 40;
  replicate.threads = 2, replicate.cpu = 1, replicate.pool_bytes = 9;
  replicate.in_place = true;
  replicate.min_time = 0.1;
  replicate.samples = 7;
  replicate.most_seconds = 0.5;
  replicate.ceiling = Ceiling::kFma;
  replicate.flags = {"--benchmark_min_time=1"};
  const nlohmann::json json = replicate;
  EXPECT_EQ(nlohmann::json(json.get<Replicate>()), json);
}

TEST(Replicate, OfAKernelThatIsNotThereIsAnErrorNotAnEnd) {
  const SharedInputs inputs(SOFTMARK_SOFTMAX, SOFTMARK_F32,
                            own_workload(1, 4, Distribution::kNormal), 1);
  Replicate replicate;
  replicate.rows = 1, replicate.cols = 4;
  replicate.library = "/nonexistent.so";
  const ReplicateResult result = run_replicate(replicate, inputs.fd(), 30);
  EXPECT_EQ(result.status, "error");
  EXPECT_NE(result.message.find("/nonexistent.so"), std::string::npos) << result.message;
}

TEST(Replicate, OfNoInputsAtAllIsAnError) {
  Replicate replicate;
  replicate.rows = 1, replicate.cols = 4;
  EXPECT_EQ(run_replicate(replicate, 0, 30).status, "error");
}

TEST(LoadedLibraries, AreCopiedOnceTheyAreAlone) {
  const SharedInputs inputs(SOFTMARK_SOFTMAX, SOFTMARK_F32,
                            own_workload(1, 4, Distribution::kNormal), 1);
  Replicate replicate;
  replicate.rows = 1, replicate.cols = 4, replicate.samples = 1, replicate.min_time = 1e-4;
  LoadedLibraries libraries(2);
  EXPECT_FALSE(libraries.copy(replicate, 0, inputs.fd()).started());  // a built-in
  replicate.library = SOFTMARK_PLUGINS "/loaded.so";
  EXPECT_EQ(run_replicate(replicate, inputs.fd(), 30).message, "returned 7");
  for (int twice = 0; twice < 2; ++twice) {
    const ReplicateResult result =
        run_replicate(replicate, inputs.fd(), 30, libraries.copy(replicate, 1, inputs.fd()));
    EXPECT_EQ(result.status, "ok") << result.message;
    EXPECT_EQ(result.nanoseconds.size(), 1u);
  }
  EXPECT_FALSE(libraries.copy(replicate, 2, inputs.fd()).started());
  EXPECT_FALSE(LoadedLibraries(0).copy(replicate, 0, inputs.fd()).started());
  setenv("STARTS_A_THREAD", "1", 1);
  EXPECT_FALSE(LoadedLibraries(2).copy(replicate, 1, inputs.fd()).started());
  unsetenv("STARTS_A_THREAD");
  replicate.library = "/nonexistent.so";
  EXPECT_FALSE(libraries.copy(replicate, 0, inputs.fd()).started());
}

TEST(Cpuid, NamesWhatItKnowsAndDoubtsWhatContradicts) {
  Cpuid cpu;
  cpu.vendor = "GenuineIntel", cpu.family = 6, cpu.model = 0xa7;
  cpu.targets = {"AVX2", "AVX3"};
  EXPECT_EQ(microarchitecture(cpu), "Rocket Lake");
  cpu.raw = {{"7.edx", 1 << 24}};
  EXPECT_EQ(microarchitecture(cpu).substr(0, 7), "masked:");
  cpu = {};
  cpu.vendor = "AuthenticAMD", cpu.family = 0x1a, cpu.model = 0x44, cpu.targets = {"AVX3"};
  EXPECT_EQ(microarchitecture(cpu), "Zen 5");
  cpu.vendor = "NobodyAtAll!";
  EXPECT_EQ(microarchitecture(cpu), "");
}

}  // namespace
}  // namespace softmark::bench
