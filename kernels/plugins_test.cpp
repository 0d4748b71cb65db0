// SPDX-License-Identifier: Apache-2.0
// The example plugin and the built peers, loaded like any plugin, follow the contract.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "kernels/call_for_test.h"
#include "kernels/peers/peers.h"
#include "support/sanitizers.h"

namespace softmark {
namespace {

using PluginFn = const softmark_kernel* (*)(std::uint32_t, std::size_t*);

/// An opened library; finds its functions as the registry does.
class Library {
 public:
  // Never closed: allocations held by a library's globals would be reported as leaks.
  explicit Library(const std::filesystem::path& path)
      : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {}
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
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_FALSE(!(std::abs(y[c] - want[c]) <= 1e-6 * want[c])) << y[c];
}

/// Rows of one and of three columns that end at an unmapped page: a kernel that reads beyond the
/// end crashes here.
void expect_softmax_beside_no_page(const softmark_kernel& kernel) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* pages = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(static_cast<char*>(pages) + page, page, PROT_NONE), 0);
  float* end = reinterpret_cast<float*>(static_cast<char*>(pages) + page);
  for (const std::size_t cols : {1u, 3u}) {
    float* x = end - 2 * cols;
    std::vector<float> y(2 * cols);
    std::fill(x, end, 2.f);
    const softmark_args args{2, cols, x, nullptr, nullptr, y.data(), cols, 0, cols, 1};
    ASSERT_EQ(kernel.run(&args), 0);
    for (const float p : y)
      EXPECT_FALSE(!(std::abs(p * static_cast<float>(cols) - 1) <= 1e-6f)) << p;
  }
  munmap(pages, 2 * page);
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
    // A library that an adapter looks for at run time may be missing: then the adapter says how to
    // install it.
    const auto absent = library.find<const char* (*)()>("softmark_peer_absent");
    if (const char* why = absent ? absent() : nullptr) {
      EXPECT_NE(std::string_view(why).find("scripts/setup"), std::string_view::npos) << why;
      continue;
    }
    if (const auto prepare = library.find<const char* (*)(std::size_t)>("softmark_peer_prepare")) {
      const char* fault = prepare(0);
      ASSERT_EQ(fault, nullptr) << fault;
    }
    for (const softmark_kernel& kernel : std::span(kernels, count)) {
      if (kernel.op != SOFTMARK_SOFTMAX || kernel.dtype != SOFTMARK_F32) continue;
      SCOPED_TRACE(kernel.name);
      expect_softmax_of_5_7_10(kernel);
      expect_softmax_beside_no_page(kernel);
      // -ffast-math when linking a library would flush subnormals in the whole process.
      const volatile float smallest_normal = std::numeric_limits<float>::min();
      EXPECT_GT(smallest_normal / 2, 0.f);
    }
    const auto version = library.find<const char* (*)()>("softmark_peer_version");
    EXPECT_TRUE(version == nullptr || version()[0] != '\0');
  }
}

// A compiler that does not vectorise the loop leaves plain calls of expf, and the peer's name would
// be wrong.
TEST(Peers, LibmvecIsCalledByItsVectorNames) {
#if defined(SOFTMARK_FINDS_LEAKS) || defined(SOFTMARK_FINDS_RACES)
  GTEST_SKIP() << "the compiler does not vectorise loops instrumented by a sanitizer";
#endif
  for (const auto& file :
       std::filesystem::directory_iterator(std::filesystem::path(SOFTMARK_BUILD_DIR) / "peers")) {
    if (!file.path().filename().string().starts_with("softmark_peer_libmvec.")) continue;
    if (file.path().filename() == "softmark_peer_libmvec.so")
      continue;  // only loads one of the others
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    for (const char* function : {"v_expf", "v_exp"})
      EXPECT_NE(bytes.find(function + std::string(1, '\0')), std::string::npos)
          << file.path() << ": " << function;
  }
}

// The compiler may use anything that -march=native allows, seen in a sample or not.
TEST(Peers, FlagsSayWhatTheyWereBuiltFor) {
  const Library library(std::filesystem::path(SOFTMARK_BUILD_DIR) / "peers" /
                        "softmark_peer_flags.so");
  ASSERT_TRUE(library.open()) << dlerror();
  const auto isa_of = library.find<const char* (*)(std::size_t)>("softmark_peer_isa_of");
  ASSERT_NE(isa_of, nullptr);
  std::size_t count = 0;
  const softmark_kernel* kernels =
      library.find<PluginFn>("softmark_plugin")(SOFTMARK_ABI_VERSION, &count);
  const auto isa = [&](const std::string& name) {
    for (std::size_t i = 0; i < count; ++i)
      if (kernels[i].name == name) return std::string(isa_of(i));
    return std::string("absent");
  };
  EXPECT_EQ(isa("max_shifted_o2"), "");
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool wide = __builtin_cpu_supports("avx512f"), avx2 = __builtin_cpu_supports("avx2");
  if (!avx2) GTEST_SKIP() << "an older CPU";
  for (const char* name : {"max_shifted_o3_native", "max_shifted_contract_fast"})
    EXPECT_EQ(isa(name), wide ? "built for AVX-512" : "built for AVX2") << name;
#endif
}

}  // namespace
}  // namespace softmark
