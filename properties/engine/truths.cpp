// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/truths.h"

#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "support/hash.h"

namespace softmark {
namespace {

constexpr std::size_t kMostCached = std::size_t{1} << 21;  // outputs: 64 MiB with their rows

bool same_values(std::span<const double> a, std::span<const double> b) {  // NaN and zeros included
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

/// Of whole values: FNV-1a (support/hash.h) goes by bytes, which takes longer than all else here.
std::uint64_t hash_of(std::span<const double> values, std::uint64_t seed) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t lanes[4] = {seed, seed + 1, seed + 2, values.size()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint64_t& lane = lanes[i % 4];
    lane = std::rotl(lane ^ std::bit_cast<std::uint64_t>(values[i]), 29) * kOdd;
  }
  return ((lanes[0] * kOdd ^ lanes[1]) * kOdd ^ lanes[2]) * kOdd ^ lanes[3];
}

/// What the shared table holds; bounds are keyed by the entry of their row.
enum class Shared : std::uint64_t { exact, least_bounds, bounds };

template <class T>
std::vector<T> values_of(SharedTable::Bytes bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Sets `id` to that of the row's entry.
std::vector<Exact> shared_exact(SharedTable& table, const Problem& problem, std::uint64_t hash,
                                std::uint64_t& id) {
  const std::uint64_t what[] = {static_cast<std::uint64_t>(Shared::exact),
                                static_cast<std::uint64_t>(problem.op),
                                static_cast<std::uint64_t>(problem.dtype),
                                static_cast<std::uint64_t>(problem.masked_row),
                                problem.saturates,
                                static_cast<std::uint64_t>(problem.label),
                                problem.x.size(),
                                problem.g.size()};
  const std::initializer_list<SharedTable::Bytes> key = {
      std::as_bytes(std::span(what)), std::as_bytes(problem.x), std::as_bytes(problem.g)};
  if (const auto found = table.find(hash, key)) {
    id = found->id;
    return values_of<Exact>(found->value);
  }
  std::vector<Exact> exact = exact_row(problem);
  if (const auto added = table.add(hash, key, std::as_bytes(std::span(exact)))) id = added->id;
  return exact;
}

/// `id`: of the row's entry; 0: it has none.
template <class Compute>
std::vector<Bound> shared_bounds(SharedTable& table, Shared kind, std::uint64_t id,
                                 Compute compute) {
  if (id == 0) return compute();
  const std::uint64_t what[] = {static_cast<std::uint64_t>(kind), id};
  const std::uint64_t hash = fnv1a({reinterpret_cast<const char*>(what), sizeof what});
  const std::initializer_list<SharedTable::Bytes> key = {std::as_bytes(std::span(what))};
  if (const auto found = table.find(hash, key)) return values_of<Bound>(found->value);
  std::vector<Bound> bounds = compute();
  table.add(hash, key, std::as_bytes(std::span(bounds)));
  return bounds;
}

}  // namespace

struct Truths::Row {
  std::vector<double> x, g;
  std::int64_t label = -1;
  Truth truth;
  bool has_least_bounds = true;  // until others are asked for
  JudgedRow judged;
  std::uint64_t id = 0;  // in the shared table
};

struct Truths::Cache {
  std::unordered_multimap<std::uint64_t, Row> rows;  // by hash
  std::size_t outputs = 0;                           // of all of them
};

Truths::Truths(int table) : cache_(std::make_unique<Cache>()), table_(table) {}
Truths::~Truths() = default;

Truths::Row& Truths::row(const Problem& problem) {
  const std::uint64_t hash =
      hash_of(problem.x, hash_of(problem.g, static_cast<std::uint64_t>(problem.label)));
  const auto [first, last] = cache_->rows.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (Row& one = it->second; one.label == problem.label && same_values(one.x, problem.x) &&
                               same_values(one.g, problem.g))
      return one;
  if (cache_->outputs > kMostCached) *cache_ = {};
  Row made;
  made.x.assign(problem.x.begin(), problem.x.end());
  made.g.assign(problem.g.begin(), problem.g.end());
  made.label = problem.label;
  made.truth.exact = shared_exact(table_, problem, hash, made.id);
  for (const Exact& e : made.truth.exact) certificate_.add(e.tier);
  cache_->outputs += made.truth.exact.size() + problem.x.size();
  return cache_->rows.emplace(hash, std::move(made))->second;
}

const std::vector<Exact>& Truths::exact(const Problem& problem) { return row(problem).truth.exact; }

const Truth& Truths::with_bounds(const Problem& problem) {
  Row& found = row(problem);
  if (std::exchange(found.has_least_bounds, false))
    found.truth.bound = shared_bounds(table_, Shared::bounds, found.id,
                                      [&] { return error_bounds(problem, found.truth.exact); });
  return found.truth;
}

const Truth& Truths::with_least_bounds(const Problem& problem) {
  Row& found = row(problem);
  if (found.has_least_bounds && found.truth.bound.empty())
    found.truth.bound = shared_bounds(table_, Shared::least_bounds, found.id,
                                      [&] { return least_bounds(problem, found.truth.exact); });
  return found.truth;
}

JudgedRow& Truths::judged(const Problem& problem, std::span<const double> y) {
  JudgedRow& last = row(problem).judged;
  if (!same_values(last.y, y)) last = {{y.begin(), y.end()}};
  return last;
}

}  // namespace softmark
