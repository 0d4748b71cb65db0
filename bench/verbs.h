// SPDX-License-Identifier: Apache-2.0
// The verbs of this room, for the front door.
#pragma once

#include <CLI/CLI.hpp>

namespace softmark {

void add_bench(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);

}  // namespace softmark
