// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <map>
#include <vector>

namespace softmark {
namespace {

using Lengths = std::vector<std::size_t>;  // ascending

constexpr std::size_t kFewest = 3;  // lengths on each side of a pattern

template <class Test>
bool separates(const Lengths& failed, const Lengths& passed, Test test) {
  return std::all_of(failed.begin(), failed.end(), test) &&
         std::none_of(passed.begin(), passed.end(), test);
}

// The remainder that all failing lengths and no passing length have, for the smallest divisor that
// separates them.
std::string remainder_of(const Lengths& failed, const Lengths& passed) {
  for (std::size_t divisor : {2, 4, 8, 16, 32, 64}) {
    const std::size_t remainder = failed.front() % divisor;
    if (separates(failed, passed, [=](std::size_t n) { return n % divisor == remainder; }))
      return fmt::format("cols % {} == {}", divisor, remainder);
    if (separates(failed, passed, [=](std::size_t n) { return n % divisor != 0; }))
      return fmt::format("cols % {} != 0", divisor);
  }
  return "";
}

std::string power_of(const Lengths& failed, const Lengths& passed) {
  if (separates(failed, passed, [](std::size_t n) { return std::has_single_bit(n); }))
    return "cols is 2^k";
  if (separates(failed, passed, [](std::size_t n) { return std::has_single_bit(n - 1); }))
    return "cols is 2^k + 1";
  if (separates(failed, passed, [](std::size_t n) { return std::has_single_bit(n + 1); }))
    return "cols is 2^k - 1";
  return "";
}

// Lengths below the first failure are ignored: a defect may begin with the first whole vector or
// block.
std::string lengths_pattern(const Lengths& failed, const Lengths& passed) {
  const auto longer = std::upper_bound(passed.begin(), passed.end(), failed.front());
  const Lengths beyond(longer, passed.end());
  // One or two lengths always have something in common.
  if (failed.size() < kFewest || passed.size() < kFewest) return "";
  if (beyond.empty()) return fmt::format("cols >= {}", failed.front());
  if (passed.front() > failed.back()) return fmt::format("cols <= {}", failed.back());
  std::string pattern = power_of(failed, beyond);
  if (pattern.empty()) pattern = remainder_of(failed, beyond);
  if (!pattern.empty() && longer != passed.begin())
    pattern += fmt::format(" from {} on", failed.front());
  return pattern;
}

/// Lengths at which some shape failed, and the others.
std::pair<Lengths, Lengths> lengths_of(std::span<const TriedShape> shapes) {
  std::map<std::size_t, bool> by_length;
  for (const TriedShape& s : shapes) by_length[s.cols] |= s.failed;
  Lengths failed, passed;
  for (const auto& [cols, fails] : by_length) (fails ? failed : passed).push_back(cols);
  return {failed, passed};
}

}  // namespace

std::string pattern_of(std::span<const TriedShape> shapes) {
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> by_rows;  // tried, failed
  for (const TriedShape& s : shapes) {
    ++by_rows[s.rows].first;
    by_rows[s.rows].second += s.failed;
  }
  const auto [failed, passed] = lengths_of(shapes);
  const std::size_t tried = failed.size() + passed.size();
  if (failed.empty() || tried < kFewest) return "";
  std::vector<std::string> said;
  if (!passed.empty())
    if (const auto pattern = lengths_pattern(failed, passed); !pattern.empty())
      said.push_back(pattern);
  // Enough cases with fewer rows must have passed for this to be meaningful.
  const auto least = std::find_if(by_rows.begin(), by_rows.end(),
                                  [](const auto& r) { return r.second.second > 0; });
  std::size_t tried_below = 0;
  for (auto r = by_rows.begin(); r != least; ++r) tried_below += r->second.first;
  if (tried_below >= 5) said.push_back(fmt::format("{} rows and more", least->first));
  const std::string where =
      said.empty() ? "" : "fails where " + fmt::format("{}", fmt::join(said, " and ")) + "; ";
  if (failed.size() == 1)
    return where + fmt::format("1 of {} lengths tried fails: {}", tried, failed.front());
  return where + fmt::format("{} of {} lengths tried fail, {} to {}", failed.size(), tried,
                             failed.front(), failed.back());
}

std::string exact_pattern_of(std::span<const TriedShape> shapes) {
  std::size_t fewest_rows = SIZE_MAX;
  for (const TriedShape& s : shapes)
    if (s.failed) fewest_rows = std::min(fewest_rows, s.rows);
  if (std::all_of(shapes.begin(), shapes.end(),
                  [=](const TriedShape& s) { return s.failed == (s.rows >= fewest_rows); }))
    return fewest_rows > 1 && fewest_rows < SIZE_MAX ? fmt::format("{} rows and more", fewest_rows)
                                                     : "";
  const auto [failed, passed] = lengths_of(shapes);
  const auto fails_whole = [&failing = failed](const TriedShape& s) {
    return s.failed == std::binary_search(failing.begin(), failing.end(), s.cols);
  };
  return failed.empty() || !std::all_of(shapes.begin(), shapes.end(), fails_whole)
             ? ""
             : lengths_pattern(failed, passed);
}

std::string failing_shapes(KernelSession& session, const Property& property,
                           std::vector<TriedShape> before, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(seconds));
  std::vector<TriedShape> shapes = std::move(before);
  property.sweep(session.kernel(), Effort::quick, [&](const Case& c) {
    bool hangs = false;
    try {
      shapes.push_back({c.rows, c.cols, property.fault(session, c).has_value()});
    } catch (const KernelSession::Refused&) {
    } catch (const KernelSession::Stopped& stopped) {
      shapes.push_back({c.rows, c.cols, true});
      hangs = stopped.fault.verdict == "timeout";
    }
    return !hangs && Clock::now() < end;
  });
  return pattern_of(shapes);
}

}  // namespace softmark
