// SPDX-License-Identifier: Apache-2.0
// Which calls a kernel took and which it refused, by shape. A refusal is no defect, but what was
// refused was not verified.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "support/json.h"

namespace softmark {

class Coverage {
 public:
  /// Calls on rows without columns, or on no rows, are not counted: they compute nothing.
  void add(std::size_t rows, std::size_t cols, bool taken);
  void add(const Coverage& more);

  std::uint64_t taken() const { return taken_; }
  std::uint64_t refused() const { return refused_; }

  /// The entry "coverage" of the document's "kernels": calls, refused, lengths, lengths_taken, and
  /// refused_where if the refused shapes have a pattern.
  Json summary() const;

  /// All of it, between processes: [[rows, cols, taken, refused], ...].
  Json to_json() const;
  static Coverage from_json(const Json& json);

 private:
  struct Calls {
    std::uint64_t taken = 0, refused = 0;
  };
  std::map<std::pair<std::size_t, std::size_t>, Calls> shapes_;
  std::uint64_t taken_ = 0, refused_ = 0;
};

}  // namespace softmark
