// SPDX-License-Identifier: Apache-2.0
// `sweep` and `experiment` as a user meets them.
#include <cstdlib>
#include <sstream>

#include "properties/verbs/cli_run.h"
#include "support/json.h"

namespace softmark {
namespace {

TEST(Sweep, ShardsJoinToTheWhole) {
  const fs::path folder = scratch();
  std::string merge;
  Json parts[2];
  for (int part = 0; part < 2; ++part) {
    const std::string file = (folder / ("part" + std::to_string(part))).string();
    EXPECT_EQ(run("sweep sigmoid/f32 --kernel stable --shard " + std::to_string(100 + part) +
                  "/4000 --format json -o " + file)
                  .code,
              kPass);
    parts[part] = Json::parse(text_of(file));
    EXPECT_TRUE(parts[part]["complete"].get<bool>());
    EXPECT_EQ(parts[part]["outputs"], parts[part]["total"]);
    merge += " --merge " + file;
  }
  const Ran joined = run("sweep --format json" + merge);
  EXPECT_EQ(joined.code, kPass) << joined.err;
  const Json whole = Json::parse(joined.out);
  EXPECT_EQ(whole["outputs"], parts[0]["outputs"].get<int>() + parts[1]["outputs"].get<int>());
  EXPECT_EQ(parse_value(whole["max_ulp"], ""),
            std::max(parse_value(parts[0]["max_ulp"], ""), parse_value(parts[1]["max_ulp"], "")));
  // The scalar sigmoid rounds 1 + z and the quotient: more than the half ulp of one rounding, less
  // than two and a half.
  EXPECT_GT(parse_value(whole["max_ulp"], ""), 0.5);
  EXPECT_LT(parse_value(whole["max_ulp"], ""), 2.5);
  EXPECT_EQ(whole["non_monotone"], 0);
  expect_one_line(run("sweep --merge " + (folder / "part1").string() + " --merge " +
                      (folder / "part1").string()),
                  kUsage, "101/4000 is given twice");
}

TEST(Sweep, TellsADefectAndItsInput) {
  const Ran ran = run("sweep softmax/bf16/pairs --kernel simd --dtype bf16 --shard 7/40000");
  EXPECT_EQ(ran.code, kPass) << ran.err;
  EXPECT_NE(ran.out.find("certificate"), std::string::npos) << ran.out;
  // The textbook sigmoid loses what lies below 1 / FLT_MAX: -89 and below.
  const Json naive =
      Json::parse(run("sweep sigmoid/f32 --kernel naive --shard 15/4000 --format json").out);
  const Json stable =
      Json::parse(run("sweep sigmoid/f32 --kernel stable --shard 15/4000 --format json").out);
  EXPECT_GT(parse_value(naive["max_ulp"], ""), 1000) << naive["worst"];
  EXPECT_LT(parse_value(stable["max_ulp"], ""), 2.5) << stable["worst"];
}

TEST(Sweep, AnInterruptLeavesWhatIsKnown) {
  const fs::path file = scratch() / "part.json";
  // The shell's own timeout sends the signal; the whole set would take many times as long.
  const int status = std::system(("timeout --foreground -s INT 2 " SOFTMARK_BINARY
                                  " sweep sigmoid/f32 --kernel stable --format json -o " +
                                  file.string() + " 2>/dev/null")
                                     .c_str());
  EXPECT_EQ(WEXITSTATUS(status), 124);
  const Json part = Json::parse(text_of(file));
  EXPECT_FALSE(part["complete"].get<bool>());
  EXPECT_GT(part["outputs"].get<int>(), 0);
  EXPECT_LT(part["outputs"].get<std::uint64_t>(), part["total"].get<std::uint64_t>());
  EXPECT_NE(run("sweep --merge " + file.string()).out.find(" of 492479449 inputs"),
            std::string::npos);
}

TEST(Sweep, BadInput) {
  const fs::path folder = scratch();
  EXPECT_EQ(run("sweep").code, kUsage);
  EXPECT_EQ(run("sweep no/such/set").code, kUsage);
  expect_one_line(run("sweep sigmoid/f32 --kernel stable --shard 0/3"), kUsage, "0/3");
  expect_one_line(run("sweep sigmoid/f32 --kernel stable --shard 4/3"), kUsage, "4/3");
  expect_one_line(run("sweep sigmoid/f32 --kernel nothing_like_it"), kUsage, "nothing_like_it");
  expect_one_line(run("sweep --merge " + (folder / "absent").string()), kUnreadable, "absent");
  std::ofstream(folder / "bad") << "{]";
  expect_one_line(run("sweep --merge " + (folder / "bad").string()), kUnreadable, "bad");
}

// Two rows: the first overflows binary16's exp without a shift, the second does not; none goes
// beyond its bound.
TEST(Experiment, CountsOverflowsAndViolations) {
  const fs::path file = scratch() / "rows.npy";
  const float rows[] = {12, 1, 3, 0, 1, 2};
  std::ofstream out(file, std::ios::binary);
  out << npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 0);
  out.write(reinterpret_cast<const char*>(rows), sizeof rows);
  out.close();
  const Ran text = run("experiment --logits " + file.string());
  EXPECT_EQ(text.code, kPass) << text.err;
  EXPECT_NE(text.out.find("fp16 arithmetic"), std::string::npos);
  std::istringstream lines(text.out);
  int basic = 0, others = 0;
  for (std::string line; std::getline(lines, line) && line.find("bf16") == std::string::npos;) {
    std::istringstream words(line.substr(std::min<std::size_t>(26, line.size())));
    std::string overflows;
    words >> overflows;
    const bool is_basic = line.rfind("log-sum-exp   ", 0) == 0 ||
                          line.rfind("softmax   ", 0) == 0 ||
                          line.rfind("softmax exp(x-y)  ", 0) == 0;
    if (is_basic) basic += std::stoi(overflows);
    if (line.find(" shifted") != std::string::npos && line.find("fp16") == std::string::npos &&
        line.find("error") == std::string::npos)
      others += std::stoi(overflows);
  }
  EXPECT_EQ(basic, 3) << text.out;  // one row of each of the three basic formulas
  EXPECT_EQ(others, 0) << text.out;
  const Ran csv = run("experiment --format csv --logits " + file.string());
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n') % 2, 0) << csv.out;
  expect_one_line(run("experiment --logits /no/such.npy"), kUnreadable, "/no/such.npy");
  expect_one_line(run("experiment"), kUsage, "--logits");
}

}  // namespace
}  // namespace softmark
