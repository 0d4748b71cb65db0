// SPDX-License-Identifier: Apache-2.0
// Whether a JSON value keeps to a JSON Schema, by the schemas that this project publishes: the part
// of draft 2020-12 that they use. (Debian's validators for C++ take neither this draft nor ordered
// objects, and match patterns by a recursion that a long string overflows.)
#pragma once

#include <string>

#include "support/json.h"

namespace softmark {

/// Keys that the schema does not name: errors in what people write, ignored in what a later minor
/// version may have added.
enum class UnknownKeys { kRefused, kIgnored };

/// The first fault, with its place: "properties[3].verdict: \"banana\" is none of pass, fail"; ""
/// where the value keeps to the schema. Throws std::logic_error for a keyword that it does not
/// check.
std::string schema_fault(const Json& schema, const Json& value, UnknownKeys unknown);

}  // namespace softmark
