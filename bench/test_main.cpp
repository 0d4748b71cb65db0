// SPDX-License-Identifier: Apache-2.0
// The measuring child processes are this same program, so the tests' main also dispatches to them.
#include <gtest/gtest.h>

#include "bench/process.h"
#include "support/role.h"

int main(int argc, char** argv) {
  static constexpr softmark::ChildRole kRoles[] = {
      {"child-replicate", softmark::bench::replicate_main},
      {"child-library", softmark::bench::library_main}};
  if (const auto code = softmark::run_role(argc, argv, kRoles)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
