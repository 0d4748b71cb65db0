// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, SIGTERM and SIGHUP: what is known is still written.
#pragma once

namespace softmark {

/// From now on the first interrupt does not end the program: it ends waits for children, and
/// interrupted() is true. A second one ends the program at once.
void watch_interrupts();
bool interrupted();

/// A descriptor that is readable from the first interrupt on; -1 where interrupts are not watched.
int interrupt_descriptor();

}  // namespace softmark
