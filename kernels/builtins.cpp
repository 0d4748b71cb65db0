// SPDX-License-Identifier: Apache-2.0
#include "kernels/builtins.h"

#include <vector>

#include "kernels/registry.h"
#include "kernels/simd/rows.h"

namespace softmark {

#define SOFTMARK_KERNELS(folder, file) std::span<const softmark_kernel> folder##_##file##_kernels();
#include "kernels/list.def"
#undef SOFTMARK_KERNELS

namespace {

struct File {
  std::string_view folder;
  std::span<const softmark_kernel> kernels;
};

const std::vector<File>& files() {
  static const std::vector<File> all = {
#define SOFTMARK_KERNELS(folder, file) {#folder, folder##_##file##_kernels()},
#include "kernels/list.def"
#undef SOFTMARK_KERNELS
  };
  return all;
}

}  // namespace

std::span<const softmark_kernel* const> builtin_kernels() {
  static const std::vector<const softmark_kernel*> all = [] {
    std::vector<const softmark_kernel*> pointers;
    for (const File& file : files())
      for (const softmark_kernel& kernel : file.kernels) pointers.push_back(&kernel);
    return pointers;
  }();
  return all;
}

std::string_view builtin_folder(const softmark_kernel& kernel) {
  for (const File& file : files())
    for (const softmark_kernel& candidate : file.kernels)
      if (&candidate == &kernel) return file.folder;
  return {};
}

std::string_view builtin_isa(const softmark_kernel& kernel) {
  const std::string_view folder = builtin_folder(kernel);
  return folder.empty() || folder == "portable" ? std::string_view() : simd::isa();
}

}  // namespace softmark
