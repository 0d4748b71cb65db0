// SPDX-License-Identifier: Apache-2.0
// What the page's charts are drawn from: rows of figures instead of objects, rounded to what a
// chart can show, and texts by number, since a document may have thousands. page/src/data.ts reads
// it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "reports/data.h"
#include "reports/decision.h"
#include "reports/html_parts.h"
#include "reports/isa_class.h"
#include "support/text.h"

namespace softmark::html {
namespace {

Json rounded(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? Json() : Json(number(value));
  return std::strtod(fmt::format("{:.5g}", value).c_str(), nullptr);
}
Json rounded(const Json& statistic) {
  return statistic.is_number() ? rounded(statistic.get<double>()) : statistic;
}

/// Text that neither breaks a line nor turns it around.
std::string shown(const std::string& text) { return one_line(text); }

/// Texts by number, so that each stands once in a machine's data.
class Words {
 public:
  std::size_t operator[](const std::string& text) {
    const auto [place, is_new] = places_.emplace(shown(text), places_.size());
    if (is_new) all.push_back(place->first);
    return place->second;
  }
  Json all = Json::array();

 private:
  std::map<std::string, std::size_t> places_;
};

Json kernel_entry(const KernelView& kernel, Words& words) {
  const Json none;
  const Json& row = kernel.row ? *kernel.row : none;
  const std::string ulp = kernel.ulp_text(), grade = kernel.grade();
  const double most = ulp == "-" ? NAN : std::strtod(ulp.c_str(), nullptr);
  return {words[kernel.name],
          words[kernel.op],
          words[kernel.dtype],
          words[text_of(row, "provider")],
          words[text_of(row, "version")],
          words[kernel.instructions()],
          words[kernel.verdict()],
          words[std::string(verdict_word(kernel.standing))],
          words[grade == "-" ? "" : grade],
          rounded(kernel.share_of_bound),
          rounded(field(row, "max_ulp")),
          rounded(most),
          words[isa_class(kernel)]};
}

Json shape_entry(const View& view, const Ranking& ranking) {
  const Shape& shape = ranking.shape;
  const Decision decision = decide(view, ranking);
  Json entry = {{"op", shape.op},
                {"dtype", shape.dtype},
                {"workload", shown(shape.name())},
                {"rows", shape.rows},
                {"cols", shape.cols},
                {"threads", shape.threads},
                {"cache", shape.cache},
                {"logits", shown(shape.logits())},
                {"decision", decision.sentence},
                {"winner", decision.winner ? decision.winner->kernel->name : ""},
                {"sure", decision.sure}};
  if (shape.in_place) entry["in_place"] = true;
  return entry;
}

constexpr std::size_t kShownValues = 3;

using Places = std::map<const KernelView*, std::size_t>;

void add_times(Json& times, const Ranking& ranking, std::size_t shape, const Places& places,
               Words& words) {
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) {
      if (std::isnan(entry.ns)) continue;
      const Json& row = *entry.measurement;
      const Json& disturbed = field(row, "disturbed");
      times.push_back({places.at(entry.kernel), shape, rounded(entry.ns), rounded(entry.low),
                       rounded(entry.high), replicates(row), rounded(field(row, "gb_per_s")),
                       rounded(field(row, "of_ceiling")), words[text_of(row, "ceiling")],
                       rounded(field(row, "cycles_per_element")), entry.place, entry.tied ? 1 : 0,
                       words[entry.why_not],
                       disturbed == true || (disturbed.is_number() && disturbed != 0) ? 1 : 0});
    }
}

/// "x ...|output|row length|got|n|want", which the script puts into words: x of short rows alone,
/// and of what was wanted that which follows its first n characters, which are those of got. ""
/// where the result was rounded correctly, as far as ulp say.
std::string worst_of(const Json& row) {
  const Json& worst = field(row, "worst");
  if (worst.empty() || value_of(field(row, "max_ulp")) <= 0.5) return "";
  const Json& x = field(worst, "x");
  const std::size_t size = data_size(x);
  const std::string got = plain(field(worst, "got")), want = plain(field(worst, "want"));
  const auto same = static_cast<std::size_t>(
      std::mismatch(got.begin(), got.end(), want.begin(), want.end()).first - got.begin());
  return fmt::format(
      "{}|{}|{}|{}|{}|{}", size > 0 && size <= kShownValues ? data_list(x, kShownValues, true) : "",
      count_of(worst, "at"), count_of(worst, "row_length"), got, same, want.substr(same));
}

/// Errors with fewer digits than times: a chart's tip shows three.
Json brief(const Json& statistic) {
  if (!statistic.is_number()) return statistic;
  return std::strtod(fmt::format("{:.3g}", statistic.get<double>()).c_str(), nullptr);
}

/// Kinds of row and how many outputs each has, "normal|2220|wide|2220|...": a kernel has those of
/// most others.
std::string kinds_of(const KernelView& kernel) {
  std::string text;
  for (const Json* row : kernel.accuracy)
    text += fmt::format("{}{}|{}", text.empty() ? "" : "|", text_of(*row, "domain"),
                        count_of(*row, "elements"));
  return text;
}

/// The kernel's place, its kinds of row and, for each of them, four figures in a line.
Json accuracy_entry(const KernelView& kernel, std::size_t place, Words& words) {
  Json line = {place, words[kinds_of(kernel)]};
  for (const Json* row : kernel.accuracy)
    for (Json figure : {brief(field(*row, "max_ulp")), brief(field(*row, "p999")),
                        brief(field(*row, "max_error_over_bound")), Json(words[worst_of(*row)])})
      line.push_back(std::move(figure));
  return line;
}

constexpr double kLeastDrawn = 0.01;  // ulp: smaller errors are drawn as 0

/// A curve's errors, equal ones beside one another as [error, how many].
Json errors_of(const Json& ulps) {
  Json errors = Json::array();
  for (const Json& ulp : ulps) {
    const Json error = value_of(ulp) < kLeastDrawn ? Json(0) : brief(ulp);
    if (errors.empty()) {
      errors.push_back(error);
    } else if (Json& last = errors.back(); last == error) {
      last = {error, 2};
    } else if (last.is_array() && last[0] == error) {
      last[1] = last[1].get<int>() + 1;
    } else {
      errors.push_back(error);
    }
  }
  return errors;
}

/// The kernel's place, samples of each part, and the errors of the parts.
void add_curve(Json& curves, const KernelView& kernel, std::size_t place) {
  for (const Json* row : kernel.accuracy) {
    const Json& curve = field(*row, "curve");
    if (const Json& ulps = field(curve, "ulp"); ulps.is_array())
      curves.push_back({place, count_of(curve, "samples"), errors_of(ulps)});
  }
}

Json machine_entry(const Section& section) {
  const View& view = section.view;
  const Json& identity = field(field(view.document, "machine"), "identity");
  Json entry = {{"name", section.name},
                {"key", shown(view.machine())},
                {"started", text_of(field(view.document, "run"), "started")},
                {"kernels", Json::array()},
                {"shapes", Json::array()},
                {"times", Json::array()},
                {"accuracy", Json::array()},
                {"curves", Json::array()},
                {"ceilings", Json::array()}};
  Places places;
  Words words;
  for (const KernelView& kernel : view.kernels) {
    places.emplace(&kernel, places.size());
    entry["kernels"].push_back(kernel_entry(kernel, words));
    add_curve(entry["curves"], kernel, places.at(&kernel));
    if (!kernel.accuracy.empty())
      entry["accuracy"].push_back(accuracy_entry(kernel, places.at(&kernel), words));
  }
  for (std::size_t i = 0; i < view.rankings.size(); ++i) {
    entry["shapes"].push_back(shape_entry(view, view.rankings[i]));
    add_times(entry["times"], view.rankings[i], i, places, words);
  }
  for (const Json& row : field(view.document, "ceilings"))
    entry["ceilings"].push_back(
        {words[text_of(row, "kind")], words[text_of(row, "workload")], count_of(row, "rows"),
         count_of(row, "cols"), words[text_of(row, "dtype")], count_of(row, "threads"),
         words[text_of(row, "cache")], rounded(field(field(row, "ns_per_element"), "median")),
         rounded(field(row, "gb_per_s"))});
  for (const Json& cache : field(identity, "caches"))
    entry["caches"].push_back({{"level", field(cache, "level")}, {"bytes", field(cache, "bytes")}});
  entry["words"] = words.all;
  return entry;
}

}  // namespace

std::string isa_data(const KernelView& kernel) { return " data-isa=" + isa_class(kernel); }

std::string page_data(Sections sections) {
  Json data = {{"machines", Json::array()}};
  for (const Section& section : sections) data["machines"].push_back(machine_entry(section));
  const std::string text = data.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (char c : text)
    if (c == '<')
      safe += "\\u003c";  // only strings have it; a script element ends at "</script"
    else
      safe += c;
  return safe;
}

}  // namespace softmark::html
