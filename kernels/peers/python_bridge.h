// SPDX-License-Identifier: Apache-2.0
// A Python function behind the contract: it runs in a Python process of its own, which this one
// shares memory with. A call copies the rows there, sends Python a message (support/channel.h), and
// copies the result back. python_bridge.py is the other end.
#pragma once

#include <string>

#include "kernels/peers/peers.h"
#include "kernels/softmark.h"

namespace softmark::python {

struct Function {
  std::string target;   // "scipy.special:softmax", or "path/to/file.py:softmax"
  std::string modules;  // what its interpreter must have, besides: "numpy,scipy"
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
};

/// Starts Python and finds the function; one a process, the last one started. Empty, or what is
/// wrong in one line.
std::string start(const Function& function);

/// The contract's run for the function that was started. A Python exception ends this process with
/// its last line on standard error, as any crash of a kernel does; NotImplementedError is returned
/// as 1, "cannot do these args".
int call(const softmark_args* args);

/// What functions have taken inside of Python so far.
InsideTime inside();

/// Of the first interpreter that has the modules; all empty where none has.
struct About {
  std::string version;      // of the last module
  std::string isa;          // the instruction set that numpy says it uses there
  std::string environment;  // for softmark_peer_environment: spares start the search
};
About about(const std::string& modules);

/// For softmark_peer_environment: names the interpreter of the function that was started.
std::string environment();

/// The folder of this library, where python_bridge.py lies.
std::string folder();

}  // namespace softmark::python
