// SPDX-License-Identifier: Apache-2.0
// The results of one caller of a kernel, as bytes.
#pragma once

#include <cstddef>
#include <vector>

namespace softmark {

/// Rows of y.
struct CallOutput {
  std::byte* at;
  std::size_t rows, row_bytes, step_bytes, element;  // element: bytes

  std::vector<std::byte> copy() const;
  bool equals(const std::vector<std::byte>& other) const;
  void set(const std::vector<std::byte>& from) const;
  /// Sets a NaN in every type, with bits that hardly any kernel gives.
  void clear() const;
  /// Right after a call, before which all was clear: whether some is written only now. Some
  /// elements of some rows are looked at.
  bool is_written_late() const;
};

}  // namespace softmark
