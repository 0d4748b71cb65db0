// SPDX-License-Identifier: Apache-2.0
// What people call the element types.
#pragma once

#include <string>
#include <string_view>

namespace softmark {

/// The types that an unknown word may mean, for "did you mean": "f32" for float32, float and
/// torch.float32, "f8_e4m3, f8_e5m2" for fp8; else the nearest by spelling.
std::string nearest_dtypes(std::string_view word);

}  // namespace softmark
