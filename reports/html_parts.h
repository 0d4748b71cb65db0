// SPDX-License-Identifier: Apache-2.0
// The parts of the page, each a piece of HTML with everything escaped. Only html.cpp puts them
// together.
#pragma once

#include <string>

#include "reports/view.h"

namespace softmark::html {

extern const char* const kStyle;  // the page's one style sheet

/// A document on the page: `prefix` ("m1-") keeps the anchors of several documents apart.
struct Section {
  const View& view;
  std::string prefix;
  /// The anchor of a row of `properties`.
  std::string anchor(const Json& property) const;
};

std::string cell(std::string_view text);         // <td>, escaped
std::string figure_cell(const Json& statistic);  // <td class=n>
/// The verdict, with links to what failed; an entry that is not ranked for a reason of its own says
/// it.
std::string standing_cell(const Section& section, const KernelView& kernel, const Entry* entry);

std::string summaries(
    const Section& section);  // per op and type: right or wrong, how exact, how fast
std::string failures(const Section& section);         // counterexamples, unexpected first
std::string property_matrix(const Section& section);  // kernels by properties
std::string speed(
    const Section& section);  // per op and type: shapes by kernels, and each shape's ranking
std::string accuracy(const Section& section);
std::string machine(const Section& section);  // what it ran on, what was missing

}  // namespace softmark::html
