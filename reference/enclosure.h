// SPDX-License-Identifier: Apache-2.0
// Proofs: every output of a row enclosed in an interval of any wanted precision, and what an
// enclosure decides.
#pragma once

#include <memory>
#include <optional>

#include "reference/reference.h"
#include "reference/special.h"

namespace softmark {

/// The outputs of one row that the contract leaves open, by interval arithmetic with `bits` of
/// precision. Construction does the work that outputs share (exponentials and their sum).
class Enclosure {
 public:
  Enclosure(const Problem& problem, const RowFacts& facts, long bits);
  ~Enclosure();
  /// The rounding to the output type and the residual of output `index`, or nothing where this
  /// precision does not decide them.
  std::optional<Exact> decide(std::size_t index) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace softmark
