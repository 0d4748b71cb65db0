// SPDX-License-Identifier: Apache-2.0
// This room's verbs, for the front door.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "reports/document.h"

namespace softmark {

void add_eval(CLI::App& app, int& exit_code);
/// `describe` fills in what the document says of the machine and the build.
void add_verify(CLI::App& app, int& exit_code, const std::function<void(Json&)>& describe);
void add_sweep(CLI::App& app, int& exit_code);
void add_accept(CLI::App& app, int& exit_code);
void add_experiment(CLI::App& app, int& exit_code);

}  // namespace softmark
