// SPDX-License-Identifier: Apache-2.0
// The entry: one line a verb, one line a kind of child process, and nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/process.h"
#include "kernels/registry.h"
#include "kernels/worker.h"
#include "properties/engine/verify.h"
#include "support/error.h"
#include "support/role.h"
#include "support/strays.h"

// FOLDER/verbs/NAME.cpp defines add_NAME.
#define SOFTMARK_VERBS(VERB) \
  VERB(list)                 \
  VERB(eval)                 \
  VERB(verify)               \
  VERB(accept)               \
  VERB(sweep)                \
  VERB(experiment)           \
  VERB(bench)                \
  VERB(run)                  \
  VERB(report)               \
  VERB(compare)              \
  VERB(choose)               \
  VERB(doctor)

namespace softmark {

#define SOFTMARK_DECLARE(name) void add_##name(CLI::App& app, int& exit_code);
SOFTMARK_VERBS(SOFTMARK_DECLARE)

namespace {

constexpr ChildRole kRoles[] = {
    {"child-list", list_library_main},
    {"child-worker", worker_main},
    {"child-verify", verify_kernel_main},
    {"child-replicate", bench::replicate_main},
};

/// Whatever a kernel leaves running ends with this program.
struct Strays {
  Strays() { adopt_strays(); }
  ~Strays() { kill_strays(); }
};

int run_verb(int argc, char** argv) {
  const Strays strays;
  CLI::App app{
      "softmark: which softmax can go into production: verified against exact values, then timed"};
  app.require_subcommand(1);
  int exit_code = kPass;
#define SOFTMARK_ADD(name) add_##name(app, exit_code);
  SOFTMARK_VERBS(SOFTMARK_ADD)
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    if (app.get_subcommands().empty() && argc > 1)
      std::fprintf(stderr, "softmark: unknown verb '%s' (softmark --help)\n", argv[1]);
    else
      std::fprintf(stderr, "softmark: %s (softmark --help, softmark VERB --help)\n", error.what());
    return kUsage;
  } catch (const Error& error) {
    std::fprintf(stderr, "softmark: %s\n", error.what());
    return error.code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "softmark: unexpected: %s\n", error.what());
    return kNotMeasurable;
  }
  return exit_code;
}

}  // namespace
}  // namespace softmark

int main(int argc, char** argv) {
  if (const auto code = softmark::run_role(argc, argv, softmark::kRoles)) return *code;
  return softmark::run_verb(argc, argv);
}
