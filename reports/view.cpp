// SPDX-License-Identifier: Apache-2.0
#include "reports/view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "support/non_finite.h"
#include "support/speed_verdict.h"
#include "support/text.h"

namespace softmark {
namespace {

/// "simd/softmax/f32" where no entry says it better.
void name_from_id(KernelView& view) {
  const auto last = view.id.rfind('/');
  constexpr auto kNone = std::string::npos;
  const auto first = last == kNone || last == 0 ? kNone : view.id.rfind('/', last - 1);
  view.name = view.id.substr(0, first);
  if (first == kNone) return;
  view.op = view.id.substr(first + 1, last - first - 1);
  view.dtype = view.id.substr(last + 1);
}

KernelView& find_or_add(std::vector<KernelView>& kernels, const std::string& id) {
  for (KernelView& kernel : kernels)
    if (kernel.id == id) return kernel;
  KernelView& added = kernels.emplace_back();
  added.id = id;
  name_from_id(added);
  return added;
}

std::string why_unranked(const Entry& entry) {
  const std::string status = text_of(*entry.measurement, "status");
  if (status != "ok") return status;
  if (std::isnan(entry.ns)) return "not measured";
  const KernelView& kernel = *entry.kernel;
  switch (kernel.standing) {
    case Standing::kFail:
      return fmt::format("wrong: {}", kernel.named_briefly(Outcome::kFail));
    case Standing::kKnownWrong:
      return fmt::format("wrong, as expected: {}", kernel.named_briefly(Outcome::kExpected));
    case Standing::kUndecided:
      return fmt::format("undecided: {}", kernel.named_briefly(Outcome::kInconclusive));
    case Standing::kUnsupported:
      return "unsupported: it refuses every call";
    case Standing::kIncomplete:
      return "incomplete: not all properties were decided";
    case Standing::kPass:
    case Standing::kUnverified:
      break;  // a document of timings alone says by `verified` what was verified elsewhere
  }
  return truth_of(*entry.measurement, "verified") ? "" : "not verified";
}

/// What stands for an interval where too few processes ran for one.
std::pair<double, double> range_of_samples(const Json& measurement, double ns) {
  double low = ns, high = ns;
  for (const Json& process : field(measurement, "samples"))
    for (const Json& sample : process) {
      low = std::min(low, value_of(sample));
      high = std::max(high, value_of(sample));
    }
  return {low, high};
}

Entry entry_of(const Json& measurement, const KernelView& kernel) {
  Entry entry;
  entry.measurement = &measurement;
  entry.kernel = &kernel;
  const Json& time = field(measurement, "ns_per_element");
  const Json& interval = field(time, "ci95");
  entry.ns = value_of(field(time, "median"));
  if (interval.is_array() && interval.size() == 2) {
    entry.low = value_of(interval[0]);
    entry.high = value_of(interval[1]);
  } else {
    std::tie(entry.low, entry.high) = range_of_samples(measurement, entry.ns);
  }
  entry.disturbed = count_of(measurement, "disturbed") > 0;
  entry.why_not = why_unranked(entry);
  return entry;
}

void rank(Ranking& ranking, double least) {
  const auto faster = [](const Entry& a, const Entry& b) {
    return a.ns < b.ns || (std::isnan(b.ns) && !std::isnan(a.ns));
  };
  std::stable_sort(ranking.ranked.begin(), ranking.ranked.end(), faster);
  std::stable_sort(ranking.unranked.begin(), ranking.unranked.end(), faster);
  for (std::size_t i = 0; i < ranking.ranked.size(); ++i) {
    ranking.ranked[i].place = static_cast<int>(i) + 1;
    ranking.ranked[i].tied =
        i > 0 && !distinguishable(ranking.ranked[i - 1], ranking.ranked[i], least);
  }
}

void add_measurement(std::vector<Ranking>& rankings, const Json& measurement,
                     const KernelView& kernel) {
  const Shape shape{kernel.op,
                    kernel.dtype,
                    text_of(measurement, "workload"),
                    text_of(measurement, "cache"),
                    text_of(measurement, "distribution"),
                    count_of(measurement, "rows"),
                    count_of(measurement, "cols"),
                    count_of(measurement, "threads"),
                    truth_of(measurement, "in_place")};
  auto place = std::find_if(rankings.begin(), rankings.end(),
                            [&](const Ranking& r) { return r.shape == shape; });
  if (place == rankings.end()) place = rankings.insert(rankings.end(), Ranking{shape, {}, {}});
  const Entry entry = entry_of(measurement, kernel);
  (entry.why_not.empty() ? place->ranked : place->unranked).push_back(entry);
}

/// A NaN share is no number that a kernel may hide behind: it counts as infinite.
void add_share(KernelView& kernel, const Json& share) {
  if (!share.is_number() && !share.is_string()) return;
  const double value = value_of(share);
  const double seen = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
  kernel.share_of_bound =
      std::isnan(kernel.share_of_bound) ? seen : std::max(kernel.share_of_bound, seen);
}

double worse(double a, double b) { return std::isnan(a) || std::isnan(b) ? kNan : std::max(a, b); }

}  // namespace

const Json& field(const Json& row, std::string_view key) {
  static const Json kNull;
  if (!row.is_object()) return kNull;
  const auto found = row.find(key);
  return found == row.end() ? kNull : *found;
}

std::string text_of(const Json& row, std::string_view key) {
  const Json& value = field(row, key);
  return value.is_string() ? value.get<std::string>() : "";
}

long long count_of(const Json& row, std::string_view key) {
  const Json& value = field(row, key);
  return value.is_number_integer() ? value.get<long long>() : 0;
}

bool truth_of(const Json& row, std::string_view key) { return field(row, key) == true; }

double value_of(const Json& statistic) {
  if (statistic.is_number()) return statistic.get<double>();
  if (statistic == "inf") return std::numeric_limits<double>::infinity();
  if (statistic == "-inf") return -std::numeric_limits<double>::infinity();
  return kNan;
}

double least_effect(const Json& document) {
  return least_effect(
      value_of(field(field(field(document, "machine"), "environment"), "aa_spread")));
}

std::string share_of_ceiling(const Json& measurement) {
  const double share = value_of(field(measurement, "of_ceiling"));
  return std::isnan(share)
             ? "-"
             : fmt::format("{:.0f} % {}", 100 * share, one_line(text_of(measurement, "ceiling")));
}

bool distinguishable(const Entry& faster, const Entry& slower, double least) {
  return slower.low > faster.high && slower.ns > faster.ns * (1 + least);
}

std::vector<std::string> KernelView::named(Outcome wanted) const {
  std::vector<std::string> names;
  for (const Json* property : properties)
    if (outcome(*property) == wanted) names.push_back(text_of(*property, "property"));
  return names;
}

std::string KernelView::named_briefly(Outcome wanted) const {
  const std::vector<std::string> names = named(wanted);
  if (names.empty()) return "";
  return names.size() == 1 ? names[0] : fmt::format("{} +{}", names[0], names.size() - 1);
}

std::string KernelView::share_text() const {
  return accuracy.empty() ? "-" : figure(share_of_bound);
}

std::string KernelView::max_ulp_text() const { return accuracy.empty() ? "-" : figure(max_ulp); }

double KernelView::well_conditioned_ulp() const {
  double ulp = 0;
  bool known = false;
  for (const Json* entry : accuracy)
    if (const Json& value = field(*entry, "max_ulp_well_conditioned"); !value.is_null()) {
      ulp = worse(ulp, value_of(value));
      known = true;
    }
  if (known) return ulp;
  // An older document has the largest of all outputs, which reads well where none can cancel.
  const bool cancels = op != "softmax" && op != "sigmoid" && op != "hardmax";
  return cancels || accuracy.empty() ? std::numeric_limits<double>::quiet_NaN() : max_ulp;
}

std::string KernelView::ulp_text() const {
  const double ulp = well_conditioned_ulp();
  return std::isnan(ulp) ? "-" : figure(ulp);
}

std::string KernelView::instructions() const {
  if (!row) return "";
  const std::string own = text_of(*row, "isa");
  return !own.empty() ? own : text_of(*row, "isa_sampled");
}

std::string KernelView::versioned() const {
  const std::string version = row ? text_of(*row, "version") : "";
  return version.empty() ? name : name + " " + version;
}

std::string KernelView::code() const {
  if (!row) return "";
  const bool peer = text_of(*row, "provider") == "peer";
  const std::string version = text_of(*row, "version"), isa = instructions();
  if (version.empty() && isa.empty() && !peer) return "";
  const auto known = [&](const std::string& text, const char* what) {
    return !text.empty() ? text : peer ? fmt::format("{} unknown", what) : "";
  };
  const std::string first = known(version, "version"), second = known(isa, "instructions");
  return first + (first.empty() || second.empty() ? "" : ", ") + second;
}

std::string KernelView::label() const {
  const std::string more = code();
  return more.empty() ? name : name + " " + more;
}

std::string Entry::time_text() const { return figure(ns) + (disturbed ? "!" : ""); }

std::string Entry::interval_text() const {
  const Json& time = field(*measurement, "ns_per_element");
  return field(time, "ci95").is_array() ? fmt::format("{}..{}", figure(low), figure(high)) : "";
}

std::string Shape::size() const { return fmt::format("{}x{}", rows, cols); }

std::string Shape::name() const {
  const std::string tail = fmt::format("/{}", size());
  return workload.ends_with(tail) ? workload.substr(0, workload.size() - tail.size()) : workload;
}

std::string Shape::logits() const { return distribution.substr(0, distribution.find(':')); }

std::string Shape::words() const {
  return fmt::format("{} ({}), {} thread{}, {} cache, {} logits{}", name(), size(), threads,
                     threads == 1 ? "" : "s", cache, logits(), in_place ? ", in place" : "");
}

View::View(const Json& of) : document(of) {
  for (const Json& row : field(document, "kernels")) {
    KernelView& kernel = find_or_add(kernels, text_of(row, "id"));
    kernel.row = &row;
    kernel.name = text_of(row, "name");
    kernel.op = text_of(row, "op");
    kernel.dtype = text_of(row, "dtype");
  }
  for (const Json& row : field(document, "properties"))
    find_or_add(kernels, text_of(row, "kernel")).properties.push_back(&row);
  for (const Json& row : field(document, "accuracy"))
    find_or_add(kernels, text_of(row, "kernel")).accuracy.push_back(&row);
  for (const Json& row : field(document, "measurements"))
    find_or_add(kernels, text_of(row, "kernel"));
  for (KernelView& kernel : kernels) {
    kernel.standing = standing_of(kernel);
    for (const Json* row : kernel.accuracy) {
      kernel.max_ulp = worse(kernel.max_ulp, value_of(field(*row, "max_ulp")));
      add_share(kernel, field(*row, "max_error_over_bound"));
    }
  }
  for (const Json& row : field(document, "measurements"))
    add_measurement(rankings, row, *kernel(text_of(row, "kernel")));
  for (Ranking& ranking : rankings) rank(ranking, least_effect(document));
}

std::vector<const Json*> View::with(Outcome wanted) const {
  std::vector<const Json*> found;
  for (const Json& property : field(document, "properties"))
    if (outcome(property) == wanted) found.push_back(&property);
  return found;
}

const KernelView* View::kernel(std::string_view id) const {
  for (const KernelView& candidate : kernels)
    if (candidate.id == id) return &candidate;
  return nullptr;
}

bool View::complete() const { return truth_of(field(document, "run"), "complete"); }

std::string View::machine() const {
  const std::string key = text_of(field(document, "machine"), "key");
  return key.empty() ? "unknown machine" : key;
}

std::string certificate_sentence(const Json& document) {
  static constexpr const char* kTiers[][2] = {
      {"float64", "by float64 with a proven bound"},
      {"double_double", "by double-double with a proven bound"},
      {"interval", "by interval arithmetic"},
      {"contract", "by the contract's table"}};
  const Json& certificate = field(document, "certificate");
  long long all = 0;
  std::string parts;
  for (const auto& [key, words] : kTiers) {
    const long long outputs = count_of(certificate, key);
    all += outputs;
    parts += (parts.empty() ? "" : ", ") + std::to_string(outputs) + " " + words;
  }
  return all == 0 ? "" : std::to_string(all) + " exact values, each proven: " + parts;
}

std::vector<std::pair<std::string, std::string>> timed_groups(const View& view) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const KernelView& kernel : view.kernels) {
    const std::pair group(kernel.op, kernel.dtype);
    if (std::find(found.begin(), found.end(), group) == found.end() &&
        headline(view, kernel.op, kernel.dtype))
      found.push_back(group);
  }
  return found;
}

std::vector<const KernelView*> untimed(const View& view) {
  std::vector<const KernelView*> found;
  for (const KernelView& kernel : view.kernels)
    if (!headline(view, kernel.op, kernel.dtype)) found.push_back(&kernel);
  return found;
}

const Ranking* headline(const View& view, std::string_view op, std::string_view dtype) {
  const auto merit = [](const Ranking& ranking) {
    const Shape& shape = ranking.shape;
    const double distance =
        std::fabs(std::log2(static_cast<double>(std::max(shape.cols, 1ll))) - 12);
    return std::tuple(ranking.ranked.size() + ranking.unranked.size(), shape.threads == 1,
                      shape.cache == "hot", shape.rows > 1, -distance);
  };
  const Ranking* best = nullptr;
  for (const Ranking& ranking : view.rankings)
    if (ranking.shape.op == op && ranking.shape.dtype == dtype &&
        (!best || merit(ranking) > merit(*best)))
      best = &ranking;
  return best;
}

std::vector<std::pair<const KernelView*, const Entry*>> summary_order(const View& view,
                                                                      const Ranking& ranking) {
  std::vector<std::pair<const KernelView*, const Entry*>> order;
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) order.emplace_back(entry.kernel, &entry);
  for (const KernelView& kernel : view.kernels) {
    const auto is_it = [&](const auto& line) { return line.first == &kernel; };
    if (kernel.op == ranking.shape.op && kernel.dtype == ranking.shape.dtype &&
        std::none_of(order.begin(), order.end(), is_it))
      order.emplace_back(&kernel, nullptr);
  }
  std::stable_partition(order.begin(), order.end(),
                        [](const auto& line) { return !is_wrong(line.first->standing); });
  return order;
}

}  // namespace softmark
