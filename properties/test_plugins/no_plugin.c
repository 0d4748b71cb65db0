/* SPDX-License-Identifier: Apache-2.0
 * A shared library that is not a plugin. */
int softmark_is_not_exported_here(void);
int softmark_is_not_exported_here(void) { return 0; }
