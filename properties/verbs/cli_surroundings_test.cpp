// SPDX-License-Identifier: Apache-2.0
// What surrounds the program may be broken: descriptors, output, names, signals, other processes.
#include "properties/verbs/cli_run.h"
#include "reports/document.h"
#include "support/quote.h"

namespace softmark {
namespace {

const std::string kProgram = SOFTMARK_BINARY;
const std::string kEval = kProgram + " eval --kernel naive/softmax/f32 1,2";

TEST(Surroundings, FewDescriptorsAreEnoughOrOneLine) {
  EXPECT_EQ(run_command("ulimit -n 20; " + kEval).code, kPass);
  EXPECT_EQ(run_command("ulimit -n 20; " + kProgram +
                        " verify --kernel scalar/hardmax/f32 --property empty")
                .code,
            kPass);
  expect_one_line(run_command("ulimit -n 8; " + kProgram +
                              " verify --kernel scalar/hardmax/f32 --property empty"),
                  kNotMeasurable, "Too many open files");
}

TEST(Surroundings, OutputThatCannotBeWrittenIsExitCode4) {
  for (const std::string arguments :
       {"list", "--help", "verify --help", "eval --kernel naive/softmax/f32 1,2"}) {
    for (const char* broken : {">&-", ">/dev/full"}) {
      const Ran ran = run_command(kProgram + " " + arguments + " " + broken);
      expect_one_line(ran, kNotMeasurable, "cannot write standard output");
    }
  }
  expect_one_line(run_command(kProgram + " eval <&-"), kUnreadable, "cannot read standard input");
  EXPECT_EQ(run_command(kEval + " <&- 2>&-").code, kPass);
  EXPECT_EQ(run_command("env -i " + kEval).code, kPass);  // no HOME, no PATH
}

/// A word for sh, which has no $'...', with its bytes as they are.
std::string raw_quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

TEST(Surroundings, AnyPathIsReplayedFromAnyFolder) {
  const fs::path folder = scratch() / "it's \xff; $(x) \"q\"\n";
  fs::create_directories(folder);
  fs::copy_file(SOFTMARK_PLUGINS "/faulty.so", folder / "a.so");
  const std::string document = folder / "out.json";
  const Ran ran = run_command("cd " + raw_quoted(folder.string()) + " && " + kProgram +
                              " verify --plugin a.so --kernel 'segfault/*' --effort quick "
                              "--property special_values --format json -o out.json");
  ASSERT_EQ(ran.code, kGateFailed) << ran.err;
  const Json verdict = read_document(document)["properties"][0];
  ASSERT_EQ(verdict["verdict"], "crash") << verdict;
  const std::string repro = verdict["repro"];
  EXPECT_EQ(repro.find('\n'), repro.npos);
  // As a person pastes it, into bash.
  const Ran again = run_command("cd / && bash -c " + raw_quoted(repro + " --format json"));
  EXPECT_EQ(again.code, kGateFailed) << again.err << repro;
  EXPECT_EQ(Json::parse(again.out)["properties"][0]["verdict"], "crash");
  for (const char* format : {"text", "markdown", "html", "junit", "sarif", "github"}) {
    const Ran shown = run(std::string("report --format ") + format + " " + raw_quoted(document));
    EXPECT_EQ(shown.code, kPass) << format;
    EXPECT_EQ(valid_utf8(shown.out), shown.out) << format;
  }
}

TEST(Surroundings, ParallelAcceptsKeepEveryEntry) {
  const fs::path folder = scratch();
  const std::string document = folder / "failing.json", known = folder / "known.json";
  ASSERT_EQ(run("verify --known-failures none --kernel naive/softmax/f32 --effort quick --format "
                "json -o " +
                shell_quoted(document))
                .code,
            kGateFailed);
  std::vector<std::string> failed;
  const Json report = read_document(document);
  for (const Json& verdict : report["properties"])
    if (verdict["verdict"] == "fail" && verdict["severity"] == "error")
      failed.push_back(verdict["property"]);
  ASSERT_GE(failed.size(), 4u);
  std::string all;
  for (const std::string& property : failed)
    all += kProgram + " accept " + document + " --known-failures " + known + " --property " +
           property + " --reason r & ";
  EXPECT_EQ(run_command(all + "wait").err, "");
  EXPECT_EQ(Json::parse(text_of(known))["expected_failures"].size(), failed.size());
}

TEST(Surroundings, AHangUpKeepsWhatIsKnown) {
  const fs::path folder = scratch();
  const std::string verify = kProgram +
                             " verify --kernel 'simd/*' --effort thorough --format json -o " +
                             (folder / "part.json").string();
  EXPECT_EQ(run_command("timeout --foreground -s HUP 2 " + verify).code, 124);
  EXPECT_EQ(read_document(folder / "part.json")["run"]["complete"], false);
  // nohup: the signal is ignored.
  EXPECT_EQ(run_command("timeout --foreground -k 4 -s HUP 1 nohup " + verify).code, 137);
}

TEST(Surroundings, LoadingAPluginHasALimitOfTime) {
  const Ran ran =
      run(std::string("verify --timeout 4 --plugin ") + SOFTMARK_PLUGINS + "/hang_on_load.so");
  EXPECT_EQ(ran.code, kUnreadable);
  EXPECT_NE(ran.err.find("hang_on_load.so; it may take 4 s\n"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("hang_on_load.so: was not loaded within 4 s\n"), std::string::npos)
      << ran.err;
}

TEST(Surroundings, ALibraryWithAThreadIsNotCopied) {
  const Ran ran =
      run_command(kProgram + " verify --plugin " SOFTMARK_PLUGINS
                             "/thread_at_load.so --kernel 'threaded_library/*' --effort quick "
                             "--property error_bound --property stale_state");
  EXPECT_EQ(ran.code, kPass) << ran.out << ran.err;
}

TEST(Surroundings, RunTakesOneShapeAndChooses) {
  const fs::path folder = scratch();
  const Ran ran =
      run("run --rows 2 --cols 16 --kernel max_shifted --op softmax "
          "--dtype f32 --processes 2 --min-time 1e-5 --cache hot --distribution flat -o " +
          (folder / "one").string());
  ASSERT_EQ(ran.code, kPass) << ran.err;
  const Json document = read_document(folder / "one.json");
  EXPECT_GT(document["properties"].size(), 10u);
  ASSERT_EQ(document["measurements"].size(), 1u);
  EXPECT_EQ(document["measurements"][0]["workload"], "own/2x16");
  EXPECT_NE(ran.out.find("Use max_shifted for "), std::string::npos) << ran.out;
}

TEST(Surroundings, OnlyWhatADocumentVerifiedIsTimedAndChosen) {
  const std::string path = (scratch() / "verified.json").string();
  ASSERT_EQ(
      run("verify --kernel max_shifted/softmax/f32 --property range --effort quick -o " + path)
          .code,
      kPass);
  const Ran ran = run("choose " + path + " --measure --rows 2 --cols 16 --format json");
  ASSERT_EQ(ran.code, kPass) << ran.err;
  EXPECT_NE(ran.err.find("choose: times 1 kernel (about "), std::string::npos) << ran.err;
  const Json choice = Json::parse(ran.out);
  EXPECT_EQ(choice["kernel"], "max_shifted/softmax/f32");
  EXPECT_EQ(choice["candidates"].size(), 1u) << choice["candidates"];
  expect_one_line(run("choose " + path + " --measure --rows 2 --cols 16 --op sigmoid"),
                  kNotMeasurable, "has no verdict on a kernel of sigmoid f32");
}

// Minutes of silence look like a hang.
TEST(Surroundings, MeasuringSaysFirstHowLongItTakes) {
  const Ran ran = run("choose --measure --op softmax_jacobian --dtype f64 --rows 2 --cols 4");
  EXPECT_EQ(ran.code, kPass) << ran.err;
  EXPECT_EQ(ran.err.find("softmark: choose: first verifies "), 0u) << ran.err;
  EXPECT_NE(ran.err.find("then times them (about "), std::string::npos) << ran.err;
}

TEST(Surroundings, ValuesBeyondATypeLeaveItOut) {
  const fs::path folder = scratch();
  std::string file = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", 0);
  file += std::string("\x00\x50\xc3\x47\x00\x00\x80\x3f", 8);  // 100000, 1
  std::ofstream(folder / "large.npy", std::ios::binary) << file;
  const std::string logits = " --logits " + (folder / "large.npy").string();
  expect_one_line(run("eval --dtype f16" + logits), kUnreadable,
                  "[0, 0] is 100000, which f16 cannot hold");
  EXPECT_EQ(run("eval --dtype f16 --round --kernel simd" + logits).code, kPass);
  const Ran mixed =
      run("verify --kernel 'simd/softmax/*' --property range --effort quick "
          "--format json" +
          logits);
  ASSERT_EQ(mixed.code, kPass) << mixed.err;
  EXPECT_NE(Json::parse(mixed.out)["warnings"].dump().find("values that f16 cannot hold"),
            std::string::npos);
}

}  // namespace
}  // namespace softmark
