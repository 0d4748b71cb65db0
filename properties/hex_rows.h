// SPDX-License-Identifier: Apache-2.0
// Hard rows as text, one case a line: what the bank's files hold and `--case @FILE` reads. The grammar stands in
// properties/bank/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "properties/case.h"

namespace softmark {

struct BankCase {
  Case c;
  std::size_t line = 0;  // counted from 1
  std::string found;     // the comment lines above it, as one
};

/// Every case of a text. Whatever does not fit the grammar, the op or the type is Error(kUnreadable): "WHERE:LINE:
/// why".
std::vector<BankCase> parse_bank(std::string_view text, softmark_op op, softmark_dtype dtype, const std::string& where);

/// The case as one line, without its end; runs of 8 and more equal values folded.
std::string bank_line(const Case& c, softmark_op op);

}  // namespace softmark
