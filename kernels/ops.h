// SPDX-License-Identifier: Apache-2.0
// The ops of the contract as a table: what each takes and gives, and what holds for its outputs.
// Whatever depends on an op, but for its formula, reads this table.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark {

/// What x holds.
enum class Input { kLogits, kProbabilities, kLogProbabilities, kSigmoids };

/// The arrays beside x, and y.
struct OpShape {
  bool takes_g;                            // g is [rows, cols]
  bool takes_g_row;                        // g is [rows]
  bool takes_labels;                       // labels is [rows]
  enum { kRow, kScalar, kMatrix } output;  // y is [rows, cols], [rows] or [rows, cols, cols]
};

struct OpInfo {
  std::string_view name;
  Input input;
  OpShape shape;
  bool elementwise;      // an output depends on the input at its own place alone
  bool monotone;         // a larger logit has no smaller output
  bool shift_invariant;  // the same amount added to every logit changes nothing
  bool sums_to_one;      // the outputs of a row do
  bool selects;          // compares and computes nothing: 1 at the first of the largest, else 0
  double low, high;      // `range` holds outputs to [low, high]; infinite: to nothing there
};

namespace ops {

inline constexpr double kAny = std::numeric_limits<double>::infinity();
inline constexpr Input kX = Input::kLogits, kP = Input::kProbabilities,
                       kLogP = Input::kLogProbabilities, kS = Input::kSigmoids;
inline constexpr OpShape kRowToRow = {false, false, false, OpShape::kRow},
                         kRowToScalar = {false, false, false, OpShape::kScalar},
                         kRowToMatrix = {false, false, false, OpShape::kMatrix},
                         kVjp = {true, false, false, OpShape::kRow},
                         kLoss = {false, false, true, OpShape::kScalar},
                         kLossVjp = {false, true, true, OpShape::kRow};

}  // namespace ops

/// One row an op, in the order of the contract's values.
inline constexpr OpInfo kOps[] = {
    // clang-format off
    // name               x           shape              elem.  mono.  shift  sum 1  selects low         high
    {"softmax",           ops::kX,    ops::kRowToRow,    false, true,  true,  true,  false,  0,          1},
    {"log_softmax",       ops::kX,    ops::kRowToRow,    false, true,  true,  false, false,  -ops::kAny, 0},
    {"logsumexp",         ops::kX,    ops::kRowToScalar, false, false, false, false, false,  -ops::kAny, ops::kAny},
    {"softmax_vjp",       ops::kP,    ops::kVjp,         false, false, false, false, false,  -ops::kAny, ops::kAny},
    {"log_softmax_vjp",   ops::kLogP, ops::kVjp,         false, false, false, false, false,  -ops::kAny, ops::kAny},
    {"softmax_jacobian",  ops::kX,    ops::kRowToMatrix, false, false, true,  false, false,  -0.25,      0.25},
    {"sigmoid",           ops::kX,    ops::kRowToRow,    true,  true,  false, false, false,  0,          1},
    {"sigmoid_vjp",       ops::kS,    ops::kVjp,         true,  false, false, false, false,  -ops::kAny, ops::kAny},
    {"cross_entropy",     ops::kX,    ops::kLoss,        false, false, true,  false, false,  -ops::kAny, ops::kAny},
    {"cross_entropy_vjp", ops::kX,    ops::kLossVjp,     false, false, true,  false, false,  -ops::kAny, ops::kAny},
    {"hardmax",           ops::kX,    ops::kRowToRow,    false, false, true,  true,  true,   0,          1},
    // clang-format on
};
static_assert(std::size(kOps) == SOFTMARK_HARDMAX + 1);

constexpr const OpInfo& op_info(softmark_op op) { return kOps[op]; }
constexpr std::string_view name(softmark_op op) { return kOps[op].name; }
constexpr const OpShape& shape_of(softmark_op op) { return kOps[op].shape; }

/// Every op, to loop over.
inline constexpr auto kAllOps = [] {
  std::array<softmark_op, std::size(kOps)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<softmark_op>(i);
  return all;
}();

/// Outputs of one row of `cols` columns.
constexpr std::size_t outputs_of(softmark_op op, std::size_t cols) {
  const auto output = shape_of(op).output;
  return output == OpShape::kScalar ? 1 : output == OpShape::kMatrix ? cols * cols : cols;
}
/// Whether x holds logits, which may be anything; not the probabilities or sigmoids that a
/// vector-Jacobian product takes.
constexpr bool takes_logits(softmark_op op) { return kOps[op].input == Input::kLogits; }
/// Whether an output of a row belongs to the input at the same place.
constexpr bool is_rowwise(softmark_op op) { return shape_of(op).output == OpShape::kRow; }
/// Whether a row has cols^2 outputs, so that short rows already cost as much as long ones.
constexpr bool gives_matrix(softmark_op op) { return shape_of(op).output == OpShape::kMatrix; }
/// Whether logits share a row, so that one may be masked.
constexpr bool combines_logits(softmark_op op) { return takes_logits(op) && !kOps[op].elementwise; }
/// Whether logits alone give outputs in their own places.
constexpr bool maps_logits(softmark_op op) {
  return takes_logits(op) && is_rowwise(op) && !shape_of(op).takes_g && !shape_of(op).takes_g_row;
}
/// Whether the largest logit of a row has the largest output.
constexpr bool keeps_argmax(softmark_op op) {
  return maps_logits(op) && combines_logits(op) && (kOps[op].monotone || kOps[op].selects);
}

}  // namespace softmark
