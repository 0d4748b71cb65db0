// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/names.h"
#include "properties/engine/property.h"

namespace softmark::checks::environment {
namespace {

// A pool or a cache grows in the first calls (glibc keeps seven freed blocks of each size a thread,
// and counts them as in use); what still grows in several of twenty equal ones, beyond all that was
// held before, is a leak.
constexpr int kWarmUp = 12, kCalls = 20, kMostGrowth = 4;
constexpr int kFewCalls = 5;  // at quick, where none of them leaves anything behind

/// In how many calls after the first ones there was more than ever before.
template <class Count>
int growths(const std::vector<wire::Held>& held, Count wire::Held::*count) {
  int grown = 0;
  auto most = held[0].*count;
  for (std::size_t i = 1; i < held.size(); ++i) {
    const auto now = held[i].*count;
    grown += i >= kWarmUp && now > most;
    most = std::max(most, now);
  }
  return grown;
}

bool grows(const std::vector<wire::Held>& held) {
  return growths(held, &wire::Held::bytes) > 0 || growths(held, &wire::Held::mapped) > 0 ||
         growths(held, &wire::Held::maps) > 0 || growths(held, &wire::Held::threads) > 0 ||
         growths(held, &wire::Held::descriptors) > 0;
}

template <class Count>
std::optional<Fault> leak_of(const std::vector<wire::Held>& held, Count wire::Held::*count,
                             const char* what) {
  const int grown = growths(held, count);
  if (grown <= kMostGrowth) return std::nullopt;
  const auto each = (held.back().*count - held[kWarmUp - 1].*count) / kCalls;
  return Fault{std::to_string(grown) + " of " + std::to_string(kCalls) +
                   " equal calls leave more behind:" + (each ? " " + std::to_string(each) : "") +
                   what + " a call",
               std::nullopt, std::nullopt, "fail"};
}

std::optional<Fault> leak(const std::vector<wire::Held>& held) {
  if (auto found = leak_of(held, &wire::Held::bytes, " bytes of memory")) return found;
  if (auto found = leak_of(held, &wire::Held::mapped, " bytes of address space")) return found;
  if (auto found = leak_of(held, &wire::Held::maps, " mappings")) return found;
  if (auto found = leak_of(held, &wire::Held::threads, " threads")) return found;
  return leak_of(held, &wire::Held::descriptors, " open descriptors");
}

/// One of the calls, which tells what the process holds after it; `closely`: with its mappings,
/// whose list takes longer to read than most calls.
std::optional<Fault> call(KernelSession& session, const Case& c, bool closely,
                          std::vector<wire::Held>& held) {
  const CallResult outcome = session.run_watched(c, closely ? 2 : 1);
  session.count_judged(1 + outcome.y.size());
  held.push_back(outcome.held);
  if (outcome.environment.empty()) return std::nullopt;
  return Fault{"the call changed " + outcome.environment +
                   (c.layout.fresh ? ", the first of its process" : ""),
               std::nullopt, std::nullopt, "fail"};
}

std::optional<Fault> fault(KernelSession& session, const Case& c) {
  Case again = c;
  std::vector<wire::Held> held;
  std::optional<Fault> found;
  const std::size_t few = session.effort() == Effort::quick ? kFewCalls : kCalls;
  // What grew is a cache that fills, unless it grows on: as many calls again tell, twice.
  for (int round = 0; round < 3; ++round) {
    while (held.size() < kWarmUp + kCalls) {
      const std::size_t calls = held.size() + 1;
      const bool closely = round > 0 || calls == kWarmUp || calls == kWarmUp + few;
      if (auto changed = call(session, again, closely, held)) return changed;
      again.layout.fresh = false;  // what else grows, grows in one process
      if (round == 0 && calls == kWarmUp + few && !grows(held)) return std::nullopt;
    }
    found = leak(held);
    if (!found && round > 0) return std::nullopt;
    held.erase(held.begin(), held.begin() + kCalls);  // the first calls of all are warm-up
  }
  return found;
}

// Rows that take special paths in implementations: long, subnormal, overflowing, NaN.
void sweep(const Kernel& kernel, Effort effort, const Sink& sink) {
  Rng rng(0xe27);
  int turn = 0;
  for (Family family : {Family::normal, Family::nan, Family::subnormal, Family::large,
                        Family::masked, Family::all_masked})
    for (std::size_t cols : {1, 7, 16, 100}) {
      Case c = make_case(kernel.op, kernel.dtype, family, 2,
                         gives_matrix(kernel.op) ? cols % 17 : cols, rng);
      c.layout.fresh = turn == 0;
      if (turn % 3 == 1) c.layout.threads = 2 + turn % 5;
      ++turn;
      if (!sink(c)) return;
    }
  // A way out of a long row before its scratch is freed.
  for (Family family : {Family::nan, Family::infinite, Family::all_masked})
    for (std::size_t cols : {300, 5000}) {
      if (gives_matrix(kernel.op) || (effort == Effort::quick && cols > 300)) continue;
      if (!sink(make_case(kernel.op, kernel.dtype, family, 2, cols, rng))) return;
    }
  // Scratch for long rows and large batches, another thread's, and that of padded rows.
  for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 5000},
                                   {3, 1025},
                                   {70, 9},
                                   {33, 300},
                                   {0, 5},
                                   {1, 40000}}) {
    if ((gives_matrix(kernel.op) && cols > 9) || (effort == Effort::quick && cols > 5000)) continue;
    Case c = make_case(kernel.op, kernel.dtype, Family::normal, rows, cols, rng);
    for (const Caller caller : {Caller::main, Caller::thread}) {
      c.layout.caller = caller;
      c.layout.threads = caller == Caller::main ? 1 : 3;
      c.layout.x_padding = c.layout.y_padding = caller == Caller::main ? 3 : 0;
      if (!sink(c)) return;
    }
  }
}

}  // namespace

const Property property = {"environment",
                           "a call leaves modes, signals, descriptors, folder and output "
                           "streams unchanged, and leaves no thread, child or memory behind",
                           Criterion::contract,
                           Severity::error,
                           any_kernel,
                           fault,
                           sweep,
                           {},
                           nullptr,
                           nullptr,
                           false};

}  // namespace softmark::checks::environment
