/* SPDX-License-Identifier: Apache-2.0
 * A shared library whose initialiser does not return in time. */
#include <unistd.h>

__attribute__((constructor)) static void load(void) { sleep(300); }
