// SPDX-License-Identifier: Apache-2.0
// `list`: what can be verified and timed.
#include <fmt/format.h>

#include "bench/workload.h"
#include "kernels/names.h"
#include "kernels/verbs/flags.h"
#include "properties/engine/property.h"
#include "support/files.h"

namespace softmark {
namespace {

struct ListVerb {
  KernelChoice choice;
  OutputChoice output;
  bool json = false;
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

std::string text_of(const Json& list) {
  const auto word = [](const Json& value) { return value.get<std::string>(); };
  std::string text = "kernels\n";
  for (const Json& k : list["kernels"]) {
    std::string origin = word(k["provider"]);
    for (const char* more : {"version", "isa"})
      if (!word(k[more]).empty()) origin += " " + word(k[more]);
    text += fmt::format("  {:<36} {:<22} {}\n", word(k["id"]), origin, word(k["summary"]));
  }
  if (!list["absent"].empty()) text += "absent\n";
  for (const Json& a : list["absent"])
    text += fmt::format("  {:<36} {}\n", word(a["name"]), word(a["reason"]));
  text += "ops\n ";
  for (const Json& op : list["ops"]) text += " " + word(op);
  text += "\nproperties\n";
  for (const Json& p : list["properties"])
    text += fmt::format("  {:<36} {:<22} {}\n", word(p["name"]), word(p["criterion"]),
                        word(p["sentence"]));
  text += "workloads\n";
  for (const Json& w : list["workloads"])
    text += fmt::format("  {:<36} {:<22} {}\n", word(w["name"]),
                        word(w["effort"]) + ", " + word(w["distribution"]), word(w["stands_for"]));
  return text;
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<ListVerb>();
  CLI::App* sub = app.add_subcommand("list", "kernels, ops, properties, workloads");
  verb->choice.add_to(*sub);
  sub->add_flag("--json", verb->json, "as JSON (as --format json)");
  verb->output.add_to(*sub, {"text", "json"});
  sub->callback([verb, &exit_code] {
    const Registry registry = verb->choice.registry();
    const Json list = listing(registry, verb->choice.select(registry));
    write_file(verb->output.path,
               verb->json || verb->output.format() == "json" ? list.dump(2) + "\n" : text_of(list));
    exit_code = kPass;
  });
}

}  // namespace softmark
