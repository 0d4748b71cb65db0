// SPDX-License-Identifier: Apache-2.0
// `list`: what can be verified and timed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "bench/workload.h"
#include "kernels/names.h"
#include "kernels/verbs/flags.h"
#include "properties/crossing/summary.h"
#include "properties/engine/property.h"
#include "support/files.h"
#include "support/text.h"

namespace softmark {
namespace {

struct ListVerb {
  KernelChoice choice;
  OutputChoice output;
  bool json = false, coverage = false;
};

Json listing(const Registry& registry, const std::vector<Kernel>& kernels) {
  Json list = {
      {"kernels", Json::array()}, {"absent", Json::array()},     {"ops", kOpNames},
      {"dtypes", kDtypeNames},    {"properties", Json::array()}, {"workloads", Json::array()}};
  for (const Kernel& kernel : kernels) list["kernels"].push_back(kernel_to_json(kernel));
  for (const Absent& absent : registry.absent)
    list["absent"].push_back({{"name", absent.name}, {"reason", absent.reason}});
  for (const Property* p : all_properties())
    list["properties"].push_back({{"name", p->name},
                                  {"criterion", kCriterionNames[static_cast<int>(p->criterion)]},
                                  {"severity", p->severity == Severity::error ? "error" : "note"},
                                  {"sentence", p->sentence}});
  for (const bench::Workload& w : bench::named_workloads())
    list["workloads"].push_back(
        {{"name", w.name},
         {"rows", w.rows},
         {"cols", w.cols},
         {"effort", kEffortNames[static_cast<int>(w.effort)]},
         {"distribution", bench::kDistributionNames[static_cast<int>(w.distribution)]},
         {"stands_for", w.stands_for}});
  return list;
}

/// Rows of words under a title; "" for none.
std::string section(const char* title, const Json& entries, const auto& row_of) {
  TextTable table({}, "<");
  for (const Json& entry : entries) table.add(row_of(entry));
  return table.empty() ? "" : fmt::format("{}\n{}", title, table.text());
}

std::string listing_of(const Json& list) {
  using Row = std::vector<std::string>;
  const auto word = [](const Json& value) { return value.get<std::string>(); };
  std::string text = section("kernels", list["kernels"], [&](const Json& k) {
    std::string origin = word(k["provider"]);
    for (const char* more : {"version", "isa"})
      if (!word(k[more]).empty()) origin += " " + word(k[more]);
    return Row{word(k["id"]), origin, word(k["summary"])};
  });
  text += section("absent", list["absent"], [&](const Json& a) {
    return Row{word(a["name"]), word(a["reason"])};
  });
  text += fmt::format("ops\n  {}\n", fmt::join(kOpNames, " "));
  text += section("properties", list["properties"], [&](const Json& p) {
    return Row{word(p["name"]), word(p["criterion"]), word(p["sentence"])};
  });
  text += section("workloads", list["workloads"], [&](const Json& w) {
    return Row{word(w["name"]), word(w["effort"]) + ", " + word(w["distribution"]),
               word(w["stands_for"])};
  });
  return text;
}

/// As many of the names as have room, and how many more there are.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kWidth = 100;
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text.size() + names[i].size() > kWidth)
      return text + fmt::format(" and {} more", names.size() - i);
    text += (text.empty() ? "" : " ") + names[i];
  }
  return text;
}

/// Kernels by op, types with the same kernels in one line, and how much else there is.
std::string brief_of(const Json& list) {
  using Names = std::vector<std::string>;
  std::map<std::pair<std::size_t, std::size_t>, Names> groups;
  const auto place = [](const Json& names, const Json& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  for (const Json& k : list["kernels"])
    groups[{place(list["ops"], k["op"]), place(list["dtypes"], k["dtype"])}].push_back(k["name"]);
  struct Line {
    std::size_t op;
    std::string types;
    Names names;
  };
  std::vector<Line> lines;
  for (const auto& [group, names] : groups) {
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const Line& line) {
      return line.op == group.first && line.names == names;
    });
    const std::string type = list["dtypes"][group.second];
    if (same == lines.end())
      lines.push_back({group.first, type, names});
    else
      same->types += ", " + type;
  }
  TextTable table({"op", "types", "kernels"}, "<");
  for (std::size_t i = 0; i < lines.size(); ++i)
    table.add({i > 0 && lines[i].op == lines[i - 1].op ? "" : list["ops"][lines[i].op],
               lines[i].types, some_of(lines[i].names)});
  std::string text = table.empty() ? "" : table.text();
  for (const Json& absent : list["absent"])
    text += fmt::format("absent: {}: {}\n", absent["name"].get<std::string>(),
                        absent["reason"].get<std::string>());
  return text + fmt::format("{} kernels, {} properties, {} workloads; --verbose lists each\n",
                            list["kernels"].size(), list["properties"].size(),
                            list["workloads"].size());
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<ListVerb>();
  CLI::App* sub = app.add_subcommand("list", "kernels, ops, properties, workloads");
  verb->choice.add_to(*sub);
  sub->add_flag("--json", verb->json, "as JSON (as --format json)");
  sub->add_flag("--coverage", verb->coverage,
                "instead: the factors of a call, and which combinations of their classes the fixed "
                "cases of each kernel cover");
  verb->output.add_to(*sub, {"brief", "text", "json"});
  sub->callback([verb, &exit_code] {
    const Registry registry = verb->choice.registry();
    const auto kernels = verb->choice.select(registry);
    const std::string format = verb->json ? "json" : verb->output.format();
    const Json list = verb->coverage ? crossing::coverage_of(kernels) : listing(registry, kernels);
    write_file(verb->output.path, format == "json"    ? to_text(list)
                                  : verb->coverage    ? crossing::text_of(list)
                                  : format == "brief" ? brief_of(list)
                                                      : listing_of(list));
    exit_code = kPass;
  });
}

}  // namespace softmark
