// SPDX-License-Identifier: Apache-2.0
// Built-ins, peers and plugins as one list. Peers are plugins that ship with softmark. Libraries
// are loaded and listed in child processes only, so that their initialisers never run in the
// parent.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/peers/peers.h"
#include "kernels/softmark.h"
#include "support/json.h"

namespace softmark {

class Channel;

/// One kernel of the list: its entry in the contract, and where it was loaded from.
struct Kernel {
  std::string id;  // "simd/softmax/f32"
  std::string name, summary;
  softmark_op op = SOFTMARK_SOFTMAX;
  softmark_dtype dtype = SOFTMARK_F32;
  std::uint32_t claims = 0;
  softmark_masked_row masked_row = SOFTMARK_MASKED_NAN;
  double max_ulp = 0;
  std::string provider;  // "builtin", "peer" or "plugin"
  std::string version;   // of the library behind a peer; empty where unknown
  std::string isa;  // instruction set in use where the kernel dispatches at run time; else empty
  std::string fingerprint;  // of its library's bytes (kernels/fingerprint.h); empty: no file
  // Path of the shared object, or "python:MODULE:FUNCTION"; empty for a built-in.
  std::string library;
  std::size_t index = 0;  // in its library's list, or that of the built-ins
};

/// A peer that is missing in this build or on this machine, and why.
struct Absent {
  std::string name, reason;
};

struct Registry {
  std::vector<Kernel> kernels;
  std::vector<Absent> absent;
};

/// The built-ins' entries, in the order of kernels/list.def.
std::span<const softmark_kernel* const> builtin_kernels();

inline constexpr double kLoadingSeconds = 60;

/// Lists built-ins, the peers found beside the program, and the given plugins
/// (kernels/plugin_argument.h). A plugin that is missing, does not export softmark_plugin, has
/// another ABI version, lists no kernel, crashes while loading or takes longer than
/// `loading_seconds` throws Error(kUnreadable) with one line that names it; one whose kernel has an
/// id that is taken, Error(kUsage). Peers of which `globs` (of --kernel) can mean no kernel are
/// left out, because to load them all takes longer than many a run.
Registry load_registry(const std::vector<std::string>& plugins,
                       const std::vector<std::string>& globs = {"*"},
                       double loading_seconds = kLoadingSeconds);

/// The kernels of these plugins and no others. Throws likewise.
Registry load_plugins(const std::vector<std::string>& plugins,
                      double loading_seconds = kLoadingSeconds);

/// In a child process: the entry of one kernel by library ("" for built-ins) and index, ready to
/// run: a peer has loaded its library or started its process. Throws Error(kUnreadable).
const softmark_kernel& resolve_kernel(const std::string& library, std::size_t index);

/// In a child process, after resolve_kernel: the entries of the same name in its library, for other
/// ops and types. None of a peer's that would have to be made ready first.
std::vector<const softmark_kernel*> namesakes(const std::string& library, std::size_t index);

/// In a child process, after resolve_kernel: what calls have spent in a function of another process
/// so far, without what it takes to reach it (a peer's softmark_peer_inside); null where kernels
/// run in this process.
using InsideClock = InsideTime (*)();
InsideClock inside_clock(const std::string& library);

/// An entry of the document's "kernels" section, and the kernel it describes (without library and
/// index).
Json kernel_to_json(const Kernel& kernel);
Kernel kernel_from_json(const Json& json);

/// The child behind load_registry (role "child-list"): the request is a library's path, the reply a
/// JSON list of what it holds.
int list_library_main(Channel& parent);

/// Whether the command line brought kernels of its own.
bool has_plugin(const Registry& registry);

/// Whether one of the kernels has that id or name.
bool matches_any(const std::string& glob, const std::vector<Kernel>& kernels);

/// The kernels that match all filters; a glob ("simd/*", "naive") matches a whole id or a kernel's
/// name; empty filters match all, but no glob means the plugins' kernels alone where there are
/// plugins. Throws Error(kUsage) for a filter that matches nothing, naming the nearest ids.
std::vector<Kernel> select_kernels(const Registry& registry, const std::vector<std::string>& globs,
                                   const std::vector<std::string>& ops,
                                   const std::vector<std::string>& dtypes);

}  // namespace softmark
