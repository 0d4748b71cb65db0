// SPDX-License-Identifier: Apache-2.0
// For builds with the leak sanitizer: what peers keep to the process's end is not ours to mend. Included once in every
// program that loads them.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SOFTMARK_FINDS_LEAKS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SOFTMARK_FINDS_LEAKS
#endif

#ifdef SOFTMARK_FINDS_LEAKS
/// Asked by the sanitizer's run-time library.
extern "C" __attribute__((used)) inline const char* __lsan_default_suppressions() {
  return "leak:libonnxruntime\nleak:libsnappy\nleak:libc10\nleak:libtorch\nleak:libdnnl\nleak:libpython\n";
}
#endif
