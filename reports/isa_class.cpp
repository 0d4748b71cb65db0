// SPDX-License-Identifier: Apache-2.0
#include "reports/isa_class.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace softmark {
namespace {

/// Whether a sample's text, "AVX-512 7 % + AVX 128 93 %", names all kinds of instructions that were
/// seen. Earlier documents left out those below a tenth, and the shares of one that had nine.
bool names_all(const std::string& sampled) {
  int sum = 0;
  for (auto end = sampled.find(" %"); end != std::string::npos; end = sampled.find(" %", end + 1))
    sum += std::atoi(sampled.c_str() + sampled.rfind(' ', end - 1));
  return sum == 100;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return text;
}

}  // namespace

int isa_level(std::string text) {
  text = lower_case(std::move(text));
  std::erase(text, '-');
  const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
  if (has("avx512") || has("avx3") || has("avx10")) return 3;
  if (has("avx")) return 2;
  return has("sse") || has("scalar") ? 1 : -1;
}

int isa_level(const KernelView& kernel) {
  if (!kernel.row) return -1;
  const std::string own = text_of(*kernel.row, "isa"),
                    sampled = text_of(*kernel.row, "isa_sampled");
  const int seen = isa_level(sampled), widest = 3;
  if (!own.empty()) return std::max(isa_level(own), seen);
  // An earlier document has no word of the CPU that it was compiled for, nor of rare instructions.
  const bool of_a_cpu = text_of(*kernel.row, "summary").find("=native") != std::string::npos;
  return seen == widest || (names_all(sampled) && !of_a_cpu) ? seen : -1;
}

std::string isa_class(const KernelView& kernel) {
  constexpr const char* kLevels[] = {"sse", "avx", "avx512"};
  if (const int level = isa_level(kernel); level > 0) return kLevels[level - 1];
  const std::string own = kernel.row ? lower_case(text_of(*kernel.row, "isa")) : "";
  for (const char* other : {"neon", "sve", "rvv"})
    if (own.find(other) != std::string::npos) return other;
  return own.empty() ? "unknown" : "other";
}

std::vector<std::pair<std::string, std::string>> ranking_by_isa(const Ranking& ranking,
                                                                double least) {
  static constexpr std::pair<int, const char*> kClasses[] = {
      {3, "AVX-512"}, {2, "AVX, AVX2"}, {1, "SSE"}, {-1, "other or unknown"}};
  std::vector<std::pair<std::string, std::string>> classes;
  for (const auto& [level, name] : kClasses) {
    std::string line;
    const Entry* before = nullptr;
    for (const Entry& entry : ranking.ranked) {
      if (isa_level(*entry.kernel) != level) continue;
      const bool apart = before && distinguishable(*before, entry, least);
      line += fmt::format("{}{} {}",
                          !before ? ""
                          : apart ? " < "
                                  : " ~ ",
                          entry.kernel->name, entry.time_text());
      before = &entry;
    }
    if (before) classes.emplace_back(name, line);
  }
  return classes;
}

}  // namespace softmark
