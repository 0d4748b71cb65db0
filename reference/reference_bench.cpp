// SPDX-License-Identifier: Apache-2.0
// Outputs a second: certified by each tier, and errors in bulk.
#include <benchmark/benchmark.h>

#include "reference/bulk_softmax.h"
#include "reference/test_rows.h"

namespace softmark {
namespace {

std::vector<float> rows_of(std::size_t rows, std::size_t cols) {
  test::Random random(1);
  std::vector<float> x(rows * cols);
  for (float& value : x) value = static_cast<float>(3 * test::normal(random));
  return x;
}

std::vector<float> results_of(const std::vector<float>& x, std::size_t cols) {
  std::vector<float> y(x.size());
  for (std::size_t row = 0; row < x.size(); row += cols) {
    double sum = 0;
    for (std::size_t i = 0; i < cols; ++i) sum += std::exp(static_cast<double>(x[row + i]));
    for (std::size_t i = 0; i < cols; ++i)
      y[row + i] = static_cast<float>(std::exp(static_cast<double>(x[row + i])) / sum);
  }
  return y;
}

void report(benchmark::State& state, const ErrorStatistics& statistics) {
  const auto& outputs = statistics.certificate.outputs;
  state.SetItemsProcessed(static_cast<std::int64_t>(statistics.outputs));
  state.counters["tier0"] = static_cast<double>(outputs[1]);
  state.counters["tier1"] = static_cast<double>(outputs[2]);
  state.counters["tier2"] = static_cast<double>(outputs[3]);
}

/// Errors of softmax in float32 in bulk: 16 rows of the given length, N(0, 3).
void Errors(benchmark::State& state) {
  const auto cols = static_cast<std::size_t>(state.range(0));
  const auto x = rows_of(16, cols), y = results_of(x, cols);
  ErrorStatistics statistics;
  for (auto _ : state)
    for (std::size_t row = 0; row < x.size(); row += cols)
      add_softmax_row({x.data() + row, cols}, {y.data() + row, cols}, statistics);
  report(state, statistics);
}
BENCHMARK(Errors)->Arg(128)->Arg(4096)->Arg(65536);

/// Correctly rounded softmax in float32, certified by tier 0.
void ExactSoftmax(benchmark::State& state) {
  const auto cols = static_cast<std::size_t>(state.range(0));
  const auto x = rows_of(16, cols);
  std::vector<float> y(cols);
  ErrorStatistics statistics;
  for (auto _ : state)
    for (std::size_t row = 0; row < x.size(); row += cols) {
      exact_softmax({x.data() + row, cols}, y, statistics.certificate);
      statistics.outputs += cols;
    }
  report(state, statistics);
}
BENCHMARK(ExactSoftmax)->Arg(128)->Arg(4096)->Arg(65536);

/// exact_row from the given tier on, one row of 4096.
void ExactRow(benchmark::State& state) {
  const auto x = rows_of(1, 4096);
  const std::vector<double> wide(x.begin(), x.end());
  ErrorStatistics statistics;
  for (auto _ : state)
    for (const Exact& exact :
         exact_row({SOFTMARK_SOFTMAX, SOFTMARK_F32, wide, {}}, static_cast<Tier>(state.range(0)))) {
      ++statistics.outputs;
      ++statistics.certificate.outputs[static_cast<std::size_t>(exact.tier)];
    }
  report(state, statistics);
}
BENCHMARK(ExactRow)->ArgName("tier")->Arg(1)->Arg(2)->Arg(3);

/// 1e9 outputs of fresh random rows each time would measure the generator; 2^22 different ones are
/// taken again and again.
void ABillionErrors(benchmark::State& state) {
  const auto x = rows_of(1024, 4096), y = results_of(x, 4096);
  for (auto _ : state) {
    ErrorStatistics statistics;
    while (statistics.outputs < 1000000000)
      for (std::size_t row = 0; row < x.size(); row += 4096)
        add_softmax_row({x.data() + row, 4096}, {y.data() + row, 4096}, statistics);
    report(state, statistics);
  }
}
BENCHMARK(ABillionErrors)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace softmark

BENCHMARK_MAIN();
