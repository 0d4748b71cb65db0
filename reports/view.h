// SPDX-License-Identifier: Apache-2.0
// What all readers of a document agree on: which kernels passed, which are known to be wrong, which
// are ranked, and in which order. Views point into the document they were made from.
#pragma once

#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/document.h"

namespace softmark {

/// A field, or null where a row lacks it (a document of a newer minor version, or one written by
/// hand).
const Json& field(const Json& row, std::string_view key);
/// The same as text, "" where it is none; as a count, 0; as a truth, false.
std::string text_of(const Json& row, std::string_view key);
long long count_of(const Json& row, std::string_view key);
bool truth_of(const Json& row, std::string_view key);
/// A statistic as a double; NaN where it is null or missing.
double value_of(const Json& statistic);

/// What one row of `properties` says.
enum class Outcome {
  kPass,
  kUnexpectedPass,  // expected to fail, and passes: the contract file is out of date
  kSkip,
  kNote,      // a failure that is reported and does not fail the kernel
  kExpected,  // a failure that is known, with its reason
  kInconclusive,
  kIncomplete,  // not decided, because the run ended before
  kFail,        // fail, crash, timeout or error that nobody expected
};
Outcome outcome(const Json& property);

/// The smallest difference of times believed, by the spread that `doctor` measured
/// (support/speed_verdict.h).
double least_effect(const Json& document);
/// What a measurement reached of the fastest way to move its bytes: "43 % memcpy"; "-" where
/// unknown.
std::string share_of_ceiling(const Json& measurement);

/// What all rows of a kernel say together: the worst of them. Unsupported: the kernel refused all
/// that would have been verified.
enum class Standing {
  kPass,
  kUnverified,
  kUnsupported,
  kUndecided,
  kKnownWrong,
  kIncomplete,
  kFail
};
/// "pass", "unverified", "unsupported", "undecided", "wrong (expected)", "incomplete", "FAIL".
std::string_view word(Standing standing);
/// The same as the document's "kernels" have it: "known_wrong", "fail", else the word.
std::string_view verdict_word(Standing standing);
inline bool is_wrong(Standing standing) {
  return standing == Standing::kKnownWrong || standing == Standing::kFail;
}

struct KernelView {
  std::string id, name, op, dtype;
  const Json* row = nullptr;  // its entry in `kernels`; null where the document has none
  std::vector<const Json*> properties, accuracy;
  Standing standing = Standing::kUnverified;
  double max_ulp =
      0;  // largest over the domains, NaN winning; meaningless where `accuracy` is empty
  /// The largest error as a share of its bound, the figure that compares kernels of any op; NaN
  /// where it was not measured.
  double share_of_bound = std::numeric_limits<double>::quiet_NaN();
  /// How many of the lengths tried the kernel took, where it refused calls: "took 61 of 155
  /// lengths; refused cols % 16 != 0"; "" where it refused none.
  std::string refusals() const;
  /// Whether it refused calls for their shape, as far as is known.
  bool refuses_shapes() const;
  /// The properties that were not decided, "order, sum_to_one"; "" for none.
  std::string undecided() const;
  /// Its verdict in a word; a pass on some lengths only says so: "pass on 61 of 155 lengths".
  std::string verdict() const;
  /// The properties with this outcome, by name.
  std::vector<std::string> named(Outcome wanted) const;
  /// The same in few words: "strides +2".
  std::string named_briefly(Outcome wanted) const;
  /// share_of_bound as a figure, "-" where unknown.
  std::string share_text() const;
  /// max_ulp as a figure, "-" where unknown.
  std::string max_ulp_text() const;
  /// The largest error in ulp over well-conditioned outputs: where a result cancels (logsumexp near
  /// 0, gradients) its ulp shrinks with it, and an error in ulp says nothing. NaN where unknown.
  double well_conditioned_ulp() const;
  /// The same as a figure, "-" where unknown.
  std::string ulp_text() const;
  /// The name with the library's version: "onednn 2.6.3".
  std::string versioned() const;
  /// The version of the library and the instruction set in use, "2.6.3, avx512_core"; of a peer
  /// "unknown" stands for what is; "" where there is nothing to say.
  std::string code() const;
  /// The instruction set alone: by its own report, else as it was seen; "" where unknown.
  std::string instructions() const;
  /// The name with both: "onednn 2.6.3, avx512_core".
  std::string label() const;
  /// Its grade (support/grade.h) and "-" where unknown; what kept it from a better one, and how its
  /// error grows, in a sentence, "" where unknown.
  std::string grade() const;
  std::string grade_sentence() const;
};

/// One shape on which kernels compete: only equal things are compared.
struct Shape {
  std::string op, dtype, workload, cache, distribution;
  long long rows = 0, cols = 0, threads = 0;
  bool in_place = false;
  bool operator==(const Shape&) const = default;
  std::string size() const;  // "64x4096"
  std::string name()
      const;  // the workload's name without its size: "attention" of "attention/64x4096"
  std::string logits() const;  // the distribution's name: "normal" of "normal: 3 N(0,1)"
  std::string words() const;   // "attention (64x4096), 1 thread, hot cache, normal logits"
};

/// A measurement of a kernel; `place` is 0 for what may not be ranked.
struct Entry {
  const Json* measurement = nullptr;
  const KernelView* kernel = nullptr;
  double ns = 0, low = 0,
         high = 0;  // an element, with its 95 % interval (of too few processes: all samples); NaN:
                    // unknown
  int place = 0;
  bool tied = false;  // cannot be distinguished from the kernel before it
  // Other work on the cores reached at least one of its processes: readers mark its time.
  bool disturbed = false;
  std::string why_not;  // why it is not ranked
  /// Nanoseconds an element, with "!" where disturbed; and their interval, "0.21..0.24", "" where
  /// too few processes ran for one.
  std::string time_text() const;
  std::string interval_text() const;
};

Standing standing_of(const KernelView& kernel);

/// Why errors are shown as shares of their bounds, beside which ulp count well-conditioned outputs.
inline constexpr const char* kErrorWords =
    "error/bound: the largest error as a share of the largest that sane arithmetic may make on "
    "that "
    "row, for every operation alike. max ulp: over well-conditioned outputs alone; where a result "
    "cancels (logsumexp near 0, gradients), an error that nothing can avoid is 1e15 of its ulp.";

/// One finding: a property with its counterexample, and the properties of the same kernel and
/// outcome that are broken by the same cause (the document's "cause").
struct Finding {
  const Json* shown = nullptr;
  std::vector<const Json*> also;
  std::string also_names() const;  // "order, sum_to_one"; "" for none
};

/// Whether `slower` is: its interval lies above that of `faster`, and the medians differ by more
/// than `least`.
bool distinguishable(const Entry& faster, const Entry& slower, double least);

struct Ranking {
  Shape shape;
  std::vector<Entry> ranked, unranked;  // by time
};

struct View {
  explicit View(const Json& document);
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  const Json& document;
  std::vector<KernelView> kernels;
  std::vector<Ranking> rankings;
  std::vector<const Json*> with(Outcome wanted) const;  // properties, in the document's order
  /// The same, grouped by cause.
  std::vector<Finding> findings(Outcome wanted) const;
  /// The kernels that refused calls.
  std::vector<const KernelView*> with_refusals() const;
  const KernelView* kernel(std::string_view id) const;
  bool complete() const;
  std::string machine() const;  // its key, or "unknown machine"
};

/// Fills "verdict" of each entry of the document's "kernels".
void add_verdicts(Json& document);
/// The kernels that did not pass, whatever the reason: they are never ranked.
std::set<std::string> not_passing(const Json& document);

/// What the verdicts rest on, in a sentence; "" where the document has no certificate.
std::string certificate_sentence(const Json& document);

/// The pairs of op and dtype that were timed, in the order in which kernels name them.
std::vector<std::pair<std::string, std::string>> timed_groups(const View& view);
/// The kernels of all other pairs.
std::vector<const KernelView*> untimed(const View& view);

/// The shape that stands for a group in a summary: one thread, hot, measured for the most kernels,
/// several rows, with a length nearest to 4096. Null where the group was not timed.
const Ranking* headline(const View& view, std::string_view op, std::string_view dtype);

/// All kernels of the shape's group as a summary lists them: the ranked by time, then the others
/// that are not known to be wrong, then the wrong ones. Entry is null where a kernel was not timed
/// at the shape.
std::vector<std::pair<const KernelView*, const Entry*>> summary_order(const View& view,
                                                                      const Ranking& ranking);

}  // namespace softmark
