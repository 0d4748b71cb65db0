// SPDX-License-Identifier: Apache-2.0
// Where scripts/setup --peers puts libraries that are not packages of the system.
#pragma once

#include <cstdlib>
#include <string>

namespace softmark {

/// $SOFTMARK_PEERS, or softmark/peers in the user's data folder.
inline std::string peers_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const std::string chosen = variable("SOFTMARK_PEERS"); !chosen.empty()) return chosen;
  const std::string data = variable("XDG_DATA_HOME");
  return (data.empty() ? variable("HOME") + "/.local/share" : data) + "/softmark/peers";
}

}  // namespace softmark
