// SPDX-License-Identifier: Apache-2.0
#include "bench/variables.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace softmark::bench {
namespace {

/// What libraries read: whole families, and single names.
constexpr std::string_view kFamilies[] = {"ATEN_",    "BLIS_",     "DNNL_",   "GOMP_",     "HWLOC_",
                                          "KMP_",     "LD_",       "LIBOMP_", "MALLOC_",   "MKL_",
                                          "NPY_",     "OMP_",      "ONEDNN_", "OPENBLAS_", "ORT_",
                                          "PYTORCH_", "SOFTMARK_", "TORCH_",  "XNN_"};
constexpr std::string_view kSingle[] = {"GLIBC_TUNABLES", "PYTHONHASHSEED", "PYTHONMALLOC",
                                        "PYTHONPATH"};

bool matters(std::string_view name) {
  return std::any_of(std::begin(kFamilies), std::end(kFamilies),
                     [&](std::string_view family) { return name.starts_with(family); }) ||
         std::find(std::begin(kSingle), std::end(kSingle), name) != std::end(kSingle);
}

}  // namespace

Json set_variables() {
  Json set = Json::object();
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != text.npos && matters(text.substr(0, equals)))
      set[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  return set;
}

}  // namespace softmark::bench
