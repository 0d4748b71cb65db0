// SPDX-License-Identifier: Apache-2.0
// Which calls a kernel took and which it refused, by shape. A refusal is no defect, but what was
// refused was not verified.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "kernels/case.h"
#include "support/json.h"

namespace softmark {

class Coverage {
 public:
  /// Calls on rows without columns, or on no rows, are not counted: they compute nothing.
  void add(const Case& call, bool taken);
  void add(const Coverage& more);

  std::uint64_t taken() const { return all_.taken; }
  std::uint64_t refused() const { return all_.refused; }

  /// The entry "coverage" of the document's "kernels": calls, refused, lengths, lengths_taken, and
  /// refused_where if the refused calls have something in common that no call taken has: a pattern
  /// of their shapes, or (by_layout) padding between rows, y in place, several threads.
  Json summary() const;

  /// All of it, between processes.
  Json to_json() const;
  static Coverage from_json(const Json& json);

 private:
  struct Calls {
    std::uint64_t taken = 0, refused = 0;
    void add(const Calls& more) {
      taken += more.taken;
      refused += more.refused;
    }
  };
  static constexpr std::size_t kLayouts = 3;

  std::string refused_layout() const;

  std::map<std::pair<std::size_t, std::size_t>, Calls> shapes_;
  std::array<Calls, kLayouts> layouts_;  // calls with padding, in place, on several threads
  Calls all_;
};

}  // namespace softmark
