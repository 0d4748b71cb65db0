// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include "kernels/names.h"
#include "properties/engine/cases.h"

namespace softmark::checks::reproducible {
namespace {

constexpr std::size_t kMostAlone = 24;  // rows of a batch

bool claims_reproducible(const Kernel& kernel) { return kernel.claims & SOFTMARK_REPRODUCIBLE; }

std::optional<Fault> differs(const std::vector<double>& first, const double* second,
                             std::size_t row, const char* when) {
  for (std::size_t j = 0; j < first.size(); ++j)
    if (!same_bits(first[j], second[j]))
      return fault_at(row, j,
                      std::string("gives different bits ") + when + ": " + decimal(first[j]) +
                          " and " + decimal(second[j]));
  return std::nullopt;
}

/// A row's bits alone, again, and at other alignments, beside those in its batch.
std::optional<Fault> differs_alone(KernelSession& session, const Case& c, std::size_t row,
                                   const double* in_batch) {
  const std::size_t element = bytes_of(session.kernel().dtype);
  std::vector<Case> calls(2, row_alone(c, session.kernel().op, row));
  for (std::size_t offset : {element, 3 * element, std::size_t{16}, std::size_t{32}}) {
    Case& moved = calls.emplace_back(calls.front());
    moved.layout.at_start = true;
    moved.layout.offset = offset;
  }
  const auto results = session.run_all(calls);
  const auto& alone = results.front();
  if (auto found = differs(alone, in_batch, row, "alone and in its batch")) return found;
  for (std::size_t k = 1; k < results.size(); ++k)
    if (auto found = differs(alone, results[k].data(), row,
                             k == 1 ? "when run again" : "at another alignment"))
      return found;
  return std::nullopt;
}

// Compares the row's bits alone, again, in its batch, at other alignments and strides, and on more
// threads.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const std::size_t outputs = session.outputs(c);
  const auto batch = session.run(c);
  session.count_judged(batch.size());
  const std::size_t tried = std::min(c.rows, kMostAlone);
  for (std::size_t i = 0; i < tried; ++i) {
    const std::size_t r = tried < c.rows ? i * (c.rows - 1) / (tried - 1) : i;
    if (auto found = differs_alone(session, c, r, batch.data() + r * outputs)) return found;
  }
  Case padded = c;
  padded.layout.x_padding = 3;
  padded.layout.y_padding = 5;
  const auto other = session.run(padded);
  for (std::size_t r = 0; r < c.rows; ++r)
    if (auto found = differs({batch.begin() + static_cast<long>(r * outputs),
                              batch.begin() + static_cast<long>((r + 1) * outputs)},
                             other.data() + r * outputs, r, "at another stride"))
      return found;
  if (session.kernel().claims & SOFTMARK_THREADED)
    for (int threads : {2, 3, 4, 5, 8}) {
      Case threaded = c;
      threaded.layout.threads = threads;
      const auto z = session.run(threaded);
      for (std::size_t r = 0; r < c.rows; ++r)
        if (auto found = differs({batch.begin() + static_cast<long>(r * outputs),
                                  batch.begin() + static_cast<long>((r + 1) * outputs)},
                                 z.data() + r * outputs, r, "on more threads"))
          return found;
    }
  return std::nullopt;
}

constexpr Family kRows[] = {Family::normal, Family::wide, Family::swamping, Family::masked,
                            Family::subnormal};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  const std::size_t longest = gives_matrix(kernel.op) ? 9 : effort == Effort::quick ? 70 : 130;
  Rng rng(0x4e9);
  for (std::size_t cols = 1; cols <= longest; ++cols)
    if (!sink(make_case(kernel.op, kernel.dtype, kRows[cols % std::size(kRows)], 1 + cols % 3, cols,
                        rng)))
      return;
  if (gives_matrix(kernel.op)) return;
  for (std::size_t rows : {std::size_t{2}, std::size_t{19}})
    for (std::size_t cols : {std::size_t{16}, std::size_t{1000}})
      if (!sink(make_case(kernel.op, kernel.dtype, Family::wide, rows, cols, rng))) return;
  // Where there are many rows, kernels take several at once.
  constexpr std::pair<std::size_t, std::size_t> kBatches[] = {
      {65, 16}, {300, 9}, {130, 3}, {70, 32}, {1030, 5}, {130, 200}, {4100, 2}, {33, 1000}};
  for (const auto& [rows, cols] : std::span(kBatches, effort == Effort::quick ? 2 : 8))
    if (!sink(make_case(kernel.op, kernel.dtype, Family::wide, rows, cols, rng))) return;
  if ((kernel.claims & SOFTMARK_THREADED) && effort != Effort::quick)
    sink(make_case(kernel.op, kernel.dtype, Family::wide, 2, 300000, rng));
}

}  // namespace

const Property property = {"reproducible",
                           "a row's bits depend on that row alone: not on the run, its batch, "
                           "alignment, stride or threads",
                           Criterion::claim,
                           Severity::error,
                           claims_reproducible,
                           fault,
                           sweep,
                           {}};

}  // namespace softmark::checks::reproducible
