// SPDX-License-Identifier: Apache-2.0
// How to call a kernel of a document from a program: ours, and the libraries that stand beside
// them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/view.h"

namespace softmark {

/// A call in general: "@name", "@op", "@dtype", "@OP", "@DTYPE", "@T" (the type in C++) and, of
/// libtorch and oneDNN, "@type" stand for the kernel's own.
struct CallTemplate {
  const char *provider, *kernels;  // "builtin" or "peer"; names with spaces around each, "": any
  const char* ops;                 // the same
  const char *language, *header, *build;
  const char* given;  // what the lines use, as declarations
  const char* lines;
};
std::span<const CallTemplate> call_templates();

struct Call {
  std::string language, header, build,
      given;  // language "": nothing is known but the build's words
  std::vector<std::string> lines;
};
Call call_of(const KernelView& kernel);
/// The same of a template and an id's three parts.
Call call_of(const CallTemplate& call, const std::string& name, const std::string& op,
             const std::string& dtype);

/// The call as lines of code, with the header and what is given.
std::vector<std::string> code_of(const Call& call);

}  // namespace softmark
