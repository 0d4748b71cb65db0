// SPDX-License-Identifier: Apache-2.0
// The front door: one subcommand a line, and nothing else.
#include <cstdio>
#include <cstring>

#include <CLI/CLI.hpp>

#include "bench/machine.h"
#include "bench/verbs.h"
#include "kernels/process.h"
#include "properties/hidden.h"
#include "properties/verbs.h"
#include "reports/error.h"
#include "reports/render.h"

namespace {

/// Whatever a kernel leaves running ends with this program.
struct Strays {
  Strays() { softmark::adopt_strays(); }
  ~Strays() { softmark::kill_strays(); }
};

}  // namespace

int main(int argc, char** argv) {
  using namespace softmark;
  if (const auto code = run_as_child(argc, argv)) return *code;
  if (argc > 1 && std::strcmp(argv[1], "bench-host") == 0) return bench_host_main(argc, argv);

  const Strays strays;
  CLI::App app{"softmark: which softmax may go into production: verified against exact values, then timed"};
  app.require_subcommand(1);
  int exit_code = kPass;
  add_list(app, exit_code);
  add_eval(app, exit_code);
  add_verify(app, exit_code, bench::describe_machine);
  add_accept(app, exit_code);
  add_sweep(app, exit_code);
  add_experiment(app, exit_code);
  add_bench(app, exit_code);
  add_run(app, exit_code);
  add_report(app, exit_code);
  add_compare(app, exit_code);
  add_choose(app, exit_code);
  add_doctor(app, exit_code);
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
