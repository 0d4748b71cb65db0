// SPDX-License-Identifier: Apache-2.0
#include "properties/crossing/crossed_case.h"

#include <algorithm>
#include <cmath>

#include "kernels/element.h"
#include "kernels/names.h"
#include "support/non_finite.h"

namespace softmark::crossing {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 22;   // values
constexpr std::size_t kLongRow = std::size_t{1} << 15;    // columns: all rows of a case are equal
constexpr std::size_t kManyCalls = std::size_t{1} << 19;  // outputs of all calls of a case
constexpr std::size_t kFewRows = 1000;  // that may lie far apart, whatever their number
constexpr std::size_t kManyRows = std::size_t{1} << 16;  // a page for each would be 256 MiB
constexpr std::size_t kVariants = 3;

Family family_of(Kind kind) {
  constexpr Family kFamilies[] = {
      Family::normal,    Family::equal,    Family::offset,      Family::wide,
      Family::peaked,    Family::flat,     Family::subnormal,   Family::cutoff,
      Family::ties,      Family::zeros,    Family::large,       Family::masked,
      Family::ascending, Family::swamping, Family::finite_mask, Family::outlier};
  return kFamilies[static_cast<std::size_t>(kind)];
}

bool is_bad(BadRow which, std::size_t r, std::size_t rows) {
  switch (which) {
    case BadRow::all:
      return true;
    case BadRow::first:
      return r == 0;
    case BadRow::last:
      return r + 1 == rows;
    case BadRow::middle:
      return r == rows / 2;
    case BadRow::alternate:
      return r % 2 == 1 || rows == 1;
    case BadRow::ninth:
      return r == std::min<std::size_t>(8, rows - 1);
  }
  return false;
}

}  // namespace

void make_special(std::vector<double>& row, Special special, std::size_t at, softmark_dtype dtype) {
  const std::size_t cols = row.size();
  const auto mask = [&](std::size_t from, std::size_t to) {
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(from),
              row.begin() + static_cast<std::ptrdiff_t>(std::min(to, cols)), -kInf);
  };
  const double kept = row[at];
  switch (special) {
    case Special::none:
      break;
    case Special::nan:
    case Special::minus_nan:
    case Special::payload_nan:
    case Special::signalling_nan:
      row[at] = kNan;
      break;
    case Special::plus_inf:
      row[at] = kInf;
      break;
    case Special::one_masked:
      row[at] = -kInf;
      break;
    case Special::all_masked:
      mask(0, cols);
      break;
    case Special::one_left:
      mask(0, cols);
      row[at] = std::isfinite(kept) ? kept : 1;
      break;
    case Special::prefix:
      mask(0, at);
      break;
    case Special::suffix:
      mask(at + 1, cols);
      break;
    case Special::block:
      mask(at, at + std::max<std::size_t>(1, cols / 3));
      break;
    case Special::nan_and_inf:
      row[at] = kInf;
      row[cols / 2] = -kInf;
      row[(at + cols / 3) % cols] = kNan;
      break;
    case Special::largest:
      row[at] = largest_finite(dtype);
      break;
    case Special::lowest:
      row[at] = -largest_finite(dtype);
      break;
  }
}

std::size_t CaseMaker::column_of(Place place, std::size_t cols) {
  constexpr std::size_t kBlocks[] = {32, 64, 128, 256, 512, 1024};
  constexpr std::size_t kVectors[] = {4, 8, 16, 32};
  const std::size_t turn = this->turn(kPlace);
  const auto multiple = [&](std::size_t unit) {  // of the unit, inside the row if there is one
    const std::size_t count = (cols - 1) / unit;
    return count == 0 ? cols - 1 : unit * (1 + turn / 7 % count);
  };
  switch (place) {
    case Place::first:
      return 0;
    case Place::last:
      return cols - 1;
    case Place::tail:
      return std::min(cols / kVectors[turn % 4] * kVectors[turn % 4], cols - 1);
    case Place::block:
      return multiple(kBlocks[turn % 6]);
    case Place::before_block: {
      const std::size_t at = multiple(kBlocks[turn % 6]);
      return at > 0 ? at - 1 : 0;
    }
    case Place::middle:
      return cols / 2;
    case Place::beyond_1000:
      return cols > 1001 ? 1001 + turn * 97 % (cols - 1001) : cols * 3 / 4;
  }
  return 0;
}

CaseMaker::Shape CaseMaker::shape_of(const Assignment& a) {
  const auto& rows = numbers(kRows, a[kRows]);
  const auto& cols = numbers(kCols, a[kCols]);
  Shape shape = {rows[turn(kRows) % rows.size()], cols[turn(kCols) % cols.size()]};
  // Each row far from the next touches a page of its own.
  if (rows.front() > kFewRows && (a[kStride] >= static_cast<std::uint8_t>(Stride::wide) ||
                                  as<OtherStride>(a[kGradientStride]) == OtherStride::wide ||
                                  as<OtherStride>(a[kResultStride]) == OtherStride::wide))
    shape.rows = rows.front();
  if (shape.rows * outputs_of(kernel_.op, shape.cols) > most_outputs_) shape.rows = rows.front();
  // Long rows stay as long as they are: some have 2^17 columns and one more, others many more.
  if (!gives_matrix(kernel_.op) && cols.front() > kLongRow)
    return {std::min(shape.rows, rows.front()), shape.cols};
  if (shape.rows * outputs_of(kernel_.op, shape.cols) > most_outputs_) shape.cols = cols.front();
  return shape;
}

const std::vector<double>& CaseMaker::row(Kind kind, std::size_t cols, std::size_t variant) {
  const std::array<std::size_t, 3> key = {static_cast<std::size_t>(kind), cols, variant};
  if (const auto found = rows_.find(key); found != rows_.end()) return found->second;
  if (kept_ > kMostKept) rows_.clear(), kept_ = 0;
  Rng rng(0xc2055 + key[0] * 1000003 + cols * 7 + variant);
  std::vector<double> values =
      make_case(kernel_.op, kernel_.dtype, family_of(kind), 1, cols, rng).x;
  // Rows on different levels show a maximum or a sum that a row took from another one.
  constexpr double kLevels[kVariants] = {0, 40, -40};
  if (takes_logits(kernel_.op) && !op_info(kernel_.op).elementwise && kind != Kind::large &&
      kind != Kind::outlier)
    for (double& v : values) v = fit_to(kernel_.dtype, v + kLevels[variant]);
  kept_ += cols;
  return rows_.emplace(key, std::move(values)).first->second;
}

std::vector<double> CaseMaker::cotangents(Cotangent kind, std::size_t cols, std::size_t at,
                                          std::size_t row) {
  Rng rng(0xc07a + cols * 3 + row % kVariants);
  std::vector<double> g(cols);
  const double top = largest_finite(kernel_.dtype), tiny = smallest_subnormal(kernel_.dtype);
  for (std::size_t i = 0; i < cols; ++i) {
    const double random = rng.normal();
    g[i] = kind == Cotangent::one_hot ? (i == at ? 1.5 : 0)
           : kind == Cotangent::zeros ? (i % 2 ? -0.0 : 0.0)
           : kind == Cotangent::huge  ? std::copysign(top / static_cast<double>(1 + i % 4), random)
           : kind == Cotangent::tiny  ? tiny * std::floor(100 * random)
                                      : random;
    g[i] = fit_to(kernel_.dtype, g[i]);
  }
  if (kind == Cotangent::nan) g[at] = kNan;
  if (kind == Cotangent::inf) g[at] = row % 2 ? -kInf : kInf;
  return g;
}

void CaseMaker::fill_cotangents(Case& c, const Assignment& a, std::size_t at) {
  const softmark::OpShape shape = softmark::shape_of(kernel_.op);
  const auto kind = as<Cotangent>(a[kCotangent]);
  const std::size_t width = shape.takes_g ? c.cols : 1;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const bool bad = is_bad(as<BadRow>(a[kBadRow]), r, c.rows);
    const auto g = cotangents(bad ? kind : Cotangent::random, width, shape.takes_g ? at : 0, r);
    c.g.insert(c.g.end(), g.begin(), g.end());
  }
}

void CaseMaker::fill(Case& c, const Assignment& a) {
  const softmark::OpShape shape = softmark::shape_of(kernel_.op);
  if (shape.takes_labels && c.cols == 0) c.rows = 0;
  if (c.rows == 0 || c.cols == 0) {
    if (shape.takes_g_row) c.g.assign(c.rows, 1);
    return;
  }
  const std::size_t at = column_of(as<Place>(a[kPlace]), c.cols);
  const auto kind = as<Kind>(a[kKind]);
  std::map<std::size_t, std::vector<double>> bad;
  for (std::size_t r = 0; r < c.rows; ++r) {
    const std::size_t variant = c.cols > kLongRow ? 0 : r % kVariants;
    const std::vector<double>* values = &row(kind, c.cols, variant);
    if (is_bad(as<BadRow>(a[kBadRow]), r, c.rows)) {
      auto [made, is_new] = bad.try_emplace(variant, *values);
      if (is_new) make_special(made->second, as<Special>(a[kSpecial]), at, kernel_.dtype);
      values = &made->second;
    }
    c.x.insert(c.x.end(), values->begin(), values->end());
  }
  if (shape.takes_g || shape.takes_g_row) fill_cotangents(c, a, at);
  const std::size_t labels[] = {0, c.cols - 1, c.cols / 2, at};
  for (std::size_t r = 0; shape.takes_labels && r < c.rows; ++r)
    c.labels.push_back(static_cast<std::int64_t>((labels[a[kLabel]] + r / 2) % c.cols));
}

void CaseMaker::set_padding(Case& c, const Assignment& a) {
  constexpr std::size_t kOdd[] = {1, 3, 5}, kWide[] = {100, 1000, 1027};
  const auto padding = [&](std::size_t factor) -> std::size_t {
    const std::size_t turn = this->turn(factor);
    if (factor == kStride) switch (as<Stride>(a[kStride])) {
        case Stride::packed:
          return 0;
        case Stride::odd:
          return kOdd[turn % 3];
        case Stride::vector: {
          const std::size_t line = 64 / bytes_of(kernel_.dtype);
          return (line - c.cols % line) % line + line * (turn % 2);
        }
        case Stride::wide:
          return kWide[1 + turn % 2];
        case Stride::sixteen_bits:
          return 65536 - c.cols;
      }
    const auto other = as<OtherStride>(a[factor]);
    return other == OtherStride::packed ? 0
           : other == OtherStride::odd  ? kOdd[turn % 3]
                                        : kWide[c.rows > kManyRows ? 0 : turn % 2];
  };
  Layout& l = c.layout;
  l.x_padding = padding(kStride);
  l.g_padding = padding(kGradientStride);
  l.y_padding = padding(kResultStride);
  // So that the last row starts 2^31 elements after the first one.
  const std::size_t far = (std::size_t{1} << (c.rows == 2 ? 31 : 30)) - c.cols;
  if (as<Span>(a[kSpan]) == Span::x) l.x_padding = far;
  if (as<Span>(a[kSpan]) == Span::g) l.g_padding = far;
  if (as<Span>(a[kSpan]) == Span::y) l.y_padding = far + c.cols - outputs_of(kernel_.op, c.cols);
}

void CaseMaker::set_caller(Case& c, const Assignment& a) {
  constexpr int kThreadCounts[] = {1, 2, 3, 7, 96}, kMoreThreads = 256;
  constexpr int kCallCounts[] = {1, 1, 20, 300, 66000, 1, 1, 1};
  Layout& l = c.layout;
  l.threads = kThreadCounts[a[kThreads]];
  l.calls = kCallCounts[a[kHistory]];
  const auto history = as<History>(a[kHistory]);
  l.before = history == History::others           ? Before::others
             : history == History::first_upward   ? Before::upward
             : history == History::first_flushing ? Before::flushing
                                                  : Before::any;
  // What comes first may decide, or what came last.
  l.fresh = history == History::fresh || l.before > Before::others ||
            (l.before == Before::others && turn(kHistory) % 2 == 0);
  l.state = static_cast<State>(a[kState] + (a[kState] > 2));
  switch (as<CalledFrom>(a[kCaller])) {
    case CalledFrom::main:
      break;
    case CalledFrom::thread:
      l.caller = Caller::thread;
      break;
    case CalledFrom::small_stack:
      l.caller = Caller::small_stack;
      break;
    case CalledFrom::forked:
      l.caller = Caller::forked;
      break;
    case CalledFrom::forked_first:
      l.caller = Caller::forked;
      l.fresh = true;
      break;
    case CalledFrom::concurrent:
      l.caller = Caller::concurrent;
      break;
    case CalledFrom::region:
      l.caller = Caller::region;
      break;
    case CalledFrom::limited:
      l.thread_limit = 2;
      l.fresh = true;
      break;
    case CalledFrom::crowd:
      l.caller = Caller::crowd;
      break;
  }
  // The threads of two callers would not find room for their stacks (worker_main.cpp).
  if (as<Threads>(a[kThreads]) == Threads::hundreds && turn(kThreads) % 3 == 2 &&
      !l.has_several_callers())
    l.threads = kMoreThreads;
  // A race shows only now and then; but the first call of a process is a single one.
  if (l.fresh || l.calls > 1 || l.alias != Alias::none) return;
  const std::size_t each = c.rows * (outputs_of(kernel_.op, c.cols) + 16) + 100;
  if (l.has_two_callers())
    l.calls = calls_of_two_;
  else if (l.caller == Caller::crowd)
    l.calls = static_cast<int>(std::clamp<std::size_t>(kManyCalls / each, 6, 60));
  else if (l.threads > 1)
    l.calls =
        static_cast<int>(std::clamp<std::size_t>(kManyCalls / each / 8, 1, l.threads > 7 ? 2 : 12));
}

void CaseMaker::lay_out(Case& c, const Assignment& a) {
  Layout& l = c.layout;
  const std::size_t element = bytes_of(kernel_.dtype);
  l.alias = static_cast<Alias>(a[kAlias]);
  set_padding(c, a);
  if (l.alias != Alias::none) l.y_padding = l.alias == Alias::y_is_x ? l.x_padding : l.g_padding;
  const struct {
    std::size_t x, y;
  } kOffsets[] = {{0, 0},
                  {0, 0},
                  {element, 0},
                  {0, element},
                  {3 * element, 3 * element},
                  {5 * element, 2 * element},
                  {16, 32}};
  l.at_start = as<Addresses>(a[kAddresses]) != Addresses::end;
  l.offset = kOffsets[a[kAddresses]].x;
  l.y_offset = kOffsets[a[kAddresses]].y;
  l.read_only = as<Protection>(a[kProtection]) == Protection::read_only;
  l.page_rows = as<Protection>(a[kProtection]) == Protection::page_rows;
  if (l.page_rows) l.x_padding = l.g_padding = l.y_padding = 0;
  constexpr double kPoisons[] = {kNan, 1e30, -kInf, -kNan};
  l.poison = kPoisons[a[kPoison]];
  switch (as<Special>(a[kSpecial])) {
    case Special::minus_nan:
      l.nan = NanKind::negative;
      break;
    case Special::payload_nan:
      l.nan = NanKind::payload;
      break;
    case Special::signalling_nan:
      l.nan = NanKind::signalling;
      break;
    default:
      break;
  }
  set_caller(c, a);
}

Case CaseMaker::make(const Assignment& a) {
  const Shape shape = shape_of(a);
  Case c;
  c.rows = shape.rows;
  c.cols = shape.cols;
  fill(c, a);
  lay_out(c, a);
  return c;
}

}  // namespace softmark::crossing
