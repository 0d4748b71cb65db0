// SPDX-License-Identifier: Apache-2.0
// The peers: real libraries, each behind an adapter that is built as a plugin where the library is
// found.
#pragma once

#include <span>
#include <string_view>

namespace softmark {

/// The build's result for one peer. A peer that was built is <build folder>/peers/`library`; it
/// exports softmark_plugin and may export
///   const char *softmark_peer_version(void)
///       the version of the library behind it;
///   const char *softmark_peer_isa(void)
///       the instruction set that it uses on this machine;
///   const char *softmark_peer_isa_of(size_t index)
///       the same of kernel `index` alone, where they differ; "" or NULL: not known;
///   const char *softmark_peer_absent(void)
///       NULL, or why it cannot be used here and how to install it; called by listing only;
///   const char *softmark_peer_prepare(size_t index)
///       NULL, or an error. Called once, first, in a process that will run kernel `index`: for what
///       is too slow to load when listing.
///   const char *softmark_peer_environment(void)
///       after softmark_peer_absent, "NAME=VALUE" or "": what listing found and the processes that
///       run kernels need not look for again;
///   softmark::InsideTime softmark_peer_inside(void)
///       what calls have spent in another process's function so far: what is timed, without
///       copying and waking it.
struct PeerBuild {
  std::string_view name;     // "onednn"
  std::string_view library;  // "softmark_peer_onednn.so"
  std::string_view reason;   // why it was not built; empty where it was
  bool any_name;             // its kernels' names need not begin with its own
};

/// Nanoseconds, and how many of them that function's process was not on a core.
struct InsideTime {
  double spent = 0, waited = 0;
};

/// All peers, in the order of kernels/peers/CMakeLists.txt.
std::span<const PeerBuild> known_peers();

}  // namespace softmark
