// SPDX-License-Identifier: Apache-2.0
// How a kernel file exports its entries: one SOFTMARK_BUILTINS at its end, one line in list.def. A
// file without its line fails the configuration; a line without its file or entries fails the
// build.
#pragma once

#include <cmath>  // INFINITY, for entries that promise no largest error
#include <span>
#include <string_view>

#include "kernels/softmark.h"

#define SOFTMARK_BUILTINS(folder, file, ...)                     \
  std::span<const softmark_kernel> folder##_##file##_kernels();  \
  std::span<const softmark_kernel> folder##_##file##_kernels() { \
    static constexpr softmark_kernel kernels[] = {__VA_ARGS__};  \
    return kernels;                                              \
  }

namespace softmark {

/// The folder of a built-in's file, as kernels/list.def has it: "portable", "simd", ...
std::string_view builtin_folder(const softmark_kernel& kernel);

/// The instruction set that a built-in runs on here, by Highway's name ("AVX3_DL"); empty where the
/// compiler chose it.
std::string_view builtin_isa(const softmark_kernel& kernel);

}  // namespace softmark
