// SPDX-License-Identifier: Apache-2.0
// A peer whose kernels are functions of a Python module: the adapter defines kModule, kModules and
// kEntries and ends with SOFTMARK_PYTHON_PEER.
#pragma once

#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/peers/python_bridge.h"

namespace softmark::python {

struct Entry {
  const char *target, *summary;  // a target whose file name ends in .py is beside this library
  softmark_op op;
  softmark_dtype dtype;
};

inline std::string target_of(const Entry& entry) {
  const std::string target = entry.target;
  return target.find(".py:") == target.npos ? target : folder() + "/" + target;
}

extern const char* const kModule;   // "scipy"
extern const char* const kModules;  // "numpy,scipy"

inline const About& about_peer() {
  static const About about = python::about(kModules);
  return about;
}

template <std::size_t N>
const softmark_kernel* kernels_of(const char* name, const Entry (&entries)[N]) {
  static std::vector<softmark_kernel> kernels;
  if (kernels.empty())
    for (const Entry& e : entries)
      kernels.push_back({name, e.summary, e.op, e.dtype, 0, SOFTMARK_MASKED_NAN, INFINITY, call});
  return kernels.data();
}

}  // namespace softmark::python

#define SOFTMARK_EXPORT extern "C" __attribute__((visibility("default")))
#define SOFTMARK_PYTHON_PEER                                                                    \
  SOFTMARK_EXPORT const softmark_kernel* softmark_plugin(uint32_t abi_version, size_t* count) { \
    using namespace softmark::python;                                                           \
    *count = std::size(kEntries);                                                               \
    return abi_version == SOFTMARK_ABI_VERSION ? kernels_of(kModule, kEntries) : nullptr;       \
  }                                                                                             \
  SOFTMARK_EXPORT const char* softmark_peer_version() {                                         \
    return softmark::python::about_peer().version.c_str();                                      \
  }                                                                                             \
  SOFTMARK_EXPORT const char* softmark_peer_isa() {                                             \
    return softmark::python::about_peer().isa.c_str();                                          \
  }                                                                                             \
  SOFTMARK_EXPORT const char* softmark_peer_environment() {                                     \
    return softmark::python::about_peer().environment.c_str();                                  \
  }                                                                                             \
  SOFTMARK_EXPORT softmark::InsideTime softmark_peer_inside() {                                 \
    return softmark::python::inside();                                                          \
  }                                                                                             \
  SOFTMARK_EXPORT const char* softmark_peer_absent() {                                          \
    static const std::string why =                                                              \
        std::string("no Python with ") + softmark::python::kModule +                            \
        " was found (scripts/setup --peers, or SOFTMARK_PYTHON=/path/of/python3)";              \
    return *softmark_peer_version() ? nullptr : why.c_str();                                    \
  }                                                                                             \
  SOFTMARK_EXPORT const char* softmark_peer_prepare(size_t index) {                             \
    using namespace softmark::python;                                                           \
    static std::string fault;                                                                   \
    const Entry& entry = kEntries[index];                                                       \
    fault = start({target_of(entry), kModules, entry.op, entry.dtype});                         \
    return fault.empty() ? nullptr : fault.c_str();                                             \
  }
