// SPDX-License-Identifier: Apache-2.0
// Hard rows as text, one case per line: the format of corpus files and of `--case @FILE`.
// properties/corpus/README.md gives the grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/case.h"

namespace softmark {

struct CorpusCase {
  Case c;
  std::size_t line = 0;  // counted from 1
  std::string found;     // the comment lines above it, joined
};

/// Every case of a text. Throws Error(kUnreadable), "WHERE:LINE: why", for whatever violates the
/// grammar, the op or the type.
std::vector<CorpusCase> parse_corpus(std::string_view text, softmark_op op, softmark_dtype dtype,
                                     const std::string& where);

/// The case as one line, without a line end; runs of 8 or more equal values are folded.
std::string corpus_line(const Case& c, softmark_op op);

}  // namespace softmark
