// SPDX-License-Identifier: Apache-2.0
// Which kernels --kernel, --op and --dtype mean.
#include <algorithm>
#include <set>

#include "kernels/names.h"
#include "kernels/registry.h"
#include "kernels/type_words.h"
#include "support/error.h"
#include "support/glob.h"
#include "support/quote.h"

namespace softmark {
namespace {

bool matches(const std::string& glob, const Kernel& k) {
  return matches_glob(glob, k.id) || matches_glob(glob, k.name);
}

template <class Find, class Nearest>
void check_words(const std::vector<std::string>& words, Find find, Nearest nearest,
                 const char* what) {
  for (const auto& word : words)
    if (!find(word))
      throw Error(kUsage, "unknown " + std::string(what) + " '" + word + "': did you mean " +
                              nearest(word) + "?");
}

bool listed(const std::vector<std::string>& words, std::string_view word) {
  return words.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool matches_any(const std::string& glob, const std::vector<Kernel>& kernels) {
  return std::any_of(kernels.begin(), kernels.end(),
                     [&](const Kernel& k) { return matches(glob, k); });
}

bool has_plugin(const Registry& registry) {
  return std::any_of(registry.kernels.begin(), registry.kernels.end(),
                     [](const Kernel& k) { return k.provider == "plugin"; });
}

std::vector<Kernel> select_kernels(const Registry& registry, const std::vector<std::string>& globs,
                                   const std::vector<std::string>& ops,
                                   const std::vector<std::string>& dtypes) {
  check_words(
      ops, find_op,
      [](const std::string& word) {
        return nearest_names(word, {kOpNames.begin(), kOpNames.end()});
      },
      "op");
  check_words(dtypes, find_dtype, nearest_dtypes, "dtype");
  for (const auto& glob : globs) {
    if (matches_any(glob, registry.kernels)) continue;
    std::set<std::string> names;
    for (const Kernel& k : registry.kernels)
      names.insert(glob.find('/') == std::string::npos ? k.name : k.id);
    for (const Absent& a : registry.absent)
      if (a.name == glob) throw Error(kUsage, "kernel '" + glob + "' is absent here: " + a.reason);
    throw Error(kUsage, "unknown kernel '" + glob + "': did you mean " +
                            nearest_names(glob, {names.begin(), names.end()}) +
                            "? (softmark list)");
  }
  // What the command line brings is what is meant.
  const bool plugins_alone = globs.empty() && has_plugin(registry);
  std::vector<Kernel> chosen;
  for (const Kernel& k : registry.kernels) {
    const bool named = globs.empty() ? !plugins_alone || k.provider == "plugin"
                                     : std::any_of(globs.begin(), globs.end(),
                                                   [&](const auto& g) { return matches(g, k); });
    if (named && listed(ops, name(k.op)) && listed(dtypes, name(k.dtype))) chosen.push_back(k);
  }
  if (chosen.empty())
    throw Error(kUsage, "no kernel has that name, op and dtype together (softmark list shows all)");
  return chosen;
}

}  // namespace softmark
