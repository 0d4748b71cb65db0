// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace softmark {

/// Where this program was started as a child of itself (a hidden first argument "child-..."), does that and returns the
/// exit code; otherwise nothing. Every main that runs kernels calls it first.
std::optional<int> run_as_child(int argc, char** argv);

}  // namespace softmark
