// SPDX-License-Identifier: Apache-2.0
#include "properties/eval/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/names.h"
#include "support/json.h"

namespace softmark {
namespace {

constexpr std::size_t kShownRows = 4, kShownColumns = 12;

Json matrix(const std::vector<double>& values, std::size_t outputs, bool as_hex) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % outputs == 0) rows.push_back(Json::array());
    rows.back().push_back(as_hex ? Json(hex(values[i])) : number(values[i]));
  }
  return rows;
}

std::string decimals(softmark_dtype dtype, double v) {
  if (std::isnan(v)) return "nan";  // not the "-nan" of a set sign bit
  return fmt::format("{:.{}g}", v, type_info(dtype).digits);
}

constexpr const char* kErrorWords =
    "\nerror/bound: the error as a share of the largest that sane arithmetic may make on that row; "
    "ulp are\ncounted over well-conditioned outputs alone, since where a result cancels (logsumexp "
    "near 0,\ngradients) an error that nothing can avoid is 1e15 of its ulp.\n";

/// One line of a row: its outputs from `first` on, with the errors of `kernel` where it is not
/// null.
std::string values_line(const RowsEvaluated& evaluated, std::string_view label,
                        const std::vector<double>& y, std::size_t first,
                        const KernelOutputs* kernel) {
  std::string text = fmt::format("  {:<34}", label);
  for (std::size_t j = first; j < first + std::min(evaluated.outputs, kShownColumns); ++j) {
    text += " " + decimals(evaluated.dtype, y[j]);
    if (!kernel) continue;
    text += fmt::format(" (error/bound {:.3g}", kernel->share[j]);
    text += kernel->well_conditioned[j] ? fmt::format(", {:.3g} ulp)", kernel->ulp[j]) : ")";
  }
  if (evaluated.outputs > kShownColumns)
    text += fmt::format(" ... {} more", evaluated.outputs - kShownColumns);
  return text;
}

std::string row_text(const RowsEvaluated& evaluated, std::size_t r) {
  const auto& want = evaluated.decisions;
  const std::size_t first = r * evaluated.outputs;
  std::string text = fmt::format("\nrow {}{}\n", r, want.empty() ? "" : ": exact " + want[r]);
  text += values_line(evaluated, "exact", evaluated.exact, first, nullptr) + "\n";
  for (const KernelOutputs& k : evaluated.kernels) {
    if (!k.status.empty()) {
      if (r == 0) text += fmt::format("  {:<34} {}\n", k.kernel.id, k.status);
      continue;
    }
    text += values_line(evaluated, k.kernel.id, k.y, first, &k);
    if (!k.decisions.empty() && k.decisions[r] != k.exact[r])
      text += "   DECISION CHANGED: " + k.decisions[r] +
              (k.exact[r] == want[r] ? "" : " (exact by its claims: " + k.exact[r] + ")");
    text += "\n";
  }
  return text;
}

std::string summary_text(const RowsEvaluated& evaluated) {
  const auto& want = evaluated.decisions;
  std::string text = fmt::format("\nover all {} outputs\n  {:<34} {:>11} {:>10} {:>10} {:>12}\n",
                                 evaluated.exact.size(), "kernel", "error/bound", "max ulp",
                                 "mean ulp", want.empty() ? "" : "decisions changed");
  for (const KernelOutputs& k : evaluated.kernels) {
    if (!k.status.empty()) continue;
    double share = 0, most = 0, sum = 0;
    std::size_t counted = 0;
    for (std::size_t i = 0; i < k.y.size(); ++i) {
      share = std::max(share, k.share[i]);
      if (k.well_conditioned[i]) most = std::max(most, k.ulp[i]), sum += k.ulp[i], ++counted;
    }
    const auto ulps = [&](double value) {
      return counted ? fmt::format("{:.3g}", value) : std::string("-");
    };
    std::size_t changed = 0;
    for (std::size_t r = 0; r < k.decisions.size(); ++r) changed += k.decisions[r] != k.exact[r];
    const std::string decisions =
        want.empty() ? "" : fmt::format("{} of {}", changed, evaluated.rows);
    text += fmt::format("  {:<34} {:>11.3g} {:>10} {:>10} {:>12}\n", k.kernel.id, share, ulps(most),
                        ulps(sum / static_cast<double>(counted)), decisions);
  }
  return text;
}

}  // namespace

std::string eval_brief(const RowsEvaluated& evaluated) {
  std::string text = fmt::format("{} {}, {} x {}\n", name(evaluated.op), name(evaluated.dtype),
                                 evaluated.rows, evaluated.cols);
  if (evaluated.rows == 1) return text + row_text(evaluated, 0) + kErrorWords;
  text += summary_text(evaluated);
  std::size_t changed = 0;
  for (std::size_t r = 0; r < evaluated.rows; ++r) {
    const auto changes = [r](const KernelOutputs& k) {
      return k.status.empty() && !k.decisions.empty() && k.decisions[r] != k.exact[r];
    };
    if (std::none_of(evaluated.kernels.begin(), evaluated.kernels.end(), changes)) continue;
    if (++changed <= kShownRows) text += row_text(evaluated, r);
  }
  if (changed > kShownRows)
    text += fmt::format("\n... {} more rows with a changed decision (--format json has all)\n",
                        changed - kShownRows);
  for (const KernelOutputs& k : evaluated.kernels)
    if (!k.status.empty()) text += fmt::format("  {:<34} {}\n", k.kernel.id, k.status);
  return text + kErrorWords;
}

std::string eval_text(const RowsEvaluated& evaluated) {
  std::string text = fmt::format("{} {}, {} x {}\n", name(evaluated.op), name(evaluated.dtype),
                                 evaluated.rows, evaluated.cols);
  for (std::size_t r = 0; r < std::min(evaluated.rows, kShownRows); ++r)
    text += row_text(evaluated, r);
  if (evaluated.rows > kShownRows)
    text +=
        fmt::format("\n... {} more rows (--format json has all)\n", evaluated.rows - kShownRows);
  return text + summary_text(evaluated) + kErrorWords;
}

std::string eval_json(const RowsEvaluated& evaluated) {
  Json json = {{"exact", matrix(evaluated.exact, evaluated.outputs, true)}};
  if (!evaluated.decisions.empty()) json["decision"] = evaluated.decisions;
  json["results"] = Json::array();
  for (const KernelOutputs& k : evaluated.kernels) {
    Json result = {{"kernel", k.kernel.id}};
    if (!k.status.empty()) {
      result["status"] = k.status;
    } else {
      result["y"] = matrix(k.y, evaluated.outputs, true);
      result["error_over_bound"] = matrix(k.share, evaluated.outputs, false);
      result["ulp"] = matrix(k.ulp, evaluated.outputs, false);
      if (!k.decisions.empty()) {
        result["decision"] = k.decisions;
        result["decision_changed"] = k.decisions != k.exact;
      }
    }
    json["results"].push_back(result);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace softmark
