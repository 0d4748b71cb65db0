// SPDX-License-Identifier: Apache-2.0
// The machine as it tells itself: what identifies it, what its state is now, and what cannot be
// known here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "support/json.h"

namespace softmark::bench {

/// The document's `machine`: `key` and `identity` never hold a reading that changes from boot to
/// boot or hour to hour; `environment` holds those; a field that cannot be had is null there, with
/// its reason in `unavailable`.
Json machine_section();
/// The document's `build`: compiler, flags, and the instruction sets that the compiler was really
/// allowed to use.
Json build_section();
/// Both, put into a document.
void describe_machine(Json& document);

/// One cache level as seen from the first core: 0 bytes where there is none or nothing is known.
std::size_t cache_bytes(int level);
std::size_t last_level_cache_bytes();
/// CPUs that this process may run on, in ascending order.
std::vector<int> allowed_cpus();
std::size_t available_memory_bytes();

}  // namespace softmark::bench
