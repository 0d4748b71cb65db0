// SPDX-License-Identifier: Apache-2.0
#include "properties/hidden.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "kernels/registry.h"
#include "properties/host.h"
#include "properties/verify.h"

namespace softmark {

std::optional<int> run_as_child(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  try {
    if (verb == "child-list" && argc == 3) return list_library_main(argv[2]);
    if (verb == "child-host" && argc == 4) return host_main(argv[2], std::strtoull(argv[3], nullptr, 10));
    if (verb == "child-verify" && argc == 2) return verify_kernel_main();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return kNotMeasurable;
  }
  return std::nullopt;
}

}  // namespace softmark
