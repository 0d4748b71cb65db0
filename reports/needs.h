// SPDX-License-Identifier: Apache-2.0
// Which kernel to put in production for given needs, by one document: the ranking of those that
// meet them, how sure it is, and why the others lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/decision.h"
#include "support/grade.h"

namespace softmark {

/// The needs; what is not given may be anything.
struct ChooseRequest {
  std::string op = "softmax", dtype = "f32";
  std::optional<long long> rows, cols;
  long long threads = 1;          // at most so many; a kernel may need fewer
  std::optional<double> max_ulp;  // neither promised nor found to be exceeded
  std::optional<Grade> grade;     // the worst that verification may have found
  bool reproducible = false;      // only kernels that claim it (verification holds them to it)
  std::string masked_row;         // "nan", "zero" or "uniform": what a masked row gives
  std::string isa;                // "sse4", "avx2" or "avx512": at most these instructions
  std::string distribution;       // timed on such logits: "normal", "causal" ...
  std::string cache;              // "hot" or "cold"
};

/// A kernel at the shape decided on, by its fastest measurement within the thread limit.
struct Candidate {
  const KernelView* kernel = nullptr;
  const Entry* entry = nullptr;  // null: not measured there
  long long threads = 0;         // those it was measured with
  std::string lost;              // why; empty: it meets the needs
  bool tied = false;             // meets the needs, and cannot be told from the fastest that does
  bool on_front = false;         // nothing that meets the needs is both faster and more accurate
};

/// What meets the needs at the nearest shape measured: in octaves of rows and columns, then hot
/// before cold, normal logits before others.
struct Selection {
  ChooseRequest request;
  Ranking ranking;                    // of what meets the needs, whatever its threads
  Decision decision;                  // on that ranking, into which it points
  std::vector<Candidate> candidates;  // those that meet the needs first, by time
  std::size_t meeting = 0;            // how many do

  Selection() = default;
  Selection(const Selection&) = delete;
  Selection(Selection&&) = default;  // a moved vector keeps its elements where they are
  Selection& operator=(Selection&&) = default;

  const Candidate* winner() const;  // null: nothing meets the needs
  const Shape& shape() const { return ranking.shape; }
};

/// Throws Error(kNotMeasurable) where nothing was measured to decide on.
Selection select(const View& view, const ChooseRequest& request);

/// How far the shape measured is from the one wanted: "2 x as many rows"; "" where it is the same.
std::string distance(const Selection& selection);
/// The command that times the needs on this machine: "softmark choose --measure --op softmax
/// --dtype f32 --rows 64 --cols 4096 --threads 2". `shape`: of what is not given; null: "N".
std::string measuring_command(const ChooseRequest& request, const Shape* shape = nullptr);
/// The needs in words: "softmax f32, 64 x 4096, at most 1 thread, max ulp 4".
std::string needs(const ChooseRequest& request);

}  // namespace softmark
