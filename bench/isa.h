// SPDX-License-Identifier: Apache-2.0
// Which vector instructions a kernel really executes: its code is interrupted some hundred times,
// and the instruction that comes next is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace softmark::bench {

/// The kinds of floating-point and vector instructions, by how they are encoded on x86-64.
enum class Vectors { kNone, kScalar, kSse, kAvxScalar, kAvx128, kAvx2, kAvx512Short, kAvx512 };

/// The kind of the instruction that these bytes begin with (zeros behind its end).
Vectors vectors_of(const std::array<std::uint8_t, 16>& code);

/// All kinds that were seen, widest first, "AVX-512 1 % + AVX 128 99 %": the rarest one, too,
/// decides on which CPUs a kernel runs. They add up to 100 %, none to less than 1 %, by which
/// readers tell such a list from the abridged ones of earlier documents. "" for too few
/// instructions.
std::string isa_text(const std::vector<Vectors>& seen);

/// The widest kind that such a list has; kNone for "".
Vectors widest_in(const std::string& isa_text);

/// Calls `call` for that many seconds and looks where this thread is; "" where this is not known
/// (another processor, or too few vector instructions).
std::string sampled_isa(const std::function<void()>& call, double seconds);

}  // namespace softmark::bench
