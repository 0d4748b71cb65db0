// SPDX-License-Identifier: Apache-2.0
// The verbs of this room, for the front door.
#pragma once

#include <CLI/CLI.hpp>

namespace softmark {

/// The hidden verb `bench-host`, a measuring child: request on descriptor 3, answer on 4, inputs on 5.
int bench_host_main(int argc, char** argv);

void add_list(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
/// `compare A B`: two documents as reports compares them, or two kernels side by side.
void add_compare(CLI::App& app, int& exit_code);

}  // namespace softmark
