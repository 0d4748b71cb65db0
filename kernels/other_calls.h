// SPDX-License-Identifier: Apache-2.0
// Calls besides the one that is judged: of the kernels of the same name, for other ops and types,
// and of the same kernel on rows of other lengths. What they leave behind, or write to while
// another call is under way, must not change its result. Their own results are not looked at.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/softmark.h"

namespace softmark {

class OtherCalls {
 public:
  /// Of a kernel that resolve_kernel has made ready.
  OtherCalls(std::string library, std::size_t index, const softmark_kernel& kernel);

  /// One call of each of the other kernels, on rows of so many columns, or of fewer.
  void call_others(std::size_t cols);
  /// One call, of another kernel or of this one on shorter or longer rows, in turn.
  void call_next(std::size_t cols);

 private:
  void load();
  void call(const softmark_kernel& kernel, std::size_t cols);

  std::string library_;
  std::size_t index_;
  const softmark_kernel& kernel_;
  bool is_loaded_ = false;
  std::vector<const softmark_kernel*> others_;
  std::vector<std::byte> inputs_, y_;
  std::size_t turn_ = 0;
};

}  // namespace softmark
