// SPDX-License-Identifier: Apache-2.0
// What is printed as a call compiles, where its library is installed.
#include "reports/calls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reports/sample.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

fs::path scratch() {
  const fs::path folder = fs::path(SOFTMARK_SCRATCH) / "calls";
  fs::create_directories(folder);
  return folder;
}

const std::string kFlags =
    " -std=c++20 -fsyntax-only -I" SOFTMARK_SOURCE_DIR
    " -isystem /usr/include/eigen3 -isystem /usr/include/torch/csrc/api/include ";

/// Whether the compiler takes the text; its messages are in FILE.log.
bool compiles(const std::string& name, const std::string& text) {
  const fs::path file = scratch() / (name + ".cpp");
  std::ofstream(file) << text;
  return std::system((SOFTMARK_CXX + kFlags + file.string() + " >" + file.string() + ".log 2>&1")
                         .c_str()) == 0;
}

std::string log_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(scratch() / (name + ".cpp.log")).rdbuf();
  return text.str();
}

/// A function of all calls of a header, so that it is read once.
void expect_compiles(const std::string& header) {
  std::string text = "#include <cmath>\n#include <cstdint>\n#include <vector>\n";
  int count = 0;
  for (const CallTemplate& one : call_templates()) {
    if (one.language != std::string("c++") || one.header != header) continue;
    for (const std::string& name : words(*one.kernels ? one.kernels : "simd"))
      for (const std::string& op : words(one.ops))
        for (const std::string dtype : {"f32", "f64"}) {
          if (dtype == "f64" && (name == "onednn" || name == "xnnpack")) continue;
          const Call call = call_of(one, name, op, dtype);
          if (count == 0) text += code_of(call)[0] + "\n";
          text += fmt::format("void call_{}({}) {{\n{}\n}}\n", ++count, call.given,
                              fmt::join(call.lines, "\n"));
        }
  }
  ASSERT_GT(count, 0);
  std::string name;
  for (char c : header) name += c == '/' || c == '.' ? '_' : c;
  if (!compiles(name + "_is_there", "#include <" + header + ">\n"))
    GTEST_SKIP() << log_of(name + "_is_there");
  if (header == "oneapi/dnnl/dnnl.hpp" &&
      !compiles(name + "_2",
                "#include <oneapi/dnnl/dnnl.hpp>\nstatic_assert(DNNL_VERSION_MAJOR == 2);\n"))
    GTEST_SKIP() << "the call is that of oneDNN 2";
  EXPECT_TRUE(compiles(name, text)) << text << log_of(name);
}

TEST(Calls, OfOurKernelsCompile) { expect_compiles("kernels/library/library.h"); }
TEST(Calls, OfEigenCompile) { expect_compiles("Eigen/Core"); }
TEST(Calls, OfOnednnCompile) { expect_compiles("oneapi/dnnl/dnnl.hpp"); }
TEST(Calls, OfXnnpackCompile) { expect_compiles("xnnpack.h"); }
TEST(Calls, OfOnnxruntimeCompile) { expect_compiles("onnxruntime_cxx_api.h"); }
TEST(Calls, OfLibtorchCompile) {
  if (!SOFTMARK_LONG) GTEST_SKIP() << "takes half a minute: -DSOFTMARK_LONG_TESTS=ON";
  expect_compiles("torch/torch.h");
}

/// The interpreter that has a module; "" for none.
std::string python_with(const std::string& import) {
  const fs::path file = scratch() / "has.py";
  std::ofstream(file) << "import " + import + "\n";
  for (const std::string python : {SOFTMARK_PYTHON, "/usr/bin/python3"})
    if (std::system((python + " " + file.string() + " 2>/dev/null").c_str()) == 0) return python;
  return "";
}

TEST(Calls, OfPythonRun) {
  int ran = 0;
  for (const CallTemplate& one : call_templates()) {
    const std::string python = one.language == std::string("python") ? python_with(one.header) : "";
    if (python.empty()) continue;
    for (const std::string& op : words(one.ops)) {
      const Call call = call_of(one, words(one.kernels)[0], op, "f32");
      const fs::path file = scratch() / ("call_" + words(one.kernels)[0] + "_" + op + ".py");
      std::ofstream(file) << fmt::format(
          "import numpy\nx = numpy.float32([[0, 0], [1, 3]])\n{}\n{}",
          fmt::join(code_of(call), "\n"),
          op == "softmax" ? "assert y[0, 0] == 0.5 and y[1, 1] > 0.8\n" : "assert y.size\n");
      EXPECT_EQ(std::system((python + " " + file.string()).c_str()), 0) << file;
      ++ran;
    }
  }
  if (ran == 0) GTEST_SKIP() << "no numpy and no scipy";
}

TEST(Calls, EachKernelOfADocumentHasWords) {
  const Json document = sample_document();
  const View view(document);
  for (const KernelView& kernel : view.kernels) EXPECT_NE(call_of(kernel).build, "") << kernel.id;
}

TEST(Calls, ANameThatIsNoWordGoesIntoNoCode) {
  Json document = sample_document();
  document["kernels"][1]["name"] = "x\"); system(\"";
  const View view(document);
  EXPECT_EQ(call_of(view.kernels[1]).build, "");
}

}  // namespace
}  // namespace softmark
