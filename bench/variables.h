// SPDX-License-Identifier: Apache-2.0
// The environment variables that decide what a library does: its instruction set, its threads, its
// memory.
#pragma once

#include "support/json.h"

namespace softmark::bench {

/// Those that are set here, by name: {"OMP_WAIT_POLICY": "active"}. The document's
/// `machine.environment.variables`.
Json set_variables();

}  // namespace softmark::bench
