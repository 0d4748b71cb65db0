// SPDX-License-Identifier: Apache-2.0
#include "properties/corpus/corpus.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kernels/names.h"
#include "properties/corpus/corpus_text.h"
#include "properties/engine/counterexample.h"
#include "properties/rows/rows.h"
#include "support/quote.h"

namespace softmark {
namespace {

std::string refusal(const std::string& text, softmark_op op = SOFTMARK_SOFTMAX) {
  try {
    parse_corpus(text, op, SOFTMARK_F32, "file");
  } catch (const Error& error) {
    EXPECT_EQ(error.code, kUnreadable) << text;
    return error.what();
  }
  return "";
}

TEST(Corpus, EveryShippedRowParsesAndTellsHowItWasFound) {
  std::size_t files = 0, rows = 0;
  for (const softmark_op op : kAllOps)
    for (const softmark_dtype dtype : kAllDtypes) {
      const auto known = shipped_corpus(op, dtype);
      files += !known.empty();
      rows += known.size();
      for (const CorpusCase& one : known)
        EXPECT_GT(one.found.size(), 20u) << name(op) << " line " << one.line;
    }
  EXPECT_EQ(files, std::size(kCorpusFiles))
      << "a file is empty, or its name contains no op and type";
  EXPECT_GE(rows, 40u);
  for (const CorpusFile& file : kCorpusFiles) EXPECT_EQ(file.text.substr(0, 2), "# ") << file.name;
}

TEST(Corpus, LinesSurviveForEveryOpTypeAndFamily) {
  Rng rng(7);
  for (const softmark_op the_op : kAllOps)
    for (const softmark_dtype dtype : kAllDtypes)
      for (Family family : finite_families()) {
        for (std::size_t cols : {1, 11, 40}) {
          Case c = make_case(the_op, dtype, family, 2, cols, rng);
          c.layout.y_padding = 3;
          const std::string line = corpus_line(c, the_op);
          const auto back = parse_corpus("# found\n" + line + "\n", the_op, dtype, "file");
          ASSERT_EQ(back.size(), 1u);
          EXPECT_EQ(case_to_json(back[0].c, the_op), case_to_json(c, the_op)) << line;
          EXPECT_EQ(back[0].found, "found");
          EXPECT_EQ(back[0].line, 2u);
        }
      }
}

TEST(Corpus, EmptyRowsAndNoRowsHaveLinesToo) {
  Case none;
  none.rows = 0;
  none.cols = 3;
  Case columnless;
  columnless.rows = 2;
  for (const Case& c : {none, columnless}) {
    const auto back =
        parse_corpus(corpus_line(c, SOFTMARK_SOFTMAX), SOFTMARK_SOFTMAX, SOFTMARK_F32, "file");
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].c.rows, c.rows);
    EXPECT_EQ(back[0].c.cols, c.cols);
  }
  EXPECT_EQ(corpus_line(none, SOFTMARK_SOFTMAX), "| cols 3");
  EXPECT_EQ(corpus_line(columnless, SOFTMARK_SOFTMAX), "() ; ()");
}

TEST(Corpus, CommentsBelongToTheLinesBelowThem) {
  const auto rows = parse_corpus("# one\n# two\n0x1p+0\n\n2 nan*3\r\n# three\n-inf",
                                 SOFTMARK_SOFTMAX, SOFTMARK_F32, "file");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].found, "one two");
  EXPECT_EQ(rows[1].found, "one two");
  EXPECT_EQ(rows[1].c.cols, 4u);
  EXPECT_EQ(rows[2].found, "three");
  EXPECT_EQ(rows[2].line, 7u);
}

TEST(Corpus, WhatDoesNotFitIsRefusedWithItsPlace) {
  const struct {
    const char *text, *says;
    softmark_op op = SOFTMARK_SOFTMAX;
  } bad[] = {{"1\n2 tow", "file:2: \"tow\" is not a float"},
             {"1 2 ; 3", "file:1: x[1]: has 1 columns"},
             {"1*", "'' is not a count"},
             {"1*0", "2^26"},
             {"1*99999999999999999999", "is not a count"},
             {"1*67108864 1", "2^26"},
             {"1e39", "beyond the largest finite f32"},
             {"1 ; ; 2", "a row without values"},
             {"1 | h 2", "unknown section 'h'"},
             {"1 | labels 0 | labels 0", "labels twice", SOFTMARK_CROSS_ENTROPY},
             {"1 | labels 1", "is not a column", SOFTMARK_CROSS_ENTROPY},
             {"1", "labels", SOFTMARK_CROSS_ENTROPY},
             {"1 2", "g", SOFTMARK_SOFTMAX_VJP},
             {"1 | layout {", "file:1: layout: is not JSON"},
             {"1 | layout []", "layout must be a JSON object"},
             {"1 | layout {\"x_paddin\":1}", "unknown key \"x_paddin\"; did you mean x_padding"},
             {"1 | layout {\"threads\":2000}", "layout.threads: must be an integer from 0 to 1024"},
             {"1 | layout {\"at_start\":7}", "layout.at_start"},
             {"1 | layout {\"alias\":7}", "layout.alias"},
             {"| layout {}", "no row"}};
  for (const auto& one : bad)
    EXPECT_NE(refusal(one.text, one.op).find(one.says), std::string::npos)
        << one.text << " -> " << refusal(one.text, one.op);
}

// Damage at any place gives an Error or a valid case.
TEST(Corpus, DamagedTextIsRefusedOrRead) {
  const std::string whole =
      "# found\n0x1.8p+1 -inf*12 ; nan*13 | labels 0 12 | g 1 2 | layout "
      "{\"x_padding\":3,\"at_start\":true}\n2.5 "
      "0x1.c4p-3 | g 1 | labels 0\n";
  Rng rng(11);
  std::size_t read = 0, refused = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    std::string text = whole;
    for (std::size_t damage = 1 + rng.below(3); damage > 0 && !text.empty(); --damage) {
      const std::size_t at = rng.below(text.size());
      if (rng.below(2))
        text[at] = "0123456789*;|(){}\"\n #xp+-einfa\xff\x00"[rng.below(33)];
      else
        text.erase(at, 1 + rng.below(6));
    }
    try {
      parse_corpus(text, SOFTMARK_CROSS_ENTROPY_VJP, SOFTMARK_F32, "file");
      ++read;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(read, 100u);
  EXPECT_GT(refused, 100u);
}

TEST(Corpus, ARowIsTriedByThosePropertiesThatItConcerns) {
  CorpusCase known;
  known.c.x = {1, 2};
  known.found = "a/softmax/f32 fails memory, softmark 1; fails sum_to_one.";
  for (const char* property :
       {"error_bound", "max_ulp", "correctly_rounded", "memory", "sum_to_one"})
    EXPECT_TRUE(concerns(known, SOFTMARK_SOFTMAX, property)) << property;
  for (const char* property : {"special_values", "sum", "mem", "range"})
    EXPECT_FALSE(concerns(known, SOFTMARK_SOFTMAX, property)) << property;
  known.c.x[0] = Layout::kNaN;
  EXPECT_TRUE(concerns(known, SOFTMARK_SOFTMAX, "special_values"));
  EXPECT_FALSE(concerns(known, SOFTMARK_SOFTMAX, "error_bound"));
  EXPECT_TRUE(concerns(known, SOFTMARK_SOFTMAX_VJP, "error_bound"));
}

/// A temporary folder.
struct Folder {
  std::string path = testing::TempDir() + "softmark_corpus." + std::to_string(getpid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(Corpus, AFolderKeepsACaseOnce) {
  const Folder folder;
  Case c;
  c.cols = 2;
  c.x = {1, -2};
  const CorpusPlace first =
      add_to_corpus(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32, c, "here\nand there");
  EXPECT_TRUE(first.added);
  EXPECT_EQ(first.text, folder.path + "/softmax.f32.rows:2");
  EXPECT_FALSE(add_to_corpus(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32, c, "again").added);
  c.x[0] = 3;
  EXPECT_EQ(add_to_corpus(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32, c, "else").text,
            folder.path + "/softmax.f32.rows:4");
  const auto kept = corpus_of_folder(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].found, "here and there");
  EXPECT_TRUE(corpus_of_folder(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F64).empty());
  check_corpus(folder.path);
  EXPECT_EQ(
      cases_of_argument("@" + folder.path + "/softmax.f32.rows", SOFTMARK_SOFTMAX, SOFTMARK_F32)
          .size(),
      2u);
  const auto second =
      cases_of_argument("@" + folder.path + "/softmax.f32.rows:4", SOFTMARK_SOFTMAX, SOFTMARK_F32);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].x[0], 3);
}

TEST(Corpus, ALongCommentIsWrappedAndReadAsItWas) {
  const Folder folder;
  Case c;
  c.cols = 1;
  c.x = {1};
  std::string found = "a/softmax/f32 fails range, " + std::string(150, 'x');
  for (int i = 0; i < 60; ++i) found += " word" + std::to_string(i);
  const CorpusPlace place = add_to_corpus(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32, c, found);
  std::ifstream file(folder.path + "/softmax.f32.rows");
  std::size_t lines = 0, long_lines = 0;
  for (std::string line; std::getline(file, line); ++lines) long_lines += line.size() > 100;
  EXPECT_EQ(long_lines, 1u) << "only the word that is longer than a line";
  EXPECT_EQ(place.text, folder.path + "/softmax.f32.rows:" + std::to_string(lines));
  const auto kept = corpus_of_folder(folder.path, SOFTMARK_SOFTMAX, SOFTMARK_F32);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].found, found);
  EXPECT_EQ(kept[0].line, lines);
}

// A command that is too long for a terminal would be useless.
TEST(Corpus, ALongCounterexampleIsReplayedByItsSeed) {
  Kernel kernel;
  kernel.id = "a/softmax/f32";
  Rng rng(1);
  const Case small = make_case(SOFTMARK_SOFTMAX, SOFTMARK_F32, Family::normal, 1, 3, rng);
  const Case large = make_case(SOFTMARK_SOFTMAX, SOFTMARK_F32, Family::normal, 1, 30000, rng);
  const Property& property = *all_properties()[0];
  EXPECT_NE(replay_command(kernel, property, small, " --seed 1").find("--case '{"),
            std::string::npos);
  const std::string command = replay_command(kernel, property, large, " --effort quick --seed 0x1");
  EXPECT_EQ(command, shell_quoted(program_path()) + " verify --kernel a/softmax/f32 --property " +
                         std::string(property.name) + " --effort quick --seed 0x1");
}

}  // namespace
}  // namespace softmark
