// SPDX-License-Identifier: Apache-2.0
// A CPU that qemu-user emulates: what is timed there is the emulator.
#pragma once

namespace softmark::bench {

/// Whether another program runs this one. qemu-user answers for /proc/self/exe and not for
/// /proc/thread-self/exe, so that they name two files.
bool is_emulated();

/// Throws Error(kNotMeasurable) where it is.
void refuse_emulation();

}  // namespace softmark::bench
