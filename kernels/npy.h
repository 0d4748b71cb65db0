// SPDX-License-Identifier: Apache-2.0
// Logits from a NumPy file.
#pragma once

#include <optional>
#include <span>
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

/// The index of the first value that `dtype` has neither as a finite one nor as an infinity; none
/// where it can hold them all, rounded.
std::optional<std::size_t> first_beyond(std::span<const double> values, softmark_dtype dtype);
/// Throws Error(kUnreadable), naming that value, row and column, of rows with `cols` columns from
/// `path`.
void check_range(std::span<const double> values, std::size_t cols, softmark_dtype dtype,
                 const std::string& path);

/// Logits in a memory file, so that a file is parsed once however many child processes need it.
class SharedLogits {
 public:
  /// Throws Error(kNotMeasurable) where there is no memory for them.
  explicit SharedLogits(const Logits& logits);
  ~SharedLogits();
  SharedLogits(const SharedLogits&) = delete;
  SharedLogits& operator=(const SharedLogits&) = delete;
  int descriptor() const { return fd_; }

 private:
  int fd_;
};

/// What a SharedLogits holds, read through a child's descriptor of it.
Logits read_shared_logits(int descriptor);

}  // namespace softmark
