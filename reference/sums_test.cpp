// SPDX-License-Identifier: Apache-2.0
// The orders of summation that libraries use, against what any of them may lose: never exceeded,
// and nearly reached.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/names.h"
#include "reference/error_bounds.h"
#include "reference/row_errors.h"
#include "support/random.h"

namespace softmark {
namespace {

using Terms = std::vector<float>;

float forwards(const float* e, std::size_t n) { return std::accumulate(e, e + n, 0.0f); }
float backwards(const float* e, std::size_t n) {
  float sum = 0;
  while (n > 0) sum += e[--n];
  return sum;
}
float tree(const float* e, std::size_t n) {
  return n == 0 ? 0 : n == 1 ? *e : tree(e, n / 2) + tree(e + n / 2, n - n / 2);
}
float lanes(const float* e, std::size_t n, std::size_t width, bool from_the_end = false) {
  std::vector<float> sums(width);
  for (std::size_t i = 0; i < n; ++i) sums[i % width] += e[from_the_end ? n - 1 - i : i];
  return tree(sums.data(), width);
}
/// The sum of the sums of blocks, each by `inner`, both in order.
float blocks(const float* e, std::size_t n, std::size_t block,
             const std::function<float(const float*, std::size_t)>& inner) {
  float sum = 0;
  for (std::size_t i = 0; i < n; i += block) sum += inner(e + i, std::min(block, n - i));
  return sum;
}
/// As numpy does: halves, down to blocks of 128 by eight accumulators.
float halves_of_lanes(const float* e, std::size_t n) {
  if (n <= 128) return lanes(e, n, 8);
  const std::size_t half = n / 2 / 8 * 8;
  return halves_of_lanes(e, half) + halves_of_lanes(e + half, n - half);
}
float compensated(const float* e, std::size_t n) {
  float sum = 0, lost = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float y = e[i] - lost, next = sum + y;
    lost = (next - sum) - y;
    sum = next;
  }
  return sum;
}

struct Order {
  std::string name;
  std::function<float(const float*, std::size_t)> sum;
  bool is_blocked = false;  // no path of more than 2 sqrt(n) + log2(n) + 2 additions
};

std::vector<Order> orders() {
  std::vector<Order> all = {
      {"forwards", forwards},
      {"backwards", backwards},
      {"tree", tree, true},
      {"halves of lanes", halves_of_lanes},
      {"compensated", compensated, true},
      {"blocks of the square root",
       [](const float* e, std::size_t n) {
         return blocks(e, n, static_cast<std::size_t>(std::ceil(std::sqrt(n))), forwards);
       },
       true}};
  for (const std::size_t width : {4u, 8u, 16u, 32u, 64u})
    for (const bool from_the_end : {false, true})
      all.push_back({std::to_string(width) + " lanes", [=](const float* e, std::size_t n) {
                       return lanes(e, n, width, from_the_end);
                     }});
  for (const std::size_t block : {2u, 16u, 128u, 1024u}) {
    all.push_back({"blocks of " + std::to_string(block),
                   [=](const float* e, std::size_t n) { return blocks(e, n, block, forwards); }});
    all.push_back(
        {"blocks of " + std::to_string(block) + " in 16 lanes", [=](const float* e, std::size_t n) {
           return blocks(e, n, block,
                         [](const float* b, std::size_t m) { return lanes(b, m, 16); });
         }});
    all.push_back(
        {"blocks of blocks of " + std::to_string(block), [=](const float* e, std::size_t n) {
           return blocks(e, n, 16 * block, [=](const float* b, std::size_t m) {
             return blocks(b, m, block, forwards);
           });
         }});
  }
  return all;
}

/// Rows of terms: flat, random, growing, falling, and one peak with a tail that is nearly lost.
std::vector<Terms> rows_of(std::size_t n) {
  Rng rng(n);
  std::vector<Terms> rows(9, Terms(n));
  const auto tail = static_cast<float>(0x1p-25 * (1 + 1e-3)), lost = std::nextafter(0x1p-24f, 0.f);
  for (std::size_t i = 0; i < n; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(n);
    rows[0][i] = 1 - 0x1p-24f;
    rows[1][i] = static_cast<float>(std::exp(rng.normal()));
    rows[2][i] = static_cast<float>(std::exp(20 * (part - 1)));
    rows[3][i] = static_cast<float>(std::exp(-20 * part));
    rows[4][i] = i == 0 ? 1 : lost;
    rows[5][i] = i == n / 2 ? 1 : tail;
    rows[6][i] = i + 1 == n ? 1 : lost;
    rows[7][i] = i % 16 == 7 ? 1 : lost;
    rows[8][i] = static_cast<float>(std::exp(4 * rng.normal()));
  }
  return rows;
}

double allowed(Evaluation::Sum sum, const Terms& e) {
  Evaluation evaluation;
  evaluation.sum = sum;
  const std::vector<double> magnitudes(e.begin(), e.end());
  const double total = std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0);
  return summation_error<double>(Working(evaluation), magnitudes, total);
}

TEST(Sums, LoseNoMoreThanTheirPartialSumsAllow) {
  double reached = 0, reached_by_blocks = 0;
  for (const std::size_t n : {2u, 3u, 5u, 16u, 17u, 64u, 100u, 1000u, 1024u, 4097u, 32768u})
    for (const Terms& e : rows_of(n)) {
      const double exact = std::accumulate(e.begin(), e.end(), 0.0L);
      const double any = allowed(Evaluation::kAnyOrder, e),
                   blocked = allowed(Evaluation::kBlocked, e);
      ASSERT_LE(blocked, any);
      for (const Order& order : orders()) {
        const double error = std::fabs(static_cast<double>(order.sum(e.data(), n)) - exact);
        ASSERT_LE(error, any) << order.name << " of " << n;
        if (n > 16) reached = std::max(reached, error / any);
        if (!order.is_blocked) continue;
        ASSERT_LE(error, blocked) << order.name << " of " << n;
        if (n > 16) reached_by_blocks = std::max(reached_by_blocks, error / blocked);
      }
    }
  EXPECT_GE(reached, 0.9) << "a slack bound detects nothing";
  EXPECT_GE(reached_by_blocks, 0.3);
}

TEST(Sums, SequentialOnesExceedTheBoundOfBlockedOnes) {
  const auto rows = rows_of(32768);
  const double exact = std::accumulate(rows[4].begin(), rows[4].end(), 0.0);
  EXPECT_GT(std::fabs(forwards(rows[4].data(), rows[4].size()) - exact),
            10 * allowed(Evaluation::kBlocked, rows[4]));
}

/// Rows of one level: exp(0) may be anything within 4 ulp of 1, and another in body and tail.
TEST(Sums, OfEqualTermsLoseNextToNothingInAnyOrder) {
  for (const std::size_t n : {2u, 3u, 64u, 100u, 1000u, 4097u, 32768u}) {
    const std::vector<double> x(n);
    const Problem problem{SOFTMARK_SOFTMAX, SOFTMARK_F32, x, {}};
    const auto exact = exact_row(problem);
    const auto bounds = error_bounds(problem, exact);
    EXPECT_LT(bounds[0].error * static_cast<double>(n), 200 * 0x1p-24);
    if (n >= 4096) {
      EXPECT_LT(bounds[0].error, 0.5 / static_cast<double>(n) / static_cast<double>(n));
    }
    for (int body = -8; body <= 8; ++body)
      for (const int tail : {0, body, -8, 8}) {
        Terms e(n, 1 + static_cast<float>(body) * 0x1p-24f);
        for (std::size_t i = n / 8 * 8; i < n; ++i) e[i] = 1 + static_cast<float>(tail) * 0x1p-24f;
        for (const Order& order : orders()) {
          const float sum = order.sum(e.data(), n);
          ASSERT_TRUE(is_within(exact[0], bounds[0], e[0] / sum, SOFTMARK_F32))
              << order.name << " of " << n << ": " << body << ", " << tail;
          ASSERT_TRUE(is_within(exact[0], bounds[0], e[n - 1] * (1 / sum), SOFTMARK_F32))
              << order.name << " of " << n << ": " << body << ", " << tail;
        }
      }
  }
}

TEST(Sums, OfWholeNumbersAreExact) {
  const std::size_t n = 4096;
  std::vector<double> p(n, 0x1p-12), g(n);
  for (std::size_t i = 0; i < n; ++i) g[i] = i % 2 ? 1 : -1;
  g[n / 2] = 0, g[n / 2 + 1] = 0;
  const Problem problem{SOFTMARK_SOFTMAX_VJP, SOFTMARK_F32, p, g};
  const auto exact = exact_row(problem);
  const auto bounds = error_bounds(problem, exact);
  EXPECT_EQ(exact[n / 2].rounded, 0);
  EXPECT_LT(bounds[n / 2].error, 0x1p-140) << "one column more or less gives 2^-24";
  p[7] = 0x1.000002p-12;  // its product is no multiple of the others' quantum within 24 bits
  g[7] = 0x1.8p-20;
  EXPECT_GT(error_bounds(problem, exact_row(problem))[n / 2].error, 0x1p-40);
}

}  // namespace
}  // namespace softmark
