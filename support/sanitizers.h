// SPDX-License-Identifier: Apache-2.0
// For builds with sanitizers: which they are, and what they find that is not ours to mend. Included
// wherever kernels run in the program's own process.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SOFTMARK_FINDS_LEAKS
#endif
#if __has_feature(thread_sanitizer)
#define SOFTMARK_FINDS_RACES
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SOFTMARK_FINDS_LEAKS
#endif
#ifdef __SANITIZE_THREAD__
#define SOFTMARK_FINDS_RACES
#endif

#ifdef SOFTMARK_FINDS_LEAKS
/// Libraries that keep to the process's end what they once made.
extern "C" __attribute__((used)) inline const char* __lsan_default_suppressions() {
  return "leak:libonnxruntime\nleak:libsnappy\nleak:libc10\nleak:libtorch\nleak:libdnnl\n"
         "leak:libpython\nleak:libmpi\nleak:libopen-\nleak:libpmix\nleak:libhwloc\nleak:libevent\n";
}
#endif
