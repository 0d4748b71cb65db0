// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "properties/verbs/sweep_verb.h"
#include "support/interrupts.h"
#include "support/progress.h"

namespace softmark::sweep_verb {

SweepProgress progress_line() {
  auto line = std::make_shared<std::unique_ptr<Progress>>();
  return [line](std::uint64_t done, std::uint64_t total) {
    if (!*line) *line = std::make_unique<Progress>("sweep", static_cast<double>(total));
    (*line)->set(static_cast<double>(done));
    (*line)->show();
    return !interrupted();
  };
}

}  // namespace softmark::sweep_verb
