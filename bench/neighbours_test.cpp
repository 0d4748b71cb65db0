// SPDX-License-Identifier: Apache-2.0
#include "bench/neighbours.h"

#include <gtest/gtest.h>

namespace softmark::bench {
namespace {

TEST(Neighbours, AreKnownByWhatTheyTake) {
  std::vector<double> looks(100, 4.0);
  looks[7] = 4.4;  // a clock that changed meanwhile
  EXPECT_EQ(sharing_of(looks).share, 0);
  for (int i = 20; i < 50; ++i) looks[static_cast<std::size_t>(i)] = 2.5;
  const Sharing sharing = sharing_of(looks);
  EXPECT_NEAR(sharing.share, 0.3, 1e-12);
  EXPECT_NEAR(sharing.slower, 1.6, 1e-12);
  EXPECT_NE(sentence_of(sharing).find("30 %"), std::string::npos) << sentence_of(sharing);
  EXPECT_NE(sentence_of(sharing).find("1.6 times"), std::string::npos) << sentence_of(sharing);
}

TEST(Neighbours, AreNotSeenInAFewLooks) {
  EXPECT_EQ(sharing_of({4, 4, 2, 2}).share, 0);
  EXPECT_EQ(sharing_of(std::vector<double>(1000, 0.0)).share, 0);  // no such measurement here
  EXPECT_EQ(sentence_of({0.05, 1.6}), "");
}

TEST(Neighbours, AdditionsAreCounted) {
#if defined(__x86_64__)
  EXPECT_GT(additions_per_cycle(), 0.2);
  EXPECT_LT(additions_per_cycle(), 16);
#else
  EXPECT_EQ(additions_per_cycle(), 0);
#endif
}

}  // namespace
}  // namespace softmark::bench
