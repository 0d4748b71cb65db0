// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/truths.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
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
std::span<const T> values_of(SharedTable::Bytes bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

/// The entry of a row, and what its exact values are where the table is full.
struct Found {
  std::optional<SharedTable::Entry> entry;
  std::vector<Exact> exact;
};

/// Of a row's key, x and g follow these.
using KeyHead = std::array<std::uint64_t, 8>;

Found shared_exact(SharedTable& table, const Problem& problem, std::uint64_t hash) {
  const KeyHead what = {static_cast<std::uint64_t>(Shared::exact),
                        static_cast<std::uint64_t>(problem.op),
                        static_cast<std::uint64_t>(problem.dtype),
                        static_cast<std::uint64_t>(problem.masked_row),
                        problem.saturates,
                        static_cast<std::uint64_t>(problem.label),
                        problem.x.size(),
                        problem.g.size()};
  const std::initializer_list<SharedTable::Bytes> key = {
      std::as_bytes(std::span(what)), std::as_bytes(problem.x), std::as_bytes(problem.g)};
  if (auto found = table.find(hash, key)) return {found, {}};
  Found made;
  made.exact = exact_row(problem);
  made.entry = table.add(hash, key, std::as_bytes(std::span(made.exact)));
  return made;
}

}  // namespace

/// Its values lie in the shared table, or here where that has none.
struct Truths::Row {
  std::span<const double> x, g;
  std::int64_t label = -1;
  Truth truth;
  bool has_least_bounds = true;  // until others are asked for
  JudgedRow judged;
  std::uint64_t id = 0;  // in the shared table
  std::vector<double> own_x, own_g;
  std::vector<Exact> own_exact;
  std::vector<Bound> own_bound;

  bool is_of(const Problem& problem) const {
    return label == problem.label && same_values(x, problem.x) && same_values(g, problem.g);
  }
  void keep(const SharedTable::Entry& entry, const Problem& problem) {
    id = entry.id;
    const auto inputs = values_of<double>(entry.key.subspan(sizeof(KeyHead)));
    x = inputs.first(problem.x.size());
    g = inputs.subspan(problem.x.size());
    truth.exact = values_of<Exact>(entry.value);
  }
  void keep(std::vector<Exact> exact, const Problem& problem) {
    own_x.assign(problem.x.begin(), problem.x.end());
    own_g.assign(problem.g.begin(), problem.g.end());
    own_exact = std::move(exact);
    x = own_x;
    g = own_g;
    truth.exact = own_exact;
  }
  template <class Compute>
  void set_bounds(SharedTable& table, Shared kind, Compute compute) {
    const std::uint64_t what[] = {static_cast<std::uint64_t>(kind), id};
    const std::uint64_t hash = fnv1a({reinterpret_cast<const char*>(what), sizeof what});
    const std::initializer_list<SharedTable::Bytes> key = {std::as_bytes(std::span(what))};
    auto entry = id ? table.find(hash, key) : std::nullopt;
    if (!entry) {
      own_bound = compute();
      if (id) entry = table.add(hash, key, std::as_bytes(std::span(own_bound)));
      truth.bound = own_bound;
    }
    if (!entry) return;
    truth.bound = values_of<Bound>(entry->value);
    own_bound = {};
  }
};

struct Truths::Cache {
  std::unordered_multimap<std::uint64_t, Row> rows;  // by hash
  std::size_t outputs = 0;                           // of all of them
  std::array<Row*, 4> recent = {};  // a case's rows are few, and asked for again and again
  std::size_t turn = 0;
};

Truths::Truths(int table) : cache_(std::make_unique<Cache>()), table_(table) {}
Truths::~Truths() = default;

Truths::Row& Truths::row(const Problem& problem) {
  for (Row* one : cache_->recent)
    if (one && one->is_of(problem)) return *one;
  Row& found = kept_row(problem);
  cache_->recent[cache_->turn++ % cache_->recent.size()] = &found;
  return found;
}

Truths::Row& Truths::kept_row(const Problem& problem) {
  const std::uint64_t hash =
      hash_of(problem.x, hash_of(problem.g, static_cast<std::uint64_t>(problem.label)));
  const auto [first, last] = cache_->rows.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (it->second.is_of(problem)) return it->second;
  if (cache_->outputs > kMostCached) *cache_ = {};
  Row made;
  made.label = problem.label;
  Found shared = shared_exact(table_, problem, hash);
  if (shared.entry)
    made.keep(*shared.entry, problem);
  else
    made.keep(std::move(shared.exact), problem);
  for (const Exact& e : made.truth.exact) certificate_.add(e.tier);
  cache_->outputs += made.truth.exact.size() + problem.x.size();
  return cache_->rows.emplace(hash, std::move(made))->second;
}

std::span<const Exact> Truths::exact(const Problem& problem) { return row(problem).truth.exact; }

const Truth& Truths::with_bounds(const Problem& problem) {
  Row& found = row(problem);
  if (std::exchange(found.has_least_bounds, false))
    found.set_bounds(table_, Shared::bounds,
                     [&] { return error_bounds(problem, found.truth.exact); });
  return found.truth;
}

const Truth& Truths::with_least_bounds(const Problem& problem) {
  Row& found = row(problem);
  if (found.has_least_bounds && found.truth.bound.empty())
    found.set_bounds(table_, Shared::least_bounds,
                     [&] { return least_bounds(problem, found.truth.exact); });
  return found.truth;
}

JudgedRow& Truths::judged(const Problem& problem, std::span<const double> y) {
  JudgedRow& last = row(problem).judged;
  if (!same_values(last.y, y)) last = {{y.begin(), y.end()}};
  return last;
}

}  // namespace softmark
