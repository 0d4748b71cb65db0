// SPDX-License-Identifier: Apache-2.0
// Times one library's float32 softmax without any code of softmark: each file beside this one calls
// one library as its documentation does, and harness.cpp holds the only loop. `compare` sets the
// times beside those of `softmark bench`.
#pragma once

#include <cstddef>
#include <functional>

/// The arrays of one call, dense and row by row; `cols` is a multiple of 16.
struct Problem {
  const float* x;
  float* y;
  std::size_t rows, cols;
  int threads;
};

/// Sets the library up for the problem, and gives the call that is timed. Defined once a library.
std::function<void()> prepare(const Problem& problem);
