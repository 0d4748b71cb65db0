// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace softmark {

inline constexpr std::uint64_t kFnvStart = 0xcbf29ce484222325u;

/// FNV-1a of 64 bits: the same on every machine, unlike std::hash. `hash` is where it goes on from.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = kFnvStart) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

/// Of the bytes of this program: another build has another.
std::uint64_t hash_of_program();

}  // namespace softmark
