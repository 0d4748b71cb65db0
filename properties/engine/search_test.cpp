// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/search.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/reference.h"

namespace softmark {
namespace {

const softmark_kernel& entry(const std::string& wanted, softmark_op op, softmark_dtype dtype) {
  for (const softmark_kernel* kernel : builtin_kernels())
    if (kernel->name == wanted && kernel->op == op && kernel->dtype == dtype) return *kernel;
  throw Error(kUsage, "no built-in " + wanted);
}

Kernel kernel_of(const softmark_kernel& entry) {
  Kernel kernel;
  kernel.id = std::string(entry.name) + "/" + std::string(name(entry.op)) + "/" +
              std::string(name(entry.dtype));
  kernel.op = entry.op;
  kernel.dtype = entry.dtype;
  kernel.max_ulp = entry.max_ulp;
  return kernel;
}

/// Runs a built-in in this process: these kernels are known not to crash or hang.
SearchRunner runner_of(const softmark_kernel& entry) {
  return [&entry](const Case& c) -> std::optional<std::vector<double>> {
    const std::size_t outputs = c.rows * outputs_of(entry.op, c.cols);
    std::vector<double> x(c.x.size() + 1), y(outputs + 1), result;  // enough space for any type
    for (std::size_t i = 0; i < c.x.size(); ++i) store(entry.dtype, x.data(), i, c.x[i]);
    const softmark_args args = {c.rows,  c.cols,  x.data(),
                                nullptr, nullptr, y.data(),
                                c.cols,  0,       outputs_of(entry.op, c.cols),
                                1};
    if (entry.run(&args) != 0) return std::nullopt;
    for (std::size_t i = 0; i < outputs; ++i) result.push_back(load(entry.dtype, y.data(), i));
    return result;
  };
}

double worst_of(const softmark_kernel& entry, bool guided, std::uint64_t seed) {
  SearchOptions options;
  options.guided = guided;
  options.rows = 20000;
  options.seed = seed;
  const SearchResult found = search_worst(kernel_of(entry), options, runner_of(entry));
  EXPECT_LE(found.rows, options.rows + 16);
  return found.worst ? found.worst->ulp : -1;
}

// With the same number of rows, for every seed tried.
TEST(Search, FindsWorseRowsThanRandomOnesAre) {
  const struct {
    const char* name;
    softmark_op op;
    softmark_dtype dtype;
  } ours[] = {{"max_shifted", SOFTMARK_SOFTMAX, SOFTMARK_F32},
              {"online", SOFTMARK_SOFTMAX, SOFTMARK_F32},
              {"simd", SOFTMARK_SOFTMAX, SOFTMARK_F32},
              {"max_shifted", SOFTMARK_LOGSUMEXP, SOFTMARK_F32}};
  for (const auto& one : ours)
    for (std::uint64_t seed : {1, 2}) {
      const softmark_kernel& kernel = entry(one.name, one.op, one.dtype);
      const double random = worst_of(kernel, false, seed), guided = worst_of(kernel, true, seed);
      RecordProperty(
          std::string(one.name) + "_" + std::to_string(one.dtype) + "_" + std::to_string(seed),
          std::to_string(random) + " " + std::to_string(guided));
      EXPECT_GT(guided, random) << one.name << " " << seed;
      EXPECT_LE(guided, kernel.max_ulp) << one.name << " " << seed;
    }
}

TEST(Search, TheSameSeedFindsTheSameRow) {
  const softmark_kernel& kernel = entry("max_shifted", SOFTMARK_SOFTMAX, SOFTMARK_F32);
  SearchOptions options;
  options.cols = 7;
  options.rows = 1000;
  const auto first = search_worst(kernel_of(kernel), options, runner_of(kernel)),
             again = search_worst(kernel_of(kernel), options, runner_of(kernel));
  ASSERT_TRUE(first.worst && again.worst);
  EXPECT_EQ(first.worst->c.x, again.worst->c.x);
  EXPECT_EQ(first.worst->c.cols, 7u);
  EXPECT_EQ(first.worst->c.rows, 1u);
  for (double v : first.worst->c.x)
    EXPECT_TRUE(std::isfinite(v) && v == round_to(SOFTMARK_F32, v)) << v;
  options.seed = 2;
  EXPECT_NE(search_worst(kernel_of(kernel), options, runner_of(kernel)).worst->c.x,
            first.worst->c.x);
}

// The reported error equals that of the reported row by the reference.
TEST(Search, TellsTheErrorOfTheRowItGives) {
  const softmark_kernel& kernel = entry("max_shifted", SOFTMARK_LOGSUMEXP, SOFTMARK_F32);
  SearchOptions options;
  options.rows = 600;
  const auto run = runner_of(kernel);
  const auto found = search_worst(kernel_of(kernel), options, run);
  ASSERT_TRUE(found.worst);
  const auto exact = exact_row({kernel.op, kernel.dtype, found.worst->c.x, {}});
  EXPECT_EQ(found.worst->ulp, ulp_error(exact[found.worst->output],
                                        (*run(found.worst->c))[found.worst->output], kernel.dtype));
}

TEST(Search, EndsWhereNothingIsFiniteAndWhereAllIsRefused) {
  const Kernel kernel = kernel_of(entry("max_shifted", SOFTMARK_SOFTMAX, SOFTMARK_F32));
  SearchOptions options;
  options.rows = 500;
  const auto refused = search_worst(kernel, options, [](const Case&) { return std::nullopt; });
  EXPECT_FALSE(refused.worst);
  const auto broken = search_worst(
      kernel, options, [](const Case& c) { return std::vector<double>(c.x.size(), NAN); });
  ASSERT_TRUE(broken.worst);
  EXPECT_EQ(broken.worst->ulp, INFINITY);
  EXPECT_LE(broken.rows, 32u);
}

// Kernels that accept single rows only, or one length only, or are wrong in a batch only.
TEST(Search, TriesRowsAloneWhereBatchesAreRefusedAndKeepsABatchThatAloneShowsTheFault) {
  const softmark_kernel& kernel = entry("max_shifted", SOFTMARK_SOFTMAX, SOFTMARK_F32);
  const auto run = runner_of(kernel);
  SearchOptions options;
  options.rows = 4000;
  const auto alone = search_worst(kernel_of(kernel), options, [&](const Case& c) {
    return c.rows == 1 ? run(c) : std::nullopt;
  });
  ASSERT_TRUE(alone.worst);
  const auto sixteens = search_worst(kernel_of(kernel), options, [&](const Case& c) {
    return c.cols == 16 ? run(c) : std::nullopt;
  });
  ASSERT_TRUE(sixteens.worst);
  EXPECT_EQ(sixteens.worst->c.cols, 16u);
  const auto among = search_worst(kernel_of(kernel), options, [&](const Case& c) {
    auto y = run(c);
    if (c.rows > 1) (*y)[c.cols] = 7;
    return y;
  });
  ASSERT_TRUE(among.worst);
  EXPECT_GT(among.worst->c.rows, 1u);
}

}  // namespace
}  // namespace softmark
