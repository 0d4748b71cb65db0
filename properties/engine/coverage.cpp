// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/coverage.h"

#include <set>
#include <vector>

#include "properties/engine/pattern.h"

namespace softmark {

void Coverage::add(const Case& call, bool taken) {
  if (call.rows == 0 || call.cols == 0) return;
  const Calls one = {taken ? 1u : 0u, taken ? 0u : 1u};
  const Layout& layout = call.layout;
  // Two callers have half of the rows each; which of them refused is not known.
  if (layout.has_several_callers() && call.rows > 1) return;
  const bool is_padded =
      call.rows > 1 && (layout.x_padding || layout.g_padding || layout.y_padding);
  const bool has[kLayouts] = {is_padded, layout.alias != Alias::none, layout.threads > 1};
  for (std::size_t i = 0; i < kLayouts; ++i)
    if (has[i]) layouts_[i].add(one);
  shapes_[{call.rows, call.cols}].add(one);
  all_.add(one);
}

void Coverage::add(const Coverage& more) {
  for (const auto& [shape, calls] : more.shapes_) shapes_[shape].add(calls);
  for (std::size_t i = 0; i < kLayouts; ++i) layouts_[i].add(more.layouts_[i]);
  all_.add(more.all_);
}

std::string Coverage::refused_layout() const {
  static constexpr const char* kWords[kLayouts] = {"rows with padding between them",
                                                   "calls in place", "more than one thread"};
  for (std::size_t i = 0; i < kLayouts; ++i)
    if (layouts_[i].taken == 0 && layouts_[i].refused > 0 && layouts_[i].refused == all_.refused)
      return kWords[i];
  return "";
}

Json Coverage::summary() const {
  std::vector<TriedShape> tried;
  std::set<std::size_t> all, taken;
  for (const auto& [shape, calls] : shapes_) {
    tried.push_back({shape.first, shape.second, calls.taken == 0});
    all.insert(shape.second);
    if (calls.taken > 0) taken.insert(shape.second);
  }
  Json json = {{"calls", all_.taken + all_.refused},
               {"refused", all_.refused},
               {"lengths", all.size()},
               {"lengths_taken", taken.size()}};
  const std::string layout = all_.taken > 0 ? refused_layout() : "",
                    where = layout.empty() ? exact_pattern_of(tried) : layout;
  if (!where.empty()) json["refused_where"] = where;
  if (!layout.empty()) json["by_layout"] = true;
  return json;
}

Json Coverage::to_json() const {
  Json shapes = Json::array(), layouts = Json::array();
  for (const auto& [shape, calls] : shapes_)
    shapes.push_back({shape.first, shape.second, calls.taken, calls.refused});
  for (const Calls& calls : layouts_) layouts.push_back({calls.taken, calls.refused});
  return {{"shapes", shapes}, {"layouts", layouts}};
}

Coverage Coverage::from_json(const Json& json) {
  Coverage coverage;
  for (const Json& entry : json.at("shapes")) {
    const Calls calls = {entry.at(2), entry.at(3)};
    coverage.shapes_[{entry.at(0), entry.at(1)}] = calls;
    coverage.all_.add(calls);
  }
  for (std::size_t i = 0; i < kLayouts; ++i)
    coverage.layouts_[i] = {json.at("layouts").at(i).at(0), json.at("layouts").at(i).at(1)};
  return coverage;
}

}  // namespace softmark
