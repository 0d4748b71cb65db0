// SPDX-License-Identifier: Apache-2.0
// The peers that softmark knows: real libraries behind an adapter each, built as plugins where the
// library is found.
#pragma once

#include <span>
#include <string_view>

namespace softmark {

/// What the build made of one peer. A built one is <build folder>/peers/`library`; it exports
/// softmark_plugin and may export
///   const char *softmark_peer_version(void)           the version of the library behind it;
///   const char *softmark_peer_isa(void)               the instruction set that it uses here;
///   const char *softmark_peer_absent(void)            NULL, or why it cannot be used here and how
///   to get it. Only listing asks; const char *softmark_peer_prepare(size_t index)   NULL, or what
///   is wrong. Called once in a process that will run that kernel,
///                                                     before anything is looked at: for what is
///                                                     heavy to load, as listing is not.
struct PeerBuild {
  std::string_view name;     // "onednn"
  std::string_view library;  // "softmark_peer_onednn.so"
  std::string_view reason;   // why it is not built; empty where it is
};

/// In the order of kernels/peers/CMakeLists.txt.
std::span<const PeerBuild> known_peers();

}  // namespace softmark
