// SPDX-License-Identifier: Apache-2.0
// The example plugin and the built peers, loaded as any plugin is, speak the contract.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kernels/call_for_test.h"
#include "kernels/peers/peers.h"

namespace softmark {
namespace {

using PluginFn = const softmark_kernel* (*)(std::uint32_t, std::size_t*);

/// An open library; asks it as the registry would.
class Library {
 public:
  explicit Library(const std::filesystem::path& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Library() {
    if (handle_) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool open() const { return handle_ != nullptr; }
  template <class F>
  F find(const char* symbol) const {
    return reinterpret_cast<F>(dlsym(handle_, symbol));
  }

 private:
  void* handle_;
};

void expect_softmax_of_5_7_10(const softmark_kernel& kernel) {
  test::Call<float> call;
  call.cols = 3;
  call.x = {5, 7, 10};
  const auto y = call.run(kernel);
  ASSERT_EQ(y.size(), 3u);
  const double want[] = {0.006377460922442306, 0.04712341652466416, 0.9464991225528936};
  for (std::size_t c = 0; c < 3; ++c) EXPECT_FALSE(!(std::abs(y[c] - want[c]) <= 1e-6 * want[c])) << y[c];
}

TEST(ExamplePlugin, SpeaksThisAbiAndNoOther) {
  const Library library(std::filesystem::path(SOFTMARK_BUILD_DIR) / "plugins/example_plugin.so");
  ASSERT_TRUE(library.open()) << dlerror();
  const auto plugin = library.find<PluginFn>("softmark_plugin");
  ASSERT_NE(plugin, nullptr);
  std::size_t count = 0;
  EXPECT_EQ(plugin(SOFTMARK_ABI_VERSION + 1, &count), nullptr);
  const softmark_kernel* kernels = plugin(SOFTMARK_ABI_VERSION, &count);
  ASSERT_EQ(count, 1u);
  expect_softmax_of_5_7_10(kernels[0]);
}

TEST(Peers, AreBuiltOrHaveAReason) {
  ASSERT_FALSE(known_peers().empty());
  for (const PeerBuild& peer : known_peers()) {
    SCOPED_TRACE(peer.name);
    const auto path = std::filesystem::path(SOFTMARK_BUILD_DIR) / "peers" / peer.library;
    EXPECT_EQ(std::filesystem::exists(path), peer.reason.empty());
    if (!peer.reason.empty()) continue;
    const Library library(path);
    ASSERT_TRUE(library.open()) << dlerror();
    const auto plugin = library.find<PluginFn>("softmark_plugin");
    ASSERT_NE(plugin, nullptr);
    std::size_t count = 0;
    EXPECT_EQ(plugin(SOFTMARK_ABI_VERSION + 1, &count), nullptr);
    const softmark_kernel* kernels = plugin(SOFTMARK_ABI_VERSION, &count);
    ASSERT_GT(count, 0u);
    EXPECT_EQ(kernels[0].op, SOFTMARK_SOFTMAX);
    // What an adapter finds at run time only may not be here: then it says how to get it.
    const auto absent = library.find<const char* (*)()>("softmark_peer_absent");
    if (const char* why = absent ? absent() : nullptr) {
      EXPECT_NE(std::string_view(why).find("scripts/setup"), std::string_view::npos) << why;
      continue;
    }
    if (const auto prepare = library.find<const char* (*)(std::size_t)>("softmark_peer_prepare")) {
      const char* fault = prepare(0);
      ASSERT_EQ(fault, nullptr) << fault;
    }
    expect_softmax_of_5_7_10(kernels[0]);
    const auto version = library.find<const char* (*)()>("softmark_peer_version");
    EXPECT_TRUE(version == nullptr || version()[0] != '\0');
  }
}

}  // namespace
}  // namespace softmark
