// SPDX-License-Identifier: Apache-2.0
#include <cfenv>
#include <cmath>

#include "properties/engine/cases.h"

namespace softmark::checks::exception_flags {
namespace {

std::string name_flags(unsigned flags) {
  static constexpr struct {
    int flag;
    const char* name;
  } kFlags[] = {
      {FE_INVALID, "invalid"}, {FE_DIVBYZERO, "divide-by-zero"}, {FE_OVERFLOW, "overflow"}};
  std::string names;
  for (const auto& [flag, name] : kFlags)
    if (flags & static_cast<unsigned>(flag))
      names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

// Inexact and underflow are inherent in softmax. The others indicate a NaN, a pole or an overflow
// on the way, which stops programs that trap them. Raising flags is allowed, so this is a note, not
// an error.
std::optional<Fault> fault(KernelSession& session, const Case& c) {
  const CallResult outcome = session.run_watched(c);
  for (std::size_t r = 0; r < c.rows; ++r)
    for (const Exact& exact : session.exact(c, r))
      if (!std::isfinite(exact.rounded)) return std::nullopt;
  const std::string names = name_flags(outcome.exceptions);
  if (names.empty()) return std::nullopt;
  return Fault{"raises the floating-point flags " + names + " although every result is finite",
               std::nullopt, std::nullopt, "fail"};
}

constexpr Family kRows[] = {Family::normal, Family::subnormal, Family::large, Family::equal};

void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0xf1a6);
  const std::size_t longest = is_jacobian(kernel) ? 12 : effort == Effort::quick ? 40 : 130;
  for (Family family : kRows)
    for (std::size_t cols = 1; cols <= longest; ++cols)
      if (!sink(make_case(kernel.op, kernel.dtype, family, 1 + cols % 3, cols, rng))) return;
}

}  // namespace

const Property property = {
    "exception_flags",
    "finite results raise no floating-point flag except inexact and underflow",
    Criterion::contract,
    Severity::note,
    any_kernel,
    fault,
    sweep,
    {}};

}  // namespace softmark::checks::exception_flags
