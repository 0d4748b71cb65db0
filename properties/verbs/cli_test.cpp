// SPDX-License-Identifier: Apache-2.0
// The program as a user meets it: answers, exit codes, and one clear line for bad input.
#include <cmath>
#include <cstdio>

#include "properties/verbs/cli_run.h"
#include "reports/document.h"
#include "support/sanitizers.h"

namespace softmark {
namespace {

// ---- bad input ----

TEST(BadInput, LogitFiles) {
  const fs::path folder = scratch();
  const auto expect_refused = [&](const std::string& file_name, const std::string& content) {
    const fs::path path = folder / file_name;
    std::ofstream(path, std::ios::binary) << content;
    for (const char* verb :
         {"eval", "verify --effort quick --kernel naive", "bench --kernel naive"})
      expect_one_line(run(std::string(verb) + " --logits " + path.string()), kUnreadable,
                      path.string());
  };
  expect_refused("truncated.npy",
                 npy("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 10), }", 100));
  expect_refused("strings.npy",
                 npy("{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", 24));
  expect_refused("cube.npy",
                 npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2), }", 32));
  expect_refused("empty.npy",
                 npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 7), }", 0));
  expect_refused("no.npy", "");
  expect_one_line(run("eval --logits " + (folder / "absent.npy").string()), kUnreadable,
                  "absent.npy");
  expect_one_line(run("eval --logits " + folder.string()), kUnreadable, folder.string());
}

TEST(BadInput, Requests) {
  expect_one_line(run("eval", "{\"x\": [[1, 2"), kUnreadable, "standard input");
  expect_one_line(run("eval", "[1]"), kUnreadable, "request");
  expect_one_line(run("eval", R"({"x":[]})"), kUnreadable, "x");
  expect_one_line(run("eval", R"({"op":"softmaxx","x":[[1]]})"), kUnreadable, "softmaxx");
  expect_one_line(run("eval", R"({"op":7,"x":[[1]]})"), kUnreadable, "op");
  expect_one_line(run("eval 1,two"), kUsage, "two");
  expect_one_line(run("eval 1,2 --dtype f31"), kUsage, "f31");
  expect_one_line(run("verify --case '{'"), kUsage, "--case");
}

TEST(BadInput, NamesThatAreNotThere) {
  expect_one_line(run("eval --kernel nave 1,2"), kUsage, "did you mean naive");
  expect_one_line(run("verify --kernel nave"), kUsage, "did you mean naive");
  expect_one_line(run("verify --property sum_to_two"), kUsage, "sum_to_two");
  expect_one_line(run("verify --effort heroic"), kUsage, "heroic");
  expect_one_line(run("verifye"), kUsage, "verifye");
  expect_one_line(run("verify --known-failures /no/such.json --kernel naive"), kUnreadable,
                  "/no/such.json");
}

TEST(BadInput, Outputs) {
  const fs::path folder = scratch();
  const std::string verify = "verify --effort quick --kernel scalar/hardmax/f32 --format json -o ";
  expect_one_line(run(verify + folder.string()), kNotMeasurable, folder.string());
  expect_one_line(run(verify + "/dev/full"), kNotMeasurable, "/dev/full");
  expect_one_line(run(verify + (folder / "no" / "such.json").string()), kNotMeasurable,
                  "such.json");
  EXPECT_TRUE(fs::is_empty(folder));
  expect_one_line(run("eval 1,2 -o /dev/full"), kNotMeasurable, "/dev/full");
}

TEST(BadInput, Plugins) {
  const fs::path folder = scratch();
  expect_one_line(run("list --plugin /no/such.so"), kUnreadable, "/no/such.so");
  std::ofstream(folder / "text.so") << "no library";
  expect_one_line(run("list --plugin " + (folder / "text.so").string()), kUnreadable, "text.so");
  expect_one_line(run(std::string("list --plugin ") + SOFTMARK_PLUGINS + "/no_plugin.so"),
                  kUnreadable, "is not a plugin");
  expect_one_line(run(std::string("list --plugin ") + SOFTMARK_PLUGINS + "/other_abi.so"),
                  kUnreadable, "ABI version");
  expect_one_line(run(std::string("list --plugin ") + SOFTMARK_PLUGINS + "/crash_on_load.so"),
                  kUnreadable, "killed by");
}

// ---- verification ----

Json verify(const std::string& arguments, int code) {
  const fs::path path =
      fs::path(SOFTMARK_SCRATCH) / ("verify." + std::to_string(getpid()) + ".json");
  const Ran ran = run("verify --effort quick --format json -o " + path.string() + " " + arguments);
  EXPECT_EQ(ran.code, code) << ran.err;
  const Json document = read_document(path.string());
  fs::remove(path);
  return document;
}

const Json* verdict(const Json& document, const std::string& kernel, const std::string& property) {
  for (const Json& entry : document["properties"])
    if (entry["kernel"] == kernel && entry["property"] == property) return &entry;
  ADD_FAILURE() << kernel << " has no verdict on " << property;
  return nullptr;
}

TEST(Verify, NaiveOverflowsOnARowAPersonCanRead) {
  const Json document = verify("--kernel naive/softmax/f32 --property overflow_safety", 0);
  const Json& found = *verdict(document, "naive/softmax/f32", "overflow_safety");
  EXPECT_EQ(found["verdict"], "fail");
  EXPECT_TRUE(found["expected"].get<bool>());
  EXPECT_NE(found["reason"], "");
  EXPECT_EQ(found["counterexample"]["rows"], 1);
  EXPECT_LE(found["counterexample"]["cols"].get<int>(), 2);
  verify("--kernel naive/softmax/f32 --property overflow_safety --known-failures none", 1);
}

TEST(Verify, NaiveSigmoidBreaksItsBoundWhereExpOverflows) {
  const Json document = verify("--kernel naive/sigmoid/f32 --property error_bound", 0);
  const Json& found = *verdict(document, "naive/sigmoid/f32", "error_bound");
  EXPECT_EQ(found["verdict"], "fail");
  EXPECT_TRUE(found["expected"].get<bool>());
  EXPECT_LT(parse_value(found["counterexample"]["x"][0], "x"), -88.7);
}

TEST(Verify, AnExpectationThatMayPassWarnsOfNothing) {
  const fs::path file = scratch() / "contract.json";
  for (const bool may_pass : {false, true}) {
    const Json contract = {{"schema", "softmark.known_failures"},
                           {"schema_version", "1.0"},
                           {"expected_failures",
                            {{{"kernel", "scalar/hardmax/f32"},
                              {"property", "empty"},
                              {"reason", "elsewhere"},
                              {"may_pass", may_pass}}}},
                           {"limits", Json::array()}};
    std::ofstream(file) << contract;
    const Ran ran =
        run("verify --kernel scalar/hardmax/f32 --property empty --format json --known-failures " +
            file.string());
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Json document = Json::parse(ran.out);
    EXPECT_EQ((*verdict(document, "scalar/hardmax/f32", "empty"))["expected"], !may_pass);
    EXPECT_EQ(document["warnings"].size(), may_pass ? 0u : 1u) << document["warnings"];
  }
  std::ofstream(file)
      << R"({"schema": "softmark.known_failures", "schema_version": "1.0", "expected_failures":
    [{"kernel": "a", "property": "b", "reason": "c", "may_pass": 1}], "limits": []})";
  expect_one_line(run("verify --kernel scalar/hardmax/f32 --known-failures " + file.string()),
                  kUnreadable, "may_pass");
}

TEST(Verify, AReplayCommandFailsAgainAlone) {
  const Json document = verify("--kernel naive/softmax/f64 --property overflow_safety", 0);
  std::string repro = (*verdict(document, "naive/softmax/f64", "overflow_safety"))["repro"];
  ASSERT_TRUE(repro.starts_with(SOFTMARK_BINARY " verify ")) << repro;
  const Ran ran = run_command("cd / && " + repro + " --known-failures none --format json");
  EXPECT_EQ(ran.code, kGateFailed) << ran.err;
  const Json again = Json::parse(ran.out);
  ASSERT_EQ(again["properties"].size(), 1u);
  EXPECT_EQ(again["properties"][0]["counterexample"], document["properties"][0]["counterexample"]);
}

TEST(Verify, TheExamplePluginPasses) {
  const std::string plugin = std::string("--plugin ") + SOFTMARK_PLUGINS + "/example_plugin.so";
  const Json document = verify(plugin + " --kernel example --known-failures none", 0);
  EXPECT_GE(document["properties"].size(), 6u);
  EXPECT_EQ(document["kernels"][0]["provider"], "plugin");
}

// Three wounds to a correct kernel, each seen by the property that is named for it.
TEST(Verify, KillsWoundedKernels) {
  const std::string plugin =
      std::string("--plugin ") + SOFTMARK_PLUGINS + "/wounded.so --known-failures none --kernel ";
  const struct {
    const char *kernel, *property;
  } wounds[] = {{"no_shift/softmax/f32", "overflow_safety"},
                {"diagonal_only/softmax_jacobian/f32", "jacobian"},
                {"tail_of_seven/softmax/f32", "sum_to_one"}};
  for (const auto& wound : wounds) {
    const Json document = verify(plugin + wound.kernel + " --property " + wound.property, 1);
    EXPECT_EQ((*verdict(document, wound.kernel, wound.property))["verdict"], "fail")
        << wound.kernel;
  }
  const Json tail = verify(plugin + "tail_of_seven/softmax/f32 --property sum_to_one", 1);
  EXPECT_EQ(tail["properties"][0]["counterexample"]["cols"], 7);
  verify(plugin + "healthy/softmax/f32", 0);
  verify(plugin + "healthy/softmax_jacobian/f32", 0);
}

// A handler that the first call installs, a descriptor that it closes, memory that every call
// keeps: also in a run of all properties, where other calls come before those of `environment`.
TEST(Verify, WhatAFirstCallChangesIsSeenInAFullRun) {
  std::string arguments =
      std::string("--known-failures none --plugin ") + SOFTMARK_PLUGINS + "/softmark_mutants.so";
  const char* kernels[] = {"handles_segv", "closes_input", "leaks_descriptor", "leaks_memory"};
  for (const char* kernel : kernels) arguments += std::string(" --kernel ") + kernel;
  const Json document = verify(arguments, 1);
  for (const char* kernel : kernels)
    EXPECT_EQ((*verdict(document, std::string(kernel) + "/softmax/f32", "environment"))["verdict"],
              "fail")
        << kernel;
}

/// Processes anywhere on the machine that a faulty kernel could have left: those that still hold
/// its library.
std::size_t processes_of(const std::string& library) {
  std::size_t found = 0;
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::error_code gone;
    if (std::isdigit(process.path().filename().string()[0]) &&
        text_of(process.path() / "maps").find(library) != std::string::npos)
      ++found;
  }
  return found;
}

// Each kernel goes wrong on rows with a NaN alone, so that sum_to_one says whether the suite went
// on.
TEST(Verify, FaultsOfEveryKindAreVerdictsAndTheRestGoesOn) {
#ifdef SOFTMARK_FINDS_LEAKS
  GTEST_SKIP() << "a sanitizer ends what crashes in its own way";
#endif
  const std::string library = std::string(SOFTMARK_PLUGINS) + "/faulty.so";
  const struct {
    const char *kernel, *property, *verdicts, *message;
  } faults[] = {{"segfault", "special_values", "crash", "SIGSEGV"},
                {"abort", "special_values", "crash", "SIGABRT"},
                {"exit", "special_values", "crash", "exit code 0"},
                {"hang", "special_values", "timeout", "no answer"},
                {"stack_smash", "special_values", "crash", "SIG"},
                {"stack_overflow", "special_values", "crash", "SIGSEGV"},
                {"closed_descriptors", "special_values", "crash", "closed a descriptor"},
                {"blocked_signals", "special_values", "timeout", "no answer"},
                {"daemon", "environment", "fail", "children"},
                {"daemon_and_abort", "special_values", "crash", "SIGABRT"},
                {"flood", "environment", "fail", "printed"},
                {"hoard", "special_values", "crash timeout", "the call"},
                {"kill_parent", "special_values", "error", "SIGKILL"},
                {"kill_itself", "special_values", "crash", "SIGKILL"},
                {"false_answer", "special_values", "crash", "descriptor"}};
  std::string arguments = "--timeout 1 --plugin " + library +
                          " --known-failures none --property special_values --property sum_to_one "
                          "--property environment";
  for (const auto& fault : faults)
    arguments += std::string(" --kernel ") + fault.kernel + "/softmax/f32";
  const Json document = verify(arguments, 1);
  for (const auto& fault : faults) {
    const std::string id = std::string(fault.kernel) + "/softmax/f32";
    const Json& found = *verdict(document, id, fault.property);
    EXPECT_NE(std::string(fault.verdicts).find(found["verdict"].get<std::string>()),
              std::string::npos)
        << id << found["verdict"] << found["message"];
    if (found["verdict"] == "crash") {
      EXPECT_NE(found["message"].get<std::string>().find(fault.message), std::string::npos)
          << found["message"];
      EXPECT_LE(found["counterexample"]["cols"].get<int>(), 2) << id;
    }
    EXPECT_EQ((*verdict(document, id, "sum_to_one"))["verdict"], "pass") << id;
  }
  // What was killed last may still be on its way out, and other tests use the library too.
  for (int i = 0; i < 1000 && processes_of(library) > 0; ++i) usleep(30000);
  EXPECT_EQ(processes_of(library), 0u);
}

// Time that grows as the square of the length is no defect, only a length that cannot be tested;
// waiting for nothing is one.
TEST(Verify, TooSlowForALongRowIsNoHang) {
  const std::string plugins =
      std::string("--timeout 1 --known-failures none --property error_bound --plugin ") +
      SOFTMARK_PLUGINS;
  const std::string row = R"( --case '{"x":[["0x0p+0",{"value":"-0x1p+4","repeat":131071}]]}')";
  const Json slow =
      verify(plugins + "/softmark_controls.so --kernel quadratic" + row, 0)["properties"][0];
  EXPECT_EQ(slow["verdict"], "skip") << slow;
  EXPECT_NE(slow["message"].get<std::string>().find("131072 columns and more: too slow"),
            std::string::npos)
      << slow["message"];
  std::string batch;
  for (int r = 0; r < 128; ++r)
    batch += std::string(r ? "," : "") + R"(["0x0p+0",{"value":"-0x1p+4","repeat":4095}])";
  const Json many =
      verify(plugins + "/softmark_controls.so --kernel quadratic --case '{\"x\":[" + batch + "]}'",
             0)["properties"][0];
  EXPECT_EQ(many["verdict"], "skip") << many;
  const Json hung =
      verify(plugins + "/faulty.so --kernel hang_on_long_rows" + row, 1)["properties"][0];
  EXPECT_EQ(hung["verdict"], "timeout") << hung;
}

// Special rows share calls where rows are long; a kernel that takes one row only gets each alone.
TEST(Verify, ABatchThatIsRefusedIsTriedRowByRow) {
  const Ran ran = run(std::string("verify --effort standard --known-failures none --property "
                                  "special_values --kernel one_row --plugin ") +
                      SOFTMARK_PLUGINS + "/faulty.so");
  EXPECT_EQ(ran.code, kGateFailed) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("want nan"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace softmark
