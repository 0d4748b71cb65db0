// SPDX-License-Identifier: Apache-2.0
// Hard rows as text, one case a line: what the corpus's files hold and `--case @FILE` reads. The
// grammar stands in properties/corpus/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/case.h"

namespace softmark {

struct CorpusCase {
  Case c;
  std::size_t line = 0;  // counted from 1
  std::string found;     // the comment lines above it, as one
};

/// Every case of a text. Whatever does not fit the grammar, the op or the type is
/// Error(kUnreadable): "WHERE:LINE: why".
std::vector<CorpusCase> parse_corpus(std::string_view text, softmark_op op, softmark_dtype dtype,
                                     const std::string& where);

/// The case as one line, without its end; runs of 8 and more equal values folded.
std::string corpus_line(const Case& c, softmark_op op);

}  // namespace softmark
