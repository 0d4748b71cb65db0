// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_argument.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace softmark {
namespace {

TEST(PluginArgument, SplitsANameFromAPath) {
  const struct {
    const char *argument, *name, *library;
  } cases[] = {{"mine.so", "", "mine.so"},
               {"new=build/mine.so", "new", "build/mine.so"},
               {"new=a=b.so", "new", "a=b.so"},
               {"./a=b.so", "", "./a=b.so"},
               {"/x/a=b.so", "", "/x/a=b.so"},
               {"python:m:f", "", "python:m:f"},
               {"p=python:/x=y/m.py:f", "p", "python:/x=y/m.py:f"},
               {"python:/x=y/m.py:f", "", "python:/x=y/m.py:f"}};
  for (const auto& c : cases) {
    const PluginArgument plugin = parse_plugin(c.argument);
    EXPECT_EQ(plugin.name, c.name) << c.argument;
    EXPECT_EQ(plugin.library, c.library) << c.argument;
  }
  EXPECT_THROW(parse_plugin("=mine.so"), Error);
}

Kernel kernel_of(const std::string& name, const std::string& library) {
  Kernel kernel;
  kernel.name = name;
  kernel.id = name + "/softmax/f32";
  kernel.provider = "plugin";
  kernel.library = library;
  return kernel;
}

TEST(PluginArgument, KernelsOfANamedPluginCarryItsName) {
  Registry registry;
  append_plugin_kernels(registry, {"", "/a.so"}, {kernel_of("k", "/a.so")});
  EXPECT_THROW(append_plugin_kernels(registry, {"", "/b.so"}, {kernel_of("k", "/b.so")}), Error);
  append_plugin_kernels(registry, {"b", "/b.so"}, {kernel_of("k", "/b.so")});
  EXPECT_EQ(registry.kernels.back().id, "b:k/softmax/f32");
  EXPECT_EQ(plugin_flag(registry.kernels[0]), " --plugin /a.so");
  EXPECT_EQ(plugin_flag(registry.kernels.back()), " --plugin b=/b.so");
  EXPECT_THROW(append_plugin_kernels(registry, {"b", "python:m:k"}, {kernel_of("k", "python:m:k")}),
               Error);
  append_plugin_kernels(registry, {"c", "python:m:k"}, {kernel_of("k", "python:m:k")});
  EXPECT_EQ(plugin_flag(registry.kernels.back()), " --python c=m:k");
}

TEST(PluginArgument, EachPluginHasAKernelAmongTheChosen) {
  Registry registry;
  append_plugin_kernels(registry, {"", "/a.so"},
                        {kernel_of("k", "/a.so"), kernel_of("l", "/a.so")});
  append_plugin_kernels(registry, {"b", "/b.so"}, {kernel_of("k", "/b.so")});
  EXPECT_NO_THROW(check_plugins_chosen(registry, {registry.kernels[1], registry.kernels[2]}));
  EXPECT_THROW(check_plugins_chosen(registry, {registry.kernels[1]}), Error);
  EXPECT_THROW(check_plugins_chosen(registry, {}), Error);
}

}  // namespace
}  // namespace softmark
