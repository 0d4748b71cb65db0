// SPDX-License-Identifier: Apache-2.0
// This room's verbs, for the front door.
#pragma once

#include <CLI/CLI.hpp>

namespace softmark {

void add_eval(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_sweep(CLI::App& app, int& exit_code);
void add_accept(CLI::App& app, int& exit_code);
void add_experiment(CLI::App& app, int& exit_code);

}  // namespace softmark
