// SPDX-License-Identifier: Apache-2.0
// The names of the contract's enumerators, in the order of their values, for people and documents.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/softmark.h"

namespace softmark {

inline constexpr std::string_view kDtypeNames[] = {"f16", "bf16", "f32", "f64"};
inline constexpr std::string_view kOpNames[] = {
    "softmax",         "log_softmax",       "logsumexp", "softmax_vjp",
    "log_softmax_vjp", "softmax_jacobian",  "sigmoid",   "sigmoid_vjp",
    "cross_entropy",   "cross_entropy_vjp", "hardmax"};
inline constexpr std::string_view kMaskedRowNames[] = {"nan", "zero", "uniform"};

/// In the order of the claims' bits.
inline constexpr std::string_view kClaimNames[] = {"in_place", "threaded", "reproducible",
                                                   "correctly_rounded"};

inline constexpr std::size_t kDtypeBytes[] = {2, 2, 4, 8};

constexpr std::string_view name(softmark_dtype dtype) { return kDtypeNames[dtype]; }
constexpr std::string_view name(softmark_op op) { return kOpNames[op]; }
constexpr std::string_view name(softmark_masked_row policy) { return kMaskedRowNames[policy]; }
constexpr std::size_t bytes_of(softmark_dtype dtype) { return kDtypeBytes[dtype]; }

template <class Enum, std::size_t N>
constexpr std::optional<Enum> find_name(const std::string_view (&names)[N],
                                        std::string_view wanted) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == wanted) return static_cast<Enum>(i);
  return std::nullopt;
}
constexpr std::optional<softmark_dtype> find_dtype(std::string_view n) {
  return find_name<softmark_dtype>(kDtypeNames, n);
}
constexpr std::optional<softmark_op> find_op(std::string_view n) {
  return find_name<softmark_op>(kOpNames, n);
}

/// Inputs and output of an op, so that no other file needs a switch over ops.
struct OpShape {
  bool takes_g;                            // g is [rows, cols]
  bool takes_g_row;                        // g is [rows] (cross_entropy_vjp)
  bool takes_labels;                       // labels is [rows]
  enum { kRow, kScalar, kMatrix } output;  // y is [rows, cols], [rows] or [rows, cols, cols]
};
constexpr OpShape shape_of(softmark_op op) {
  switch (op) {
    case SOFTMARK_LOGSUMEXP:
      return {false, false, false, OpShape::kScalar};
    case SOFTMARK_SOFTMAX_VJP:
    case SOFTMARK_LOG_SOFTMAX_VJP:
    case SOFTMARK_SIGMOID_VJP:
      return {true, false, false, OpShape::kRow};
    case SOFTMARK_SOFTMAX_JACOBIAN:
      return {false, false, false, OpShape::kMatrix};
    case SOFTMARK_CROSS_ENTROPY:
      return {false, false, true, OpShape::kScalar};
    case SOFTMARK_CROSS_ENTROPY_VJP:
      return {false, true, true, OpShape::kRow};
    default:
      return {false, false, false, OpShape::kRow};
  }
}
/// Number of outputs for one row of `cols` columns.
constexpr std::size_t outputs_of(softmark_op op, std::size_t cols) {
  const auto output = shape_of(op).output;
  return output == OpShape::kScalar ? 1 : output == OpShape::kMatrix ? cols * cols : cols;
}

}  // namespace softmark
