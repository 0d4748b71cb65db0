// SPDX-License-Identifier: Apache-2.0
// The data of counterexamples: exact floats as strings, runs of equal values folded as {"value":
// "0x0p+0", "repeat": 64}, the rows of a matrix each in a list of its own. Nothing here unfolds a
// run: rows may have millions of columns.
#pragma once

#include <string>

#include "reports/document.h"

namespace softmark {

/// How many values stand in data, runs counted whole, rows of a matrix one after the other. 0 where
/// it is no list.
std::size_t data_size(const Json& data);

/// The value at an index into these; null where there is none.
const Json& data_at(const Json& data, std::size_t index);

/// "[-0.5, 3 (64 times), ...]" with at most `most` items, and how many values there are where some
/// are left out.
std::string data_list(const Json& data, std::size_t most, bool as_hex);

/// A datum as a person reads it: "89 (0x1.64p+6)"; names stay alone, and what is no datum is shown
/// as it is.
std::string decimal_and_hex(const Json& datum);

/// Where a counterexample shows itself: "at [0, 7]: x 0.875 (0x1.cp-1), got ..., want ..., 812 ulp,
/// bound 7.5", with what it has of these. "" where it names no place.
std::string spot(const Json& example);

/// At most so many bytes, of whole characters of UTF-8; "..." stands for the rest.
std::string clipped(const std::string& text, std::size_t most);

}  // namespace softmark
