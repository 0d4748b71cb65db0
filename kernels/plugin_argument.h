// SPDX-License-Identifier: Apache-2.0
// What --plugin and --python are given, the ids that its kernels get, and the flags that load it
// again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/registry.h"

namespace softmark {

/// What the name of a library begins with that is a function in Python.
inline constexpr std::string_view kPython = "python:";

/// "LIB.so" or "python:MODULE:FUNCTION", either with "NAME=" before it. What stands before the
/// first
/// "=" is a name if it is one word; a path that contains "=" begins with "./" or "/".
struct PluginArgument {
  std::string name;     // prefix of its kernels' ids; empty: none
  std::string library;  // a path, or "python:MODULE:FUNCTION"
};

/// Throws Error(kUsage) where nothing precedes the "=".
PluginArgument parse_plugin(const std::string& argument);

/// Appends the kernels of a plugin, as they are or as "NAME:kernel/op/type". Throws Error(kUsage)
/// where an id is taken already: then --kernel would not say which of the two is meant.
void append_plugin_kernels(Registry& registry, const PluginArgument& plugin,
                           std::vector<Kernel> kernels);

/// The flag that loads this kernel's plugin, " --plugin NAME=LIB.so"; empty for other kernels.
std::string plugin_flag(const Kernel& kernel);

/// Throws Error(kUsage) where none of a plugin's kernels is among `chosen`: what the command line
/// names is not left out in silence.
void check_plugins_chosen(const Registry& registry, const std::vector<Kernel>& chosen);

}  // namespace softmark
