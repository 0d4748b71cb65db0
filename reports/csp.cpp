// SPDX-License-Identifier: Apache-2.0
#include "reports/csp.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace softmark {
namespace {

using Digest = std::array<std::uint32_t, 8>;

/// The first 32 bits of the fraction of `root`, which is how FIPS 180-4 defines its constants.
std::uint32_t fraction_bits(long double root) {
  return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

bool is_prime(unsigned n) {
  for (unsigned d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return n > 1;
}

struct Constants {
  Digest start;                         // square roots of the first 8 primes
  std::array<std::uint32_t, 64> round;  // cube roots of the first 64 primes
  Constants() {
    std::size_t found = 0;
    for (unsigned n = 2; found < round.size(); ++n) {
      if (!is_prime(n)) continue;
      if (found < start.size())
        start[found] = fraction_bits(std::sqrt(static_cast<long double>(n)));
      round[found++] = fraction_bits(std::cbrt(static_cast<long double>(n)));
    }
  }
};

/// FIPS 180-4, 6.2.2, on one block of 64 bytes.
void compress(Digest& digest, const unsigned char* block) {
  static const Constants constants;
  std::array<std::uint32_t, 64> w;
  for (std::size_t t = 0; t < 16; ++t)
    w[t] = std::uint32_t{block[4 * t]} << 24 | std::uint32_t{block[4 * t + 1]} << 16 |
           std::uint32_t{block[4 * t + 2]} << 8 | block[4 * t + 3];
  for (std::size_t t = 16; t < 64; ++t) {
    const std::uint32_t s0 = std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ w[t - 15] >> 3;
    const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
  auto [a, b, c, d, e, f, g, h] = digest;
  for (std::size_t t = 0; t < 64; ++t) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants.round[t] + w[t];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const Digest added = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) digest[i] += added[i];
}

Digest sha256(std::string_view text) {
  Digest digest = Constants().start;
  std::string padded(text);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int shift = 56; shift >= 0; shift -= 8)
    padded += static_cast<char>(std::uint64_t{text.size()} * 8 >> shift & 0xff);
  for (std::size_t at = 0; at < padded.size(); at += 64)
    compress(digest, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  return digest;
}

std::string sources(const char* name, std::initializer_list<std::string_view> texts) {
  std::string hashes;
  for (std::string_view text : texts)
    if (!text.empty()) hashes += " '" + csp_hash(text) + "'";
  return hashes.empty() ? "" : std::string("; ") + name + hashes;
}

}  // namespace

std::string csp_hash(std::string_view text) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64 = "sha256-";
  std::uint32_t bits = 0;
  int held = 0;
  const auto add = [&](std::uint32_t byte) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) base64 += kDigits[bits >> (held - 6) & 63];
  };
  for (std::uint32_t word : sha256(text))
    for (int shift = 24; shift >= 0; shift -= 8) add(word >> shift & 0xff);
  base64 += kDigits[bits << (6 - held) & 63];  // 256 bits leave 4
  return base64 + "=";
}

std::string content_policy(std::initializer_list<std::string_view> styles,
                           std::initializer_list<std::string_view> scripts) {
  return "default-src 'none'" + sources("style-src", styles) + sources("script-src", scripts) +
         "; base-uri 'none'; form-action 'none'";
}

}  // namespace softmark
