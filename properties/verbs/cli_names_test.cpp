// SPDX-License-Identifier: Apache-2.0
// Which kernel a command line means, and which failures are known: never by a name alone.
#include <algorithm>

#include "properties/verbs/cli_run.h"
#include "reports/document.h"
#include "support/glob.h"

namespace softmark {
namespace {

const std::string kPlugins = std::string(SOFTMARK_PLUGINS) + "/";

Ran verify(const std::string& arguments) {
  return run("verify --effort quick --property range --format json " + arguments);
}

std::vector<std::string> kernels_of(const Ran& ran) {
  const Json document = Json::parse(ran.out);
  std::vector<std::string> ids;
  for (const Json& kernel : document["kernels"]) ids.push_back(kernel["id"]);
  return ids;
}

TEST(Names, APluginWithABuiltInsNameIsRefused) {
  for (const char* verb :
       {"verify --kernel online", "verify", "bench --kernel online", "run --kernel online",
        "sweep worst --kernel online", "eval --kernel online 1,2", "list"}) {
    const Ran ran = run(std::string(verb) + " --plugin " + kPlugins + "namesake.so");
    expect_one_line(ran, kUsage, "online/softmax/f32 has the id of one of a built-in kernel");
    EXPECT_NE(ran.err.find("--plugin namesake=" + kPlugins + "namesake.so"), std::string::npos)
        << ran.err;
  }
}

TEST(Names, APluginWithAPeersNameIsRefused) {
  const std::string plugin = "--plugin " + kPlugins + "namesake_of_peer.so";
  for (const char* chosen : {"", " --kernel highway", " --kernel online"})
    expect_one_line(verify(plugin + chosen), kUsage,
                    "highway/softmax/f32 has the id of one of a peer");
}

// Only the peers that a glob may mean are loaded; it means the same as among all.
TEST(Names, AGlobMeansPeersToo) {
  const Json all = Json::parse(run("list --format json").out);
  for (const std::string glob : {"*/sigmoid/f32", "h*/softmax/f32", "highway", "[hm]*y/softmax/f32",
                                 "max_shifted_o2/softmax/f32", "scalar/hardmax/f32"}) {
    std::vector<std::string> meant;
    for (const Json& kernel : all["kernels"])
      if (matches_glob(glob, kernel["id"]) || matches_glob(glob, kernel["name"]))
        meant.push_back(kernel["id"]);
    EXPECT_FALSE(meant.empty()) << glob;
    const Ran ran =
        run("verify --effort quick --property empty --format json --kernel '" + glob + "'");
    EXPECT_EQ(kernels_of(ran), meant) << glob;
  }
  expect_one_line(verify("--kernel highwya"), kUsage, "did you mean highway");
}

TEST(Names, TwoPluginsWithOneIdAreRefused) {
  const std::string wounded = " --plugin " + kPlugins + "wounded.so";
  expect_one_line(verify(wounded + wounded), kUsage, "has the id of one of " + kPlugins);
  expect_one_line(
      verify(" --plugin a=" + kPlugins + "wounded.so --plugin a=" + kPlugins + "wounded.so"),
      kUsage, "--plugin wounded=");
}

TEST(Names, ANameBeforeThePathIsAPrefix) {
  const std::string mine = "--plugin mine=" + kPlugins + "namesake.so";
  for (const std::string& chosen :
       {std::string(), std::string(" --kernel mine:online"), std::string(" --kernel 'mine:*'")}) {
    const Ran ran = verify(mine + chosen);
    EXPECT_EQ(ran.code, kGateFailed) << ran.err;
    EXPECT_EQ(kernels_of(ran), std::vector<std::string>{"mine:online/softmax/f32"});
  }
  // Its replay command loads it by the same name.
  const Json document = Json::parse(verify(mine).out);
  const std::string repro = document["properties"][0]["repro"];
  EXPECT_NE(repro.find("--plugin mine=" + kPlugins), std::string::npos) << repro;
  EXPECT_EQ(run(repro.substr(repro.find(' ') + 1)).code, kGateFailed);
  // The built-in of that name is not what was brought along.
  expect_one_line(verify(mine + " --kernel online"), kUsage, "none of its kernels is chosen");
  expect_one_line(verify("--plugin =" + kPlugins + "namesake.so"), kUsage, "NAME=LIB.so");
}

TEST(Names, ListIsOneScreenByOp) {
  const Ran ran = run("list");
  EXPECT_EQ(ran.code, kPass) << ran.err;
  EXPECT_LE(std::count(ran.out.begin(), ran.out.end(), '\n'), 40) << ran.out;
  EXPECT_EQ(ran.out.find("  op  "), 0u) << ran.out;
  EXPECT_NE(ran.out.find("\n  softmax  "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find(" f8_e4m3, f8_e5m2  scalar\n"), std::string::npos) << ran.out;
}

TEST(Names, WithoutAKernelPluginsAreTakenAlone) {
  const std::string plugin = " --plugin " + kPlugins + "example_plugin.so";
  const std::vector<std::string> alone = {"example/softmax/f32"};
  EXPECT_EQ(kernels_of(verify(plugin)), alone);
  EXPECT_EQ(kernels_of(run("bench --format json --effort quick --processes 1 --min-time 1e-4 "
                           "--rows 2 --cols 8" +
                           plugin)),
            alone);
  const Json worst = Json::parse(run("sweep worst --effort quick --format json" + plugin).out);
  ASSERT_EQ(worst["finds"].size(), 1u);
  EXPECT_EQ(worst["finds"][0]["kernel"], alone[0]);
  EXPECT_EQ(Json::parse(run("eval --format json 1,2" + plugin).out)["results"].size(), 1u);
  EXPECT_EQ(kernels_of(verify(plugin + " --kernel example --kernel naive/softmax/f32")).size(), 2u);
}

// Called like a kernel whose lost NaN is known and explained.
TEST(Names, APluginIsNotExcusedByTheKnownFailuresThatShip) {
  const Ran ran = run("verify --effort quick --property special_values --format json --plugin " +
                      kPlugins + "partial.so --kernel loses_nan_fast_math");
  EXPECT_EQ(ran.code, kGateFailed) << ran.err;
  EXPECT_EQ(Json::parse(ran.out)["properties"][0]["expected"], false);
  // A file of one's own applies to whatever it names.
  const fs::path known = scratch() / "known.json";
  std::ofstream(known) << R"({"schema": "softmark.known_failures", "schema_version": "1.1",
    "expected_failures": [{"kernel": "loses_nan*", "property": "special_values", "reason": "mine"}],
    "limits": []})";
  EXPECT_EQ(run("verify --effort quick --property special_values --plugin " + kPlugins +
                "partial.so --kernel loses_nan_fast_math --known-failures " + known.string())
                .code,
            0);
}

TEST(Names, APropertyThatAppliesToNoKernelVerifiesNothing) {
  expect_one_line(run("verify --kernel naive/softmax/f32 --property jacobian --property max_ulp"),
                  kUsage, "--property jacobian, max_ulp: does not apply to naive/softmax/f32");
}

// Whatever property the run is narrowed to, wrong results fail it.
TEST(Names, AKernelThatIsWrongEverywhereFailsUnderEachPropertyAlone) {
  const Json list = Json::parse(run("list --format json --kernel naive").out);
  std::size_t tried = 0;
  for (const Json& property : list["properties"]) {
    const std::string name = property["name"];
    const Ran ran = run("verify --effort quick --plugin " + kPlugins +
                        "partial.so --kernel forty_two --format json --property " + name);
    const bool applies = ran.out.find('"' + name + '"') != std::string::npos;
    if (!applies) continue;
    ++tried;
    EXPECT_EQ(ran.code, kGateFailed) << name << ran.err;
  }
  EXPECT_GE(tried, 20u);
}

}  // namespace
}  // namespace softmark
