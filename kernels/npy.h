// SPDX-License-Identifier: Apache-2.0
// Logits from a NumPy file.
#pragma once

#include <string>
#include <vector>

#include "kernels/softmark.h"

namespace softmark {

struct Logits {
  std::vector<double> values;  // row-major [rows, cols], exact
  std::size_t rows = 0, cols = 0;
  softmark_dtype dtype = SOFTMARK_F32;  // type in the file: f16, f32 or f64
};

/// Reads a 1-D (one row) or 2-D array of float16, float32 or float64, in either byte order, C or
/// Fortran order. Throws Error(kUnreadable) for anything else: "PATH: what is wrong; what to do".
Logits read_npy(const std::string& path);

}  // namespace softmark
