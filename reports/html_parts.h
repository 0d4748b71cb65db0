// SPDX-License-Identifier: Apache-2.0
// The parts of the page, each a piece of HTML with everything escaped. Only html.cpp puts them
// together. Tables end their cells and rows as HTML allows, without end tags: a page has thousands.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reports/view.h"

namespace softmark::html {

extern const char* const kStyle;      // the page's one style sheet (page/style.css)
extern const char* const kPlotStyle;  // the one that the charts' library adds to each drawing
/// The charts and filters (page/src, bundled); "" in a build without npm.
extern const char* const kScript;

/// A document on the page: `prefix` ("m1-") keeps the anchors of several documents apart.
struct Section {
  const View& view;
  std::string prefix, name;
  std::size_t index = 1, of = 1;
  /// The anchor of a row of `properties`, of a shape's ranking.
  std::string anchor(const Json& property) const;
  std::string anchor(const Ranking& ranking) const;
  /// " data-machine=..." where the page has several.
  std::string data() const;
};
using Sections = std::span<const Section>;
using Group = std::pair<std::string, std::string>;  // op and type

/// The pairs of op and type that the document's kernels have, in their order.
std::vector<Group> groups(const View& view);
/// A block that the filters show for its op and type alone; closed with </div>.
std::string group_open(const Group& group);
/// "softmax f32" as a heading.
std::string group_head(const Section& section, const Group& group);
/// The level of a heading within a topic: 3, or 4 below the names of several documents.
int heading(const Section& section);

std::string cell(std::string_view text);         // <td>, escaped, of words
std::string figure_cell(const Json& statistic);  // <td>
/// The verdict with links to what failed.
std::string standing_cell(const Section& section, const KernelView& kernel);
/// " data-isa=avx512": the class of instruction sets by which the filter shows a row.
std::string isa_data(const KernelView& kernel);
/// " class=..." for a row of a kernel that is wrong or could not be ranked.
std::string row_class(bool ranked);

std::string decisions(const Section& section);  // per op and type: what to use
std::string machines(Sections sections);        // several: what to use on each
std::string side_by_side(Sections sections);    // several: shares of their own ceilings
/// `anchor`: "" for a second table of the ranking.
std::string ranking_table(const Ranking& ranking, const std::string& anchor);
std::string speed(const Section& section);       // per op and type: shapes by kernels, rankings
std::string accuracy(const Section& section);    // per op and type
std::string properties(const Section& section);  // per op and type: kernels by properties
std::string failures(const Section& section);    // counterexamples, unexpected first, known folded
std::string machine(const Section& section);     // what it ran on, what was missing

/// What the charts are drawn from, as JSON that can stand in a script element.
std::string page_data(Sections sections);

}  // namespace softmark::html
