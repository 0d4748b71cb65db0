// SPDX-License-Identifier: Apache-2.0
// The corpus: hard rows that are kept and tried first. One set ships with softmark
// (properties/corpus); others are the user's folders, read and extended only where --corpus names
// one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "properties/rows/hex_rows.h"

namespace softmark {

/// The rows that ship for this op and type.
std::vector<CorpusCase> shipped_corpus(softmark_op op, softmark_dtype dtype);

/// The rows for this op and type in a folder: those of its file OP.DTYPE.rows, none where there is
/// no such file. Throws Error(kUnreadable).
std::vector<CorpusCase> corpus_of_folder(const std::string& folder, softmark_op op,
                                         softmark_dtype dtype);

/// Whether this property tries the row: error_bound does (special_values for logits that are not
/// finite), the claims on accuracy do, and so does each property that the row's comment names as
/// "fails PROPERTY". One defect is thus not reported by every property.
bool concerns(const CorpusCase& known, softmark_op op, std::string_view property);

/// Reads every *.rows file of a folder and throws the first error, in a file or with the folder
/// itself: called once, before long work. Other files are ignored.
void check_corpus(const std::string& folder);

/// The place of a case: "FOLDER/OP.DTYPE.rows:LINE".
struct CorpusPlace {
  std::string text;
  bool added = false;  // false: it was already there
};
/// Appends the case as one line, below a comment that says how it was found, unless the same
/// case is there already. Throws Error(kNotMeasurable).
CorpusPlace add_to_corpus(const std::string& folder, softmark_op op, softmark_dtype dtype,
                          const Case& c, const std::string& found);

/// Parses the argument of --case: JSON, "@FILE" (JSON, or rows as in the corpus), or "@FILE:LINE"
/// for one row. Throws Error(kUsage) for invalid JSON, Error(kUnreadable) for errors in the file or
/// the case.
std::vector<Case> cases_of_argument(const std::string& argument, softmark_op op,
                                    softmark_dtype dtype);

}  // namespace softmark
