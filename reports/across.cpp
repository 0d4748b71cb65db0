// SPDX-License-Identifier: Apache-2.0
#include "reports/across.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "reports/machine_name.h"
#include "support/text.h"

namespace softmark {
namespace {

AcrossCell across_cell(const View& view, Shape shape, const std::string& name) {
  for (const Ranking& ranking : view.rankings) {
    shape.workload = ranking.shape.workload;  // a name; what was timed is the rest
    if (!(ranking.shape == shape)) continue;
    for (const auto* entries : {&ranking.ranked, &ranking.unranked})
      for (const Entry& entry : *entries) {
        if (entry.kernel->name != name || std::isnan(entry.ns)) continue;
        const double share = value_of(field(*entry.measurement, "of_ceiling"));
        const std::string text = fmt::format(
            "{}, {} cycles", std::isnan(share) ? "-" : fmt::format("{:.0f} %", 100 * share),
            figure(field(*entry.measurement, "cycles_per_element")));
        return {entry.place ? text : "(" + text + ")", entry.place, true};
      }
  }
  return {};
}

}  // namespace

std::vector<AcrossRow> across(std::span<const View* const> views, const Shape& shape) {
  std::vector<std::string> names;
  if (const Ranking* ranking = headline(*views.front(), shape.op, shape.dtype))
    for (const auto& [kernel, entry] : summary_order(*views.front(), *ranking))
      names.push_back(kernel->name);
  for (const View* view : views)
    for (const KernelView& kernel : view->kernels)
      if (kernel.op == shape.op && kernel.dtype == shape.dtype &&
          std::find(names.begin(), names.end(), kernel.name) == names.end())
        names.push_back(kernel.name);
  std::vector<AcrossRow> rows;
  for (const std::string& name : names) {
    AcrossRow row{name, {}};
    for (const View* view : views) row.cells.push_back(across_cell(*view, shape, name));
    if (std::any_of(row.cells.begin(), row.cells.end(),
                    [](const AcrossCell& cell) { return cell.is_timed; }))
      rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> distinct_machine_names(Documents documents) {
  std::vector<std::string> names, starts;
  for (const Json& document : documents) {
    names.push_back(machine_name(document));
    starts.push_back(text_of(field(document, "run"), "started"));
  }
  const auto tell_apart = [&](const auto& more) {
    const std::vector<std::string> known = names;
    for (std::size_t i = 0; i < known.size(); ++i)
      if (std::count(known.begin(), known.end(), known[i]) > 1) names[i] += more(i);
  };
  const auto part = [&](std::size_t i, std::size_t from, std::size_t size, const char* before) {
    return starts[i].size() < from + size ? std::string()
                                          : before + one_line(starts[i].substr(from, size));
  };
  tell_apart([&](std::size_t i) { return part(i, 0, 10, ", "); });
  tell_apart([&](std::size_t i) { return part(i, 11, 8, " "); });
  tell_apart([](std::size_t i) { return fmt::format(", document {}", i + 1); });
  return names;
}

std::string across_text(Documents documents, std::size_t most_shapes, std::size_t most_kernels) {
  if (documents.size() < 2) return "";
  std::deque<View> owned;  // views do not move
  for (const Json& document : documents) owned.emplace_back(document);
  std::vector<const View*> views;
  std::string text = std::string(kAcrossWords) + "\n";
  const auto names = distinct_machine_names(documents);
  std::vector<std::string> head = {"kernel"};
  for (std::size_t i = 0; i < owned.size(); ++i) {
    views.push_back(&owned[i]);
    head.push_back(fmt::format("machine {}", i + 1));
    text += fmt::format("  machine {}: {}\n", i + 1, one_line(names[i]));
  }
  std::size_t shapes = 0;
  for (const auto& [op, dtype] : timed_groups(owned.front())) {
    if (++shapes > most_shapes) break;
    const Shape& shape = headline(owned.front(), op, dtype)->shape;
    TextTable table(head, "<>");
    std::size_t kernels = 0;
    for (const AcrossRow& row : across(views, shape)) {
      if (++kernels > most_kernels) break;
      std::vector<std::string> cells = {one_line(row.kernel)};
      for (const AcrossCell& cell : row.cells) cells.push_back(cell.text);
      table.add(std::move(cells));
    }
    text += fmt::format("\n{} {}, {}\n{}", one_line(op), one_line(dtype), one_line(shape.words()),
                        table.text());
  }
  return shapes == 0 ? "" : text + "\n";
}

}  // namespace softmark
