// SPDX-License-Identifier: Apache-2.0
// A CPU that qemu-user emulates: verdicts hold there, but what is timed is the emulator.
#pragma once

#include <string>

namespace softmark {

/// Whether another program runs this one. qemu-user answers for /proc/self/exe and not for
/// /proc/thread-self/exe, so that they name two files.
bool is_emulated();

/// Throws Error(kNotMeasurable) where it is.
void refuse_emulation();

/// The program, a path or a name in PATH, that runs this one where the system cannot:
/// SOFTMARK_EMULATOR, empty where there is none. One word, so that nothing has to be quoted:
/// qemu-user takes its options from QEMU_LD_PREFIX, QEMU_CPU and others.
std::string emulator();

/// What limits of time are multiplied by: 1 where nothing is emulated.
double emulation_allowance();

}  // namespace softmark
