// SPDX-License-Identifier: Apache-2.0
// Files read and written whole. write_file is declared in document.h, where every verb finds it.
#pragma once

#include <string>

#include "reports/document.h"

namespace softmark {

/// The bytes of a file; "-" is standard input. Throws Error(kUnreadable) with one line: what, where, why.
std::string read_file(const std::string& path);

}  // namespace softmark
