// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/sweep.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "kernels/element.h"
#include "kernels/names.h"
#include "kernels/registry.h"
#include "support/error.h"

namespace softmark {
namespace {

float sigmoid(float x) {
  const float z = std::exp(-std::fabs(x));
  return (x < 0 ? z : 1) / (1 + z);
}

int run_sigmoid(const softmark_args& args) {
  const auto* x = static_cast<const float*>(args.x);
  auto* y = static_cast<float*>(args.y);
  for (std::size_t i = 0; i < args.rows * args.cols; ++i) y[i] = sigmoid(x[i]);
  return 0;
}

/// Correctly rounded, by the reference itself, any op and type.
int run_exact(softmark_op op, softmark_dtype dtype, const softmark_args& args) {
  for (std::size_t r = 0; r < args.rows; ++r) {
    std::vector<double> row(args.cols);
    for (std::size_t c = 0; c < args.cols; ++c) row[c] = load(dtype, args.x, r * args.x_stride + c);
    const auto exact = exact_row({op, dtype, row, {}});
    for (std::size_t c = 0; c < exact.size(); ++c)
      store(dtype, args.y, r * args.y_stride + c, exact[c].rounded);
  }
  return 0;
}

// A correctly rounded kernel has no error above half an ulp and no step down, on a thousandth of
// every set.
TEST(Sweep, ACorrectlyRoundedKernelIsFoundToBeOne) {
  for (const SweepSet& set : sweep_sets()) {
    const std::uint64_t shards =
        set.inputs() <= 65536 ? 1 : set.inputs() / 30000;  // all of the small ones
    for (const std::uint64_t shard : std::set{std::uint64_t{0}, shards / 3, shards - 1}) {
      const auto result =
          sweep({set,
                 "exact",
                 [&](const softmark_args& args) { return run_exact(set.op, set.dtype, args); },
                 {shard, shards}});
      EXPECT_TRUE(result.complete()) << set.name;
      EXPECT_EQ(result.errors.correctly_rounded, result.errors.outputs)
          << set.name << " shard " << shard;
      EXPECT_LE(result.errors.max_ulp, 0.5) << set.name;
      EXPECT_EQ(result.non_monotone, 0u) << set.name;
      EXPECT_GE(result.errors.outputs, result.total);
    }
  }
}

// Every sigmoid and every row of two columns in the 8-bit types, through the kernels that ship.
TEST(Sweep, TheKernelsIn8BitsAreCorrectlyRoundedOnAllRowsOfTwo) {
  std::size_t sets = 0;
  for (const SweepSet& set : sweep_sets()) {
    if (bytes_of(set.dtype) != 1) continue;
    ++sets;
    for (const softmark_kernel* kernel : builtin_kernels()) {
      if (kernel->op != set.op || kernel->dtype != set.dtype) continue;
      const bool saturates = kernel->claims & SOFTMARK_SATURATES;
      const auto result = sweep({set,
                                 kernel->name,
                                 [&](const softmark_args& args) { return kernel->run(&args); },
                                 {},
                                 kernel->masked_row,
                                 saturates});
      EXPECT_TRUE(result.complete()) << set.name;
      EXPECT_EQ(result.inputs, set.inputs());
      EXPECT_EQ(result.errors.correctly_rounded, result.errors.outputs) << sweep_text(result);
      EXPECT_EQ(result.errors.not_finite, 0u) << set.name;
      EXPECT_EQ(result.non_monotone, 0u) << set.name;
    }
  }
  EXPECT_EQ(sets, 8u);
}

TEST(Sweep, FindsTheOneWrongOutput) {
  for (const SweepSet& set : sweep_sets()) {
    if (set.dtype != SOFTMARK_F32) continue;
    int calls = 0;
    const auto result = sweep({set,
                               "wrong once",
                               [&](const softmark_args& args) {
                                 run_exact(set.op, set.dtype, args);
                                 if (++calls == 1) static_cast<float*>(args.y)[77] *= 1.0001f;
                                 return 0;
                               },
                               {5000, 20000}});
    EXPECT_EQ(result.errors.correctly_rounded + 1, result.errors.outputs) << set.name;
    EXPECT_GT(result.errors.max_ulp, 500) << set.name;
    EXPECT_LT(result.errors.max_ulp, 2000) << set.name;
    ASSERT_FALSE(result.worst_x.empty());
    EXPECT_NEAR(result.worst_got / result.worst_want, 1.0001, 1e-6);
  }
}

TEST(Sweep, ShardsCoverTheSetAndMerge) {
  const SweepSet& set = *find_sweep_set("sigmoid/bf16");
  const auto run = [&](const softmark_args& args) { return run_exact(set.op, set.dtype, args); };
  const auto whole = sweep({set, "k", run});
  EXPECT_EQ(whole.inputs, 65536u);
  std::vector<SweepResult> parts;
  for (std::uint64_t shard = 0; shard < 7; ++shard)
    parts.push_back(sweep({set, "k", run, {shard, 7}}));
  for (auto& part : parts) part = read_sweep(sweep_json(part), "part.json");
  const auto merged = merge_sweeps(parts);
  EXPECT_EQ(merged.inputs, whole.inputs);
  EXPECT_EQ(merged.total, whole.total);
  EXPECT_EQ(merged.errors.outputs, whole.errors.outputs);
  EXPECT_EQ(merged.errors.max_ulp, whole.errors.max_ulp);
  EXPECT_EQ(merged.errors.correctly_rounded, whole.errors.correctly_rounded);
  EXPECT_TRUE(merged.complete());
  EXPECT_THROW(merge_sweeps(std::vector<SweepResult>{parts[0], parts[0]}), std::invalid_argument);
}

TEST(Sweep, EndsEarlyWithWhatIsKnown) {
  const SweepSet& set = *find_sweep_set("sigmoid/f32");
  const auto stopped = sweep({set, "k", run_sigmoid},
                             [](std::uint64_t done, std::uint64_t) { return done < 100000; });
  EXPECT_FALSE(stopped.complete());
  EXPECT_GE(stopped.errors.outputs, 100000u);
  EXPECT_NE(sweep_text(stopped).find("(incomplete)"), std::string::npos);
  const auto refused = sweep({set, "k", [](const softmark_args&) { return 3; }});
  EXPECT_EQ(refused.inputs, 0u);
  EXPECT_NE(refused.failure.find("status 3"), std::string::npos);
  const auto crashed = sweep({set, "k", [](const softmark_args&) -> int {
                                throw std::runtime_error("killed by SIGSEGV");
                              }});
  EXPECT_EQ(crashed.failure, "killed by SIGSEGV");
}

TEST(Sweep, CountsStepsDown) {
  const SweepSet& set = *find_sweep_set("sigmoid/f32");
  const auto result = sweep({set,
                             "k",
                             [](const softmark_args& args) {
                               run_sigmoid(args);
                               static_cast<float*>(args.y)[1000] = 0;
                               return 0;
                             },
                             {3, 20000}});
  EXPECT_GE(result.non_monotone, 1u);
  EXPECT_FALSE(result.first_step_down.empty());
}

TEST(Sweep, ShardsAreCountedFromOne) {
  EXPECT_EQ(parse_shard("1/1").index, 0u);
  EXPECT_EQ(parse_shard("2/8").index, 1u);
  EXPECT_EQ(parse_shard("8/8").count, 8u);
  for (const char* text :
       {"", "/", "0/8", "9/8", "1", "-1/8", "1/0", "a/b", "1/8x", "1/99999999999999999999"})
    EXPECT_THROW(parse_shard(text), Error) << text;
}

TEST(Sweep, RefusesWhatIsNoSweep) {
  for (const char* text :
       {"", "{}", "[1,2]", "{\"schema\":\"softmark.report\",\"schema_version\":\"1.0\"}"})
    EXPECT_THROW(read_sweep(text, "x.json"), Error) << text;
}

#ifdef SOFTMARK_LONG_TESTS
/// Sigmoid, or rows of two columns, in double, rounded once.
int run_in_double(const SweepSet& set, const softmark_args& args) {
  if (args.cols != 2 || set.op == SOFTMARK_SIGMOID) {
    for (std::size_t i = 0; i < args.cols; ++i)
      store(set.dtype, args.y, i, 1 / (1 + std::exp(-load(set.dtype, args.x, i))));
    return 0;
  }
  for (std::size_t r = 0; r < args.rows; ++r) {
    const double a = load(set.dtype, args.x, 2 * r), b = load(set.dtype, args.x, 2 * r + 1);
    const double log_sum = std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
    if (set.op == SOFTMARK_LOGSUMEXP) {
      store(set.dtype, args.y, r, log_sum);
      continue;
    }
    for (const double sign : {1.0, -1.0}) {
      const double gap = sign * (b - a), z = std::exp(-std::fabs(gap));
      const double p = gap > 0 ? z / (1 + z) : 1 / (1 + z),
                   log_p = std::min(0.0, -gap) - std::log1p(z);
      store(set.dtype, args.y, 2 * r + (sign < 0), set.op == SOFTMARK_SOFTMAX ? p : log_p);
    }
  }
  return 0;
}

class WholeSweep : public testing::TestWithParam<std::size_t> {};

// Every set whole (of the pairs a sixteenth) through the same formulas in double: all but a few
// outputs are right.
TEST_P(WholeSweep, DoublePrecisionIsNearlyAlwaysRight) {
  const SweepSet& set = sweep_sets()[GetParam()];
  const std::uint64_t shards = set.kind == SweepSet::kPairs ? 16 : 1;
  const auto result = sweep({set,
                             "in double",
                             [&](const softmark_args& args) { return run_in_double(set, args); },
                             {shards / 2, shards}});
  std::fputs(sweep_text(result).c_str(), stdout);
  EXPECT_TRUE(result.complete());
  EXPECT_EQ(result.non_monotone, 0u);
  EXPECT_LT(result.errors.max_ulp, 0.5 + 0x1p-20);
  EXPECT_LT(result.errors.outputs - result.errors.correctly_rounded,
            1 + result.errors.outputs / 1000000);
}
INSTANTIATE_TEST_SUITE_P(Sets, WholeSweep, testing::Range(std::size_t{0}, sweep_sets().size()));
#endif

}  // namespace
}  // namespace softmark
