// SPDX-License-Identifier: Apache-2.0
// Processes that a kernel leaves running.
#pragma once

#include <sys/types.h>

#include <vector>

namespace softmark {

/// From now on what a kernel's process leaves running becomes a child of this one, wherever it put
/// itself (setsid, daemon). False: the system refuses (emulators do).
bool adopt_strays();
/// And no longer: they become children of whichever process above this one adopts them.
void leave_strays();
/// This process's children, alive or not waited for.
std::vector<pid_t> own_children();
/// Kills and reaps every child of this process that is left. Call it only where all of them are
/// strays.
void kill_strays();

}  // namespace softmark
