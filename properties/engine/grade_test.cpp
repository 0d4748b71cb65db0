// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/grade.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {
namespace {

TEST(Grade, NamesAreReadBack) {
  for (int i = 0; i <= static_cast<int>(Grade::none); ++i)
    EXPECT_EQ(grade_of(name(static_cast<Grade>(i))), static_cast<Grade>(i));
  EXPECT_EQ(grade_of("best"), std::nullopt);
}

TEST(Grade, EachBoundIsWithinTheNext) {
  for (const softmark_op op : {SOFTMARK_SOFTMAX, SOFTMARK_LOG_SOFTMAX, SOFTMARK_LOGSUMEXP,
                               SOFTMARK_SOFTMAX_VJP, SOFTMARK_SIGMOID, SOFTMARK_CROSS_ENTROPY_VJP})
    for (const softmark_dtype dtype : kAllDtypes)
      for (const Family family : finite_families())
        for (const std::size_t cols : {2u, 17u, 300u}) {
          Rng rng(cols);
          const Case c = make_case(op, dtype, family, 1, cols, rng);
          const Problem problem = problem_of(op, dtype, c, 0);
          const auto exact = exact_row(problem);
          const auto wide = bounds_of(Grade::wide, problem, exact),
                     blocked = bounds_of(Grade::blocked, problem, exact),
                     sequential = bounds_of(Grade::sequential, problem, exact);
          for (std::size_t j = 0; j < exact.size(); ++j) {
            ASSERT_LE(wide[j].error, blocked[j].error)
                << name(op) << " " << name(dtype) << " " << info(family).name << " " << cols;
            ASSERT_LE(blocked[j].error, sequential[j].error);
          }
        }
}

TEST(Grade, OnlyASingleSumIsWorthANote) {
  const Json broken = {{"ulp", 9.5}, {"rows", "swamped"}, {"row_length", 4096}, {"allowed", 2.5}};
  EXPECT_EQ(summation_note({{"grade", "blocked"}, {"broken", broken}}), "");
  EXPECT_EQ(summation_note(nullptr), "");
  EXPECT_EQ(
      summation_note({{"grade", "sequential"}, {"broken", broken}}),
      "its sum loses more than one of blocks: 3.8 times what blocks may lose on a swamped row "
      "of 4096 columns");
}

// Where the result cancels, its ulp have as many digits as a pointer.
TEST(Grade, TheNoteHasThreeDigitsAndNoUlp) {
  const Json broken = {{"ulp", 1.1081099083608281e+15},
                       {"rows", "offset"},
                       {"row_length", 64},
                       {"allowed", 738871814553777.5}};
  const std::string note = summation_note({{"grade", "sequential"}, {"broken", broken}});
  EXPECT_NE(note.find("1.5 times what blocks may lose"), std::string::npos) << note;
  EXPECT_EQ(note.find("ulp"), std::string::npos) << note;
}

}  // namespace
}  // namespace softmark
