// SPDX-License-Identifier: Apache-2.0
// Which kernel to put in production for given needs, by one document: the ranking of those that
// meet them, how sure it is, and why the others lost.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/view.h"

namespace softmark {

/// The needs; what is not given may be anything.
struct ChooseRequest {
  std::string op = "softmax", dtype = "f32";
  std::optional<long long> rows, cols;
  long long threads = 1;          // at most so many; a kernel may need fewer
  std::optional<double> max_ulp;  // neither promised nor found to be exceeded
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

struct Decision {
  ChooseRequest request;
  Shape shape;  // the nearest one measured, with the threads of the chosen kernel
  std::vector<Candidate> candidates;  // those that meet the needs first, by time
  std::size_t meeting = 0;            // how many do
  std::size_t chosen = 0;             // index; of no meaning where none does
  std::size_t fastest_tied = 0;       // how many cannot be told from the fastest, itself included

  bool decided() const { return meeting > 0; }
  const Candidate& winner() const { return candidates[chosen]; }
};

/// The nearest measured shape is decided on: in octaves of rows and columns, then hot before cold,
/// normal logits before others. Of kernels that cannot be told from the fastest the one with the
/// smallest error is chosen. Throws Error(kNotMeasurable) where nothing was measured to decide on.
Decision decide(const View& view, const ChooseRequest& request);

/// The decision in a sentence: "simd: 0.41 ns/element at 64x4096 on 1 thread, 1.6 x as fast as
/// onnxruntime, the next".
std::string sentence(const Decision& decision);
/// How far the shape wanted is from the one measured; "" where it is the same.
std::string distance(const Decision& decision);
/// The needs in words: "softmax f32, 64 x 4096, at most 1 thread, max ulp 4".
std::string needs(const ChooseRequest& request);

/// The error by which kernels of all ops compare: the largest share of its bound that any output
/// reached; infinite where it was not measured.
double error_share(const KernelView& kernel);

}  // namespace softmark
