// SPDX-License-Identifier: Apache-2.0
#include "support/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace softmark {
namespace {

TEST(Format, FiguresHaveThreeDigits) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},         {0.5, "0.500"},         {0.2134, "0.213"},     {1.995, "2.00"},
      {9.8125, "9.81"}, {99.94, "99.9"},        {99.96, "100"},        {812.25, "812"},
      {1234.5, "1234"}, {999999, "999999"},     {4194304, "4.19e+06"}, {2.5e-5, "2.50e-05"},
      {-1.5, "-1.50"},  {0.0001234, "0.000123"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(figure(value), text);
  EXPECT_EQ(figure(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(figure(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(figure(Json("inf")), "inf");
  EXPECT_EQ(figure(Json()), "-");
  EXPECT_EQ(figure(Json("<b>")), "-");
}

TEST(Format, HtmlCannotBeLeft) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&'\n\x01"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&#10;\uFFFD");
}

TEST(Format, PrintableKeepsLinesAndTabs) {
  EXPECT_EQ(printable("<a>\n\tb\x01\x7f"), "<a>\n\tb\uFFFD\uFFFD");
}

TEST(Format, MarkdownStaysInItsCell) {
  EXPECT_EQ(escape_markdown("a|b\n# *c* <i>&"), "a\\|b \\# \\*c\\* &lt;i&gt;&amp;");
  EXPECT_EQ(escape_markdown("sum_to_one _x_"), "sum_to_one \\_x\\_");
}

TEST(Format, PlainSpellsOutWhatIsNested) {
  EXPECT_EQ(plain(Json::parse(R"({"a":[1,2.5,null],"b":true})")), "a: 1, 2.5, unknown, b: yes");
}

TEST(Format, TablesAlignByCharactersNotBytes) {
  TextTable table({"name", "n"}, "<>");
  table.add({"ü", "10.5"});
  table.add({"abcdef", "1"});
  EXPECT_EQ(table.text(), "  name       n\n  ------------\n  ü       10.5\n  abcdef     1\n");
}

TEST(Format, TheLastCellOfAShortRowTakesTheRestOfItsLine) {
  TextTable table({}, "<>");
  table.add({"a", "1", "22"});
  table.add({"bcd", "nothing known, at length"});
  EXPECT_EQ(table.text(), "  a    1  22\n  bcd  nothing known, at length\n");
  EXPECT_TRUE(TextTable({"head"}).empty());
}

}  // namespace
}  // namespace softmark
