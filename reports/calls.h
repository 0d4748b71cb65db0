// SPDX-License-Identifier: Apache-2.0
// How to call a kernel of a document from a program: ours, and the libraries that stand beside
// them.
#pragma once

#include <string>
#include <vector>

#include "reports/view.h"

namespace softmark {

struct Call {
  std::string language;                     // "" where nothing is known but the build's words
  std::vector<std::string> headers;         // what is included or imported
  std::string build, given;                 // how to compile; what the lines use, as declarations
  std::vector<std::string> outside, lines;  // before the function, and in it
};

/// `build` is empty where a kernel's name may not go into code.
Call call_of(const KernelView& kernel);

/// The call as lines of code, with the headers and what is given.
std::vector<std::string> code_of(const Call& call);

}  // namespace softmark
