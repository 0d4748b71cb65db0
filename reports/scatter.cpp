// SPDX-License-Identifier: Apache-2.0
#include "reports/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "support/text.h"

namespace softmark {
namespace {

constexpr int kWidth = 46, kHeight = 6;
constexpr std::size_t kMostPoints = 6;  // a name a line beside the picture

struct Point {
  double time, error;
  bool on_front;
  std::string name;
};

std::vector<Point> points_of(const Selection& selection) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < selection.meeting && points.size() < kMostPoints; ++i) {
    const Candidate& candidate = selection.candidates[i];
    const double error = candidate.kernel->share_of_bound;
    if (!(candidate.entry->ns > 0) || !std::isfinite(error)) continue;
    points.push_back({std::log(candidate.entry->ns), std::log(std::max(error, 1e-3)),
                      candidate.on_front, one_line(candidate.kernel->name)});
  }
  return points;
}

struct Scale {
  double low, high;
  int cells;
  int cell(double value) const {
    if (!(high > low)) return 0;
    return static_cast<int>(std::lround((value - low) / (high - low) * (cells - 1)));
  }
};

}  // namespace

std::string scatter(const Selection& selection) {
  const std::vector<Point> points = points_of(selection);
  if (points.size() < 2) return "";
  const auto [fast, slow] = std::minmax_element(
      points.begin(), points.end(), [](const Point& a, const Point& b) { return a.time < b.time; });
  const auto [fine, coarse] =
      std::minmax_element(points.begin(), points.end(),
                          [](const Point& a, const Point& b) { return a.error < b.error; });
  const Scale x{fast->time, slow->time, kWidth}, y{fine->error, coarse->error, kHeight};
  std::vector<std::string> canvas(kHeight, std::string(kWidth, ' '));
  for (std::size_t i = points.size(); i-- > 0;) {  // the faster over the slower
    const char letter = static_cast<char>((points[i].on_front ? 'A' : 'a') + i);
    canvas[static_cast<std::size_t>(kHeight - 1 - y.cell(points[i].error))]
          [static_cast<std::size_t>(x.cell(points[i].time))] = letter;
  }
  std::string text =
      fmt::format("\n{} to {} ns/element; error/bound {} (below) to {}; capitals: front\n",
                  figure(std::exp(fast->time)), figure(std::exp(slow->time)),
                  figure(std::exp(fine->error)), figure(std::exp(coarse->error)));
  for (std::size_t i = 0; i < kHeight; ++i) {
    text += fmt::format("  |{}|", canvas[i]);
    if (i < points.size())
      text += fmt::format(" {} {}", static_cast<char>((points[i].on_front ? 'A' : 'a') + i),
                          points[i].name);
    text += "\n";
  }
  return text;
}

}  // namespace softmark
