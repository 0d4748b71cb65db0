// SPDX-License-Identifier: Apache-2.0
// Calls in general; calls.h fills them in for a kernel.
#pragma once

#include <span>

namespace softmark {

/// These stand for the kernel's own: "@name", "@op", "@dtype", "@OP", "@DTYPE"; "@forward" (the
/// operation of a VJP), "@T" (the type in C++), "@half" (the same, with ONNX Runtime's for f16),
/// "@type" and "@algorithm" (libtorch's, oneDNN's), "@node" and "@axis" (ONNX's), "@exp" (libm's),
/// "@sleef" and "@march" (by the instructions it ran with), "@source" and "@flags" (of a kernel
/// that is a file of ours under other flags).
struct CallTemplate {
  const char *provider, *kernels;  // "builtin", "flags", "peer" or "plugin"; names with spaces
                                   // around each, "": any; of "flags" the ends of names
  const char* ops;                 // as `kernels`
  const char *language, *header, *build;  // headers in C++ and C: separated by spaces
  const char* given;                      // what the lines use, as declarations
  const char* lines;
  const char* outside = "";  // lines before the function
};

/// The first that fits a kernel is its own.
std::span<const CallTemplate> call_templates();

}  // namespace softmark
