// SPDX-License-Identifier: Apache-2.0
// A description of this machine: its identity, its current state, and what cannot be determined
// here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "support/json.h"

namespace softmark::bench {

/// The document's `machine`: `key` and `identity` hold only what stays the same from boot to boot
/// and hour to hour; `environment` holds the rest; a field that is not available is null there,
/// with the reason in `unavailable`.
Json machine_section();
/// The document's `build`: compiler, flags, and the instruction sets that the compiler was allowed
/// to use.
Json build_section();
/// Writes both into a document.
void describe_machine(Json& document);

/// The size of a cache level of the first core, in bytes; 0 where it does not exist or is unknown.
std::size_t cache_bytes(int level);
std::size_t last_level_cache_bytes();
/// CPUs that this process may run on, in ascending order.
std::vector<int> allowed_cpus();
/// Those of them that single threads are timed on, in turn: one of each core, of the fastest kind
/// where cores differ, one NUMA node after the other. Memory is local to them, because the process
/// that is timed touches it first.
std::vector<int> timing_cpus();
/// The CPUs that share the core of one: its hardware threads. Where a hypervisor shows no such
/// threads it may hide them, and the other of an even and the next odd number counts as one.
std::vector<int> siblings_of(int cpu);
std::size_t available_memory_bytes();

}  // namespace softmark::bench
