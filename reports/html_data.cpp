// SPDX-License-Identifier: Apache-2.0
// What the page's charts are drawn from: rows of figures instead of objects, rounded to what a
// chart can show, since a document may have thousands. page/src/data.ts reads it.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "reports/data.h"
#include "reports/decision.h"
#include "reports/html_parts.h"
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

Json kernel_entry(const KernelView& kernel) {
  const Json none;
  const Json& row = kernel.row ? *kernel.row : none;
  Json entry = {{"id", shown(kernel.id)},
                {"name", shown(kernel.name)},
                {"op", kernel.op},
                {"dtype", kernel.dtype},
                {"provider", text_of(row, "provider")},
                {"version", shown(text_of(row, "version"))},
                {"isa", text_of(row, "isa")},
                {"verdict", shown(kernel.verdict())},
                {"standing", verdict_word(kernel.standing)},
                {"share", rounded(kernel.share_of_bound)},
                {"promise", rounded(field(row, "max_ulp"))}};
  if (const std::string ulp = kernel.ulp_text(); ulp != "-") entry["ulp"] = ulp;
  if (const std::string grade = kernel.grade(); grade != "-") entry["grade"] = shown(grade);
  return entry;
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
                {"sure", decision.sure}};
  if (shape.in_place) entry["in_place"] = true;
  return entry;
}

constexpr std::size_t kShownValues = 3;

using Places = std::map<const KernelView*, std::size_t>;

void add_times(Json& times, const Ranking& ranking, std::size_t shape, const Places& places) {
  for (const auto* entries : {&ranking.ranked, &ranking.unranked})
    for (const Entry& entry : *entries) {
      if (std::isnan(entry.ns)) continue;
      const Json& row = *entry.measurement;
      const Json& disturbed = field(row, "disturbed");
      times.push_back({places.at(entry.kernel), shape, rounded(entry.ns), rounded(entry.low),
                       rounded(entry.high), replicates(row), rounded(field(row, "gb_per_s")),
                       rounded(field(row, "of_ceiling")), text_of(row, "ceiling"),
                       rounded(field(row, "cycles_per_element")), entry.place, entry.tied ? 1 : 0,
                       shown(entry.why_not),
                       disturbed == true || (disturbed.is_number() && disturbed != 0) ? 1 : 0});
    }
}

/// "x ...|output|row length|got|want", which the script puts into words, x of short rows alone; ""
/// where the result was rounded correctly, as far as ulp say.
std::string worst_of(const Json& row) {
  const Json& worst = field(row, "worst");
  if (worst.empty() || value_of(field(row, "max_ulp")) <= 0.5) return "";
  const Json& x = field(worst, "x");
  const std::size_t size = data_size(x);
  return fmt::format("{}|{}|{}|{}|{}",
                     size > 0 && size <= kShownValues ? data_list(x, kShownValues, true) : "",
                     count_of(worst, "at"), count_of(worst, "row_length"),
                     plain(field(worst, "got")), plain(field(worst, "want")));
}

/// Errors with fewer digits than times: a chart's tip shows three.
Json brief(const Json& statistic) {
  if (!statistic.is_number()) return statistic;
  return std::strtod(fmt::format("{:.3g}", statistic.get<double>()).c_str(), nullptr);
}

/// Kinds of row by number, so that their names stand once.
class Kinds {
 public:
  std::size_t operator[](const std::string& name) {
    const auto [place, is_new] = places_.emplace(name, places_.size());
    if (is_new) names.push_back(name);
    return place->second;
  }
  Json names = Json::array();

 private:
  std::map<std::string, std::size_t> places_;
};

/// The kernel's place and, for each kind of row, six figures in a line.
Json accuracy_entry(const KernelView& kernel, std::size_t place, Kinds& kinds) {
  Json line = {place};
  for (const Json* row : kernel.accuracy)
    for (Json figure :
         {Json(kinds[shown(text_of(*row, "domain"))]), Json(count_of(*row, "elements")),
          brief(field(*row, "max_ulp")), brief(field(*row, "p999")),
          brief(field(*row, "max_error_over_bound")), Json(shown(worst_of(*row)))})
      line.push_back(std::move(figure));
  return line;
}

constexpr double kLeastDrawn = 0.01;  // ulp: smaller errors are drawn as 0

/// The kernel's place, samples of each part, and the errors of the parts.
void add_curve(Json& curves, const KernelView& kernel, std::size_t place) {
  for (const Json* row : kernel.accuracy) {
    const Json& curve = field(*row, "curve");
    if (!field(curve, "ulp").is_array()) continue;
    Json errors = Json::array();
    for (const Json& ulp : field(curve, "ulp"))
      errors.push_back(value_of(ulp) < kLeastDrawn ? Json(0) : brief(ulp));
    curves.push_back({place, count_of(curve, "samples"), errors});
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
  Kinds kinds;
  for (const KernelView& kernel : view.kernels) {
    places.emplace(&kernel, places.size());
    entry["kernels"].push_back(kernel_entry(kernel));
    add_curve(entry["curves"], kernel, places.at(&kernel));
    if (!kernel.accuracy.empty())
      entry["accuracy"].push_back(accuracy_entry(kernel, places.at(&kernel), kinds));
  }
  entry["kinds"] = kinds.names;
  for (std::size_t i = 0; i < view.rankings.size(); ++i) {
    entry["shapes"].push_back(shape_entry(view, view.rankings[i]));
    add_times(entry["times"], view.rankings[i], i, places);
  }
  for (const Json& row : field(view.document, "ceilings"))
    entry["ceilings"].push_back(
        {text_of(row, "kind"), shown(text_of(row, "workload")), count_of(row, "rows"),
         count_of(row, "cols"), text_of(row, "dtype"), count_of(row, "threads"),
         text_of(row, "cache"), rounded(field(field(row, "ns_per_element"), "median")),
         rounded(field(row, "gb_per_s"))});
  for (const Json& cache : field(identity, "caches"))
    entry["caches"].push_back({{"level", field(cache, "level")}, {"bytes", field(cache, "bytes")}});
  return entry;
}

}  // namespace

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
