// SPDX-License-Identifier: Apache-2.0
#include "properties/crossing/covering.h"

#include <algorithm>

namespace softmark::crossing {
namespace {

constexpr std::uint8_t kUnset = 0xff;

/// A set of combinations of classes of different factors, at most four.
class Combinations {
 public:
  explicit Combinations(std::size_t factors, std::size_t strength)
      : items_(factors * Model::kMostClasses), strength_(strength) {
    std::size_t size = 1;
    for (std::size_t i = 0; i < strength; ++i) size *= items_;
    present_.resize(size);
  }
  /// Of `strength` items in ascending order. Whether it was new.
  bool add(const std::size_t* items) {
    const std::size_t at = index(items);
    const bool is_new = !present_[at];
    present_[at] = true;
    return is_new;
  }
  bool has(const std::size_t* items) const { return present_[index(items)]; }

 private:
  std::size_t index(const std::size_t* items) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < strength_; ++i) at = at * items_ + items[i];
    return at;
  }
  std::size_t items_, strength_;
  std::vector<bool> present_;
};

/// Calls visit(chosen factors) for every choice of `strength` of the first `factors` factors.
template <class Visit>
void each_choice(std::size_t factors, std::size_t strength, Visit visit) {
  std::array<std::size_t, 4> chosen = {0, 1, 2, 3};
  while (true) {
    visit(chosen);
    std::size_t i = strength;
    while (i > 0 && chosen[i - 1] == factors - strength + i - 1) --i;
    if (i == 0) return;
    ++chosen[i - 1];
    for (; i < strength; ++i) chosen[i] = chosen[i - 1] + 1;
  }
}

/// Calls visit(factors, classes) for every combination that may occur.
template <class Visit>
void each_combination(const Model& model, std::size_t factors, std::size_t strength, Visit visit) {
  each_choice(factors, strength, [&](const std::array<std::size_t, 4>& f) {
    std::array<std::uint8_t, 4> c = {};
    const auto next = [&](auto self, std::size_t i) -> void {
      if (i == strength) return visit(f, c);
      for (const std::uint8_t one : model.classes(f[i])) {
        bool feasible = true;
        for (std::size_t k = 0; k < i; ++k) feasible &= !model.excludes(f[k], c[k], f[i], one);
        if (!feasible) continue;
        c[i] = one;
        self(self, i + 1);
      }
    };
    next(next, 0);
  });
}

/// Whether all classes of a factor cost the same time. The exact values of long rows do not, unless
/// their rows repeat.
bool is_cheap(const Assignment& a, std::size_t f) {
  switch (f) {
    case kKind:
      return numbers(kCols, a[kCols]).front() <= 100;
    case kRows:
    case kCols:
    case kThreads:
    case kSpan:
    case kProtection:
    case kHistory:
    case kCaller:
    case kState:
      return false;
    default:
      return true;
  }
}

/// A call whose results are not judged says nothing of any factor but the state that it is made in.
bool is_judged(const Assignment& a) {
  return as<InState>(a[kState]) == InState::plain ||
         as<InState>(a[kState]) == InState::flags_raised;
}

/// A class that costs time is taken where it covers so many new pairs at once.
constexpr std::size_t kWorthwhile = 6;
bool is_costly(std::size_t f, std::uint8_t c) {
  return c != 0 && (f == kSpan || f == kHistory || f == kCaller);
}

/// Calls visit(items) for every combination of an assignment that it covers.
template <class Visit>
void each_covered(const Assignment& a, std::size_t factors, std::size_t strength, Visit visit) {
  const bool judged = is_judged(a);
  each_choice(factors, strength, [&](const std::array<std::size_t, 4>& f) {
    std::size_t items[4];
    bool has_state = false;
    for (std::size_t i = 0; i < strength; ++i) {
      items[i] = Model::item(f[i], a[f[i]]);
      has_state |= f[i] == kState;
    }
    if (judged || has_state) visit(items);
  });
}

class Generator {
 public:
  Generator(const Model& model, std::size_t strength)
      : model_(model), strength_(strength), pairs_(kFactors, 2), core_(kCore, strength) {}

  std::vector<Assignment> generate() {
    if (strength_ > 2) cover(kCore, strength_, core_);
    cover(kFactors, 2, pairs_);
    return std::move(all_);
  }

 private:
  void cover(std::size_t factors, std::size_t strength, const Combinations& done) {
    each_combination(model_, factors, strength, [&](const auto& f, const auto& c) {
      std::size_t items[4];
      for (std::size_t i = 0; i < strength; ++i) items[i] = Model::item(f[i], c[i]);
      if (done.has(items)) return;
      Assignment a;
      a.fill(kUnset);
      for (std::size_t i = 0; i < strength; ++i) a[f[i]] = c[i];
      complete(a);
      note(a);
      all_.push_back(a);
    });
  }

  /// Gives each factor that is open the class that covers most; among equals another one each time,
  /// but the plainest where others cost time.
  void complete(Assignment& a) {
    for (std::size_t f = 0; f < kFactors; ++f) {
      if (a[f] != kUnset) continue;
      const auto& classes = model_.classes(f);
      std::size_t best = 0, most = 0;
      bool found = false;
      const std::size_t from = is_cheap(a, f) ? turn_[f]++ : 0;
      for (std::size_t i = 0; i < classes.size(); ++i) {
        const std::size_t at = (from + i) % classes.size();
        if (!fits(a, f, classes[at])) continue;
        const std::size_t gain = gain_of(a, f, classes[at]);
        if (found && (gain <= most || (is_costly(f, classes[at]) && gain < kWorthwhile))) continue;
        best = at, most = gain, found = true;
      }
      a[f] = classes[best];  // the first class goes with all others
    }
  }

  bool fits(const Assignment& a, std::size_t f, std::uint8_t c) const {
    if (f == kState && c > static_cast<std::uint8_t>(InState::flags_raised)) return false;
    for (std::size_t g = 0; g < kFactors; ++g)
      if (g != f && a[g] != kUnset && model_.excludes(f, c, g, a[g])) return false;
    return true;
  }

  /// New combinations of this class with those that are set.
  std::size_t gain_of(const Assignment& a, std::size_t f, std::uint8_t c) const {
    const bool judged = a[kState] == kUnset || is_judged(a);
    std::size_t gain = 0;
    for (std::size_t g = 0; g < kFactors; ++g) {
      if (g == f || a[g] == kUnset || (!judged && g != kState)) continue;
      std::size_t pair[] = {Model::item(f, c), Model::item(g, a[g])};
      if (g < f) std::swap(pair[0], pair[1]);
      gain += !pairs_.has(pair);
    }
    if (f < kCore && strength_ > 2 && judged) gain += core_gain(a, f, c);
    return gain;
  }

  std::size_t core_gain(const Assignment& a, std::size_t f, std::uint8_t c) const {
    std::size_t gain = 0;
    each_choice(kCore, strength_, [&](const std::array<std::size_t, 4>& chosen) {
      std::size_t items[4];
      bool has_f = false, is_set = true;
      for (std::size_t i = 0; i < strength_; ++i) {
        has_f |= chosen[i] == f;
        const std::uint8_t one = chosen[i] == f ? c : a[chosen[i]];
        is_set &= one != kUnset;
        items[i] = Model::item(chosen[i], one);
      }
      gain += has_f && is_set && !core_.has(items);
    });
    return gain;
  }

  void note(const Assignment& a) {
    each_covered(a, kFactors, 2, [&](const std::size_t* items) { pairs_.add(items); });
    if (strength_ > 2)
      each_covered(a, kCore, strength_, [&](const std::size_t* items) { core_.add(items); });
  }

  const Model& model_;
  std::size_t strength_;
  Combinations pairs_, core_;
  std::array<std::size_t, kFactors> turn_ = {};
  std::vector<Assignment> all_;
};

Covered covered_among(const Model& model, const std::vector<Assignment>& assignments,
                      std::size_t factors, std::size_t strength) {
  Combinations seen(factors, strength);
  Covered result;
  each_combination(model, factors, strength, [&](const auto&, const auto&) { ++result.feasible; });
  for (const Assignment& a : assignments)
    each_covered(a, factors, strength,
                 [&](const std::size_t* items) { result.covered += seen.add(items); });
  return result;
}

}  // namespace

std::vector<Assignment> covering_array(const Model& model, std::size_t strength) {
  return Generator(model, strength).generate();
}

Covered covered_pairs(const Model& model, const std::vector<Assignment>& assignments) {
  return covered_among(model, assignments, kFactors, 2);
}

Covered covered_core(const Model& model, const std::vector<Assignment>& assignments,
                     std::size_t strength) {
  return covered_among(model, assignments, kCore, strength);
}

Json summary_of(const Model& model, const std::vector<Assignment>& assignments,
                std::size_t strength) {
  const auto entry = [](const Covered& c) {
    return Json{{"covered", c.covered}, {"feasible", c.feasible}};
  };
  Json json = {{"pairs", entry(covered_pairs(model, assignments))}};
  if (strength > 2) json["triples"] = entry(covered_core(model, assignments, 3));
  if (strength > 3) json["quadruples"] = entry(covered_core(model, assignments, 4));
  return json;
}

std::size_t strength_at(Effort effort) {
  return effort == Effort::quick ? 2 : effort == Effort::standard ? 3 : 4;
}

}  // namespace softmark::crossing
