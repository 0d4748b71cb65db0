// SPDX-License-Identifier: Apache-2.0
// What is printed as a call compiles, where its library is installed.
#include "reports/calls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "reports/document.h"
#include "reports/sample.h"
#include "support/sanitizers.h"

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
    " -std=c++20 -I" SOFTMARK_SOURCE_DIR
    " -isystem /usr/include/eigen3 -isystem /usr/include/torch/csrc/api/include ";

/// Whether the compiler takes the text; its messages are in FILE.log.
bool compiles(const std::string& name, const std::string& text, const std::string& flags = "") {
  const fs::path file = scratch() / (name + ".cpp");
  std::ofstream(file) << text;
  return std::system((SOFTMARK_CXX + kFlags + "-fsyntax-only " + flags + " " + file.string() +
                      " >" + file.string() + ".log 2>&1")
                         .c_str()) == 0;
}

std::string log_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(scratch() / (name + ".cpp.log")).rdbuf();
  return text.str();
}

/// The kernels that are here, and those of published documents, whose peers may be absent here.
const Json& all_kernels() {
  static const Json all = [] {
    Json document = new_document({}, 0);
    std::set<std::string> ids;
    const auto add = [&](const Json& kernels, bool here) {
      for (Json kernel : kernels) {
        if (!ids.insert(kernel["id"]).second) continue;
        kernel["here"] = here;
        document["kernels"].push_back(kernel);
      }
    };
    const fs::path listing = scratch() / "list.json";
    EXPECT_EQ(
        std::system((SOFTMARK_BINARY " list --format json -o " + listing.string() + " 2>/dev/null")
                        .c_str()),
        0);
    add(Json::parse(std::ifstream(listing))["kernels"], true);
    for (const auto& entry :
         fs::directory_iterator(fs::path(SOFTMARK_SOURCE_DIR) / "reports" / "published"))
      if (entry.path().extension() == ".json")
        add(read_document(entry.path().string())["kernels"], false);
    return document;
  }();
  return all;
}

TEST(Calls, EachKernelHasCode) {
  const View view(all_kernels());
  EXPECT_GT(view.kernels.size(), 70u);
  for (const KernelView& kernel : view.kernels) {
    const Call call = call_of(kernel);
    EXPECT_NE(call.language, "") << kernel.id << ": " << call.build;
    EXPECT_NE(call.build, "") << kernel.id;
    EXPECT_FALSE(call.headers.empty()) << kernel.id;
    EXPECT_FALSE(call.lines.empty()) << kernel.id;
    EXPECT_LE(call.outside.size() + call.lines.size(), 10u) << kernel.id;
    for (const std::string& line : code_of(call))
      EXPECT_EQ(line.find('@'), std::string::npos) << kernel.id << ": " << line;
    EXPECT_EQ(call.build.find('@'), std::string::npos) << kernel.id << ": " << call.build;
  }
}

/// What of the words on building are options of the compiler.
std::string options_of(const std::string& build) {
  std::string options;
  for (const std::string& word : words(build))
    if (word.starts_with("-O") || word.starts_with("-m") || word.starts_with("-f"))
      options += word + " ";
  return options;
}

/// All calls with a first header compile: a function of each, with one text for each set of
/// options, so that a header is read once.
void expect_compiles(const std::string& header) {
  std::map<std::string, std::string> texts;  // by options
  int count = 0;
  const View view(all_kernels());
  for (const KernelView& kernel : view.kernels) {
    const Call call = call_of(kernel);
    if (call.language != "c++" || call.headers[0] != header) continue;
    std::string text;
    for (const std::string& line : code_of({"c++", call.headers, "", "", {}, {}}))
      text += line + "\n";
    texts[options_of(call.build)] +=
        text + fmt::format("namespace call_{} {{\n{}\nvoid call({}) {{\n{}\n}}\n}}\n", ++count,
                           fmt::join(call.outside, "\n"), call.given, fmt::join(call.lines, "\n"));
  }
  if (count == 0) GTEST_SKIP() << "no kernel is called by " << header;
  std::string name;
  for (char c : header) name += c == '/' || c == '.' ? '_' : c;
  if (!compiles(name + "_is_there", "#include <" + header + ">\n"))
    GTEST_SKIP() << log_of(name + "_is_there");
  if (header == "oneapi/dnnl/dnnl.hpp" &&
      !compiles(name + "_2",
                "#include <oneapi/dnnl/dnnl.hpp>\nstatic_assert(DNNL_VERSION_MAJOR == 2);\n"))
    GTEST_SKIP() << "the call is that of oneDNN 2";
  for (const auto& [options, text] : texts)
    EXPECT_TRUE(compiles(name, text, options)) << options << text << log_of(name);
}

TEST(Calls, OfOurKernelsCompile) { expect_compiles("kernels/library/library.h"); }
TEST(Calls, OfOurFilesUnderOtherFlagsCompile) { expect_compiles("kernels/softmark.h"); }
TEST(Calls, OfEigenCompile) { expect_compiles("Eigen/Core"); }
TEST(Calls, OfLibmvecCompile) { expect_compiles("cmath"); }
TEST(Calls, OfSleefCompile) { expect_compiles("sleef.h"); }
TEST(Calls, OfHighwayCompile) { expect_compiles("hwy/contrib/math/math-inl.h"); }
TEST(Calls, OfOnednnCompile) { expect_compiles("oneapi/dnnl/dnnl.hpp"); }
TEST(Calls, OfXnnpackCompile) { expect_compiles("xnnpack.h"); }
TEST(Calls, OfOnnxruntimeCompile) { expect_compiles("onnxruntime_cxx_api.h"); }
TEST(Calls, OfLibtorchCompile) {
  if (!SOFTMARK_LONG) GTEST_SKIP() << "takes half a minute: -DSOFTMARK_LONG_TESTS=ON";
  expect_compiles("torch/torch.h");
}

/// The printed program of a kernel that is here gives the softmax of 0 and log 3, built as it says.
void expect_runs(const std::string& id, const std::string& libraries) {
  const View view(all_kernels());
  for (const KernelView& kernel : view.kernels) {
    if (kernel.id != id || (*kernel.row)["here"] != true) continue;
    const Call call = call_of(kernel);
    const fs::path program = scratch() / kernel.name;
    std::string text = "#include <cmath>\n";
    for (const std::string& line : code_of({"c++", call.headers, "", "", call.outside, {}}))
      text += line + "\n";
    std::ofstream(program.string() + ".cpp") << fmt::format(
        "{}int main() {{\nconst std::size_t rows = 1, cols = 2;\nfloat in[2] = {{0, "
        "std::log(3.f)}}, "
        "out[2], *x = in, *y = out;\n[[maybe_unused]] int threads = 1;\n{}\n"
        "return std::fabs(out[1] - .75f) < 1e-6f ? 0 : 1;\n}}\n",
        text, fmt::join(call.lines, "\n"));
    const std::string build =
        fmt::format("cd {} && {} {} {} {}.cpp {} -o {}", SOFTMARK_SOURCE_DIR, SOFTMARK_CXX, kFlags,
                    options_of(call.build), program.string(), libraries, program.string());
    EXPECT_EQ(std::system(build.c_str()), 0) << build;
    EXPECT_EQ(std::system(program.c_str()), 0) << id;
    return;
  }
}

TEST(Calls, OfPeersAndOurKernelsRun) {
#if !defined(SOFTMARK_FINDS_LEAKS) && !defined(SOFTMARK_FINDS_RACES)
  expect_runs("simd/softmax/f32", SOFTMARK_BUILTINS_LIBRARY " -lhwy -fopenmp");
#endif
  expect_runs("libmvec/softmax/f32", "-lmvec");
  expect_runs("highway/softmax/f32", "-lhwy");
  expect_runs("sleef/softmax/f32", "-lsleef -lhwy");
}

TEST(Calls, OfAFileUnderOtherFlagsRuns) {
  expect_runs("max_shifted_o2/softmax/f32", "kernels/portable/max_shifted.cpp");
#if defined(__SSE2__)
  expect_runs("max_shifted_ftz_daz/softmax/f32", "kernels/portable/max_shifted.cpp");
#endif
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
  const View view(all_kernels());
  for (const KernelView& kernel : view.kernels) {
    const Call call = call_of(kernel);
    if (call.language != "python" || kernel.dtype != "f32") continue;
    const std::string python = python_with(call.headers[0]);
    if (python.empty()) continue;
    const fs::path file = scratch() / ("call_" + kernel.name + "_" + kernel.op + ".py");
    std::ofstream(file) << fmt::format(
        "import numpy\nx = numpy.float32([[0, 0], [1, 3]])\n{}\n{}", fmt::join(code_of(call), "\n"),
        kernel.op == "softmax"     ? "assert y[0, 0] == 0.5 and y[1, 1] > 0.8\n"
        : kernel.op == "logsumexp" ? "assert abs(y[1] - 3.126928) < 1e-6\n"
                                   : "assert y.shape == x.shape\n");
    EXPECT_EQ(std::system((python + " " + file.string()).c_str()), 0) << file;
    ++ran;
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
