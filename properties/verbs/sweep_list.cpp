// SPDX-License-Identifier: Apache-2.0
// `sweep --list`.
#include "properties/verbs/sweep_verb.h"
#include "support/files.h"

namespace softmark::sweep_verb {

std::string set_names() {
  std::string text;
  for (const SweepSet& set : sweep_sets())
    text += "  " + std::string(set.name) + "\n    " + std::string(set.what) + ", " +
            std::to_string(set.inputs()) + " inputs\n";
  text +=
      "  worst\n    no set but a guided search for the row on which a kernel is furthest off, of "
      "any op and type\n";
  return text;
}

int list_sets(const Flags& flags) {
  write_file(flags.output.path, set_names());
  return kPass;
}

}  // namespace softmark::sweep_verb
