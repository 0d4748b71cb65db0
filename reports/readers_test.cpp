// SPDX-License-Identifier: Apache-2.0
#include "reports/readers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "reports/render.h"
#include "reports/sample.h"
#include "support/random.h"
#include "support/test_support.h"

namespace softmark {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

TEST(Readers, EveryFormatTakesEveryDocument) {
  const Json documents[] = {sample_document(), failing_document(), odd_document(), empty_document(),
                            Json::object()};
  for (const std::string& format : kFormats) {
    for (const Json& document : documents) EXPECT_NO_THROW(render(document, format)) << format;
    if (format == "json") continue;
    EXPECT_NO_THROW(render(Documents(documents), format)) << format;
  }
  expect_error(kUsage, "json holds one run", [&] { render(Documents(documents), "json"); });
  expect_error(kUsage, "unknown format \"pdf\"", [&] { render(documents[0], "pdf"); });
}

/// Puts something else where a random node below `node` was, at least `depth` levels down.
void damage(Json& node, Rng& random, int depth) {
  if (!node.is_structured() || node.empty() || (depth <= 0 && random() % 3 == 0)) {
    static const Json kOthers[] = {
        nullptr,         true,         -7, 1e300, "", "nan", "<b>", Json::array(), Json::object(),
        {{"repeat", 3}}, {{1, 2}, {3}}};
    node = kOthers[random() % std::size(kOthers)];
    return;
  }
  auto child = node.begin();
  std::advance(child, static_cast<std::ptrdiff_t>(random() % node.size()));
  damage(*child, random, depth - 1);
}

TEST(Readers, ShowWhatIsLeftOfADamagedDocument) {
  Json whole = failing_document();
  whole["measurements"].erase(whole["measurements"].begin() + 30, whole["measurements"].end());
  whole["properties"].erase(whole["properties"].begin(), whole["properties"].begin() + 20);
  Rng random(11);
  for (int i = 0; i < 300; ++i) {
    Json document = whole;
    for (int hits = 0; hits < 20; ++hits)
      damage(document, random, 3);  // sections and their rows stay lists and objects
    for (const std::string& format : kFormats)
      ASSERT_NO_THROW(render(document, format)) << format << " " << i;
  }
}

TEST(Readers, JsonIsTheDocumentItself) {
  const Json document = sample_document();
  EXPECT_EQ(Json::parse(render(document, "json")), document);
}

TEST(Readers, TextHasTheTableOfTheProject) {
  const std::string text = render(sample_document(), "text");
  EXPECT_TRUE(std::regex_search(
      text, std::regex(
                "kernel +verdict +error/bound +max ulp +grade +ns/element +95 % +GB/s +x memcpy")));
  EXPECT_TRUE(std::regex_search(
      text,
      std::regex("simd AVX3_DL +pass +0.147 +1.77 +[a-z_]+ +0.213 +0.209..0.220 +37.5 +1.78")));
  const auto row = [&](const char* kernel) {
    return text.find(std::string("\n  ") + kernel + " ");
  };
  EXPECT_LT(row("simd"), row("openmp"));
  EXPECT_LT(row("log_sum_exp"), row("naive"));  // faster, but wrong: below
  EXPECT_TRUE(contains(
      text,
      "moe_router     4096x16     1        hot    simd 0.293 ~ openmp 0.300 < onednn 0.476 <"));
  EXPECT_TRUE(contains(text, "because the textbook formula has no max shift"));
  EXPECT_TRUE(contains(
      text, "replay softmark verify --kernel naive/softmax/f32 --property overflow_safety"));
  EXPECT_TRUE(contains(text, "at [0, 0]: x 89 (0x1.64p+6), got nan, want 1 (0x1p+0)"));
  EXPECT_TRUE(contains(text, "absent: xnnpack"));
}

TEST(Readers, TextTellsFailuresApart) {
  const std::string text = render(failing_document(), "text");
  EXPECT_TRUE(contains(
      text, "FAIL log_sum_exp/softmax/f32 alignment (contract, crash): killed by SIGSEGV"));
  EXPECT_TRUE(contains(text, "max_shifted/softmax/f32 lengths (was: fails at 7 columns, known)"));
  EXPECT_TRUE(
      contains(text, "Notes\n  max_shifted/softmax/f64 shift_invariance: raises FE_INVALID"));
  EXPECT_TRUE(contains(text, "pass; here not verified"));
}

TEST(Readers, TrackersGetEveryRightTime) {
  const Json document = sample_document();
  const Json google = Json::parse(render(document, "google-benchmark"));
  const Json action = Json::parse(render(document, "action-benchmark"));
  ASSERT_EQ(google["benchmarks"].size(), action.size());
  ASSERT_GT(action.size(), 10u);
  bool simd = false;
  for (std::size_t i = 0; i < action.size(); ++i) {
    EXPECT_EQ(google["benchmarks"][i]["name"], action[i]["name"]);
    EXPECT_FALSE(contains(action[i]["name"], "naive/softmax")) << action[i];  // wrong
    if (action[i]["name"] != "simd/softmax/f32/attention_4k/64x4096/hot/threads:1") continue;
    simd = true;
    EXPECT_NEAR(action[i]["value"].get<double>(), 0.213, 1e-3);
    EXPECT_NEAR(google["benchmarks"][i]["real_time"].get<double>(), 0.213 * 64 * 4096, 300);
  }
  EXPECT_TRUE(simd) << action[0];
}

TEST(Readers, AnInterruptedRunSaysSo) {
  EXPECT_TRUE(contains(render(empty_document(), "brief"), "INCOMPLETE"));
  EXPECT_TRUE(contains(render(empty_document(), "text"), "INCOMPLETE"));
  EXPECT_TRUE(contains(render(empty_document(), "markdown"), "Incomplete"));
  EXPECT_TRUE(contains(render(empty_document(), "html"), "Incomplete"));
  EXPECT_TRUE(contains(render(empty_document(), "github"), "interrupted"));
  EXPECT_FALSE(contains(render(sample_document(), "text"), "INCOMPLETE"));
}

TEST(Readers, MarkdownTablesKeepTheirColumns) {
  for (const Json& document : {sample_document(), failing_document(), odd_document()}) {
    std::istringstream lines(render(document, "markdown"));
    std::size_t columns = 0, tables = 0;
    for (std::string line; std::getline(lines, line);) {
      const std::string bare = std::regex_replace(line, std::regex(R"(\\\\|\\\|)"), "");
      const std::size_t bars = line.starts_with('|') ? count(bare, "|") : 0;
      if (bars && columns) {
        EXPECT_EQ(bars, columns) << line;
      }
      tables += bars && !columns;
      columns = bars;
      EXPECT_FALSE(
          contains(std::regex_replace(line, std::regex("(`+)[^`].*?[^`]\\1(?!`)"), ""), "<script>"))
          << line;
    }
    EXPECT_GT(tables, 0u);
  }
}

/// The page's own tags: what is between its style sheet and its data, which is all that documents
/// can reach.
std::string markup(const std::string& page) {
  const auto from = page.find("</style>"), to = page.find("<script type=\"application/json\"");
  EXPECT_LT(from, to);
  return page.substr(from + 8, to - from - 8);
}

/// Every tag that is opened is closed in order, but those whose end HTML lets out; the page has no
/// tag but ours.
void check_tags(const std::string& page) {
  static const std::regex tag("<(/?)([a-z0-9]+)([^<>]*)>");
  static const std::set<std::string> ended_by_others = {"br", "wbr",   "td", "th",
                                                        "tr", "tbody", "li", "p"};
  std::vector<std::string> open = {"html"};
  const std::string html = markup(page);
  std::size_t tags = 0;
  for (std::sregex_iterator it(html.begin(), html.end(), tag), end; it != end; ++it, ++tags) {
    const std::string name = (*it)[2];
    EXPECT_NE(name, "script");
    EXPECT_NE(name, "style");
    if (name == "head" || ended_by_others.contains(name)) continue;
    if ((*it)[1] == "") {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    EXPECT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_EQ(open, (std::vector<std::string>{"html", "body"}));
  EXPECT_EQ(count(html, "<"), tags);
}

TEST(Readers, ThePageIsWellFormedAndAlone) {
  const Json documents[] = {sample_document("one"), failing_document(), odd_document(),
                            empty_document()};
  for (const Json& document : documents) check_tags(render(document, "html"));
  const std::string page = render(Documents(documents), "html");
  check_tags(page);
  for (const char* outside : {"http://", "https://", "<script", "url(", "@import", " src="})
    EXPECT_FALSE(contains(markup(page), outside)) << outside;
  EXPECT_TRUE(contains(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
  EXPECT_TRUE(contains(page, "default-src 'none'; style-src 'sha256-"));
}

/// The JSON that the charts are drawn from.
Json embedded(const std::string& page) {
  const std::string open = "id=softmark-data>";
  const auto from = page.find(open) + open.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST(Readers, ThePageEmbedsItsFiguresAndNamesCannotEndThem) {
  Json document = odd_document();
  document["kernels"][0]["version"] = "</script><!--<script>";
  const std::string page = render(document, "html");
  EXPECT_EQ(count(page, "</script>"), 2u);  // of the data and of the charts
  EXPECT_FALSE(contains(page, "<!--<script>"));
  const Json odd = embedded(page)["machines"][0];
  EXPECT_EQ(odd["words"][odd["kernels"][0][4].get<std::size_t>()], "</script><!--<script>");
  const Json data = embedded(render(sample_document(), "html"));
  const Json& machine = data["machines"][0];
  EXPECT_EQ(machine["kernels"].size(), 10u);
  EXPECT_EQ(machine["times"].size(), 9 * 12u);
  EXPECT_TRUE(contains(machine["shapes"][3]["decision"], "Use simd for softmax in f32"));
}

TEST(Readers, ThePageShowsTheShareOfTheBound) {
  const std::string page = render(sample_document(), "html");
  EXPECT_TRUE(contains(page, "<th>error / bound<th>max ulp"));
  EXPECT_TRUE(
      contains(page, "<th>simd<td>pass<td>0.213<td>0.209 .. 0.220<td>6<td>56 %<td>0.147<td>1.77"));
}

TEST(Readers, LinksOfThePageLeadSomewhereAndAnchorsAreUnique) {
  const Json documents[] = {sample_document("one"), failing_document()};
  const std::string page = markup(render(Documents(documents), "html"));
  static const std::regex link("href=\"#([^\"]*)\""), anchor(" id=\"?([^\" >]*)[\" >]");
  std::vector<std::string> anchors;
  for (std::sregex_iterator it(page.begin(), page.end(), anchor), end; it != end; ++it)
    anchors.push_back((*it)[1]);
  std::sort(anchors.begin(), anchors.end());
  EXPECT_EQ(std::adjacent_find(anchors.begin(), anchors.end()), anchors.end());
  std::size_t links = 0;
  for (std::sregex_iterator it(page.begin(), page.end(), link), end; it != end; ++it, ++links)
    EXPECT_TRUE(std::binary_search(anchors.begin(), anchors.end(), (*it)[1].str())) << (*it)[1];
  EXPECT_GT(links, 20u);
}

TEST(Readers, JunitCountsWhatItHolds) {
  const std::string xml = render(failing_document(), "junit");
  EXPECT_EQ(count(xml, "<testsuite "), 10u);
  EXPECT_EQ(count(xml, "<testcase "), 100u);
  EXPECT_EQ(count(xml, "<failure "), 2u);
  EXPECT_EQ(count(xml, "<error "), 1u);
  const auto sum = [&](const char* attribute) {
    const std::regex pattern(std::string(attribute) + "=\"([0-9]+)\"");
    std::size_t total = 0;
    for (std::sregex_iterator it(xml.begin(), xml.end(), pattern), end; it != end; ++it)
      total += std::stoul((*it)[1]);
    return total;
  };
  EXPECT_EQ(sum("tests"), 100u);
  EXPECT_EQ(sum("failures"), 2u);
  EXPECT_EQ(sum("errors"), 1u);
  EXPECT_EQ(sum("skipped"), count(xml, "<skipped "));
  EXPECT_TRUE(contains(xml, "<skipped message=\"expected failure: the textbook formula"));
  EXPECT_TRUE(contains(xml, "want: [nan, nan, nan]"));
  EXPECT_TRUE(contains(xml, "replay: softmark verify --kernel openmp/softmax/f32"));
  EXPECT_TRUE(contains(xml, "lengths: expected to fail, but passes"));
}

TEST(Readers, SarifHasFailuresWithStableFingerprints) {
  Json other = failing_document();
  other["run"]["seed"] = "0x1";
  other["machine"]["key"] = "another";
  for (Json& row : other["properties"]) row["message"] = "other words";
  const Json sarif = Json::parse(render(failing_document(), "sarif")),
             again = Json::parse(render(other, "sarif"));
  EXPECT_EQ(sarif["version"], "2.1.0");
  const Json& results = sarif["runs"][0]["results"];
  ASSERT_EQ(results.size(), 6u);  // three failures, two expected, one note
  const Json& rules = sarif["runs"][0]["tool"]["driver"]["rules"];
  std::size_t errors = 0, suppressed = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(rules.at(results[i]["ruleIndex"].get<std::size_t>())["id"], results[i]["ruleId"]);
    EXPECT_EQ(results[i]["partialFingerprints"],
              again["runs"][0]["results"][i]["partialFingerprints"]);
    errors += results[i]["level"] == "error";
    suppressed += results[i].contains("suppressions");
  }
  EXPECT_EQ(errors, 5u);
  EXPECT_EQ(suppressed, 2u);
  EXPECT_TRUE(Json::parse(render(empty_document(), "sarif"))["runs"][0]["results"].empty());
}

TEST(Readers, GithubStaysWithinItsAnnotations) {
  Json document = failing_document();
  EXPECT_EQ(count(render(document, "github"), "::error title="), 3u);
  for (Json& row : document["properties"]) {
    row["verdict"] = "fail";
    row["message"] = "first\nsecond, 100%: third";
  }
  const std::string text = render(document, "github");
  EXPECT_EQ(count(text, "::error title="), 8u);
  EXPECT_EQ(count(text, "::notice "), 1u);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9);
  EXPECT_TRUE(contains(text, "first%0Asecond, 100%25: third"));
  EXPECT_TRUE(contains(text, "more failures in the step summary"));
  EXPECT_EQ(render(sample_document(), "github"), "");
}

TEST(Readers, GithubTitlesCannotInject) {
  std::istringstream lines(render(odd_document(), "github"));
  std::string line;
  while (std::getline(lines, line))
    EXPECT_TRUE(line.starts_with("::error title=a|b<i>%0A%3A%3Ax/softmax/f32 range::")) << line;
}

}  // namespace
}  // namespace softmark
