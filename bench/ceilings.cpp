// SPDX-License-Identifier: Apache-2.0
// Compiled with -O3 and contraction, because a*b+c must be one instruction here.
#include "bench/ceilings.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/dtypes.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#if defined(__clang__)  // splits vectors of 64 bytes by default
#define SOFTMARK_TARGET(isa) __attribute__((target(isa), min_vector_width(512)))
#else
#define SOFTMARK_TARGET(isa) __attribute__((target(isa)))
#endif
#endif

namespace softmark::bench {
namespace {

constexpr std::size_t kLine = 64, kChains = 12, kSteps = 2000;

/// part(begin, end, number) for each thread's share of the bytes.
template <class Part>
void in_shares(const softmark_args* args, Part part) {
  const std::size_t bytes = args->cols,
                    threads = static_cast<std::size_t>(std::max(args->threads, 1));
  if (threads == 1) return part(0, bytes, 0);
  const std::size_t share = ((bytes + threads - 1) / threads + kLine - 1) / kLine * kLine;
#pragma omp parallel for num_threads(args->threads) schedule(static, 1)
  for (std::size_t i = 0; i < threads; ++i)
    part(std::min(bytes, i * share), std::min(bytes, (i + 1) * share), i);
}

const std::byte* input(const softmark_args* args) { return static_cast<const std::byte*>(args->x); }
std::byte* output(const softmark_args* args) { return static_cast<std::byte*>(args->y); }

int copy_bytes(const softmark_args* args) {
  in_shares(args, [&](std::size_t begin, std::size_t end, std::size_t) {
    std::memcpy(output(args) + begin, input(args) + begin, end - begin);
  });
  return 0;
}

#if defined(__x86_64__)
/// Stores that bypass the cache; they need addresses that are multiples of their size, which the
/// buffers' cache-line alignment provides.
int copy_around_cache(const softmark_args* args) {
  in_shares(args, [&](std::size_t begin, std::size_t end, std::size_t) {
    std::size_t at = begin;
    for (; at + kLine <= end; at += kLine)
      for (std::size_t i = 0; i < kLine; i += 16)
        _mm_stream_si128(reinterpret_cast<__m128i*>(output(args) + at + i),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(input(args) + at + i)));
    _mm_sfence();
    std::memcpy(output(args) + at, input(args) + at, end - at);
  });
  return 0;
}
#else
int copy_around_cache(const softmark_args*) { return 1; }
#endif

template <class T, std::size_t kWidth>
struct VectorOf {
  typedef T Type __attribute__((vector_size(kWidth)));
};

/// Loads every byte; the result is kept so that no load is dropped.
template <std::size_t kWidth>
[[gnu::always_inline]] inline void read_share(const std::byte* data, std::size_t size,
                                              std::byte* result) {
  using Vector = typename VectorOf<std::uint64_t, kWidth>::Type;
  constexpr std::size_t kParts = 8;
  Vector parts[kParts] = {};
  std::size_t at = 0;
  for (; at + sizeof parts <= size; at += sizeof parts)
    for (std::size_t i = 0; i < kParts; ++i) {
      Vector loaded;
      std::memcpy(&loaded, data + at + i * sizeof loaded, sizeof loaded);
      parts[i] ^= loaded;
    }
  for (std::size_t i = 1; i < kParts; ++i) parts[0] ^= parts[i];
  for (; at + sizeof parts[0] <= size; at += sizeof parts[0]) {
    Vector loaded;
    std::memcpy(&loaded, data + at, sizeof loaded);
    parts[0] ^= loaded;
  }
  std::uint64_t rest = parts[0][0], eight = 0;
  for (; at + sizeof eight <= size; at += sizeof eight) {
    std::memcpy(&eight, data + at, sizeof eight);
    rest ^= eight;
  }
  for (; at < size; ++at) rest += static_cast<std::uint64_t>(data[at]);
  std::memcpy(result, &parts[0], std::min(sizeof parts[0], kLine));
  std::memcpy(result, &rest, sizeof rest);
}

/// Changes every byte where it is.
template <std::size_t kWidth>
[[gnu::always_inline]] inline void update_share(std::byte* data, std::size_t size) {
  using Vector = typename VectorOf<std::uint64_t, kWidth>::Type;
  constexpr std::uint64_t kMask = ~std::uint64_t{0};
  std::size_t at = 0;
  for (; at + sizeof(Vector) <= size; at += sizeof(Vector)) {
    Vector value;
    std::memcpy(&value, data + at, sizeof value);
    value ^= kMask;
    std::memcpy(data + at, &value, sizeof value);
  }
  for (; at < size; ++at) data[at] ^= std::byte{0xff};
}

/// Independent chains, so that none waits for another's result; values stay near 1.
template <class T, std::size_t kWidth>
[[gnu::always_inline]] inline void run_chains(std::byte* result) {
  using Vector = typename VectorOf<T, kWidth>::Type;
  Vector chains[kChains] = {}, factor = {}, term = {};
  // volatile, so that the compiler cannot see that the chains are equal.
  volatile T half = T(0.5);
  factor += half, term += half;
  for (std::size_t i = 0; i < kChains; ++i) chains[i] += half;
  for (std::size_t step = 0; step < kSteps; ++step)
    for (std::size_t i = 0; i < kChains; ++i) chains[i] = chains[i] * factor + term;
  for (std::size_t i = 1; i < kChains; ++i) chains[0] += chains[i];
  std::memcpy(result, &chains[0], std::min(sizeof chains[0], kLine));
}

// One function per instruction set: reads [data, data + size); the chains read nothing.
using Share = void (*)(const std::byte*, std::size_t, std::byte*);
using UpdateShare = void (*)(std::byte*, std::size_t);
#if defined(__x86_64__)
SOFTMARK_TARGET("arch=x86-64-v4") void update_v4(std::byte* y, std::size_t n) {
  update_share<64>(y, n);
}
SOFTMARK_TARGET("arch=x86-64-v3") void update_v3(std::byte* y, std::size_t n) {
  update_share<32>(y, n);
}
SOFTMARK_TARGET("arch=x86-64-v4") void read_v4(const std::byte* x, std::size_t n, std::byte* y) {
  read_share<64>(x, n, y);
}
SOFTMARK_TARGET("arch=x86-64-v3") void read_v3(const std::byte* x, std::size_t n, std::byte* y) {
  read_share<32>(x, n, y);
}
SOFTMARK_TARGET("arch=x86-64-v4") void f32_v4(const std::byte*, std::size_t, std::byte* y) {
  run_chains<float, 64>(y);
}
SOFTMARK_TARGET("arch=x86-64-v3") void f32_v3(const std::byte*, std::size_t, std::byte* y) {
  run_chains<float, 32>(y);
}
SOFTMARK_TARGET("arch=x86-64-v4") void f64_v4(const std::byte*, std::size_t, std::byte* y) {
  run_chains<double, 64>(y);
}
SOFTMARK_TARGET("arch=x86-64-v3") void f64_v3(const std::byte*, std::size_t, std::byte* y) {
  run_chains<double, 32>(y);
}
#endif
void update_16(std::byte* y, std::size_t n) { update_share<16>(y, n); }
void read_16(const std::byte* x, std::size_t n, std::byte* y) { read_share<16>(x, n, y); }
#if !defined(__x86_64__)
void f32_16(const std::byte*, std::size_t, std::byte* y) { run_chains<float, 16>(y); }
void f64_16(const std::byte*, std::size_t, std::byte* y) { run_chains<double, 16>(y); }
#endif

struct Isa {
  std::size_t vector_bytes;
  Share read, f32, f64;  // null: no multiply-add in one instruction
  UpdateShare update;
};
const Isa& isa() {
#if defined(__x86_64__)
  static const Isa chosen = __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
                                ? Isa{64, read_v4, f32_v4, f64_v4, update_v4}
                            : __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")
                                ? Isa{32, read_v3, f32_v3, f64_v3, update_v3}
                                : Isa{16, read_16, nullptr, nullptr, update_16};
#else
  static const Isa chosen = {16, read_16, f32_16, f64_16, update_16};
#endif
  return chosen;
}

int run_shares(const softmark_args* args, Share share) {
  if (!share) return 1;
  in_shares(args, [&](std::size_t begin, std::size_t end, std::size_t number) {
    share(input(args) + begin, end - begin, output(args) + number * kLine);
  });
  return 0;
}

int update_bytes(const softmark_args* args) {
  in_shares(args, [&](std::size_t begin, std::size_t end, std::size_t) {
    isa().update(output(args) + begin, end - begin);
  });
  return 0;
}
int read_bytes(const softmark_args* args) { return run_shares(args, isa().read); }
int multiply_add_f32(const softmark_args* args) { return run_shares(args, isa().f32); }
int multiply_add_f64(const softmark_args* args) { return run_shares(args, isa().f64); }
int do_nothing(const softmark_args*) { return 0; }

}  // namespace

softmark_fn ceiling_function(Ceiling ceiling, softmark_dtype dtype) {
  switch (ceiling) {
    case Ceiling::kMemcpy:
      return copy_bytes;
    case Ceiling::kRead:
      return read_bytes;
    case Ceiling::kNontemporalCopy:
      return copy_around_cache;
    case Ceiling::kFma:
      return working_type(dtype) == SOFTMARK_F64 ? multiply_add_f64 : multiply_add_f32;
    case Ceiling::kUpdate:
      return update_bytes;
    case Ceiling::kNothing:
      break;
  }
  return do_nothing;
}

std::size_t fma_count(softmark_dtype dtype, int threads) {
  if (!isa().f32) return 0;
  const std::size_t lanes = isa().vector_bytes / bytes_of(working_type(dtype));
  return kSteps * kChains * lanes * static_cast<std::size_t>(std::max(threads, 1));
}

}  // namespace softmark::bench
