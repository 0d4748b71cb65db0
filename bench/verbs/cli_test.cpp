// SPDX-License-Identifier: Apache-2.0
// The verbs that time, as a user meets them. What is asked of clocks here holds on a busy machine
// too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "reports/document.h"
#include "support/sanitizers.h"

namespace softmark {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int code;
  std::string out;  // standard output and error
};

Ran run(const std::string& command) {
  Ran ran{-1, ""};
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    ran.out.append(buffer, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ran.code = WEXITSTATUS(status);
  return ran;
}
Ran softmark(const std::string& arguments) { return run(SOFTMARK_BINARY " " + arguments); }

void expect_one_line(const Ran& ran, int code, const std::string& says) {
  EXPECT_EQ(ran.code, code) << ran.out;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << ran.out;
  EXPECT_NE(ran.out.find(says), std::string::npos) << ran.out;
}

/// A folder of the test's own inside the build folder, empty at its start; and the test plugin
/// twice, as two builds.
// qemu of the same architecture will do: what is timed there is qemu all the same.
TEST(Emulation, IsNotTimed) {
#if defined(SOFTMARK_FINDS_LEAKS) || defined(SOFTMARK_FINDS_RACES)
  GTEST_SKIP() << "qemu-user has no room for a sanitizer's shadow memory";
#endif
  const char* qemu = "qemu-$(uname -m)";
  if (std::system((std::string("command -v ") + qemu + " >/dev/null").c_str()) != 0)
    GTEST_SKIP() << "there is no qemu-user (Debian: qemu-user)";
  for (const char* verb : {"bench --kernel simd", "run --kernel simd", "compare simd naive",
                           "doctor", "choose --measure --rows 4 --cols 4"})
    expect_one_line(run(std::string(qemu) + " " SOFTMARK_BINARY " " + verb), 4, "is emulated");
}

class Cli : public testing::Test {
 protected:
  Cli()
      : folder(fs::path(SOFTMARK_SCRATCH) /
               testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const char* build : {"old.so", "new.so"}) fs::copy_file(plugin, folder / build);
  }
  std::string at(const std::string& name) const { return (folder / name).string(); }
  const std::string plugin = SOFTMARK_PLUGINS "/paced.so";
  const std::string brief = " --rows 8 --cols 64 --processes 6 --min-time 1e-4 ";
  fs::path folder;
};

TEST_F(Cli, CompareTellsKernelsThatDifferManifold) {
  const std::string two = "compare --no-verify --plugin " + plugin + brief;
  const Ran slower = softmark(two + "nothing paced"), faster = softmark(two + "paced nothing");
  EXPECT_EQ(slower.code, 1) << slower.out;
  EXPECT_NE(slower.out.find("SLOWER"), std::string::npos) << slower.out;
  EXPECT_EQ(faster.code, 0) << faster.out;
  EXPECT_NE(faster.out.find("FASTER"), std::string::npos) << faster.out;
}

// `paced` is correct; `nothing` computes nothing.
TEST_F(Cli, CompareSaysInTheSameLineWhetherAKernelIsRight) {
  const std::string compare = "compare --plugin " + plugin + brief + "--effort quick ";
  const Ran wrong = softmark(compare + "paced nothing");
  EXPECT_EQ(wrong.code, 1) << wrong.out;
  EXPECT_NE(wrong.out.find("FASTER, B is FAIL: "), std::string::npos) << wrong.out;
  const Ran unknown = softmark(compare + "--no-verify paced nothing");
  EXPECT_EQ(unknown.code, 0) << unknown.out;
  EXPECT_NE(unknown.out.find("FASTER, not verified"), std::string::npos) << unknown.out;
}

TEST_F(Cli, CompareTakesTwoBuildsOfAKernel) {
  for (const std::string& builds :
       {at("old.so") + ":nothing " + at("new.so") + ":paced",
        "--plugin " + at("old.so") + " --plugin new=" + at("new.so") + " nothing new:paced"}) {
    const Ran ran = softmark("compare --no-verify --format json" + brief + builds);
    ASSERT_EQ(ran.code, 1) << ran.out;
    const Json comparison = Json::parse(ran.out)[0];
    EXPECT_NE(comparison["a"].get<std::string>().find("old.so"), std::string::npos) << comparison;
    EXPECT_NE(comparison["b"].get<std::string>().find("new.so"), std::string::npos) << comparison;
    EXPECT_EQ(comparison["verdict"], "SLOWER");
  }
}

TEST_F(Cli, ACallOfAKernelThatDoesNothingCostsLessThan20Nanoseconds) {
  const Ran ran = softmark(
      "bench --format json --kernel nothing --rows 1 --cols 1 --effort quick --plugin " + plugin);
  ASSERT_EQ(ran.code, 0) << ran.out;
  const Json measurement = Json::parse(ran.out)["measurements"][0];
  EXPECT_LT(measurement["ns_per_element"]["min"].get<double>(), 20) << measurement;
}

TEST_F(Cli, BenchResumesOnlyItsOwnDocument) {
  const std::string shape = "bench --kernel naive --rows 2 --cols 8 --min-time 1e-5 ";
  const std::string bench = shape + "--processes 2 ";
  ASSERT_EQ(softmark(bench + "-o " + at("first.json")).code, 0);
  const Json first = read_document(at("first.json"));
  ASSERT_EQ(softmark(bench + "--resume " + at("first.json") + " -o " + at("second.json")).code, 0);
  const Json second = read_document(at("second.json"));
  EXPECT_NEAR(second["measurements"][0]["samples"][0][0].get<double>() /
                  first["measurements"][0]["samples"][0][0].get<double>(),
              1, 1e-9);
  expect_one_line(softmark(bench + "--seed 1 --resume " + at("first.json")), 2,
                  "its seed is 0x5eed");
  expect_one_line(softmark(shape + "--processes 3 --resume " + at("first.json")), 2,
                  "its processes");
  expect_one_line(softmark(bench + "--resume " + at("missing.json")), 3, "missing.json");
  Json other = first;
  other["machine"]["key"] = "another";
  std::ofstream(at("other.json")) << other;
  expect_one_line(softmark(bench + "--resume " + at("other.json")), 2,
                  "it is from machine 'another'");
  other["machine"] = other["run"] = Json::object();
  std::ofstream(at("other.json")) << other;
  expect_one_line(softmark(bench + "--resume " + at("other.json")), 3, "run: lacks \"started\"");
}

TEST_F(Cli, AnInterruptedBenchKeepsWhatIsDone) {
  const std::string bench =
      " bench --kernel naive --effort standard --processes 6 --min-time 0.001 ";
  // In the foreground: else timeout sends it twice, to the program and to the group, and a second
  // one ends it at once.
  const Ran ran =
      run("timeout --foreground -s INT 3 " SOFTMARK_BINARY + bench + "-o " + at("part.json"));
  EXPECT_EQ(ran.code, 124) << ran.out;
  const Json part = read_document(at("part.json"));
  EXPECT_EQ(part["run"]["complete"], false);
  EXPECT_EQ(softmark(bench + "--workload 'router/4096x16' --resume " + at("part.json")).code, 0);
}

/// Seconds that the verification of each kernel took.
std::map<std::string, double> verified(const Json& document) {
  std::map<std::string, double> seconds;
  for (const Json& kernel : document["kernels"])
    seconds[kernel["id"]] = kernel.value("verify_seconds", 0.0);
  return seconds;
}

TEST_F(Cli, AResumedRunKeepsWhatIsVerifiedAndTimed) {
  const std::string flags =
      " run --resume --kernel naive --kernel simd --op softmax --dtype f32 --rows 2 --cols 8 -o " +
      at("made") + " --min-time 1e-3 --processes ";
  const std::string journal = at("made.json.journal");
  // Ended once the journal has a kernel.
  const Ran ended =
      run(SOFTMARK_BINARY + flags + "2 & for i in $(seq 600); do sleep 0.1; [ $(stat -c %s " +
          journal + " || echo 0) -gt 10000 ] && break; done; kill $!; wait $!");
  EXPECT_EQ(ended.code, 4) << ended.out;
  const Json part = read_document(at("made.json"));
  EXPECT_EQ(part["run"]["complete"], false);
  ASSERT_TRUE(fs::exists(journal));
  EXPECT_EQ(softmark(flags + "2").code, 0);
  EXPECT_FALSE(fs::exists(journal));
  const Json whole = read_document(at("made.json"));
  EXPECT_EQ(whole["run"]["complete"], true);
  auto seconds = verified(whole);
  EXPECT_EQ(seconds.size(), 2);
  std::erase_if(seconds, [&](const auto& one) { return verified(part)[one.first] != one.second; });
  EXPECT_GE(seconds.size(), 1) << "no kernel was kept";

  EXPECT_EQ(softmark(flags + "2").code, 0);  // nothing is left to time
  const Json again = read_document(at("made.json"));
  const auto median = [](const Json& document) {
    return document["measurements"][0]["ns_per_element"]["median"].get<double>();
  };
  EXPECT_NEAR(median(again) / median(whole), 1, 1e-9);
  expect_one_line(softmark(flags + "3"), 2, "its processes");
  expect_one_line(softmark(flags + "2 --seed 1"), 2, "its seed is 0x5eed");
}

TEST_F(Cli, BadCountsOfThreadsAreOneLine) {
  expect_one_line(softmark("bench --kernel naive --threads 1..x"), 2, "'x' is not a count");
  expect_one_line(softmark("run --threads 0"), 2, "'0' is not a count");
  expect_one_line(softmark("compare naive naive --threads 1,2"), 2, "one count of threads");
  expect_one_line(softmark("bench --effort some"), 2,
                  "--effort: 'some' is not an effort; give quick, standard, thorough");
}

TEST_F(Cli, RunIsGivenAPrefixOrTheNameOfOneOfItsFiles) {
  const Ran ran = softmark(
      "run --kernel simd/softmax/f32 --op softmax --dtype f32 --rows 2 --cols 8 --processes 2 -o " +
      at("made.json"));
  EXPECT_EQ(ran.code, 0) << ran.out;
  for (const char* name : {"made.json", "made.md", "made.html"})
    EXPECT_TRUE(fs::exists(at(name))) << name;
  EXPECT_FALSE(fs::exists(at("made.json.json")));
}

TEST_F(Cli, RealLogitsComeFromDigits) {
  const std::string script =
      SOFTMARK_SCRIPTS "/real_logits --data " + at("digits.csv.gz") + " -o " + at("logits.npy");
  expect_one_line(run(script), 3, "digits.csv.gz is not there: apt-get install python3-sklearn");
  std::ofstream(at("digits.csv.gz")) << "no archive";
  expect_one_line(run(script), 3, "not the digits");
  std::ofstream digits(at("digits.csv"));
  for (int i = 0; i < 20; ++i) {  // one pixel says the digit
    for (int pixel = 0; pixel < 64; ++pixel) digits << (pixel == i % 10 ? 16 : 0) << ',';
    digits << i % 10 << '\n';
  }
  digits.close();
  ASSERT_EQ(run("gzip -f " + at("digits.csv")).code, 0);
  const Ran made = run(script);
  EXPECT_EQ(made.code, 0) << made.out;
  EXPECT_NE(made.out.find("20 x 10"), std::string::npos) << made.out;
  EXPECT_NE(made.out.find("100.0 % of the digits right"), std::string::npos) << made.out;
  const Ran timed =
      softmark("bench --kernel naive --processes 2 --min-time 1e-5 --format json --logits " +
               at("logits.npy"));
  ASSERT_EQ(timed.code, 0) << timed.out;
  EXPECT_EQ(Json::parse(timed.out)["measurements"][0]["workload"], "logits.npy/20x10");
}

}  // namespace
}  // namespace softmark
