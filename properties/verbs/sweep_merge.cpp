// SPDX-License-Identifier: Apache-2.0
// `sweep --merge`: joins the results of shards, of a set or of the guided search.
#include <stdexcept>

#include "properties/verbs/sweep_verb.h"
#include "support/files.h"
#include "support/json_reader.h"

namespace softmark::sweep_verb {
namespace {

bool is_worst(const std::string& text, const std::string& path) {
  const Json json = parse_json(text, path);
  return json.is_object() && json.value("schema", Json()) == "softmark.worst";
}

SweepResult merged(const std::vector<std::string>& paths, const std::vector<std::string>& texts) {
  std::vector<SweepResult> parts;
  for (std::size_t i = 0; i < paths.size(); ++i) parts.push_back(read_sweep(texts[i], paths[i]));
  try {
    return merge_sweeps(parts);
  } catch (const std::invalid_argument& error) {
    throw Error(kUsage, std::string("--merge: ") + error.what());
  }
}

}  // namespace

int merge_results(const Flags& flags) {
  std::vector<std::string> texts;
  for (const auto& path : flags.merge) texts.push_back(read_file(path));
  if (!is_worst(texts[0], flags.merge[0])) return write_sweep(flags, merged(flags.merge, texts));
  std::vector<Json> parts;
  for (std::size_t i = 0; i < texts.size(); ++i)
    parts.push_back(parse_json(texts[i], flags.merge[i]));
  return write_worst(flags, merge_worst(parts, flags.merge));
}

}  // namespace softmark::sweep_verb
