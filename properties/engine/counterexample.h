// SPDX-License-Identifier: Apache-2.0
// A failing case as the document holds it, and the command that replays it.
#pragma once

#include <string>

#include "properties/engine/property.h"
#include "support/json.h"

namespace softmark {

/// The document's "counterexample": all data of the case, flat; got and want of the row that shows
/// the fault.
Json counterexample_of(KernelSession& session, const Case& c, const Fault& fault);

/// "PROGRAM verb --plugin LIB.so --kernel ID": words of a shell, with absolute paths, so that it
/// runs from any directory.
std::string command_for(const char* verb, const Kernel& kernel);

/// The command that tries this very case again; where the case is too long for one, the whole
/// property with `rerun`.
std::string replay_command(const Kernel& kernel, const Property& property, const Case& c,
                           const std::string& rerun);

}  // namespace softmark
