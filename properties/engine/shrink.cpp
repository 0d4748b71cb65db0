// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/shrink.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "kernels/element.h"
#include "kernels/names.h"

namespace softmark {
namespace {

/// A change to try; applied only when RapidCheck requests it, because most never are.
using Edit = std::function<void(Case&)>;

template <class T>
void keep_rows(std::vector<T>& values, std::size_t width, std::size_t first, std::size_t count) {
  if (values.empty()) return;
  values = std::vector<T>(values.begin() + first * width, values.begin() + (first + count) * width);
}

template <class T>
void drop_columns(std::vector<T>& values, std::size_t rows, std::size_t cols, std::size_t first,
                  std::size_t count) {
  std::vector<T> kept;
  kept.reserve(rows * (cols - count));
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < cols; ++i)
      if (i < first || i >= first + count) kept.push_back(values[r * cols + i]);
  values = std::move(kept);
}

void add_row_edits(const Case& c, softmark_op op, std::vector<Edit>& edits) {
  const bool g_is_matrix = shape_of(op).takes_g;
  for (std::size_t count = c.rows / 2; count > 0; count /= 2)
    for (std::size_t first = 0; first + count <= c.rows && first / count < 64; first += count)
      edits.push_back([=](Case& s) {
        keep_rows(s.x, s.cols, first, count);
        keep_rows(s.g, g_is_matrix ? s.cols : 1, first, count);
        keep_rows(s.labels, 1, first, count);
        s.rows = count;
      });
  if (c.rows > 1)
    edits.push_back([=](Case& s) {
      keep_rows(s.x, s.cols, 0, s.rows - 1);
      keep_rows(s.g, g_is_matrix ? s.cols : 1, 0, s.rows - 1);
      keep_rows(s.labels, 1, 0, s.rows - 1);
      --s.rows;
    });
}

// Includes multiples of vector widths: a defect of the remainder survives only when cols % width
// stays the same.
void add_column_edits(const Case& c, softmark_op op, std::vector<Edit>& edits) {
  const bool g_is_matrix = shape_of(op).takes_g;
  std::vector<std::size_t> counts;
  for (std::size_t count = c.cols / 2; count > 0; count /= 2) counts.push_back(count);
  for (std::size_t count : {128, 64, 32, 16, 8, 4, 3, 2})
    if (count < c.cols) counts.push_back(count);
  std::sort(counts.rbegin(), counts.rend());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  for (std::size_t count : counts)
    for (std::size_t first = 0, tries = 0; first + count <= c.cols && tries < 64;
         first += count, ++tries)
      edits.push_back([=](Case& s) {
        drop_columns(s.x, s.rows, s.cols, first, count);
        if (g_is_matrix) drop_columns(s.g, s.rows, s.cols, first, count);
        s.cols -= count;
        for (auto& label : s.labels)
          label = std::min<std::int64_t>(label, static_cast<std::int64_t>(s.cols) - 1);
      });
}

using Member = void (*)(Layout&);
constexpr Member kPlain[] = {
    [](Layout& l) { l.page_rows = false; },     [](Layout& l) { l.read_only = false; },
    [](Layout& l) { l.threads = 1; },           [](Layout& l) { l.nan = NanKind::plain; },
    [](Layout& l) { l.poison = Layout::kNaN; }, [](Layout& l) { l.thread_limit = 0; },
    [](Layout& l) { l.fresh = false; },         [](Layout& l) { l.calls = 1; },
    [](Layout& l) { l.caller = Caller::main; }, [](Layout& l) { l.state = State::plain; },
    [](Layout& l) { l.before = Before::any; }};

void add_layout_edits(const Case& c, std::vector<Edit>& edits) {
  const Layout plain;
  if (c.layout == plain) return;
  edits.push_back([](Case& s) { s.layout = Layout(); });
  if (c.layout.x_padding) edits.push_back([](Case& s) { s.layout.x_padding = 0; });
  if (c.layout.g_padding) edits.push_back([](Case& s) { s.layout.g_padding = 0; });
  if (c.layout.y_padding) edits.push_back([](Case& s) { s.layout.y_padding = 0; });
  if (c.layout.offset) edits.push_back([](Case& s) { s.layout.offset = 0; });
  if (c.layout.y_offset) edits.push_back([](Case& s) { s.layout.y_offset = 0; });
  if (c.layout.at_start)
    edits.push_back(
        [](Case& s) { s.layout.at_start = false, s.layout.offset = s.layout.y_offset = 0; });
  for (const Member member : kPlain) {
    Layout plainer = c.layout;
    member(plainer);
    if (!(plainer == c.layout)) edits.push_back([member](Case& s) { member(s.layout); });
  }
  for (const int fewer : {2, 3, c.layout.threads / 2})
    if (fewer > 1 && fewer < c.layout.threads)
      edits.push_back([fewer](Case& s) { s.layout.threads = fewer; });
  for (const int fewer : {2, 20, 300, c.layout.calls / 2})
    if (fewer > 1 && fewer < c.layout.calls)
      edits.push_back([fewer](Case& s) { s.layout.calls = fewer; });
}

// How hard the number is to read: 0, then 1, -1, integers, fractions, NaN and infinities.
double cost(double v) {
  if (std::isnan(v)) return 1e9;
  if (std::isinf(v)) return 1e8 + (v < 0);
  if (v == 0) return std::signbit(v) ? 1 : 0;
  int exponent;
  double fraction = std::frexp(std::fabs(v), &exponent), bits = 0;
  for (; fraction != 0 && bits < 60; ++bits) fraction = fraction * 2 - std::floor(fraction * 2);
  return 2 + (v < 0) + 4 * bits + std::abs(exponent);
}

std::vector<double> simpler(double v, softmark_dtype dtype) {
  std::vector<double> candidates = {0, 1, -1};
  if (std::isfinite(v)) {
    int exponent;
    const double fraction = std::frexp(v, &exponent);
    for (double c : {std::ldexp(v < 0 ? -0.5 : 0.5, exponent), std::trunc(v),
                     std::ldexp(std::round(fraction * 16) / 16, exponent), v / 2, v * 0.75, -v})
      candidates.push_back(fit_to(dtype, c));
  }
  std::vector<double> kept;
  for (double c : candidates)
    if (cost(c) < cost(v) && std::find(kept.begin(), kept.end(), c) == kept.end())
      kept.push_back(c);
  return kept;
}

void add_value_edits(const std::vector<double>& values, std::vector<double> Case::*member,
                     softmark_dtype dtype, std::vector<Edit>& edits) {
  if (values.empty()) return;
  const auto set_all = [&](double v) {
    edits.push_back([=](Case& s) { std::fill((s.*member).begin(), (s.*member).end(), v); });
  };
  if (values.size() > 1 &&
      std::any_of(values.begin(), values.end(), [](double v) { return v != 0; }))
    set_all(0);
  // A value that occurs several times is changed everywhere at once.
  std::vector<double> distinct(values);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() < values.size() && distinct.size() <= 16)
    for (double old : distinct)
      for (double better : simpler(old, dtype))
        edits.push_back(
            [=](Case& s) { std::replace((s.*member).begin(), (s.*member).end(), old, better); });
  if (values.size() > 256) return;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (double better : simpler(values[i], dtype))
      edits.push_back([=](Case& s) { (s.*member)[i] = better; });
}

}  // namespace

rc::Seq<Case> shrink_case(const Case& c, softmark_op op, softmark_dtype dtype) {
  std::vector<Edit> edits;
  add_row_edits(c, op, edits);
  add_column_edits(c, op, edits);
  add_layout_edits(c, edits);
  add_value_edits(c.x, &Case::x, dtype, edits);
  add_value_edits(c.g, &Case::g, dtype, edits);
  for (std::size_t r = 0; r < c.labels.size() && r < 16; ++r)
    if (c.labels[r] != 0) edits.push_back([=](Case& s) { s.labels[r] = 0; });
  return rc::seq::map(rc::seq::fromContainer(std::move(edits)), [c](const Edit& edit) {
    Case smaller = c;
    edit(smaller);
    return smaller;
  });
}

}  // namespace softmark
