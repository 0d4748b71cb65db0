// SPDX-License-Identifier: Apache-2.0
// The corpus: hard rows that are kept and tried first. One set ships with softmark
// (properties/corpus), others are folders of the user's, read and added to only where --corpus
// names one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "properties/rows/hex_rows.h"

namespace softmark {

/// The rows that ship for this op and type.
std::vector<CorpusCase> shipped_corpus(softmark_op op, softmark_dtype dtype);

/// The rows for this op and type in a folder: those of its file OP.DTYPE.rows, none where it has no
/// such file. Throws Error(kUnreadable).
std::vector<CorpusCase> corpus_of_folder(const std::string& folder, softmark_op op,
                                         softmark_dtype dtype);

/// Whether this property tries the row: error_bound (special_values for logits that are not finite)
/// and the claims on accuracy do, and each property that its comment names as "fails PROPERTY". One
/// defect is not told in every property's name.
bool concerns(const CorpusCase& known, softmark_op op, std::string_view property);

/// Reads every *.rows file of a folder and throws what is wrong with the first bad one, or with the
/// folder: asked once, before long work. Other files are left alone.
void check_corpus(const std::string& folder);

/// Where a case stands: "FOLDER/OP.DTYPE.rows:LINE".
struct CorpusPlace {
  std::string text;
  bool added = false;  // false: it stood there already
};
/// Adds one line, and one of comment that tells how it was found, unless the very case is there.
/// Throws Error(kNotMeasurable).
CorpusPlace add_to_corpus(const std::string& folder, softmark_op op, softmark_dtype dtype,
                          const Case& c, const std::string& found);

/// What --case was given: JSON, or "@FILE" (JSON, or rows as in the corpus), or "@FILE:LINE" for
/// that row alone. Throws Error(kUsage) for text that is no JSON, Error(kUnreadable) for what is
/// wrong with the file or the case.
std::vector<Case> cases_of_argument(const std::string& argument, softmark_op op,
                                    softmark_dtype dtype);

}  // namespace softmark
