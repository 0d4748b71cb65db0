// SPDX-License-Identifier: Apache-2.0
// Whether a kernel's library is the one that an earlier run used.
#pragma once

#include <string>

namespace softmark {

/// A hash of the bytes of a kernel's library ("/path/of.so", or "python:FILE.py:FUNCTION"), and of
/// the builds beside it that it may load (LIB.AVX512.so beside LIB.so): the same bytes give the
/// same hash, wherever they lie. "" where there is no file to read (a built-in, a Python module).
std::string fingerprint_of(const std::string& library);

}  // namespace softmark
