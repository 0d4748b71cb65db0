// SPDX-License-Identifier: Apache-2.0
// The reference's values on a fixed set of rows, a hash for each op and type: the same on every
// CPU, in either byte order. Prints a line each; with a file of such lines, compares, and exits
// with 1 where one differs. fixed_values.txt is that file.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "kernels/element.h"
#include "kernels/names.h"
#include "reference/reference.h"
#include "support/hash.h"
#include "support/random.h"

namespace softmark {
namespace {

constexpr std::size_t kOutputsEach = 15200;  // of an op and type: 1e6 in all
constexpr std::size_t kLengths[] = {1, 2, 3, 7, 16, 33, 100};

/// Any value of the type up to `largest`: of every magnitude, at times a special one.
double value_of(Rng& rng, softmark_dtype dtype, double largest, bool is_signed) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::size_t kind = rng.below(400);
  if (kind == 0) return round_to(dtype, -kInf);
  if (kind == 1) return 0;
  const int binades = kind < 40 ? 60 : 6;
  // A draw a statement: the order of a call's arguments differs between CPUs.
  const double share = 0.5 + 0.5 * rng.uniform();
  const auto binade = static_cast<int>(rng.below(static_cast<std::size_t>(binades)));
  const double size = std::ldexp(largest * share, -binade);
  return round_to(dtype, is_signed && rng.below(2) ? -size : size);
}

struct Inputs {
  std::vector<double> x, g;
  std::int64_t label = -1;
};

Inputs inputs_of(Rng& rng, softmark_op op, softmark_dtype dtype) {
  Inputs inputs;
  const std::size_t cols = gives_matrix(op) ? 1 + rng.below(12) : kLengths[rng.below(7)];
  const double largest = std::min(800.0, largest_finite(dtype) / 2);
  for (std::size_t i = 0; i < cols; ++i) {
    switch (op_info(op).input) {
      case Input::kLogits:
        inputs.x.push_back(value_of(rng, dtype, largest, true));
        break;
      case Input::kLogProbabilities:
        inputs.x.push_back(-std::fabs(value_of(rng, dtype, largest, true)));
        break;
      default:
        inputs.x.push_back(std::min(1.0, std::fabs(value_of(rng, dtype, 1, false))));
    }
  }
  const OpShape shape = shape_of(op);
  const std::size_t gradients = shape.takes_g ? cols : shape.takes_g_row ? 1 : 0;
  for (std::size_t i = 0; i < gradients; ++i)
    inputs.g.push_back(std::max(-largest, value_of(rng, dtype, largest, true)));
  if (shape.takes_labels) inputs.label = static_cast<std::int64_t>(rng.below(cols));
  return inputs;
}

/// Every NaN alike, and bytes from the least significant one on.
std::uint64_t add_to(std::uint64_t hash, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t one = std::isnan(value) ? 0x7ff8000000000000u : bits;
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(one >> (8 * i) & 0xff);
  return fnv1a({bytes, sizeof bytes}, hash);
}

std::string line_of(softmark_op op, softmark_dtype dtype) {
  Rng rng(2026, static_cast<std::uint64_t>(op), static_cast<std::uint64_t>(dtype));
  std::uint64_t hash = kFnvStart;
  std::size_t outputs = 0;
  while (outputs < kOutputsEach) {
    const Inputs inputs = inputs_of(rng, op, dtype);
    for (const Exact& exact : exact_row({op, dtype, inputs.x, inputs.g, inputs.label})) {
      hash = add_to(hash, exact.rounded);
      ++outputs;
    }
  }
  char line[120];
  std::snprintf(line, sizeof line, "%s %s %zu %016llx", std::string(name(op)).c_str(),
                std::string(name(dtype)).c_str(), outputs, static_cast<unsigned long long>(hash));
  return line;
}

int run(const char* path) {
  std::set<std::string> wanted;
  std::ifstream file(path ? path : "/dev/null");
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with('#')) wanted.insert(line);
  int different = 0;
  std::size_t lines = 0;
  for (int op = 0; op <= SOFTMARK_HARDMAX; ++op)
    for (const softmark_dtype dtype : kAllDtypes) {
      const std::string line = line_of(static_cast<softmark_op>(op), dtype);
      ++lines;
      if (!path) std::printf("%s\n", line.c_str());
      if (!path || wanted.contains(line)) continue;
      ++different;
      std::printf("differs from %s: %s\n", path, line.c_str());
    }
  if (path && wanted.size() != lines)
    std::printf("%s has %zu lines, not %zu\n", path, wanted.size(), lines);
  if (path && different == 0) std::printf("%zu ops and types have the values of %s\n", lines, path);
  return different > 0 || (path && wanted.size() != lines);
}

}  // namespace
}  // namespace softmark

int main(int argc, char** argv) { return softmark::run(argc > 1 ? argv[1] : nullptr); }
