// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/coverage.h"

#include <set>
#include <vector>

#include "properties/engine/pattern.h"

namespace softmark {

void Coverage::add(std::size_t rows, std::size_t cols, bool taken) {
  if (rows == 0 || cols == 0) return;
  Calls& calls = shapes_[{rows, cols}];
  ++(taken ? calls.taken : calls.refused);
  ++(taken ? taken_ : refused_);
}

void Coverage::add(const Coverage& more) {
  for (const auto& [shape, calls] : more.shapes_) {
    Calls& sum = shapes_[shape];
    sum.taken += calls.taken;
    sum.refused += calls.refused;
  }
  taken_ += more.taken_;
  refused_ += more.refused_;
}

Json Coverage::summary() const {
  std::vector<TriedShape> tried;
  std::set<std::size_t> all, taken;
  for (const auto& [shape, calls] : shapes_) {
    tried.push_back({shape.first, shape.second, calls.taken == 0});
    all.insert(shape.second);
    if (calls.taken > 0) taken.insert(shape.second);
  }
  Json json = {{"calls", taken_ + refused_},
               {"refused", refused_},
               {"lengths", all.size()},
               {"lengths_taken", taken.size()}};
  if (const std::string where = exact_pattern_of(tried); !where.empty())
    json["refused_where"] = where;
  return json;
}

Json Coverage::to_json() const {
  Json json = Json::array();
  for (const auto& [shape, calls] : shapes_)
    json.push_back({shape.first, shape.second, calls.taken, calls.refused});
  return json;
}

Coverage Coverage::from_json(const Json& json) {
  Coverage coverage;
  for (const Json& entry : json) {
    const Calls calls = {entry.at(2), entry.at(3)};
    coverage.shapes_[{entry.at(0), entry.at(1)}] = calls;
    coverage.taken_ += calls.taken;
    coverage.refused_ += calls.refused;
  }
  return coverage;
}

}  // namespace softmark
