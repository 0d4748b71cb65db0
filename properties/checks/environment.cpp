// SPDX-License-Identifier: Apache-2.0
#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark {
namespace {

// A pool or a cache grows in the first calls; what still grows in most of twenty equal ones is a
// leak.
constexpr int kWarmUp = 4, kCalls = 20;

template <class Count>
std::optional<Fault> grows(const std::vector<wire::Held>& held, Count wire::Held::*count,
                           const char* what) {
  int grown = 0;
  for (int i = kWarmUp; i < kWarmUp + kCalls; ++i)
    grown +=
        held[static_cast<std::size_t>(i)].*count > held[static_cast<std::size_t>(i - 1)].*count;
  if (grown <= kCalls / 2) return std::nullopt;
  const auto each = (held.back().*count - held[kWarmUp - 1].*count) / kCalls;
  return Fault{"every call leaves " + (each ? std::to_string(each) : "") + what + " behind",
               std::nullopt, std::nullopt, "fail"};
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  std::vector<wire::Held> held;
  for (int i = 0; i < kWarmUp + kCalls; ++i) {
    const CallResult outcome = session.run_watched(c, true);
    if (!outcome.environment.empty())
      return Fault{"the call changed " + outcome.environment, std::nullopt, std::nullopt, "fail"};
    held.push_back(outcome.held);
  }
  if (auto found = grows(held, &wire::Held::bytes, " bytes of memory")) return found;
  if (auto found = grows(held, &wire::Held::threads, " more threads")) return found;
  return grows(held, &wire::Held::descriptors, " open descriptors");
}

// Rows that take special paths in implementations: long, subnormal, overflowing, NaN.
void sweep(const Kernel& kernel, Effort, const Sink& sink) {
  Rng rng(0xe27);
  for (Family family : {Family::normal, Family::nan, Family::subnormal, Family::large,
                        Family::masked, Family::all_masked})
    for (std::size_t cols : {1, 7, 16, 100})
      if (!sink(make_case(kernel.op, kernel.dtype, family, 2,
                          gives_matrix(kernel.op) ? cols % 17 : cols, rng)))
        return;
}

}  // namespace

const Property environment = {"environment",
                              "a call leaves modes, signals, descriptors, folder and output "
                              "streams unchanged, and leaves no thread, child or memory behind",
                              Criterion::contract,
                              Severity::error,
                              any_kernel,
                              fault,
                              sweep,
                              {}};

}  // namespace softmark
