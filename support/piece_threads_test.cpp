// SPDX-License-Identifier: Apache-2.0
#include "support/piece_threads.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "support/ranks.h"

namespace softmark {
namespace {

SharedWork work_of(std::size_t pieces, std::set<std::string>& results, unsigned threads) {
  SharedWork work;
  for (std::size_t i = 0; i < pieces; ++i) work.pieces.push_back(std::to_string(i));
  work.run = [](const std::string& piece) { return "r" + piece; };
  work.take = [&results](const std::string& piece, const std::string& result) {
    EXPECT_EQ(result, "r" + piece);
    EXPECT_TRUE(results.insert(result).second) << "taken twice: " << result;
    return true;
  };
  work.threads = threads;
  return work;
}

// One process without a launcher: its own threads do all pieces, each once.
TEST(Share, EachPieceIsDoneOnce) {
  for (const std::size_t pieces : {0u, 1u, 2u, 100u})
    for (const unsigned threads : {1u, 3u}) {
      std::set<std::string> results;
      share(work_of(pieces, results, threads));
      EXPECT_EQ(results.size(), pieces);
    }
}

TEST(Share, StopsWhereTheResultSaysSo) {
  std::set<std::string> results;
  SharedWork work = work_of(100, results, 1);
  const auto take = work.take;
  work.take = [&](const std::string& piece, const std::string& result) {
    return take(piece, result) && piece != "5";
  };
  share(work);
  EXPECT_EQ(results.size(), 6u);
  EXPECT_TRUE(results.contains("r5"));
}

TEST(Share, ThrowsWhatAPieceThrew) {
  std::set<std::string> results;
  SharedWork work = work_of(10, results, 2);
  work.run = [](const std::string& piece) {
    if (piece == "3") throw std::runtime_error("no more");
    return "r" + piece;
  };
  EXPECT_THROW(share(work), std::runtime_error);
}

}  // namespace
}  // namespace softmark
