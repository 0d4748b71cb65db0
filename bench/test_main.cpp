// SPDX-License-Identifier: Apache-2.0
// The measuring child processes are this same program, so the tests' main also dispatches to them.
#include <gtest/gtest.h>

#include <string_view>

#include "bench/process.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "child-replicate")
    return softmark::bench::replicate_main();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
