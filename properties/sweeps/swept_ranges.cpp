// SPDX-License-Identifier: Apache-2.0
#include "properties/sweeps/swept_ranges.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace softmark {
namespace {

/// Steps down where `b` follows `a`; `a` then ends as `b` does.
void join_edges(SweepResult& a, const SweepResult& b) {
  if (b.edges.first < a.edges.last) {
    ++a.non_monotone;
    if (a.first_step_down.empty()) a.first_step_down = b.edges.first_x;
  }
  if (a.edges.is_open) a.edges.first = b.edges.first, a.edges.first_x = b.edges.first_x;
  if (!b.edges.is_open) a.edges.last = b.edges.last;
  a.edges.is_open = a.edges.is_open && b.edges.is_open;
}

/// Appends what comes after `a` in the set, directly after it or not.
void append(SweepResult& a, const SweepResult& b) {
  if (b.range.begin == a.range.end) {
    join_edges(a, b);
  } else {
    a.edges.last = b.edges.last;
    a.edges.is_open = false;
  }
  a.add(b);
  a.range.end = b.range.end;
  a.failure = b.failure;
}

bool touch(const SweepResult& a, const SweepResult& b) {
  return a.range.end == b.range.begin && a.failure.empty();
}

}  // namespace

std::vector<SweepRange> SweptRanges::missing(std::uint64_t most) const {
  most = std::max<std::uint64_t>(most / kSweepChunk, 1) * kSweepChunk;
  const SweepRange whole = sweep_.range();
  std::vector<SweepRange> ranges;
  std::uint64_t at = whole.begin;
  const auto add_up_to = [&](std::uint64_t end) {
    for (; at < end; at = std::min(at + most, end))
      ranges.push_back({at, std::min(at + most, end)});
  };
  for (const auto& [begin, result] : results_) {
    add_up_to(begin);
    at = result.range.end;
  }
  add_up_to(whole.end);
  return ranges;
}

void SweptRanges::add(SweepResult result) {
  const std::uint64_t begin = result.range.begin;
  auto at = results_.insert_or_assign(begin, std::move(result)).first;
  if (at != results_.begin() && touch(std::prev(at)->second, at->second)) {
    append(std::prev(at)->second, at->second);
    at = std::prev(results_.erase(at));
  }
  if (const auto next = std::next(at); next != results_.end() && touch(at->second, next->second)) {
    append(at->second, next->second);
    results_.erase(next);
  }
}

std::uint64_t SweptRanges::inputs() const {
  std::uint64_t inputs = 0;
  for (const auto& [begin, result] : results_) inputs += result.inputs;
  return inputs;
}

SweepResult SweptRanges::joined() const {
  const SweepRange whole = sweep_.range();
  SweepResult joined = sweep_range(sweep_, {whole.begin, whole.begin});  // nothing yet
  joined.total = whole.end - whole.begin;
  for (const auto& [begin, result] : results_) {
    append(joined, result);
    if (!joined.failure.empty()) break;
  }
  return joined;
}

std::uint64_t inputs_of_piece(std::uint64_t inputs, int workers) {
  constexpr std::uint64_t kPiecesEach = 16, kMost = 64 * kSweepChunk;
  return std::clamp(inputs / (kPiecesEach * static_cast<std::uint64_t>(workers)), kSweepChunk,
                    kMost);
}

std::string range_message(const SweepResult& result) {
  Json json = to_json(result);
  json["range"] = {result.range.begin, result.range.end};
  json["sum_parts"] = Json::array();
  for (const double part : result.errors.sum_ulp.parts()) json["sum_parts"].push_back(part);
  json["edges"] = {{"first", result.edges.first},
                   {"first_x", result.edges.first_x},
                   {"last", result.edges.last},
                   {"is_open", result.edges.is_open}};
  return json_message(json);
}

SweepResult range_of_message(const std::string& message) {
  const auto json = json_of_message(message);
  SweepResult result = sweep_from_json(json);
  result.range = {json.at("range").at(0), json.at("range").at(1)};
  result.errors.sum_ulp = {};
  for (const double part : json.at("sum_parts")) result.errors.sum_ulp += part;
  const Json& edges = json.at("edges");
  result.edges = {edges.at("first"), edges.at("last"), edges.at("first_x"), edges.at("is_open")};
  return result;
}

}  // namespace softmark
