// SPDX-License-Identifier: Apache-2.0
// Grades, and defects that only show in long rows.
#include <map>

#include "properties/verbs/cli_run.h"
#include "support/json_reader.h"

namespace softmark {
namespace {

std::map<std::string, Json> kernels_of(const fs::path& document) {
  std::map<std::string, Json> kernels;
  const Json json = read_json(document);
  for (const Json& kernel : json["kernels"]) kernels[kernel["id"]] = kernel;
  return kernels;
}

TEST(Grades, AreFoundAndExplained) {
  const fs::path out = scratch() / "grades.json";
  const Ran ran = run(
      "verify --effort quick --kernel simd/softmax/f32 --kernel max_shifted/softmax/f32 --kernel "
      "scalar/softmax/f8_e4m3 -o " +
      out.string());
  ASSERT_EQ(ran.code, 0) << ran.err;
  auto kernels = kernels_of(out);
  EXPECT_EQ(kernels["scalar/softmax/f8_e4m3"]["grade"]["grade"], "rounded");
  EXPECT_FALSE(kernels["scalar/softmax/f8_e4m3"]["grade"].contains("broken"));
  const Json &wide = kernels["simd/softmax/f32"]["grade"],
             &loop = kernels["max_shifted/softmax/f32"]["grade"];
  EXPECT_EQ(wide["grade"], "wide") << wide;
  EXPECT_EQ(wide["broken"]["grade"], "one_ulp");
  EXPECT_EQ(loop["grade"], "sequential") << loop;
  EXPECT_EQ(loop["broken"]["grade"], "blocked");
  for (const Json& entry : loop["growth"]) {
    const bool swamped = entry["rows"] == "swamped";
    EXPECT_GT(entry["exponent"], swamped ? 0.7 : -1) << entry;
  }
  for (const Json& entry : wide["growth"]) EXPECT_LT(entry["exponent"], 0.2) << entry;
  const Ran text = run("report --format markdown " + out.string());
  EXPECT_NE(text.out.find("wide, not one"), std::string::npos) << text.out;
}

TEST(Grades, AreLimitedByKnownFailures) {
  const fs::path folder = scratch(), out = folder / "a.json", known = folder / "known.json";
  const std::string verify = "verify --effort quick --kernel stable/sigmoid/f32 -o " + out.string();
  ASSERT_EQ(run(verify).code, 0);
  ASSERT_EQ(run("accept " + out.string() + " --limits-only --reason today --known-failures " +
                known.string())
                .code,
            0);
  Json limits = read_json(known);
  ASSERT_EQ(limits["limits"].size(), 2u);  // the first is its promise
  Json& limit = limits["limits"][1];
  EXPECT_EQ(limit["grade"], kernels_of(out)["stable/sigmoid/f32"]["grade"]["grade"]);
  EXPECT_EQ(run(verify + " --known-failures " + known.string()).code, 0);
  limit["grade"] = "rounded";
  std::ofstream(known) << limits;
  EXPECT_EQ(run(verify + " --known-failures " + known.string()).code, 1);
  EXPECT_NE(text_of(out).find("the known failures allow rounded"), std::string::npos);
}

TEST(Columns, DefectsOfLongRowsAreFoundBelowTheErrorOfALoop) {
  const fs::path out = scratch() / "columns.json";
  std::string verify = "verify --effort standard --property columns --plugin " SOFTMARK_PLUGINS
                       "/loses.so -o " +
                       out.string();
  for (const char* kernel : {"correct", "inside", "last", "off"})
    verify += std::string(" --kernel ") + kernel;
  EXPECT_EQ(run(verify).code, 1);
  const Json document = read_json(out);
  std::map<std::string, std::string> verdicts;
  for (const Json& entry : document["properties"])
    if (entry["property"] == "columns") verdicts[entry["kernel"]] = entry["verdict"];
  EXPECT_EQ(verdicts, (std::map<std::string, std::string>{{"correct/softmax/f32", "pass"},
                                                          {"inside/softmax/f32", "fail"},
                                                          {"last/softmax/f32", "fail"},
                                                          {"off/softmax/f32", "fail"}}));
}

}  // namespace
}  // namespace softmark
