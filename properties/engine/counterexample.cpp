// SPDX-License-Identifier: Apache-2.0
#include "properties/engine/counterexample.h"

#include "kernels/names.h"
#include "kernels/plugin_argument.h"
#include "support/quote.h"

namespace softmark {
namespace {

// Characters of a case: what a terminal takes in one line.
constexpr std::size_t kLongestCommand = 4000;

// Every value by itself, for readers; runs of equal values are folded only in lists too long to
// read.
Json hex_list(const std::vector<double>& values) {
  if (values.size() > 4096) return row_to_json(values.data(), values.size());
  Json list = Json::array();
  for (double v : values) list.push_back(hex(v));
  return list;
}

/// What the kernel gives now; nothing where it crashes, hangs or refuses the case.
std::vector<double> outputs_of_row(KernelSession& session, const Case& c, std::size_t row) {
  const std::size_t outputs = session.outputs(c);
  try {
    const auto y = session.run(c);
    return {y.begin() + static_cast<long>(row * outputs),
            y.begin() + static_cast<long>((row + 1) * outputs)};
  } catch (const KernelSession::Refused&) {
  } catch (const KernelSession::Stopped&) {
  }
  return {};
}

}  // namespace

Json counterexample_of(KernelSession& session, const Case& c, const Fault& fault) {
  Json json = {{"rows", c.rows}, {"cols", c.cols}, {"x", hex_list(c.x)}};
  if (!c.g.empty()) json["g"] = hex_list(c.g);
  if (!c.labels.empty()) json["labels"] = c.labels;
  if (const Json as_request = case_to_json(c, session.kernel().op); as_request.contains("layout"))
    json["layout"] = as_request["layout"];
  json["got"] = json["want"] = Json::array();
  json["at"] = nullptr;
  if (c.rows == 0) return json;
  const std::size_t row = fault.row.value_or(0);
  json["got"] = hex_list(outputs_of_row(session, c, row));
  std::vector<double> want;
  for (const Exact& e : session.truth(c, row).exact) want.push_back(e.rounded);
  json["want"] = hex_list(want);
  if (fault.row && fault.output) json["at"] = {row, *fault.output};
  return json;
}

std::string command_for(const char* verb, const Kernel& kernel) {
  std::string command = shell_quoted(program_path()) + " " + verb;
  if (kernel.library.starts_with("python:")) {
    const std::string function = kernel.library.substr(7);
    // A module is looked for in the current folder first.
    if (!function.starts_with('/'))
      command = "cd " + shell_quoted(absolute_path(".")) + " && " + command;
  }
  return command + plugin_flag(kernel) + " --kernel " + shell_quoted(kernel.id);
}

std::string replay_command(const Kernel& kernel, const Property& property, const Case& c,
                           const std::string& rerun) {
  const std::string json = case_to_json(c, kernel.op).dump();
  return command_for("verify", kernel) + " --property " + std::string(property.name) +
         (json.size() > kLongestCommand ? rerun : " --case " + shell_quoted(json));
}

}  // namespace softmark
