// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_argument.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "kernels/names.h"
#include "support/error.h"
#include "support/quote.h"

namespace softmark {
namespace {

bool is_word_character(unsigned char c) {
  return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '+';
}

bool is_python(const std::string& library) { return library.starts_with(kPython); }

/// The library as the command line names it: without "python:".
std::string shown(const std::string& library) {
  return is_python(library) ? library.substr(kPython.size()) : library;
}

/// A name to suggest: the file's without its ending, or the function's.
std::string suggested_name(const std::string& library) {
  std::string name = is_python(library) ? library.substr(library.rfind(':') + 1)
                                        : std::filesystem::path(library).stem().string();
  std::erase_if(name, [](unsigned char c) { return !is_word_character(c); });
  return name.empty() || name == "softmax" ? "mine" : name;
}

std::string owner_of(const Kernel& kernel) {
  if (kernel.provider == "builtin") return "a built-in kernel";
  return kernel.provider == "peer" ? "a peer" : shown(kernel.library);
}

std::string flag_for(const PluginArgument& plugin) {
  return std::string(is_python(plugin.library) ? "--python " : "--plugin ") +
         shell_quoted((plugin.name.empty() ? "" : plugin.name + "=") + shown(plugin.library));
}

}  // namespace

PluginArgument parse_plugin(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos ||
      !std::all_of(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(equals),
                   is_word_character))
    return {"", argument};
  if (equals == 0)
    throw Error(kUsage, "'" + argument + "': no name before the '='; give NAME=LIB.so");
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

void append_plugin_kernels(Registry& registry, const PluginArgument& plugin,
                           std::vector<Kernel> kernels) {
  const std::size_t before = registry.kernels.size();
  for (Kernel& kernel : kernels) {
    if (!plugin.name.empty()) {
      kernel.id = plugin.name + ":" + kernel.id;
      kernel.name = plugin.name + ":" + kernel.name;
    }
    for (std::size_t i = 0; i < before; ++i) {
      if (registry.kernels[i].id != kernel.id) continue;
      PluginArgument named = plugin;
      named.name = suggested_name(plugin.library);
      if (named.name == plugin.name) named.name += "2";
      throw Error(kUsage, shown(plugin.library) + ": its kernel " + kernel.id +
                              " has the id of one of " + owner_of(registry.kernels[i]) +
                              "; give this plugin's kernels a prefix: " + flag_for(named));
    }
    registry.kernels.push_back(kernel);
  }
}

std::string plugin_flag(const Kernel& kernel) {
  if (kernel.provider != "plugin") return "";
  const std::size_t colon = kernel.name.find(':');  // none in a kernel's own name
  std::string flag = " ";
  // append, because GCC 12 warns falsely about a literal + a temporary.
  flag.append(
      flag_for({colon == std::string::npos ? "" : kernel.name.substr(0, colon), kernel.library}));
  return flag;
}

void check_plugins_chosen(const Registry& registry, const std::vector<Kernel>& chosen) {
  const auto from_same = [](const Kernel& a) {
    return [&a](const Kernel& b) {
      return b.provider == "plugin" && plugin_flag(a) == plugin_flag(b);
    };
  };
  for (const Kernel& kernel : registry.kernels)
    if (kernel.provider == "plugin" &&
        std::none_of(chosen.begin(), chosen.end(), from_same(kernel)))
      throw Error(kUsage, shown(kernel.library) + ": none of its kernels is chosen by --kernel, " +
                              "--op and --dtype; the first is " + kernel.id);
}

}  // namespace softmark
