// SPDX-License-Identifier: Apache-2.0
// What people call a machine: "Intel Sapphire Rapids, AVX-512, 2 cores, virtual". Its key stays for
// programs.
#pragma once

#include <string>

#include "support/json.h"

namespace softmark {

/// The name of a document's machine, from its raw identification; its key where that says too
/// little, "unknown machine" where it has none.
std::string machine_name(const Json& document);

/// The processor's design: "Intel Sapphire Rapids", "AMD Zen 4 (Genoa)", "Arm Neoverse V2"; else
/// the brand that the processor reports, or "".
std::string cpu_name(const Json& identity);

}  // namespace softmark
