// SPDX-License-Identifier: Apache-2.0
#include "kernels/library/library.h"

#include <span>
#include <string_view>

namespace softmark {

#define SOFTMARK_KERNELS(folder, file) std::span<const softmark_kernel> folder##_##file##_kernels();
#include "kernels/list.def"
#undef SOFTMARK_KERNELS

}  // namespace softmark

const softmark_kernel* softmark_find(const char* name, softmark_op op, softmark_dtype dtype) {
  using File = std::span<const softmark_kernel> (*)();
  static constexpr File kFiles[] = {
#define SOFTMARK_KERNELS(folder, file) softmark::folder##_##file##_kernels,
#include "kernels/list.def"
#undef SOFTMARK_KERNELS
  };
  for (const File file : kFiles)
    for (const softmark_kernel& kernel : file())
      if (kernel.op == op && kernel.dtype == dtype && std::string_view(kernel.name) == name)
        return &kernel;
  return nullptr;
}
