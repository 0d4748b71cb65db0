// SPDX-License-Identifier: Apache-2.0
#include "properties/crossing/summary.h"

#include <fmt/format.h>

#include <map>

#include "kernels/names.h"
#include "properties/crossing/covering.h"
#include "support/text.h"

namespace softmark::crossing {
namespace {

Json factors() {
  Json list = Json::array();
  for (std::size_t f = 0; f < kFactors; ++f) {
    const FactorInfo& factor = info(static_cast<Factor>(f));
    Json classes = Json::array();
    for (const ClassInfo& one : factor.classes)
      classes.push_back({{"name", one.name}, {"meaning", one.meaning}});
    list.push_back({{"name", factor.name},
                    {"meaning", factor.meaning},
                    {"core", f < kCore},
                    {"classes", classes}});
  }
  return list;
}

Json entry_of(const Kernel& kernel) {
  Json efforts = Json::array();
  for (const Effort effort : {Effort::quick, Effort::standard, Effort::thorough}) {
    const Model model(kernel, effort);
    const std::size_t strength = strength_at(effort);
    const auto all = covering_array(model, strength);
    Json entry = summary_of(model, all, strength);
    entry["effort"] = name(effort);
    entry["cases"] = all.size();
    efforts.push_back(entry);
  }
  Json infeasible = Json::array();
  const Model model(kernel, Effort::standard);
  for (const auto& [what, why] : model.reasons())
    infeasible.push_back({{"what", what}, {"why", why}});
  return {{"ids", Json::array()}, {"efforts", efforts}, {"infeasible", infeasible}};
}

/// The classes that apply, as a key.
std::string key_of(const Kernel& kernel) {
  const Model model(kernel, Effort::standard);
  std::string key = gives_matrix(kernel.op) ? "matrix" : "";
  for (std::size_t f = 0; f < kFactors; ++f) {
    for (const std::uint8_t c : model.classes(f)) key += static_cast<char>('a' + c);
    key += ' ';
  }
  return key;
}

std::string covered(const Json& entry, const char* what) {
  if (!entry.contains(what)) return "-";
  return fmt::format("{} of {}", entry[what]["covered"].get<std::size_t>(),
                     entry[what]["feasible"].get<std::size_t>());
}

}  // namespace

Json coverage_of(const std::vector<Kernel>& kernels) {
  std::map<std::string, std::size_t> found;
  Json entries = Json::array();
  for (const Kernel& kernel : kernels) {
    const auto [at, is_new] = found.try_emplace(key_of(kernel), entries.size());
    if (is_new) entries.push_back(entry_of(kernel));
    entries[at->second]["ids"].push_back(kernel.id);
  }
  return {{"factors", factors()}, {"kernels", entries}};
}

std::string text_of(const Json& coverage) {
  TextTable classes({"factor", "classes"}, "<<");
  for (const Json& factor : coverage["factors"]) {
    std::string words;
    for (const Json& one : factor["classes"])
      words += fmt::format("{}{} ({})", words.empty() ? "" : "; ", one["name"].get<std::string>(),
                           one["meaning"].get<std::string>());
    classes.add({factor["name"].get<std::string>() + (factor["core"] == true ? " *" : ""), words});
  }
  std::string text =
      "factors of a call; all are covered in pairs, those with * also in triples "
      "(quadruples at thorough)\n" +
      classes.text();
  for (const Json& entry : coverage["kernels"]) {
    text += "\n";
    for (const Json& id : entry["ids"]) text += id.get<std::string>() + " ";
    text += "\n";
    TextTable table({"effort", "cases", "pairs", "triples", "quadruples"}, "<>>>>");
    for (const Json& one : entry["efforts"])
      table.add({one["effort"], std::to_string(one["cases"].get<std::size_t>()),
                 covered(one, "pairs"), covered(one, "triples"), covered(one, "quadruples")});
    text += table.text() + "not together:\n";
    for (const Json& one : entry["infeasible"])
      text +=
          fmt::format("  {}: {}\n", one["what"].get<std::string>(), one["why"].get<std::string>());
  }
  return text;
}

}  // namespace softmark::crossing
