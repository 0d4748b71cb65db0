// SPDX-License-Identifier: Apache-2.0
// `sweep` and `verify` under mpirun: the documents of one process, whatever the ranks.
#include <gtest/gtest.h>

#include "properties/verbs/cli_run.h"
#include "support/json.h"

namespace softmark {
namespace {

// As root, on few cores, beside other tests.
const std::string kMpirun =
    "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 timeout -k 5 60 mpirun "
    "--oversubscribe --bind-to none ";
// Ranks that end with an exit code are not waited for.
const std::string kAtOnce = "--mca odls_base_sigkill_timeout 0 ";

class Mpi : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(SOFTMARK_BINARY).parent_path() / "softmark_mpi.so"))
      GTEST_SKIP() << "this softmark was built without MPI (Debian: libopenmpi-dev)";
    if (std::system("command -v mpirun >/dev/null") != 0)
      GTEST_SKIP() << "there is no mpirun (Debian: openmpi-bin)";
    folder_ = scratch();
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

Ran run_ranks(int ranks, const std::string& arguments) {
  return run_command(kMpirun + kAtOnce + "-n " + std::to_string(ranks) + " " SOFTMARK_BINARY " " +
                     arguments);
}

/// What softmark said, without mpirun's own lines.
std::string said(const Ran& ran) {
  std::string text, line;
  for (std::istringstream lines(ran.err); std::getline(lines, line);)
    if (line.starts_with("softmark: ")) text += line + "\n";
  return text;
}

void expect_one_line_of_ranks(const Ran& ran, int code, const std::string& says) {
  EXPECT_EQ(ran.code, code) << ran.err;
  const std::string text = said(ran);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << ran.err;
  EXPECT_NE(text.find(says), std::string::npos) << text;
  EXPECT_EQ(ran.err.find("MPI_ABORT"), std::string::npos) << ran.err;
}

// A kernel with infinite errors, steps and ties, and one without.
TEST_F(Mpi, ASweepIsThatOfOneProcess) {
  for (const std::string sweep : {"sweep sigmoid/f32 --kernel naive --shard 3/100 ",
                                  "sweep softmax/f32/t,0 --kernel simd --shard 51/100 "}) {
    EXPECT_EQ(run(sweep + "-o " + at("1.json")).code, kPass);
    for (const int ranks : {2, 3}) {
      const Ran ran = run_ranks(ranks, sweep + "-o " + at("n.json"));
      EXPECT_EQ(ran.code, kPass) << ran.err;
      EXPECT_EQ(ran.err, "");
      EXPECT_EQ(text_of(at("n.json")), text_of(at("1.json"))) << sweep << ranks;
      EXPECT_FALSE(fs::exists(at("n.json.journal")));
    }
  }
}

/// A document without times, and without what describes the run and the machine.
Json without_times(const Json& json) {
  Json kept = json.is_object() ? Json::object() : json.is_array() ? Json::array() : json;
  if (json.is_array())
    for (const Json& value : json) kept.push_back(without_times(value));
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      if (key != "run" && key != "machine" && key.find("seconds") == key.npos)
        kept[key] = without_times(value);
  return kept;
}

// Of kernels that pass: how long the pattern of a failure is looked for depends on the time.
TEST_F(Mpi, AVerificationIsThatOfOneProcess) {
  const std::string verify =
      "verify --effort quick --kernel 'stable/*' --kernel 'scalar/*' --property range "
      "--property ties --property empty -o ";
  EXPECT_EQ(run(verify + at("1.json")).code, kPass);
  const Ran ran = run_ranks(2, verify + at("2.json"));
  EXPECT_EQ(ran.code, kPass) << ran.err;
  const Json one = without_times(Json::parse(text_of(at("1.json"))));
  EXPECT_GT(one["properties"].size(), 15u);
  EXPECT_EQ(without_times(Json::parse(text_of(at("2.json")))), one);
}

TEST_F(Mpi, ASearchIsThatOfOneProcess) {
  const std::string search =
      "sweep worst --effort quick --cols 4 --kernel '*/sigmoid/f32' --kernel 'simd/softmax/f16' ";
  EXPECT_EQ(run(search + "-o " + at("1.json")).code, kPass);
  EXPECT_EQ(run_ranks(2, search + "-o " + at("2.json")).code, kPass);
  EXPECT_EQ(text_of(at("2.json")), text_of(at("1.json")));
  EXPECT_GE(Json::parse(text_of(at("1.json")))["finds"].size(), 4u);  // with peers more
}

// mpirun ends the job; what rank 0 had is on disk, and only the rest is done again.
TEST_F(Mpi, AKilledRankLosesOnlyItsPieces) {
  const std::string sweep = "sweep sigmoid/f32 --kernel stable --shard 3/9 -o ";
  const Ran killed = run_command(
      kMpirun + "-n 2 " SOFTMARK_BINARY " " + sweep + at("n.json") +
      " & job=$!; for i in $(seq 500); do " + "[ \"$(stat -c %s " + at("n.json.journal") +
      " 2>/dev/null || echo 0)\" -gt 4000 ] && break; sleep .02; done; "
      "for p in $(pgrep -f ' " +
      at("n.json") +
      "$'); do "
      "grep -qz '^OMPI_COMM_WORLD_RANK=1$' /proc/$p/environ 2>/dev/null && "
      "[ $(readlink /proc/$p/exe) = " SOFTMARK_BINARY " ] && kill -9 $p; done; wait $job");
  EXPECT_NE(killed.code, kPass) << killed.err;
  EXPECT_NE(killed.err.find("signal 9"), std::string::npos) << killed.err;
  EXPECT_NE(said(killed).find("n.json.journal holds"), std::string::npos) << killed.err;
  EXPECT_NE(said(killed).find("--resume"), std::string::npos) << killed.err;
  const Json part = Json::parse(text_of(at("n.json")));
  EXPECT_FALSE(part["complete"].get<bool>());
  EXPECT_GT(part["inputs"].get<std::uint64_t>(), 0u);
  EXPECT_LT(part["inputs"].get<std::uint64_t>(), part["total"].get<std::uint64_t>());

  expect_one_line_of_ranks(run_ranks(2, sweep + at("n.json")), kUsage, "go on with it by --resume");
  expect_one_line(run("sweep sigmoid/f32 --kernel simd --shard 3/9 --resume -o " + at("n.json")),
                  kUsage, "is of another run");
  EXPECT_EQ(run_ranks(2, sweep + at("n.json") + " --resume").code, kPass);
  EXPECT_EQ(run(sweep + at("1.json")).code, kPass);
  EXPECT_EQ(text_of(at("n.json")), text_of(at("1.json")));
  EXPECT_FALSE(fs::exists(at("n.json.journal")));
}

TEST_F(Mpi, MoreRanksThanPieces) {
  const Ran ran = run_ranks(5, "sweep sigmoid/bf16 --kernel simd -o " + at("5.json"));
  EXPECT_EQ(ran.code, kPass) << ran.err;
  EXPECT_EQ(ran.err, "softmark: 5 ranks for 2 pieces of work: 3 have nothing to do\n");
  EXPECT_EQ(run("sweep sigmoid/bf16 --kernel simd -o " + at("1.json")).code, kPass);
  EXPECT_EQ(text_of(at("5.json")), text_of(at("1.json")));
}

TEST_F(Mpi, BadUseIsOneLineInAllRanks) {
  const std::string sweep = "sweep sigmoid/bf16 --kernel simd ";
  expect_one_line_of_ranks(run_ranks(2, sweep + "-o /no/such/folder/x.json"), kNotMeasurable,
                           "/no/such/folder/x.json");
  expect_one_line_of_ranks(run_ranks(2, "sweep sigmoid/bf16 --kernel no_such"), kUsage, "no_such");
  expect_one_line_of_ranks(run_ranks(2, "sweeep"), kUsage, "did you mean");
  expect_one_line_of_ranks(run_ranks(2, "bench --kernel simd"), kUsage, "without mpirun");
  expect_one_line_of_ranks(run_ranks(2, "verify --self-test"), kUsage, "without mpirun");
  expect_one_line_of_ranks(run_ranks(2, "sweep --list"), kUsage, "without mpirun");
  expect_one_line_of_ranks(run_ranks(2, sweep + "--resume"), kUsage, "-o FILE");
}

// Other builds, and builds without MPI, are told apart before any work.
TEST_F(Mpi, ARankOfAnotherBuild) {
  const fs::path build = fs::path(SOFTMARK_BINARY).parent_path();
  fs::create_symlink(build / "peers", at("peers"));
  fs::copy_file(SOFTMARK_BINARY, at("softmark"));
  std::ofstream(at("softmark"), std::ios::app) << "\n";
  const std::string work = " sweep sigmoid/bf16 --kernel simd ";
  expect_one_line_of_ranks(run_command(kMpirun + kAtOnce + "-n 2 " + at("softmark") + work), kUsage,
                           "this softmark has no MPI");
  fs::copy_file(build / "softmark_mpi.so", at("softmark_mpi.so"));
  expect_one_line_of_ranks(run_command(kMpirun + kAtOnce + "-n 1 " SOFTMARK_BINARY + work +
                                       ": -n 1 " + at("softmark") + work),
                           kUsage, "runs another build of softmark");
  expect_one_line_of_ranks(
      run_command(kMpirun + kAtOnce + "-n 1 " SOFTMARK_BINARY + work +
                  ": -n 1 " SOFTMARK_BINARY " sweep sigmoid/bf16 --kernel 'simd' --shard 1/2"),
      kUsage, "has other work than rank 0");
}

}  // namespace
}  // namespace softmark
