// SPDX-License-Identifier: Apache-2.0
// The names of the contract's enumerators, in the order of their values, for people and documents.
// Ops and types have tables of their own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/dtypes.h"
#include "kernels/ops.h"
#include "kernels/softmark.h"

namespace softmark {

template <class Row, std::size_t N>
constexpr std::array<std::string_view, N> names_of(const Row (&table)[N]) {
  std::array<std::string_view, N> names{};
  for (std::size_t i = 0; i < N; ++i) names[i] = table[i].name;
  return names;
}
inline constexpr auto kDtypeNames = names_of(kDtypes);
inline constexpr auto kOpNames = names_of(kOps);
inline constexpr std::array<std::string_view, 3> kMaskedRowNames = {"nan", "zero", "uniform"};

/// In the order of the claims' bits.
inline constexpr std::array<std::string_view, 5> kClaimNames = {
    "in_place", "threaded", "reproducible", "correctly_rounded", "saturates"};

constexpr std::string_view name(softmark_masked_row policy) { return kMaskedRowNames[policy]; }

template <class Enum, class Names>
constexpr std::optional<Enum> find_name(const Names& names, std::string_view wanted) {
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (names[i] == wanted) return static_cast<Enum>(i);
  return std::nullopt;
}
constexpr std::optional<softmark_dtype> find_dtype(std::string_view n) {
  return find_name<softmark_dtype>(kDtypeNames, n);
}
constexpr std::optional<softmark_op> find_op(std::string_view n) {
  return find_name<softmark_op>(kOpNames, n);
}

/// "f16, bf16, f32": for help and messages.
template <class Names>
std::string comma_list(const Names& names) {
  std::string text;
  for (const std::string_view word : names) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

}  // namespace softmark
