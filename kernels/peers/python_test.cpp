// SPDX-License-Identifier: Apache-2.0
// Python functions named by the user: verified, timed, and reported clearly when they fail.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kernels/ops.h"
#include "support/test_support.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int code;
  std::string out, err;
};

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Whether a process still runs; a zombie that has not been reaped yet counts as ended.
bool runs(int pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

class Python : public testing::Test {
 protected:
  Python() : folder_(fs::path(SOFTMARK_SCRATCH) / ("python." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~Python() override { fs::remove_all(folder_); }

  void SetUp() override {
    absent_ = run("list").out;  // "absent: scipy: no Python with scipy was found ..."
    if (contains(absent_, "no Python with numpy"))
      GTEST_SKIP() << "no Python with numpy here (scripts/setup)";
  }

  Ran run(const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() + " && " SOFTMARK_BINARY " " + arguments +
                                " </dev/null >out 2>err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(folder_ / "out"),
            text_of(folder_ / "err")};
  }

  /// Writes the module mine.py.
  void write(const std::string& code) const {
    std::ofstream(folder_ / "mine.py") << "import numpy as np\n" << code;
  }

  fs::path folder_;
  std::string absent_;
};

const std::string kExample = "--python " SOFTMARK_SOURCE_DIR "/kernels/plugin/example_python.py:";

TEST_F(Python, TheExamplePasses) {
  const Ran ran =
      run("verify --effort quick --known-failures none --kernel example_python.softmax " +
          kExample + "softmax");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

TEST_F(Python, AForgottenShiftIsFoundInThirtySeconds) {
  const auto start = std::chrono::steady_clock::now();
  const Ran ran =
      run("verify --effort quick --property overflow_safety --kernel example_python.unshifted " +
          kExample + "unshifted");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_TRUE(contains(ran.out,
                       "overflow_safety (contract, fail): got nan where the exact value is finite"))
      << ran.out;
  EXPECT_TRUE(contains(ran.out,
                       "example_python.py:unshifted --kernel example_python.unshifted/softmax/f32 "
                       "--property overflow_safety --case"))
      << ran.out;
}

/// A python3 without numpy, as a manager of versions puts before Debian's, is asked once.
TEST_F(Python, TheInterpreterIsLookedForOnce) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "no numpy in /usr/bin/python3";
  std::ofstream(folder_ / "python3")
      << "#!/bin/sh\necho asked >>" << folder_.string() << "/asked\nexit 1\n";
  fs::permissions(folder_ / "python3", fs::perms::owner_all);
  const std::string path = std::getenv("PATH");
  setenv("PATH", (folder_.string() + ":" + path).c_str(), 1);
  const Ran ran = run("verify --effort quick --kernel numpy/softmax/f32 --property masked");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_EQ(text_of(folder_ / "asked"), "asked\n");
}

TEST_F(Python, ScipyPasses) {
  if (contains(absent_, "no Python with scipy"))
    GTEST_SKIP() << "no Python with scipy here (scripts/setup --peers)";
  const Ran ran = run("verify --effort quick --kernel scipy/softmax/f32");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

TEST_F(Python, FunctionsOfSeveralArraysGetThemInOrder) {
  write(
      "def vjp(p, g): return p * (g - (g * p).sum(-1, keepdims=True))\n"
      "def loss(x, labels): return np.log(np.exp(x).sum(-1)) - x[np.arange(len(labels)), labels]\n"
      "def total(x, axis=0): return np.log(np.exp(x).sum(axis))\n");
  EXPECT_TRUE(contains(
      run("eval --op softmax_vjp --g 1,2 --kernel 'mine.*' --python mine:vjp@softmax_vjp 0.25,0.75")
          .out,
      "-0.1875 (error/bound 0, 0 ulp) 0.1875 (error/bound 0, 0 ulp)"));
  EXPECT_TRUE(
      contains(run("eval --op cross_entropy --labels 1 --dtype f64 --kernel 'mine.*' --python "
                   "mine:loss@cross_entropy/f32,f64 0,0")
                   .out,
               "0.693147180559945"));
  EXPECT_TRUE(contains(run("eval --op logsumexp --kernel 'mine.*' --python mine.py:total@logsumexp "
                           "--verbose '0,0;0,0'")
                           .out,
                       "0.693147"));
}

TEST_F(Python, EveryOpHasTheArraysOfItsRowInTheTable) {
  for (const softmark::OpInfo& op : softmark::kOps) {
    const auto& shape = op.shape;
    std::string arrays = "(2, 3)", flags, y = "(2, 3)";
    if (shape.takes_labels) arrays += ", (2,)", flags += " --labels 1,2";
    if (shape.takes_g) arrays += ", (2, 3)", flags += " --g '1,2,3;4,5,6'";
    if (shape.takes_g_row) arrays += ", (2,)", flags += " --g 1,2";
    if (shape.output == shape.kScalar) y = "(2,)";
    if (shape.output == shape.kMatrix) y = "(2, 3, 3)";
    write("def f(*arrays):\n  assert [a.shape for a in arrays] == [" + arrays +
          "], [a.shape for a in arrays]\n  return np.zeros(" + y + ", 'f4')\n");
    const std::string name(op.name);
    const Ran ran = run("eval --op " + name + flags + " --kernel 'mine.*' --python mine:f@" + name +
                        " -- '0.25,0.25,0.5;0.5,0.25,0.25'");
    EXPECT_EQ(ran.code, 0) << name << ran.err;
    EXPECT_TRUE(contains(ran.out, "mine.f/" + name + "/f32")) << ran.out;
    EXPECT_FALSE(contains(ran.out, "crash")) << ran.out;
  }
}

TEST_F(Python, AnExceptionIsAVerdictInItsOwnWords) {
  write(
      "def softmax(x): raise ValueError('first line\\nno such luck')\n"
      "def shape(x): return x[0]\n"
      "def dies(x):\n  import os, signal\n  os.kill(os.getpid(), signal.SIGSEGV)\n"
      "def prints(x):\n  print('hello', flush=True)\n  return np.exp(x - x.max(-1, keepdims=True)) "
      "/ np.exp(x - "
      "x.max(-1, keepdims=True)).sum(-1, keepdims=True)\n"
      "def writes(x):\n  x -= 1\n  return x\n"
      "def refuses(x): raise NotImplementedError\n");
  const struct {
    const char *function, *property, *says;
  } faults[] = {{"softmax", "sum_to_one", "ValueError: no such luck"},
                {"shape", "sum_to_one", "the function returned shape"},
                {"dies", "sum_to_one", "the Python process was killed by SIGSEGV"},
                {"prints", "environment", "standard output or error"},
                {"writes", "sum_to_one", "read-only"}};
  const std::string one = " --case '{\"x\":[[\"0x0p+0\",\"0x1p+0\"],[\"0x0p+0\",\"0x1p+1\"]]}'";
  for (const auto& fault : faults) {
    const Ran ran = run("verify --kernel 'mine.*' --property " + std::string(fault.property) +
                        " --python mine:" + fault.function + one);
    EXPECT_EQ(ran.code, 1) << fault.function << ran.out << ran.err;
    EXPECT_TRUE(contains(ran.out, fault.says)) << fault.function << ran.out;
  }
  const Ran refused =
      run("verify --effort quick --kernel 'mine.*' --property sum_to_one --python mine:refuses");
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.out, "unsupported")) << refused.out;
}

TEST_F(Python, NothingIsLeftOfAFunctionThatHangs) {
  write(
      "def softmax(x):\n  import os, time\n  open('pid', 'w').write(str(os.getpid()))\n  while "
      "True: time.sleep(1)\n");
  const Ran ran = run(
      "verify --effort quick --timeout 3 --kernel 'mine.*' --property range --python mine:softmax");
  EXPECT_EQ(ran.code, 1) << ran.out << ran.err;
  EXPECT_TRUE(contains(ran.out, "no answer within 3 s")) << ran.out;
  const int pid = std::stoi(text_of(folder_ / "pid"));
  for (int i = 0; i < 200 && runs(pid); ++i) usleep(10000);
  EXPECT_FALSE(runs(pid));
}

TEST_F(Python, WhatCannotBeCalledIsOneLine) {
  write("softmax = 3\n");
  const struct {
    const char *text, *says;
  } lines[] = {{"nothing", "is not MODULE:FUNCTION"},
               {"no_such_module_here:f", "No module named 'no_such_module_here'"},
               {"mine:softmax", "is not a function"},
               {"mine:absent", "has no attribute 'absent'"},
               {"mine.py:softmax@softmin", "'softmin' is not an op"},
               {"mine:softmax@softmax/bf16", "numpy has no bf16"}};
  for (const auto& line : lines) {
    const Ran ran = run(std::string("list --python ") + line.text);
    EXPECT_EQ(ran.code, 3) << line.text;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_TRUE(contains(ran.err, line.says)) << ran.err;
  }
}

TEST_F(Python, TwoFunctionsOfOneNameNeedAPrefix) {
  const std::string one = "def softmax(x):\n  e = np.exp(x - x.max(-1, keepdims=True))\n";
  write(one + "  return e / e.sum(-1, keepdims=True)\n");
  fs::create_directories(folder_ / "other");
  std::ofstream(folder_ / "other/mine.py")
      << "import numpy as np\n" + one + "  return 0 * e + 42\n";
  const std::string verify = "verify --effort quick --property range --python mine.py:softmax ";
  const Ran refused = run(verify + "--python other/mine.py:softmax");
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(contains(refused.err, "give this plugin's kernels a prefix: --python mine="))
      << refused.err;
  const Ran both = run(verify + "--python old=other/mine.py:softmax");
  EXPECT_EQ(both.code, 1);
  EXPECT_TRUE(contains(both.out, "FAIL old:mine.softmax/softmax/f32")) << both.out;
  EXPECT_TRUE(contains(both.out, "--python old=")) << both.out;
  EXPECT_FALSE(contains(both.out, "FAIL mine.softmax")) << both.out;
}

/// Only while a kernel is verified.
TEST_F(Python, WaitingThreadsAreAskedToSleep) {
  unsetenv("OMP_WAIT_POLICY");
  write(
      "import os\n"
      "def softmax(x): return np.exp(x) / np.exp(x).sum(-1, keepdims=True)\n"
      "def asked():\n"
      "  return os.environ.get('SOFTMARK_WAITING_THREADS'), os.environ.get('OMP_WAIT_POLICY')\n"
      "def sleeps(x): return softmax(x) if asked() == ('sleep', 'passive') else None\n"
      "def spins(x): return softmax(x) if asked() == (None, None) else None\n");
  const std::string call =
      R"(--property range --case '{"x":[[0,1]]}' --kernel 'mine.*' --python mine:)";
  EXPECT_EQ(run("verify " + call + "sleeps").code, 0);
  EXPECT_EQ(run("verify " + call + "spins").code, 1);
  const std::string bench =
      "bench --rows 2 --cols 8 --processes 2 --min-time 1e-3 --kernel 'mine.*' --python mine:";
  EXPECT_EQ(run(bench + "spins").code, 0);
  EXPECT_EQ(run(bench + "sleeps").code, 4);
}

TEST_F(Python, IsTimed) {
  const Ran ran =
      run("bench --effort quick --processes 1 --min-time 0.001 --rows 4 --cols 16 --kernel "
          "'example_python.*' " +
          kExample + "softmax " + kExample + "nothing");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(contains(ran.out, "example_python.softmax/softmax/f32")) << ran.out;
  EXPECT_TRUE(contains(ran.out, "example_python.nothing/softmax/f32")) << ran.out;
}

/// Copying and waking are no part of the function's time: returning the input takes less than both.
TEST_F(Python, IsTimedInsideOfPython) {
  const Ran ran =
      run("bench --format json --effort quick --processes 2 --min-time 0.0001 --rows 4 --cols 16 " +
          kExample + "nothing");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto figure_after = [&](const std::string& name) {
    const std::size_t at = ran.out.find("\"" + name + "\":");
    return at == std::string::npos ? -1 : std::strtod(&ran.out[at + name.size() + 3], nullptr);
  };
  EXPECT_GT(figure_after("bridge_ns"), 1000) << ran.out;
  EXPECT_LT(figure_after("min") * 4 * 16, figure_after("bridge_ns")) << ran.out;
}

}  // namespace
}  // namespace softmark
